#include "store/stays.h"

#include <string.h>

#include "base/zone.h"
#include "store/sql.h"

static const char *const STATUS[] = {
	[STAY_IN] = "IN", [STAY_OUT] = "OUT", [STAY_SUPERSEDED] = "SUPERSEDED", [STAY_VOID] = "VOID", [STAY_BOUND] = "BOUND",
};
static const char *const KIND[] = { [EXIT_COUNTED] = "counted", [EXIT_SECOND] = "second", [EXIT_NO_ENTRY] = "no_entry" };

static int compare_int(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

int key_compare_written(const struct key *a, const struct key *b)
{
	int c = compare_int(a->hlc.ms, b->hlc.ms);

	if (c == 0)
		c = compare_int(a->hlc.counter, b->hlc.counter);
	if (c == 0)
		c = strcmp(a->log, b->log);
	return c != 0 ? c : compare_int(a->seq, b->seq);
}

int key_compare(const struct key *a, const struct key *b)
{
	int c = compare_int(a->at, b->at);

	return c != 0 ? c : key_compare_written(a, b);
}

/* The word's place in words; -1 for a word that is not there, which a CHECK of the schema keeps from happening. */
static int word_index(const char *const *words, int count, const char *word)
{
	for (int i = 0; i < count; i++) {
		if (word != NULL && strcmp(words[i], word) == 0)
			return i;
	}
	return -1;
}

/* Five columns from first on: at, hlc_ms, hlc_counter, log, seq. */
static enum err get_key(sqlite3_stmt *st, int first, struct key *out)
{
	out->at = sqlite3_column_int64(st, first);
	out->hlc.ms = sqlite3_column_int64(st, first + 1);
	out->hlc.counter = sqlite3_column_int64(st, first + 2);
	out->seq = sqlite3_column_int64(st, first + 4);
	return get_text(st, first + 3, out->log, sizeof(out->log));
}

static enum err stay_from_row(sqlite3_stmt *st, struct stay_row *out)
{
	int status = word_index(STATUS, STAY_BOUND + 1, get_text_or_null(st, 12));
	enum err e = status < 0 ? ERR_CORRUPT : get_text(st, 1, out->event_id, sizeof(out->event_id));

	if (e == ERR_NONE)
		e = get_text(st, 2, out->plate_id, sizeof(out->plate_id));
	if (e == ERR_NONE)
		e = get_text(st, 3, out->plate_view, sizeof(out->plate_view));
	if (e == ERR_NONE)
		e = get_text(st, 4, out->source_central, sizeof(out->source_central));
	if (e == ERR_NONE)
		e = get_key(st, 5, &out->entry);
	if (e == ERR_NONE)
		e = get_text(st, 11, out->entry_time, sizeof(out->entry_time));
	if (e == ERR_NONE)
		e = get_text(st, 13, out->superseded_by, sizeof(out->superseded_by));
	if (e == ERR_NONE)
		e = get_text(st, 14, out->missed_by, sizeof(out->missed_by));
	out->id = sqlite3_column_int64(st, 0);
	out->has_entry = sqlite3_column_type(st, 5) != SQLITE_NULL;
	out->entry_ts = sqlite3_column_int64(st, 10);
	out->status = (enum stay_status)status;
	out->opened = sqlite3_column_int(st, 15) != 0;
	out->confirmed_ts = get_optional(st, 16);
	return e;
}

static enum err one_stay(struct db *db, sqlite3_stmt *st, struct stay_row *out)
{
	enum err e = sql_row(db, st);

	if (e == ERR_NONE)
		e = stay_from_row(st, out);
	sql_end(st);
	return e;
}

enum err stay_find(struct db *db, const char *event_id, struct stay_row *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_STAY_FIND);

	put_text(st, 1, event_id);
	return one_stay(db, st, out);
}

enum err stay_find_inside(struct db *db, const char *plate_id, struct stay_row *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_STAY_INSIDE);

	put_text(st, 1, plate_id);
	return one_stay(db, st, out);
}

enum err stay_find_unconfirmed(struct db *db, const char *plate_id, const char *central, const char *edge_id, const char *event_id,
	struct stay_row *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_STAY_UNCONFIRMED);

	put_text(st, 1, plate_id);
	put_text(st, 2, central);
	put_text(st, 3, edge_id);
	put_text(st, 4, event_id);
	return one_stay(db, st, out);
}

/* An event's time as text is its author's; one that left it out gets the site's. */
static const char *time_or(const char *text, int64_t ts, char made[ZONE_TEXT])
{
	if (text != NULL && strlen(text) < TIME_SIZE)
		return text;
	zone_text(ts, made);
	return made;
}

