#include "domain/replay.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/renew.h"
#include "domain/tariff.h"

/* Room for one more element of size in a list that doubles. */
static bool grow(void **list, size_t count, size_t *cap, size_t size)
{
	size_t wanted = *cap == 0 ? 8 : *cap * 2;
	void *more;

	if (count < *cap)
		return true;
	more = reallocarray(*list, wanted, size);
	if (more == NULL)
		return false;
	*list = more;
	*cap = wanted;
	return true;
}

static bool names_have(const struct names *n, const char *name)
{
	for (size_t i = 0; i < n->count; i++) {
		if (strcmp(n->name[i], name) == 0)
			return true;
	}
	return false;
}

static bool names_add(struct names *n, const char *name)
{
	void *list = n->name;

	if (!grow(&list, n->count, &n->cap, sizeof(*n->name)))
		return false;
	n->name = list;
	text_copy(n->name[n->count++], sizeof(*n->name), name);
	return true;
}

static bool names_add_once(struct names *n, const char *name)
{
	return names_have(n, name) || names_add(n, name);
}

void replay_init(struct replay *r, const struct merge *m)
{
	*r = (struct replay){ .merge = m };
}

void replay_free(struct replay *r)
{
	free(r->plates.name);
	free(r->voided.name);
	free(r->flagged.name);
}

void replay_touch(struct replay *r, const char *plate_id, const struct key *key)
{
	if (!r->any || key_compare(key, &r->earliest) < 0)
		r->earliest = *key;
	r->any = true;
	if (!names_add_once(&r->plates, plate_id))
		r->failed = true;
}

void replay_flag(struct replay *r, const char *event_id)
{
	if (!names_add(&r->flagged, event_id))
		r->failed = true;
}

static void note_voided(struct replay *r, const char *event_id)
{
	if (!names_add_once(&r->voided, event_id))
		r->failed = true;
}

/* ---- loading ---- */

struct loading { struct line *line; const struct key *from; int64_t as_of; size_t stay_cap, exit_cap; };

static enum err load_stay(void *arg, const struct stay_row *row)
{
	struct loading *l = arg;
	void *list = l->line->stays;

	if (key_compare(&row->entry, l->from) < 0)
		return ERR_NONE;
	if (!grow(&list, l->line->stay_count, &l->stay_cap, sizeof(struct line_stay)))
		return ERR_MEMORY;
	l->line->stays = list;
	l->line->stays[l->line->stay_count++] = (struct line_stay){ .row = *row };
	return ERR_NONE;
}

static enum err load_exit(void *arg, const struct exit_row *row)
{
	struct loading *l = arg;
	struct line_exit x = { .row = *row, .known = row->stay_known && row->stay_entry.at <= l->as_of };
	void *list = l->line->exits;

	x.position = line_position(&x);
	if (key_compare(&x.position, l->from) < 0)
		return ERR_NONE;
	if (!grow(&list, l->line->exit_count, &l->exit_cap, sizeof(x)))
		return ERR_MEMORY;
	l->line->exits = list;
	l->line->exits[l->line->exit_count++] = x;
	return ERR_NONE;
}

static int compare_stays(const void *a, const void *b)
{
	const struct line_stay *x = a, *y = b;

	return key_compare(&x->row.entry, &y->row.entry);
}

/* What a stay before the line stands for now: settled, so following the rows gives it. */
static enum err find_earlier(struct db *db, const char *event_id, char out[STAY_NAME_SIZE])
{
	struct stay_row row;
	enum err e = stay_find(db, event_id, &row);

	if (e == ERR_NONE)
		e = stay_stands_for(db, &row);
	if (e != ERR_NONE)
		return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
	text_copy(out, STAY_NAME_SIZE, row.event_id);
	return ERR_NONE;
}

static enum err settle_earlier(struct db *db, struct line *l, const struct key *from)
{
	enum err e = ERR_NONE;

