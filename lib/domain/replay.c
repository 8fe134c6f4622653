#include "domain/replay.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/line_load.h"
#include "domain/renew.h"
#include "domain/tariff.h"

#define WINDOW_FIRST 32 /* stays gone through at first; four times as many each time more turns out to be concerned */

void replay_init(struct replay *r, const struct merge *m)
{
	*r = (struct replay){ .merge = m };
}

static void forget(struct replay *r)
{
	names_free(&r->group);
	names_free(&r->renewed);
	names_free(&r->confirmed);
	names_free(&r->new);
	names_free(&r->plates);
	names_free(&r->voided);
	names_free(&r->flagged);
	r->any = false;
}

void replay_free(struct replay *r)
{
	forget(r);
}

static void note(struct replay *r, struct names *list, const char *name)
{
	if (names_add(list, name) == NULL)
		r->failed = true;
}

void replay_touch(struct replay *r, const char *plate_id, const struct key *key)
{
	if (!r->any || key_compare(key, &r->earliest) < 0)
		r->earliest = *key;
	if (!r->any || key_compare(key, &r->latest) > 0)
		r->latest = *key;
	r->any = true;
	note(r, &r->group, plate_id);
}

void replay_touched(struct replay *r)
{
	for (const struct name *n = r->group.first; n != NULL; n = n->next) {
		bool new = names_find(&r->plates, n->text) == NULL;
		struct name *plate = names_add(&r->plates, n->text);

		if (plate == NULL) {
			r->failed = true;
			return;
		}
		if (new || key_compare(&r->earliest, &plate->earliest) < 0)
			plate->earliest = r->earliest;
		if (new || key_compare(&r->latest, &plate->latest) > 0)
			plate->latest = r->latest;
	}
	names_free(&r->group);
	r->any = false;
}

void replay_flag(struct replay *r, const char *event_id)
{
	note(r, &r->flagged, event_id);
}

void replay_renew(struct replay *r, const char *event_id)
{
	note(r, &r->renewed, event_id);
}

void replay_new(struct replay *r, const char *exit_name)
{
	note(r, &r->new, exit_name);
}

void replay_confirm(struct replay *r, const char *event_id)
{
	note(r, &r->confirmed, event_id);
}

bool replay_concerns_name(const struct replay *r, const char *event_id)
{
	return names_find(&r->renewed, event_id) != NULL;
}

bool replay_concerns_plate(const struct replay *r, const char *plate_id)
{
	return names_find(&r->plates, plate_id) != NULL;
}

static void note_voided(struct replay *r, const char *event_id)
{
	note(r, &r->voided, event_id);
}

/* ---- writing ---- */

static const char *name_of(const struct line_stay *s)
{
	return s == NULL ? NULL : s->row.event_id;
}

/* Did what an exit tells change? Rows of which nothing changed are as they were, so they are written only where another outcome
 * comes out. */
static bool is_news(const struct replay *r, const struct key *exit)
{
	char name[EXIT_NAME_SIZE];

	exit_name_make(exit->log, exit->seq, name);
	return names_find(&r->new, name) != NULL || names_find(&r->renewed, name) != NULL;
}

static bool same_name(const struct line_stay *s, const char *held)
{
	return strcmp(s == NULL ? "" : s->row.event_id, held) == 0;
}

static bool stays_as_it_is(const struct replay *r, const struct line_stay *s)
{
	const struct key *exit = s->exit == NULL ? NULL : &s->exit->row.key;

	if (replay_concerns_name(r, s->row.event_id) || (s->missed_by != NULL && replay_concerns_name(r, s->missed_by->row.event_id)))
		return false;
	if (s->status == STAY_VOID)
		return true;
	return s->status == s->row.status && s->opened == s->row.opened && same_name(s->superseded_by, s->row.superseded_by)
		&& same_name(s->missed_by, s->row.missed_by) && strcmp(exit == NULL ? "" : exit->log, s->row.exit_log) == 0
		&& (exit == NULL || exit->seq == s->row.exit_seq);
}

static enum err write_stay(struct replay *r, const struct line_stay *s)
{
	struct stay_outcome o = { .event_id = s->row.event_id, .status = s->status, .superseded_by = name_of(s->superseded_by),
		.missed_by = name_of(s->missed_by), .opened = s->opened, .flags = "", .now_ms = r->merge->now_ms };
	char duration[DURATION_SIZE];

	if (stays_as_it_is(r, s))
		return ERR_NONE;
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
	if (e == ERR_NONE)
		e = change_claim(r->merge->db, name);
	return e == ERR_NONE ? renew_confirmation(r->merge, name) : e;
}

/* Bound to a stay: a row of its own that it may have had is out of all lists from now on. */
static enum err write_bound(struct replay *r, const struct exit_row *x, const char *bound, enum exit_kind kind)
{
	enum err e = bind(r, x, bound, kind);

	return e == ERR_NONE ? exit_own_row_bound(r->merge->db, &x->key, r->merge->now_ms) : e;
}

/* Where the exit ends up, and as what: the row's name, NULL for a row of its own. */
static const char *bound_by(const struct line_exit *x, enum exit_kind *kind)
{
	*kind = x->kind;
	switch (x->end) {
	case LINE_STAY:
		return x->stay->row.event_id;
	case LINE_EARLIER:
		return x->earlier;
	case LINE_VOIDED:
		/* which one counts there is known when all lines have been gone through */
		*kind = x->row.kind == EXIT_COUNTED ? EXIT_COUNTED : EXIT_SECOND;
		return x->row.stay;
	case LINE_OWN:
	case LINE_ELSEWHERE:
		break;
	}
	*kind = EXIT_NO_ENTRY;
	return NULL;
}

