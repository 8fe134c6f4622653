#include <string.h>

#include "base/text.h"
#include "base/zone.h"
#include "store/stays.h"
#include "store/stays_internal.h"

static const char *const KIND[] = { [EXIT_COUNTED] = "counted", [EXIT_SECOND] = "second", [EXIT_NO_ENTRY] = "no_entry" };

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
	out->stay_void = stay_status != NULL && strcmp(stay_status, stay_status_word(STAY_VOID)) == 0;
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

int64_t exit_ts_of(const struct record *exit)
{
	return exit->data.exit.exit_ts >= 0 ? exit->data.exit.exit_ts : exit->at;
}

void exit_words_of(const struct record *exit, struct exit_words *out)
{
	const struct exit_data *d = &exit->data.exit;

	out->exit_ts = exit_ts_of(exit);
	out->time = time_or_made(d->exit_time, out->exit_ts, out->made);
	/* anything may stand there: one that is no central's id would make a row of its own unreadable */
	out->central = d->exit_central != NULL && central_id_valid(d->exit_central) ? d->exit_central : exit->source_central;
	out->reason = d->reason != NULL && strlen(d->reason) < sizeof(((struct exit_row *)0)->reason) ? d->reason : NULL;
}

enum err exit_insert(struct db *db, const struct exit_facts *f)
{
	const struct record *r = f->exit;
	const struct exit_data *d = &r->data.exit;
	sqlite3_stmt *st = use_for(db, SQL_EXIT_INSERT, r->log, r->seq);
	struct exit_words words;

	exit_words_of(r, &words);
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
	put_int(st, 15, words.exit_ts);
	put_text(st, 16, words.time);
	put_text(st, 17, words.central);
	put_text(st, 18, d->exit_edge);
	put_text(st, 19, d->camera_id);
	put_text(st, 20, d->camera_name);
	put_text(st, 21, words.reason);
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

enum err exit_stay_known(struct db *db, const struct key *key, const char *plate_id, int64_t entry_at)
{
	sqlite3_stmt *st = use_for(db, SQL_EXIT_STAY_KNOWN, key->log, key->seq);

	put_int(st, 3, entry_at);
	put_text(st, 4, plate_id);
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

enum err exit_astray_after(struct db *db, const char *plate_id, int64_t at, bool *yes)
{
	sqlite3_stmt *st = sql_use(db, SQL_EXIT_ASTRAY);
	enum err e;

	put_text(st, 1, plate_id);
	put_int(st, 2, at);
	e = sql_row(db, st);
	if (e == ERR_NONE)
		*yes = sqlite3_column_int(st, 0) != 0;
	sql_end(st);
	return e;
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
	put_text(st, 4, stay_status_word(void_ ? STAY_VOID : STAY_OUT));
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
