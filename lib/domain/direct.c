#include "domain/direct.h"

#include <string.h>

#include "base/text.h"
#include "domain/line.h"
#include "domain/renew.h"
#include "domain/replay.h"
#include "domain/said.h"
#include "domain/tariff.h"

/* A stay that stands for one further off is left to the other way, which finds it for all exits at once. */
#define STEPS_MOST 8

static enum err above_newest(const struct merge *m, const char *plate_id, int64_t at, bool *above)
{
	int64_t newest = 0;
	enum err e = plate_newest(m->db, plate_id, &newest);

	*above = at > newest;
	return e;
}

/* Nothing else that names event_id is held (count: how many records of it may be), and at is above all of the plate. */
static enum err in_order(const struct merge *m, const char *event_id, size_t count, const char *plate_id, int64_t at, bool *yes)
{
	size_t held = 0;
	enum err e;

	*yes = false;
	if (m->always_replay || replay_concerns_plate(m->later, plate_id))
		return ERR_NONE;
	e = said_count(m, event_id, &held);
	if (e != ERR_NONE || held != count)
		return e;
	return above_newest(m, plate_id, at, yes);
}

static enum err end_missed(const struct merge *m, const struct stay_row *held, const struct record *r, int64_t entry_ts,
	const char *entry_time)
{
	struct flag_facts flags = { .missed = true, .negative = entry_ts < held->entry_ts };
	struct stay_outcome o = { .event_id = held->event_id, .status = STAY_OUT, .missed_by = r->event_id, .opened = held->opened,
		.missed_ts = entry_ts, .missed_at = r->at, .missed_time = entry_time, .now_ms = m->now_ms };
	char duration[DURATION_SIZE], text[FLAGS_SIZE];

	duration_text(stay_seconds(held->entry_ts, entry_ts), duration);
	stay_flags_text(&flags, text);
	o.duration = duration;
	o.flags = text;
	return stay_write_outcome(m->db, &o);
}

static enum err enter_directly(const struct merge *m, const struct record *r)
{
	const struct entry_data *d = &r->data.entry;
	struct stay_row held, mine;
	char view[STAY_PLATE_SIZE];
	struct stay_facts f = { .event_id = r->event_id, .plate_id = d->plate_id, .plate_view = view, .entry = r, .confirmed_ts = -1,
		.local = m->local, .now_ms = m->now_ms };
	enum err e = stay_find_inside(m->db, d->plate_id, &held);

	if (e != ERR_NONE && e != ERR_NOT_FOUND)
		return e;
	f.opened = e == ERR_NOT_FOUND;
	said_view(d->plate_id, d->plate_view, view);
	e = stay_upsert(m->db, &f);
	if (e != ERR_NONE || f.opened)
		return e;
	if (r->at - held.entry.at <= SAME_CAR_MS) {
		struct stay_outcome o = { .event_id = r->event_id, .status = STAY_SUPERSEDED, .superseded_by = held.event_id, .flags = "",
			.now_ms = m->now_ms };

		return stay_write_outcome(m->db, &o);
	}
	e = stay_find(m->db, r->event_id, &mine);
	return e == ERR_NONE ? end_missed(m, &held, r, mine.entry_ts, mine.entry_time) : e;
}

static enum err count_exit(const struct merge *m, const struct record *r, const struct stay_row *closed)
{
	const struct exit_data *d = &r->data.exit;
	int64_t exit_ts = exit_ts_of(r);
	struct flag_facts flags = { .missed = d->reason != NULL && strcmp(d->reason, "missed") == 0,
		.negative = exit_ts < closed->entry_ts };
	struct stay_outcome o = { .event_id = closed->event_id, .status = STAY_OUT, .opened = closed->opened, .told = r,
		.now_ms = m->now_ms };
	char duration[DURATION_SIZE], text[FLAGS_SIZE];

	duration_text(stay_seconds(closed->entry_ts, exit_ts), duration);
	stay_flags_text(&flags, text);
	o.duration = duration;
	o.flags = text;
	return stay_write_outcome(m->db, &o);
}

static enum err insert_exit(const struct merge *m, struct exit_facts *f)
{
	struct buf told;
	enum err e;

	buf_init(&told, RECORD_MAX);
	exit_told(f->exit, &told);
	f->told = told.len > 0 ? buf_text(&told) : NULL;
	e = told.failed ? ERR_MEMORY : exit_insert(m->db, f);
	buf_free(&told);
	f->told = NULL;
	return e;
}