enum err stay_upsert(struct db *db, const struct stay_facts *f)
{
	sqlite3_stmt *st = sql_use(db, SQL_STAY_UPSERT);
	const struct entry_data *entry = &f->entry->data.entry;
	int64_t entry_ts = entry->entry_ts >= 0 ? entry->entry_ts : f->entry->at;
	char now[ZONE_TEXT], made[ZONE_TEXT];

	zone_text(f->now_ms, now);
	put_text(st, 1, f->event_id);
	put_text(st, 2, f->entry->source_central);
	put_text(st, 3, entry->edge_id);
	put_text(st, 4, f->plate_id);
	put_text(st, 5, f->plate_view);
	put_text(st, 6, time_or(entry->entry_time, entry_ts, made));
	put_text(st, 7, entry->camera_id);
	put_text(st, 8, entry->camera_name);
	put_real_optional(st, 9, entry->confidence);
	put_text(st, 10, entry->source);
	put_int(st, 11, entry_ts);
	put_text(st, 12, entry->camera_type);
	put_optional(st, 13, f->confirmed_ts);
	put_text(st, 14, f->entry->log);
	put_int(st, 15, f->entry->seq);
	put_int(st, 16, f->entry->at);
	put_int(st, 17, f->entry->hlc.ms);
	put_int(st, 18, f->entry->hlc.counter);
	put_text(st, 19, f->void_ ? "VOID" : "IN");
	put_text(st, 20, f->local ? "LOCAL" : "SYNCED");
	put_text(st, 21, now);
	put_int(st, 22, f->opened);
	return sql_run(db, st);
}

enum err stay_confirm(struct db *db, const char *event_id, int64_t confirmed_ts, int64_t now_ms)
{
	sqlite3_stmt *st = sql_use(db, SQL_STAY_CONFIRM);
	char now[ZONE_TEXT];

	zone_text(now_ms, now);
	put_text(st, 1, event_id);
	put_int(st, 2, confirmed_ts);
	put_text(st, 3, now);
	return sql_run(db, st);
}

enum err stay_write_outcome(struct db *db, const struct stay_outcome *o)
{
	sqlite3_stmt *st = sql_use(db, SQL_STAY_OUTCOME);
	char now[ZONE_TEXT];

	zone_text(o->now_ms, now);
	put_text(st, 1, o->event_id);
	put_text(st, 2, STATUS[o->status]);
	put_text(st, 3, o->superseded_by);
	put_text(st, 4, o->missed_by);
	put_int(st, 5, o->opened);
	put_text(st, 6, o->duration);
	put_text(st, 7, o->flags);
	put_text(st, 8, now);
	if (o->missed_by != NULL) {
		put_text(st, 9, o->missed_time);
		put_int(st, 10, o->missed_ts);
		put_int(st, 11, o->missed_at);
		put_text(st, 12, "missed");
	}
	if (o->exit != NULL) {
		put_text(st, 13, o->exit->log);
		put_int(st, 14, o->exit->seq);
	}
	return sql_run(db, st);
}

enum err stay_flag_facts(struct db *db, const char *event_id, struct flag_facts *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_STAY_FLAG_FACTS);
	enum err e;

	put_text(st, 1, event_id);
	e = sql_row(db, st);
	if (e == ERR_NONE) {
		out->missed = sqlite3_column_int(st, 0) != 0;
		out->no_entry = sqlite3_column_int(st, 1) != 0;
		out->second_exit = sqlite3_column_int(st, 2) != 0;
		out->negative = sqlite3_column_int(st, 3) != 0;
	}
	sql_end(st);
	return e;
}

enum err stay_write_flags(struct db *db, const char *event_id, const char *flags)
{
	sqlite3_stmt *st = sql_use(db, SQL_STAY_FLAG);

	put_text(st, 1, event_id);
	put_text(st, 2, flags);
	return sql_run(db, st);
}

enum err stay_outside_before(struct db *db, const char *plate_id, const struct key *limit, struct key *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_STAY_OUTSIDE);
	enum err e;

	put_text(st, 1, plate_id);
	put_int(st, 2, limit->at);
	put_int(st, 3, limit->hlc.ms);
	put_int(st, 4, limit->hlc.counter);
	put_text(st, 5, limit->log);
	put_int(st, 6, limit->seq);
	e = sql_row(db, st);
	if (e == ERR_NONE)
		e = get_key(st, 0, out);
	sql_end(st);
	return e;
}

