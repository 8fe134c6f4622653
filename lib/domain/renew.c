#include "domain/renew.h"

#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "domain/replay.h"
#include "domain/said.h"

/* An exit that may name a stay whose facts are being written. */
struct naming { const struct merge *merge; struct replay *replay; const char *event_id; const struct said *said; enum err e; };

static bool tell_exit(void *arg, enum record_type type, const struct key *k)
{
	struct naming *n = arg;
	struct exit_row x;

	if (type != RECORD_EXIT)
		return true;
	n->e = exit_find(n->merge->db, k->log, k->seq, &x);
	if (n->e == ERR_NONE && strcmp(x.stay, n->event_id) == 0) {
		replay_touch(n->replay, x.plate_id, &x.key);
		n->e = exit_stay_known(n->merge->db, k, n->said->plate_id, n->said->entry_key.at);
	}
	n->e = n->e == ERR_NOT_FOUND ? ERR_NONE : n->e; /* one of the old dialect that another record tells */
	return n->e == ERR_NONE;
}

/* The exits are found by their records. */
static enum err tell_exits(const struct merge *m, struct replay *r, const char *event_id, const struct said *s)
{
	struct naming n = { .merge = m, .replay = r, .event_id = event_id, .said = s };
	enum err e = said_each(m, event_id, tell_exit, &n);

	return e == ERR_NONE ? n.e : e;
}

static enum err write_facts(const struct merge *m, struct said *s, const char *event_id)
{
	struct stay_facts f = { .event_id = event_id, .entry = &s->entry, .void_ = s->void_, .local = m->local,
		.confirmed_ts = s->confirmed ? s->confirmed_ts : -1, .now_ms = m->now_ms };

	if (!s->corrected) {
		text_copy(s->plate_id, sizeof(s->plate_id), s->entry.data.entry.plate_id);
		said_view(s->plate_id, s->entry.data.entry.plate_view, s->plate_view);
	}
	f.plate_id = s->plate_id;
	f.plate_view = s->plate_view;
	return stay_upsert(m->db, &f);
}

static enum err write_stay(const struct merge *m, struct replay *r, const char *event_id, struct said *s)
{
	struct stay_row old;
	enum err e = stay_find(m->db, event_id, &old);

	if (e == ERR_NONE)
		replay_touch(r, old.plate_id, &old.entry);
	else if (e != ERR_NOT_FOUND)
		return e;
	if (e == ERR_NONE && old.entry_ts != stay_begin_ts(&s->entry))
		e = stay_moved(m->db);
	if (e == ERR_NONE || e == ERR_NOT_FOUND)
		e = write_facts(m, s, event_id);
	if (e != ERR_NONE)
		return e;
	replay_touch(r, s->plate_id, &s->entry_key);
	e = tell_exits(m, r, event_id, s);
	replay_touched(r);
	return e == ERR_NONE ? change_claim(m->db, event_id) : e;
}

/* While the entry has not come, the rest waits in the records. */
static enum err renew_stay(const struct merge *m, struct replay *r, const char *event_id)
{
	struct said s;
	enum err e = said_of(m, event_id, &s);

	if (e == ERR_NONE && s.entry.type != RECORD_UNKNOWN)
		e = write_stay(m, r, event_id, &s);
	said_free(&s);
	return e;
}

/* Both plates an exit has to do with: its own and that of the stay it names. */
static void touch_both(struct replay *r, const struct exit_row *x)
{
	replay_touch(r, x->plate_id, &x->key);
	if (x->stay_known) {
		replay_touch(r, x->stay_plate, &x->key);
		replay_touch(r, x->stay_plate, &x->stay_entry);
	}
}

/* "exit_<log>_<seq>" back to its parts; false if it is something else. */
static bool exit_name_parts(const char *name, char log[LOG_ID_SIZE], int64_t *seq)
{
	if (!exit_name_is(name))
		return false;
	memcpy(log, name + strlen("exit_"), LOG_ID_SIZE - 1);
	log[LOG_ID_SIZE - 1] = '\0';
	return number_parse(name + strlen("exit_") + LOG_ID_SIZE, INTEGER_MAX, seq);
}

static enum err original_plate(const struct merge *m, const struct key *key, char out[STAY_PLATE_SIZE])
{
	struct record r;
	enum err e = said_read(m, key, &r);

	if (e != ERR_NONE)
		return e;
	if (r.type == RECORD_EXIT && r.readable)
		text_copy(out, STAY_PLATE_SIZE, r.data.exit.plate_id);
	else
		e = ERR_CORRUPT;
	record_free(&r);
	return e;
}

static enum err write_subject(const struct merge *m, struct replay *r, const struct exit_row *x, struct said *s)
{
	enum err e;

