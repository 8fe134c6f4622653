#include "store/stays.h"

#include <string.h>

#include "base/zone.h"
#include "store/stays_internal.h"

static const char *const STATUS[] = {
	[STAY_IN] = "IN", [STAY_OUT] = "OUT", [STAY_SUPERSEDED] = "SUPERSEDED", [STAY_VOID] = "VOID", [STAY_BOUND] = "BOUND",
};

const char *stay_status_word(enum stay_status status)
{
	return STATUS[status];
}

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

int word_index(const char *const *words, int count, const char *word)
{
	for (int i = 0; i < count; i++) {
		if (word != NULL && strcmp(words[i], word) == 0)
			return i;
	}
	return -1;
}

enum err get_key(sqlite3_stmt *st, int first, struct key *out)
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
	out->exit_seq = get_optional(st, 18);
	return e == ERR_NONE ? get_text(st, 17, out->exit_log, sizeof(out->exit_log)) : e;
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

enum err stay_find_row(struct db *db, int64_t id, struct stay_row *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_STAY_OF_ROW);

	put_int(st, 1, id);
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

const char *time_or_made(const char *text, int64_t ts, char made[ZONE_TEXT])
{
	if (text != NULL && strlen(text) < TIME_SIZE)
		return text;
	zone_default_text(ts, made);
	return made;
}

int64_t stay_begin_ts(const struct record *entry)
{
	return entry->data.entry.entry_ts >= 0 ? entry->data.entry.entry_ts : entry->at;
}

enum err stay_moved(struct db *db)
{
	return sql_run(db, sql_use(db, SQL_STAY_MOVED));
}

enum err stay_upsert(struct db *db, const struct stay_facts *f)
{
	sqlite3_stmt *st = sql_use(db, SQL_STAY_UPSERT);
	const struct entry_data *entry = &f->entry->data.entry;
	int64_t entry_ts = stay_begin_ts(f->entry);
	char now[ZONE_TEXT], made[ZONE_TEXT];

	zone_text(f->now_ms, now);
	put_text(st, 1, f->event_id);
	put_text(st, 2, f->entry->source_central);
	put_text(st, 3, entry->edge_id);
	put_text(st, 4, f->plate_id);
	put_text(st, 5, f->plate_view);
	put_text(st, 6, time_or_made(entry->entry_time, entry_ts, made));
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

#define EXIT_TOLD 9      /* the first of the columns of history that an exit fills, in the order of SQL_EXIT_OUTCOME */
#define EXIT_TOLD_COUNT 11

static enum err run_with_exit(struct db *db, sqlite3_stmt *st, const struct key *key)
{
	sqlite3_stmt *exit = sql_use(db, SQL_EXIT_OUTCOME);
	enum err e;

	put_text(exit, 1, key->log);
	put_int(exit, 2, key->seq);
	e = sql_row(db, exit);
	for (int i = 0; e == ERR_NONE && i < EXIT_TOLD_COUNT; i++) {
		if (sqlite3_column_type(exit, i) == SQLITE_TEXT)
			put_text_of(st, EXIT_TOLD + i, get_text_or_null(exit, i), (size_t)sqlite3_column_bytes(exit, i));
		else
			put_optional(st, EXIT_TOLD + i, get_optional(exit, i));
	}
	if (e == ERR_NONE || e == ERR_NOT_FOUND)
		e = sql_run(db, st);
	sql_end(exit);
	return e;
}

/* The same from its record, as exit_insert has written it. */
static void put_exit(sqlite3_stmt *st, const struct record *r, struct exit_words *words)
{
	const struct exit_data *d = &r->data.exit;

	exit_words_of(r, words);
	put_text(st, EXIT_TOLD, words->time);
	put_optional(st, EXIT_TOLD + 1, words->exit_ts);
	put_optional(st, EXIT_TOLD + 2, r->at);
	put_text(st, EXIT_TOLD + 3, words->reason);
	put_text(st, EXIT_TOLD + 4, d->camera_id);
	put_text(st, EXIT_TOLD + 5, d->camera_name);
	put_text(st, EXIT_TOLD + 6, words->central);
	put_text(st, EXIT_TOLD + 7, d->exit_edge);
	put_text(st, EXIT_TOLD + 8, r->log);
	put_optional(st, EXIT_TOLD + 9, r->seq);
	put_optional(st, EXIT_TOLD + 10, d->fee);
}

enum err stay_write_outcome(struct db *db, const struct stay_outcome *o)
{
	sqlite3_stmt *st = sql_use(db, SQL_STAY_OUTCOME);
	char now[ZONE_TEXT];
	struct exit_words words;