	for (size_t i = 0; e == ERR_NONE && i < l->exit_count; i++) {
		struct line_exit *x = &l->exits[i];

		if (x->known && !x->row.stay_void && !x->row.void_ && key_compare(&x->row.stay_entry, from) < 0
		    && strcmp(x->row.stay_plate, l->plate) == 0)
			e = find_earlier(db, x->row.stay, x->earlier);
	}
	return e;
}

enum err line_load(struct db *db, const char *plate_id, const struct key *from, int64_t as_of, struct line *out)
{
	struct loading l = { .line = out, .from = from, .as_of = as_of };
	enum err e;

	*out = (struct line){ .plate = plate_id };
	e = stay_each_of_plate(db, plate_id, from->at, as_of, load_stay, &l);
	if (e == ERR_NONE)
		e = exit_each_of_plate(db, plate_id, from->at, as_of, load_exit, &l);
	if (e == ERR_NONE)
		e = settle_earlier(db, out, from);
	if (e == ERR_NONE && out->stay_count > 0)
		qsort(out->stays, out->stay_count, sizeof(*out->stays), compare_stays);
	return e == ERR_NONE ? line_run(out) : e;
}

void line_unload(struct line *l)
{
	free(l->stays);
	free(l->exits);
	*l = (struct line){ 0 };
}

/* ---- writing ---- */

static const char *name_of(const struct line_stay *s)
{
	return s == NULL ? NULL : s->row.event_id;
}

static enum err write_stay(struct replay *r, const struct line_stay *s)
{
	struct stay_outcome o = { .event_id = s->row.event_id, .status = s->status, .superseded_by = name_of(s->superseded_by),
		.missed_by = name_of(s->missed_by), .opened = s->opened, .flags = "", .now_ms = r->merge->now_ms };
	char duration[DURATION_SIZE];

	replay_flag(r, s->row.event_id);
	if (s->status == STAY_VOID) {
		note_voided(r, s->row.event_id);
		return ERR_NONE;
	}
	if (s->exit != NULL) {
		o.exit = &s->exit->row.key;
		duration_text(stay_seconds(s->row.entry_ts, s->exit->row.exit_ts), duration);
		o.duration = duration;
	} else if (s->missed_by != NULL) {
		o.missed_ts = s->missed_by->row.entry_ts;
		o.missed_at = s->missed_by->row.entry.at;
		o.missed_time = s->missed_by->row.entry_time;
		duration_text(stay_seconds(s->row.entry_ts, o.missed_ts), duration);
		o.duration = duration;
	}
	return stay_write_outcome(r->merge->db, &o);
}

static enum err bind(struct replay *r, const struct exit_row *x, const char *bound, enum exit_kind kind)
{
	if (strcmp(x->bound, bound) == 0 && x->kind == kind)
		return ERR_NONE;
	replay_flag(r, x->bound);
	replay_flag(r, bound);
	note_voided(r, x->bound); /* a voided row that loses an exit counts the others anew */
	return exit_bind(r->merge->db, &x->key, bound, kind);
}

static enum err write_own(struct replay *r, const struct exit_row *x)
{
	char name[EXIT_NAME_SIZE];
	enum err e;

	exit_name_make(x->key.log, x->key.seq, name);
	e = bind(r, x, name, EXIT_NO_ENTRY);
	if (e == ERR_NONE)
		e = exit_write_own_row(r->merge->db, &x->key, x->void_, r->merge->local, r->merge->now_ms);
	return e == ERR_NONE ? renew_confirmation(r->merge, name) : e;
}

/* Bound to a stay: a row of its own that it may have had is out of all lists from now on. */
static enum err write_bound(struct replay *r, const struct exit_row *x, const char *bound, enum exit_kind kind)
{
	enum err e = bind(r, x, bound, kind);

	return e == ERR_NONE ? exit_own_row_bound(r->merge->db, &x->key, r->merge->now_ms) : e;
}