/* named: the stay it names, NULL if it names none that is known; target: the stay it closes, NULL if none. */
static enum err leave_directly(const struct merge *m, const struct record *r, const struct stay_row *named,
	const struct stay_row *target)
{
	char view[STAY_PLATE_SIZE], name[EXIT_NAME_SIZE];
	struct exit_facts f = { .exit = r, .plate_id = r->data.exit.plate_id, .plate_view = view, .stay = named, .bound = name,
		.kind = EXIT_NO_ENTRY };
	struct key k = record_key(r);
	enum err e;

	said_view(f.plate_id, NULL, view);
	exit_name_make(r->log, r->seq, name);
	if (target != NULL) {
		f.bound = target->event_id;
		f.kind = target->status == STAY_IN ? EXIT_COUNTED : EXIT_SECOND;
	}
	e = insert_exit(m, &f);
	if (e != ERR_NONE)
		return e;
	if (target == NULL)
		return exit_write_own_row(m->db, &k, false, m->local, m->now_ms);
	return f.kind == EXIT_COUNTED ? count_exit(m, r, target) : stay_renew_flags(m->db, target->event_id);
}

enum err direct_entry(const struct merge *m, const struct record *r)
{
	bool direct = false;
	enum err e = in_order(m, r->event_id, 1, r->data.entry.plate_id, r->at, &direct);

	if (e != ERR_NONE)
		return e;
	if (direct)
		return enter_directly(m, r);
	replay_renew(m->later, r->event_id);
	return ERR_NONE;
}

/* Move s to the stay that exits naming it close now, along what superseded or ended each; s itself if nothing did. *near: it was
 * not many steps away. */
static enum err stands_for(struct db *db, struct stay_row *s, bool *near)
{
	enum err e = ERR_NONE;

	for (int steps = 0; e == ERR_NONE && (s->superseded_by[0] != '\0' || s->missed_by[0] != '\0'); steps++) {
		struct stay_row next;

		*near = steps < STEPS_MOST;
		if (!*near)
			return ERR_NONE;
		e = stay_find(db, s->superseded_by[0] != '\0' ? s->superseded_by : s->missed_by, &next);
		if (e == ERR_NONE)
			*s = next;
	}
	return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
}

static enum err leave_named(const struct merge *m, const struct record *r, struct stay_row *named)
{
	struct stay_row target = *named;
	bool direct = named->status != STAY_VOID && !replay_concerns_plate(m->later, named->plate_id);
	enum err e = ERR_NONE;

	if (direct && strcmp(named->plate_id, r->data.exit.plate_id) != 0)
		e = above_newest(m, named->plate_id, r->at, &direct);
	if (e == ERR_NONE && direct)
		e = stands_for(m->db, &target, &direct);
	if (e != ERR_NONE)
		return e;
	return direct ? leave_directly(m, r, named, &target) : renew_exit(m, r);
}

/* Has another old-dialect record told this exit already? Then which of the two counts has to be found out. */
static enum err told_before(const struct merge *m, const struct record *r, bool *yes)
{
	struct exit_row held;
	struct buf told;
	enum err e = ERR_NOT_FOUND;

	buf_init(&told, RECORD_MAX);
	exit_told(r, &told);
	if (told.len > 0 || told.failed)
		e = told.failed ? ERR_MEMORY : exit_find_told(m->db, buf_text(&told), &held);
	buf_free(&told);
	*yes = e == ERR_NONE;
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err direct_exit(const struct merge *m, const struct record *r)
{
	char name[EXIT_NAME_SIZE];
	struct stay_row stay;
	bool direct = false, told = false;
	enum err e = told_before(m, r, &told);

	exit_name_make(r->log, r->seq, name);
	if (e == ERR_NONE && !told)
		e = in_order(m, name, 0, r->data.exit.plate_id, r->at, &direct);
	if (e != ERR_NONE)
		return e;
	if (!direct || (r->event_id != NULL && replay_concerns_name(m->later, r->event_id)))
		return renew_exit(m, r);
	e = r->event_id == NULL ? ERR_NOT_FOUND : stay_find(m->db, r->event_id, &stay);
	if (e == ERR_NONE && stay.has_entry)
		return leave_named(m, r, &stay);
	if (e == ERR_NONE || e == ERR_NOT_FOUND)
		e = stay_find_inside(m->db, r->data.exit.plate_id, &stay);
	if (e != ERR_NONE && e != ERR_NOT_FOUND)
		return e;
	return leave_directly(m, r, NULL, e == ERR_NONE ? &stay : NULL);
}
