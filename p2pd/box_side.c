#include "box_side.h"

#include <string.h>

#include "base/journal.h"
#include "domain/camera_told.h"
#include "store/edges.h"
#include "store/old_centrals.h"

#define FRAME_MAX (64 * 1024)

static enum err begin(void *self)
{
	const struct box_side *s = self;
	return s->mesh.begin(s->mesh.self);
}

static enum err commit(void *self)
{
	const struct box_side *s = self;
	return s->mesh.commit(s->mesh.self);
}

static void rollback(void *self)
{
	const struct box_side *s = self;
	s->mesh.rollback(s->mesh.self);
}

static void wrote(void *self)
{
	const struct box_side *s = self;
	s->wrote(s->arg);
}

/* Is it this event's own fault? Then the others of the transaction go on without it. */
static bool is_its_own(enum err e)
{
	return e != ERR_UNAVAILABLE && e != ERR_MEMORY && e != ERR_SYSTEM;
}

static void refuse(enum err e, struct fault *fault)
{
	if (fault->code[0])
		return;
	if (e == ERR_CORRUPT)
		fault_set(fault, e, err_name(e), "", "The central failed to do this; see the journal.");
	else
		fault_set(fault, e, err_name(e), "", "What the event says does not fit into a record.");
}

/* In a savepoint, since a part of it may have been written when it turns out not to fit. */
static enum err decide(const struct box_side *s, const struct box_word *word, struct camera_told *t)
{
	struct ledger *l = s->rows->ledger;
	enum err e = ledger_savepoint(l);
	if (e)
		return e;
	e = camera_told_decide(l, t);
	if (!e)
		e = edge_seen(s->rows->db, word->edge_id, word->arrived_ms);
	if (!e)
		return ledger_savepoint_keep(l);
	if (is_its_own(e))
		ledger_savepoint_undo(l);
	if (e == ERR_CORRUPT)
		journal_error("event=box_event_failed edge=%s error=%s", word->edge_id, err_name(e));
	return e;
}

static enum err take(void *self, struct box_word *word, struct buf *answer)
{
	const struct box_side *s = self;
	struct camera_told told;
	struct fault fault = {0};
	enum err e = camera_told_read(word->bytes, word->len, word->edge_id, &told);
	told.event.arrived_ms = word->arrived_ms;
	if (told.fault.code[0])
		e = ERR_NONE;
	if (!e && word->token)
		e = camera_told_by(s->rows->db, &told, word->edge_id, &fault);
	if (!e)
		e = decide(s, word, &told);
	(void)text_copy(word->named, sizeof(word->named), told.edge_id);
	if (!e) {
		camera_told_answer(&told, answer);
	} else if (is_its_own(e)) {
		refuse(e, &fault);
		camera_told_refusal(&fault, answer);
		e = ERR_NONE;
	}
	camera_told_free(&told);
	return e;
}

static enum err newest(void *self, int64_t *out)
{
	const struct box_side *s = self;
	return record_newest(s->rows->db, out);
}

struct walk { struct box_side *side; box_news_fn *each; void *arg; };

static enum err news_of(void *arg, const struct record_numbered *record)
{
	const struct walk *w = arg;
	struct buf *frame = &w->side->frame;
	struct box_news n = {.number = record->number};
	buf_reset(frame);
	enum err e = passage_of(w->side->rows->db, record, &n.where, frame);
	if (e && e != ERR_NOT_FOUND)
		return e;
	if (!e && !frame->failed) {
		n.frame = buf_text(frame);
		n.len = frame->len;
		n.own = strcmp(n.where.central, w->side->central) == 0;
	}
	return w->each(w->arg, &n);
}

static enum err news(void *self, int64_t after, int64_t limit, box_news_fn *each, void *arg)
{
	struct walk w = {.side = self, .each = each, .arg = arg};
	return record_each_numbered(w.side->rows->db, after, limit, news_of, &w);
}

void box_side_init(struct box_side *s, struct rows *rows, const char *central, void (*wrote_fn)(void *arg), void *arg)
{
	*s = (struct box_side){.rows = rows, .central = central, .wrote = wrote_fn, .arg = arg};
	rows_table(rows, &s->mesh);
	buf_init(&s->frame, FRAME_MAX);
}

void box_side_free(struct box_side *s)
{
	buf_free(&s->frame);
}

void box_side_table(struct box_side *s, struct boxes_rows *out)
{
	*out = (struct boxes_rows){.self = s, .begin = begin, .take = take, .commit = commit, .rollback = rollback, .wrote = wrote,
		.newest = newest, .news = news};
}