static enum err write_exit(struct replay *r, const struct line_exit *x)
{
	switch (x->end) {
	case LINE_ELSEWHERE:
		return ERR_NONE;
	case LINE_STAY:
		return write_bound(r, &x->row, x->stay->row.event_id, x->kind);
	case LINE_EARLIER:
		return write_bound(r, &x->row, x->earlier, x->kind);
	case LINE_VOIDED:
		/* which one counts there is known when all lines have been gone through */
		note_voided(r, x->row.stay);
		return write_bound(r, &x->row, x->row.stay, x->row.kind == EXIT_COUNTED ? EXIT_COUNTED : EXIT_SECOND);
	case LINE_OWN:
		return write_own(r, &x->row);
	}
	return ERR_CORRUPT;
}

static enum err go_through(struct replay *r, const char *plate_id)
{
	struct key from = { 0 };
	struct line line;
	enum err e = stay_outside_before(r->merge->db, plate_id, &r->earliest, &from);

	if (e != ERR_NONE && e != ERR_NOT_FOUND)
		return e;
	e = line_load(r->merge->db, plate_id, &from, INT64_MAX, &line);
	for (size_t i = 0; e == ERR_NONE && i < line.exit_count; i++)
		e = write_exit(r, &line.exits[i]);
	for (size_t i = 0; e == ERR_NONE && i < line.stay_count; i++)
		e = write_stay(r, &line.stays[i]);
	line_unload(&line);
	return e;
}

struct at_voided { struct exit_row *rows; size_t count, cap; };

static enum err gather_bound(void *arg, const struct exit_row *row)
{
	struct at_voided *v = arg;
	void *list = v->rows;

	if (!grow(&list, v->count, &v->cap, sizeof(*row)))
		return ERR_MEMORY;
	v->rows = list;
	v->rows[v->count++] = *row;
	return ERR_NONE;
}

/* Exits at a voided row count in line order, whatever their plates: the first counts, the others are second. */
static enum err count_voided(struct replay *r, const char *event_id)
{
	struct at_voided v = { 0 };
	struct stay_row row;
	char duration[DURATION_SIZE];
	enum err e = stay_find(r->merge->db, event_id, &row);

	if (e == ERR_NOT_FOUND || (e == ERR_NONE && (row.status != STAY_VOID || !row.has_entry)))
		return ERR_NONE;
	if (e != ERR_NONE)
		return e;
	e = exit_each_bound(r->merge->db, event_id, gather_bound, &v);
	for (size_t i = 0; e == ERR_NONE && i < v.count; i++)
		e = bind(r, &v.rows[i], event_id, i == 0 ? EXIT_COUNTED : EXIT_SECOND);
	if (e == ERR_NONE) {
		struct stay_outcome o = { .event_id = event_id, .status = STAY_VOID, .flags = "", .now_ms = r->merge->now_ms };

		if (v.count > 0) {
			o.exit = &v.rows[0].key;
			duration_text(stay_seconds(row.entry_ts, v.rows[0].exit_ts), duration);
			o.duration = duration;
		}
		replay_flag(r, event_id);
		e = stay_write_outcome(r->merge->db, &o);
	}
	free(v.rows);
	return e;
}

static enum err write_flags(struct replay *r, const char *event_id)
{
	enum err e = stay_renew_flags(r->merge->db, event_id);

	return e == ERR_NOT_FOUND ? ERR_NONE : e; /* the own row of an exit that never needed one */
}

enum err replay_run(struct replay *r)
{
	enum err e = ERR_NONE;

	for (size_t i = 0; e == ERR_NONE && !r->failed && i < r->plates.count; i++)
		e = go_through(r, r->plates.name[i]);
	for (size_t i = 0; e == ERR_NONE && !r->failed && i < r->voided.count; i++)
		e = count_voided(r, r->voided.name[i]);
	for (size_t i = 0; e == ERR_NONE && !r->failed && i < r->flagged.count; i++)
		e = write_flags(r, r->flagged.name[i]);
	return e == ERR_NONE && r->failed ? ERR_MEMORY : e;
}