	if (!s->corrected) {
		e = original_plate(m, &x->key, s->plate_id);
		if (e != ERR_NONE)
			return e;
		said_view(s->plate_id, NULL, s->plate_view);
	}
	touch_both(r, x);
	replay_touch(r, s->plate_id, &x->key);
	replay_touched(r);
	return exit_write_subject(m->db, &x->key, s->plate_id, s->plate_view, s->void_);
}

/* A correction or void of an exit, by its name. One whose exit has not come yet waits in the records. */
static enum err renew_exit_subject(const struct merge *m, struct replay *r, const char *name, const char *log, int64_t seq)
{
	struct said s;
	struct exit_row x;
	enum err e = exit_find(m->db, log, seq, &x);

	if (e != ERR_NONE)
		return e == ERR_NOT_FOUND ? ERR_NONE : e;
	e = said_of(m, name, &s);
	if (e == ERR_NONE)
		e = write_subject(m, r, &x, &s);
	said_free(&s);
	return e;
}

enum err renew_facts(const struct merge *m, struct replay *r, const char *event_id)
{
	char log[LOG_ID_SIZE];
	int64_t seq;

	if (exit_name_parts(event_id, log, &seq))
		return renew_exit_subject(m, r, event_id, log, seq);
	return renew_stay(m, r, event_id);
}

/* Old-dialect exits with the same event_id and exit_time are one exit; the one with the smallest K counts and names the row. */
static enum err settle_told(const struct merge *m, struct replay *r, const char *told, const struct key *k, bool *repeat)
{
	struct exit_row held;
	enum err e = exit_find_told(m->db, told, &held);

	*repeat = false;
	if (e != ERR_NONE)
		return e == ERR_NOT_FOUND ? ERR_NONE : e;
	if (key_compare(&held.key, k) <= 0) {
		*repeat = true;
		return ERR_NONE;
	}
	touch_both(r, &held);
	replay_flag(r, held.bound);
	e = exit_delete(m->db, &held.key);
	return e == ERR_NONE ? exit_own_row_bound(m->db, &held.key, m->now_ms) : e;
}

static enum err insert_exit(const struct merge *m, struct replay *r, const struct record *x, const char *told, const char *name,
	struct said *s)
{
	struct exit_facts f = { .exit = x, .told = told, .void_ = s->void_, .bound = name, .kind = EXIT_NO_ENTRY };
	struct stay_row stay;
	struct key k = record_key(x);
	enum err e = x->event_id == NULL ? ERR_NOT_FOUND : stay_find(m->db, x->event_id, &stay);

	if (e != ERR_NONE && e != ERR_NOT_FOUND)
		return e;
	if (e == ERR_NONE && stay.has_entry) {
		f.stay = &stay;
		replay_touch(r, stay.plate_id, &k);
		replay_touch(r, stay.plate_id, &stay.entry);
	}
	if (!s->corrected) {
		text_copy(s->plate_id, sizeof(s->plate_id), x->data.exit.plate_id);
		said_view(s->plate_id, NULL, s->plate_view);
	}
	f.plate_id = s->plate_id;
	f.plate_view = s->plate_view;
	replay_touch(r, s->plate_id, &k);
	replay_touched(r);
	replay_new(r, name);
	return exit_insert(m->db, &f);
}

void exit_told(const struct record *x, struct buf *out)
{
	if (x->legacy && x->event_id != NULL)
		buf_printf(out, "%s %s", x->event_id, x->data.exit.exit_time == NULL ? "" : x->data.exit.exit_time);
}

enum err renew_exit(const struct merge *m, const struct record *x)
{
	struct key k = record_key(x);
	char name[EXIT_NAME_SIZE];
	struct said s = { 0 };
	struct buf told;
	bool repeat = false;
	enum err e = ERR_NONE;

	buf_init(&told, RECORD_MAX);
	exit_told(x, &told);
	if (told.len > 0 || told.failed)
		e = told.failed ? ERR_MEMORY : settle_told(m, m->later, buf_text(&told), &k, &repeat);
	exit_name_make(x->log, x->seq, name);
	if (e == ERR_NONE && !repeat)
		e = said_of(m, name, &s);
	if (e == ERR_NONE && !repeat)
		e = insert_exit(m, m->later, x, told.len > 0 ? buf_text(&told) : NULL, name, &s);
	said_free(&s);
	buf_free(&told);
	return e;
}

enum err renew_confirmation(const struct merge *m, const char *event_id)
{
	struct said s;
	enum err e = said_of(m, event_id, &s);

	if (e == ERR_NONE && s.confirmed)
		e = stay_confirm(m->db, event_id, s.confirmed_ts, m->now_ms);
	said_free(&s);
	return e;
}
