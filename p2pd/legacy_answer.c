#include "legacy_state.h"

#include <string.h>

#include "base/journal.h"
#include "base/text.h"
#include "base/zone.h"
#include "wire/json.h"

#define ROWS_AT_ONCE 100              /* a turn, and a message: that many stay below the 900 KB that one may have */
#define BACK_ROWS 1000
#define OLDEST_MS (31 * 24 * 3600 * 1000LL)

/* The columns of the older system, those without a value left out. */
static void add_row(struct buf *out, const struct history_row *r)
{
	char signed_duration[OLD_WORD_SIZE] = "";
	if (out->len > 0 && out->data[out->len - 1] == '}')
		buf_char(out, ',');
	buf_char(out, '{');
	json_add_integer(out, "id", r->id);
	json_add_text(out, "event_id", r->event_id);
	json_add_text(out, "source_central", r->source_central);
	json_add_text(out, "edge_id", r->edge_id);
	json_add_text(out, "plate_id", r->plate_id);
	json_add_text(out, "plate_view", r->plate_view);
	json_add_text(out, "entry_time", r->entry_time);
	json_add_text(out, "entry_camera_id", r->entry_camera_id);
	json_add_text(out, "entry_camera_name", r->entry_camera_name);
	if (r->entry_confidence >= 0) {
		json_add_name(out, "entry_confidence");
		buf_printf(out, "%.15g", r->entry_confidence);
	}
	json_add_text(out, "entry_source", r->entry_source);
	json_add_text(out, "exit_time", r->exit_time);
	json_add_text(out, "exit_camera_id", r->exit_camera_id);
	json_add_text(out, "exit_camera_name", r->exit_camera_name);
	if (r->duration)
		old_duration_sign(r->duration, signed_duration, sizeof(signed_duration));
	json_add_text(out, "duration", signed_duration[0] ? signed_duration : r->duration);
	json_add_integer(out, "fee", r->fee);
	json_add_text(out, "status", r->status);
	json_add_text(out, "sync_status", r->sync_status);
	json_add_text(out, "created_at", r->created_at);
	json_add_text(out, "updated_at", r->updated_at);
	buf_char(out, '}');
}

void old_exit_write(struct legacy *l, const char *event_id, const struct old_exit *x)
{
	char sign[OLD_WORD_SIZE] = "";
	struct buf *out = &l->out;
	buf_reset(out);
	old_message_begin(out, "VEHICLE_EXIT", l->id, x->timestamp, event_id);
	if (x->duration)
		old_duration_sign(x->duration, sign, sizeof(sign));
	json_add_text(out, "plate_id", x->plate_id);
	json_add_text(out, "exit_central", x->central);
	json_add_text(out, "exit_edge", x->edge);
	json_add_text(out, "exit_time", x->time);
	json_add_integer(out, "fee", x->fee);
	json_add_text(out, "duration", sign[0] ? sign : x->duration);
	old_message_end(out);
}

/* Can an old central do anything with it? Not with an exit that has no entry, or what lost or was voided. */
static bool tellable(const struct history_row *r)
{
	return r->entry_time && r->status && (strcmp(r->status, "IN") == 0 || strcmp(r->status, "OUT") == 0);
}

struct walk { struct legacy *l; struct old_link *k; int64_t rows, told; };

static bool behind(const struct history_mark *a, const struct history_mark *b)
{
	return a->change > b->change || (a->change == b->change && a->id > b->id);
}

static enum err answer_row(void *arg, const struct history_row *r)
{
	struct walk *w = arg;
	struct old_answer *a = &w->k->answer;
	a->at = (struct history_mark){r->change, r->id};
	w->rows++;
	if (!tellable(r))
		return ERR_NONE;
	w->told++;
	add_row(&w->l->out, r);
	return ERR_NONE;
}

static bool created_before(const char *created_at, int64_t ms)
{
	int64_t first, last;
	return created_at && zone_parse(created_at, &first, &last) && last < ms;
}

/* Who has a stay leaves out the exit that comes with its row, so exits of older stays are told once more as events. */
static enum err answer_exit(void *arg, const struct history_row *r)
{
	struct walk *w = arg;
	struct old_answer *a = &w->k->answer;
	a->at = (struct history_mark){r->change, r->id};
	w->rows++;
	if (!tellable(r) || strcmp(r->status, "OUT") != 0 || !r->exit_time || !created_before(r->created_at, a->since_ms))
		return ERR_NONE;
	const struct old_exit x = {r->plate_id, r->exit_central, r->exit_edge, r->exit_time, r->duration, r->fee, world_wall_ms(w->l->world)};
	old_exit_write(w->l, r->event_id, &x);
	old_send(w->l, w->k);
	return ERR_NONE;
}