static enum err write_exit(struct replay *r, const struct line_exit *x)
{
	enum exit_kind kind;
	const char *bound = bound_by(x, &kind);
	bool same = x->row.kind == kind && (bound == NULL || strcmp(x->row.bound, bound) == 0);

	if (x->end == LINE_ELSEWHERE || (same && !is_news(r, &x->row.key)))
		return ERR_NONE;
	if (x->end == LINE_VOIDED)
		note_voided(r, bound);
	return bound == NULL ? write_own(r, &x->row) : write_bound(r, &x->row, bound, kind);
}

static enum err write_line(struct replay *r, const struct line *l, bool more)
{
	size_t stays = more ? l->stay_count - 1 : l->stay_count; /* what ends the last one lies beyond */
	enum err e = ERR_NONE;

	for (size_t i = 0; e == ERR_NONE && i < l->exit_count; i++)
		e = write_exit(r, &l->exits[i]);
	for (size_t i = 0; e == ERR_NONE && i < stays; i++)
		e = write_stay(r, &l->stays[i]);
	return e;
}

/* Is the rest of the line as it was? Its last stay lies behind all that changed and took over as it did before; and no later exit
 * looks further back. */
static enum err rest_is_same(struct db *db, const struct name *plate, const struct line *l, bool *same)
{
	const struct line_stay *last = &l->stays[l->stay_count - 1];
	bool astray = true;
	enum err e = ERR_NONE;

	*same = key_compare(&last->row.entry, &plate->latest) > 0 && last->status == STAY_IN && last->opened == last->row.opened
		&& (last->row.status == STAY_IN || last->row.status == STAY_OUT);
	if (*same)
		e = exit_astray_after(db, plate->text, last->row.entry.at, &astray);
	*same = *same && !astray;
	return e;
}

/* Where to begin: at the last entry before the change that took over, whose place in the line the change leaves as it is. */
static enum err begin_of(struct db *db, const struct name *plate, struct line_range *out)
{
	struct stay_row before;
	enum err e = stay_taken_before(db, plate->text, &plate->earliest, &before);

	*out = (struct line_range){ .as_of = INT64_MAX };
	if (e == ERR_NONE) {
		out->from = before.entry;
		out->joined = !before.opened;
	}
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

/* One attempt with range->stays of the line's stays; *done: that was all that had to be gone through. */
static enum err go_some_way(struct replay *r, const struct name *plate, const struct line_range *range, bool *done)
{
	struct line line;
	bool more = false;
	enum err e = line_load(r->merge->db, plate->text, range, &line, &more);

	*done = true;
	if (e == ERR_NONE && more)
		e = rest_is_same(r->merge->db, plate, &line, done);
	if (e == ERR_NONE && *done)
		e = write_line(r, &line, more);
	line_unload(&line);
	return e;
}

static enum err go_through(struct replay *r, const struct name *plate)
{
	struct line_range range;
	bool done = false;
	enum err e = begin_of(r->merge->db, plate, &range);

	range.stays = r->merge->window > 0 ? r->merge->window : WINDOW_FIRST;
	for (; e == ERR_NONE && !done; range.stays *= 4) {
		e = go_some_way(r, plate, &range, &done);
		if (e == ERR_CONFLICT) {
			size_t stays = range.stays;

			e = line_outside(r->merge->db, plate->text, &plate->earliest, &range);
			range.stays = stays;
			done = false;
		}
	}
	return e;
}

/* ---- what all lines together come to ---- */

struct at_voided { struct exit_row *rows; size_t count, cap; };

static enum err gather_bound(void *arg, const struct exit_row *row)
{
	struct at_voided *v = arg;

	if (v->count == v->cap) {
		size_t cap = v->cap == 0 ? 8 : 2 * v->cap;
		struct exit_row *rows = reallocarray(v->rows, cap, sizeof(*rows));

		if (rows == NULL)
			return ERR_MEMORY;
		v->rows = rows;
		v->cap = cap;
	}
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

/* In this order, since each step adds to the lists of those after it. */
enum err replay_run(struct replay *r)
{
	const struct merge *m = r->merge;
	enum err e = ERR_NONE;

	for (const struct name *n = r->renewed.first; e == ERR_NONE && !r->failed && n != NULL; n = n->next)
		e = renew_facts(m, r, n->text);
	for (const struct name *n = r->confirmed.first; e == ERR_NONE && !r->failed && n != NULL; n = n->next)
		e = renew_confirmation(m, n->text);
	for (const struct name *n = r->plates.first; e == ERR_NONE && !r->failed && n != NULL; n = n->next)
		e = go_through(r, n);
	for (const struct name *n = r->voided.first; e == ERR_NONE && !r->failed && n != NULL; n = n->next)
		e = count_voided(r, n->text);
	for (const struct name *n = r->flagged.first; e == ERR_NONE && !r->failed && n != NULL; n = n->next)
		e = write_flags(r, n->text);
	forget(r);
	return e == ERR_NONE && r->failed ? ERR_MEMORY : e;
}