enum err stay_each_of_plate(struct db *db, const char *plate_id, int64_t from_at, int64_t to_at, stay_each_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_STAY_LINE);
	struct stay_row row;
	enum err e;

	put_text(st, 1, plate_id);
	put_int(st, 2, from_at);
	put_int(st, 3, to_at);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		e = stay_from_row(st, &row);
		if (e == ERR_NONE)
			e = each(arg, &row);
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err plate_newest(struct db *db, const char *plate_id, int64_t *at)
{
	sqlite3_stmt *st = sql_use(db, SQL_PLATE_NEWEST);
	enum err e;

	put_text(st, 1, plate_id);
	e = sql_row(db, st);
	if (e == ERR_NONE)
		*at = sqlite3_column_int64(st, 0);
	sql_end(st);
	return e;
}

enum err change_insert(struct db *db, const struct change_row *c)
{
	sqlite3_stmt *st = sql_use(db, SQL_CHANGE_INSERT);
	char now[ZONE_TEXT];

	zone_text(c->now_ms, now);
	put_text(st, 1, c->event_id);
	put_text(st, 2, c->type);
	put_text(st, 3, c->old_plate_id);
	put_text(st, 4, c->new_plate_id);
	put_text(st, 5, c->old_plate_view);
	put_text(st, 6, c->new_plate_view);
	put_text(st, 7, c->old_data);
	put_text(st, 8, c->new_data);
	put_text(st, 9, now);
	put_text(st, 10, c->by);
	return sql_run(db, st);
}

enum err change_claim(struct db *db, const char *event_id)
{
	sqlite3_stmt *st = sql_use(db, SQL_CHANGE_CLAIM);

	put_text(st, 1, event_id);
	return sql_run(db, st);
}

/* ---- exits ---- */

static enum err exit_from_row(sqlite3_stmt *st, struct exit_row *out)
{
	int kind = word_index(KIND, EXIT_NO_ENTRY + 1, get_text_or_null(st, 9));
	const char *stay_status = get_text_or_null(st, 13);
	enum err e = kind < 0 ? ERR_CORRUPT : get_key(st, 0, &out->key);

	if (e == ERR_NONE)
		e = get_text(st, 5, out->stay, sizeof(out->stay));
	if (e == ERR_NONE)
		e = get_text(st, 6, out->plate_id, sizeof(out->plate_id));
	if (e == ERR_NONE)
		e = get_text(st, 8, out->bound, sizeof(out->bound));
	if (e == ERR_NONE)
		e = get_text(st, 12, out->reason, sizeof(out->reason));
	if (e == ERR_NONE)
		e = get_key(st, 14, &out->stay_entry);
	if (e == ERR_NONE)
		e = get_text(st, 19, out->stay_plate, sizeof(out->stay_plate));
	out->void_ = sqlite3_column_int(st, 7) != 0;
	out->kind = (enum exit_kind)kind;
	out->exit_ts = sqlite3_column_int64(st, 10);
	out->fee = sqlite3_column_int64(st, 11);
	out->stay_known = stay_status != NULL;
	out->stay_void = stay_status != NULL && strcmp(stay_status, STATUS[STAY_VOID]) == 0;
	return e;
}

static enum err one_exit(struct db *db, sqlite3_stmt *st, struct exit_row *out)
{
	enum err e = sql_row(db, st);

	if (e == ERR_NONE)
		e = exit_from_row(st, out);
	sql_end(st);
	return e;
}

static enum err each_exit(struct db *db, sqlite3_stmt *st, exit_each_fn *each, void *arg)
{
	struct exit_row row;
	enum err e;