struct search { const struct old_answer *answer; struct history_mark at; int64_t rows; bool found; };

static enum err look_back(void *arg, const struct history_mark *row, const char *updated_at)
{
	struct search *s = arg;
	s->at = *row;
	s->rows++;
	s->found = created_before(updated_at, s->answer->since_ms - OLD_MARGIN_MS);
	return s->found ? ERR_NOT_FOUND : ERR_NONE; /* ends the walk */
}

static enum err find_begin(struct legacy *l, struct old_link *k)
{
	struct old_answer *a = &k->answer;
	struct search s = {.answer = a, .at = a->from};
	enum err e = l->io.rows.back(l->io.rows.self, &a->from, BACK_ROWS, look_back, &s);
	if (e != ERR_NONE)
		return e;
	a->from = s.at;
	if (!s.found && s.rows == BACK_ROWS)
		return ERR_NONE;
	if (!s.found)
		a->from = (struct history_mark){0};
	a->at = a->from;
	a->state = ANSWER_ROWS;
	return ERR_NONE;
}

static enum err send_rows(struct legacy *l, struct old_link *k)
{
	struct old_answer *a = &k->answer;
	struct walk w = {.l = l, .k = k};
	buf_reset(&l->out);
	old_message_begin(&l->out, "SYNC_RESPONSE", l->id, world_wall_ms(l->world), NULL);
	json_add_raw(&l->out, "events", "[");
	enum err e = l->io.rows.changed(l->io.rows.self, &a->at, ROWS_AT_ONCE, answer_row, &w);
	if (e)
		return e;
	buf_char(&l->out, ']');
	old_message_end(&l->out);
	bool end = w.rows < ROWS_AT_ONCE || !behind(&a->end, &a->at);
	if (w.told || end)
		old_send(l, k);
	if (end) {
		a->at = a->from;
		a->state = ANSWER_EXITS;
	}
	return ERR_NONE;
}

static void answer_over(struct legacy *l, struct old_link *k)
{
	struct old_answer *a = &k->answer;
	a->state = ANSWER_NONE;
	a->not_before_ms = old_now(l) + OLD_ANSWER_MS;
}

static enum err send_exits(struct legacy *l, struct old_link *k)
{
	struct old_answer *a = &k->answer;
	struct walk w = {.l = l, .k = k};
	enum err e = l->io.rows.changed(l->io.rows.self, &a->at, ROWS_AT_ONCE, answer_exit, &w);
	if (!e && (w.rows < ROWS_AT_ONCE || !behind(&a->end, &a->at)))
		answer_over(l, k);
	return e;
}

static enum err newest_row(void *arg, const struct history_mark *row, const char *updated_at)
{
	(void)updated_at;
	*(struct history_mark *)arg = *row;
	return ERR_NONE;
}

static void begin_answer(struct legacy *l, struct old_link *k)
{
	struct old_answer *a = &k->answer;
	const struct history_mark all = {INT64_MAX, INT64_MAX};
	a->again = false;
	a->since_ms = a->again_since_ms;
	a->end = (struct history_mark){0};
	a->from = all;
	a->state = l->io.rows.back(l->io.rows.self, &all, 1, newest_row, &a->end) == ERR_NONE ? ANSWER_FIND : ANSWER_NONE;
}

void old_requested(struct legacy *l, struct old_link *k, const struct old_message *m)
{
	struct old_answer *a = &k->answer;
	char text[40];
	int64_t since, wall = world_wall_ms(l->world);
	if (!json_scalar(m->data, "since_timestamp", text, sizeof(text)) || !old_time_parse(text, &since))
		since = wall - OLD_FIRST_MS;
	a->again_since_ms = since < wall - OLDEST_MS ? wall - OLDEST_MS : since;
	a->again = true;
}

bool old_answer_run(struct legacy *l, struct old_link *k)
{
	struct old_answer *a = &k->answer;
	enum err e = ERR_NONE;
	if (a->state == ANSWER_NONE && a->again && old_now(l) >= a->not_before_ms)
		begin_answer(l, k);
	if (a->state == ANSWER_NONE || l->io.links.queued(l->io.links.self, k->id) > OLD_QUEUE_SHORT)
		return false;
	if (a->state == ANSWER_FIND)
		e = find_begin(l, k);
	else if (a->state == ANSWER_ROWS)
		e = send_rows(l, k);
	else
		e = send_exits(l, k);
	if (e) {
		journal_error("event=old_answer_failed peer=%s error=%s", k->peer->row.id, err_name(e));
		answer_over(l, k);
	}
	return a->state != ANSWER_NONE;
}