	zone_text(o->now_ms, now);
	put_text(st, 1, o->event_id);
	put_text(st, 2, STATUS[o->status]);
	put_text(st, 3, o->superseded_by);
	put_text(st, 4, o->missed_by);
	put_int(st, 5, o->opened);
	put_text(st, 6, o->duration);
	put_text(st, 7, o->flags);
	put_text(st, 8, now);
	put_int(st, EXIT_TOLD + EXIT_TOLD_COUNT - 1, 0);
	if (o->exit != NULL)
		return run_with_exit(db, st, o->exit);
	if (o->told != NULL)
		put_exit(st, o->told, &words);
	if (o->missed_by != NULL) {
		put_text(st, EXIT_TOLD, o->missed_time);
		put_int(st, EXIT_TOLD + 1, o->missed_ts);
		put_int(st, EXIT_TOLD + 2, o->missed_at);
		put_text(st, EXIT_TOLD + 3, "missed");
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
		out->exit_count = sqlite3_column_int64(st, 2);
		out->second_exit = out->exit_count > 0;
		out->negative = sqlite3_column_int(st, 3) != 0;
	}
	sql_end(st);
	return e;
}

enum err stay_write_flags(struct db *db, const char *event_id, const char *flags, int64_t exit_count)
{
	sqlite3_stmt *st = sql_use(db, SQL_STAY_FLAG);

	put_text(st, 1, event_id);
	put_text(st, 2, flags);
	put_int(st, 3, exit_count);
	return sql_run(db, st);
}

static sqlite3_stmt *use_at(struct db *db, enum sql which, const char *plate_id, const struct key *k)
{
	sqlite3_stmt *st = sql_use(db, which);

	put_text(st, 1, plate_id);
	put_int(st, 2, k->at);
	put_int(st, 3, k->hlc.ms);
	put_int(st, 4, k->hlc.counter);
	put_text(st, 5, k->log);
	put_int(st, 6, k->seq);
	return st;
}

enum err stay_taken_before(struct db *db, const char *plate_id, const struct key *limit, struct stay_row *out)
{
	return one_stay(db, use_at(db, SQL_STAY_TAKEN, plate_id, limit), out);
}

enum err stay_outside_before(struct db *db, const char *plate_id, const struct key *limit, struct key *out)
{
	sqlite3_stmt *st = use_at(db, SQL_STAY_OUTSIDE, plate_id, limit);
	enum err e = sql_row(db, st);

	if (e == ERR_NONE)
		e = get_key(st, 0, out);
	sql_end(st);
	return e;
}

enum err stay_each_of_plate(struct db *db, const char *plate_id, const struct key *from, int64_t to_at, size_t most, stay_each_fn *each,
	void *arg)
{
	sqlite3_stmt *st = use_at(db, SQL_STAY_LINE, plate_id, from);
	struct stay_row row;
	enum err e;

	put_int(st, 7, to_at);
	put_int(st, 8, most > 0 ? (int64_t)most : -1);
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

enum err stay_each_open(struct db *db, int64_t before_ms, int64_t after_ts, int64_t after_id, size_t limit, open_stay_fn *each,
	void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_STAY_OPEN);
	enum err e;

	put_int(st, 1, before_ms);
	put_int(st, 2, after_ts);
	put_int(st, 3, after_id);
	put_int(st, 4, (int64_t)limit);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		struct open_stay row = { .id = sqlite3_column_int64(st, 0), .event_id = get_text_or_null(st, 1),
			.plate_view = get_text_or_null(st, 2), .entry_time = get_text_or_null(st, 3), .begin_ts = sqlite3_column_int64(st, 4) };

		e = each(arg, &row);
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}