	while ((e = sql_row(db, st)) == ERR_NONE) {
		e = exit_from_row(st, &row);
		if (e == ERR_NONE)
			e = each(arg, &row);
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

/* A statement about one exit: its log and seq are the first two values. */
static sqlite3_stmt *use_for(struct db *db, enum sql which, const char *log, int64_t seq)
{
	sqlite3_stmt *st = sql_use(db, which);

	put_text(st, 1, log);
	put_int(st, 2, seq);
	return st;
}

enum err exit_insert(struct db *db, const struct exit_facts *f)
{
	const struct record *r = f->exit;
	const struct exit_data *d = &r->data.exit;
	sqlite3_stmt *st = use_for(db, SQL_EXIT_INSERT, r->log, r->seq);
	int64_t exit_ts = d->exit_ts >= 0 ? d->exit_ts : r->at;
	char made[ZONE_TEXT];

	put_int(st, 3, r->at);
	put_int(st, 4, r->hlc.ms);
	put_int(st, 5, r->hlc.counter);
	put_text(st, 6, r->event_id);
	if (f->stay != NULL) {
		put_int(st, 7, f->stay->entry.at);
		put_text(st, 8, f->stay->plate_id);
	}
	put_text(st, 9, f->plate_id);
	put_text(st, 10, f->plate_view);
	put_int(st, 11, f->void_);
	put_text(st, 12, f->told);
	put_text(st, 13, f->bound);
	put_int(st, 14, d->fee);
	put_int(st, 15, exit_ts);
	put_text(st, 16, time_or(d->exit_time, exit_ts, made));
	put_text(st, 17, d->exit_central != NULL ? d->exit_central : r->source_central);
	put_text(st, 18, d->exit_edge);
	put_text(st, 19, d->camera_id);
	put_text(st, 20, d->camera_name);
	put_text(st, 21, d->reason != NULL && strlen(d->reason) < sizeof(((struct exit_row *)0)->reason) ? d->reason : NULL);
	put_text(st, 22, d->tariff);
	put_text(st, 23, d->edge_event_id);
	put_text(st, 24, KIND[f->kind]);
	return sql_run(db, st);
}

enum err exit_find(struct db *db, const char *log, int64_t seq, struct exit_row *out)
{
	return one_exit(db, use_for(db, SQL_EXIT_FIND, log, seq), out);
}

enum err exit_find_told(struct db *db, const char *told, struct exit_row *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_EXIT_TOLD);

	put_text(st, 1, told);
	return one_exit(db, st, out);
}

enum err exit_delete(struct db *db, const struct key *key)
{
	return sql_run(db, use_for(db, SQL_EXIT_DELETE, key->log, key->seq));
}

enum err exit_write_subject(struct db *db, const struct key *key, const char *plate_id, const char *plate_view, bool void_)
{
	sqlite3_stmt *st = use_for(db, SQL_EXIT_SUBJECT, key->log, key->seq);

	put_text(st, 3, plate_id);
	put_text(st, 4, plate_view);
	put_int(st, 5, void_);
	return sql_run(db, st);
}

enum err exit_bind(struct db *db, const struct key *key, const char *bound, enum exit_kind kind)
{
	sqlite3_stmt *st = use_for(db, SQL_EXIT_BIND, key->log, key->seq);

	put_text(st, 3, bound);
	put_text(st, 4, KIND[kind]);
	return sql_run(db, st);
}

enum err exit_each_naming(struct db *db, const char *event_id, exit_each_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_EXIT_NAMING);

	put_text(st, 1, event_id);
	return each_exit(db, st, each, arg);
}

enum err exit_stay_known(struct db *db, const char *event_id, const char *plate_id, int64_t entry_at)
{
	sqlite3_stmt *st = sql_use(db, SQL_EXIT_STAY_KNOWN);

	put_text(st, 1, event_id);
	put_int(st, 2, entry_at);
	put_text(st, 3, plate_id);
	return sql_run(db, st);
}

enum err exit_each_of_plate(struct db *db, const char *plate_id, int64_t from_at, int64_t to_at, exit_each_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_EXIT_LINE);

	put_text(st, 1, plate_id);
	put_int(st, 2, from_at);
	put_int(st, 3, to_at);
	return each_exit(db, st, each, arg);
}

enum err exit_each_bound(struct db *db, const char *event_id, exit_each_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_EXIT_BOUND);

	put_text(st, 1, event_id);
	return each_exit(db, st, each, arg);
}

enum err exit_first_early(struct db *db, const char *plate_id, int64_t as_of, int64_t *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_EXIT_FIRST_EARLY);
	enum err e;

	put_text(st, 1, plate_id);
	put_int(st, 2, as_of);
	e = sql_row(db, st);
	if (e == ERR_NONE)
		*out = sqlite3_column_type(st, 0) == SQLITE_NULL ? as_of : sqlite3_column_int64(st, 0);
	sql_end(st);
	return e;
}

enum err exit_write_own_row(struct db *db, const struct key *key, bool void_, bool local, int64_t now_ms)
{
	sqlite3_stmt *st = sql_use(db, SQL_EXIT_OWN_ROW);
	char name[EXIT_NAME_SIZE], now[ZONE_TEXT];

	exit_name_make(key->log, key->seq, name);
	zone_text(now_ms, now);
	put_text(st, 1, name);
	put_text(st, 2, key->log);
	put_int(st, 3, key->seq);
	put_text(st, 4, STATUS[void_ ? STAY_VOID : STAY_OUT]);
	put_text(st, 5, local ? "LOCAL" : "SYNCED");
	put_text(st, 6, now);
	return sql_run(db, st);
}

enum err exit_own_row_bound(struct db *db, const struct key *key, int64_t now_ms)
{
	sqlite3_stmt *st = sql_use(db, SQL_EXIT_OWN_ROW_BOUND);
	char name[EXIT_NAME_SIZE], now[ZONE_TEXT];

	exit_name_make(key->log, key->seq, name);
	zone_text(now_ms, now);
	put_text(st, 1, name);
	put_text(st, 2, now);
	return sql_run(db, st);
}
