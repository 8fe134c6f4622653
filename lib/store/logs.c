#include "store/logs.h"

#include <string.h>

#include "store/sql.h"

enum err clock_read(struct db *db, struct clock_row *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_CLOCK_READ);
	enum err e = sql_row(db, st);

	if (e != ERR_NONE)
		return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
	out->hlc.ms = sqlite3_column_int64(st, 0);
	out->hlc.counter = sqlite3_column_int64(st, 1);
	out->change = sqlite3_column_int64(st, 2);
	sql_end(st);
	return ERR_NONE;
}

enum err clock_write(struct db *db, const struct clock_row *row)
{
	sqlite3_stmt *st = sql_use(db, SQL_CLOCK_WRITE);

	put_int(st, 1, row->hlc.ms);
	put_int(st, 2, row->hlc.counter);
	put_int(st, 3, row->change);
	return sql_run(db, st);
}

static enum err log_from_row(sqlite3_stmt *st, struct log_row *out)
{
	enum err e = get_text(st, 0, out->log, sizeof(out->log));

	if (e == ERR_NONE)
		e = get_text(st, 1, out->id, sizeof(out->id));
	if (e == ERR_NONE)
		e = get_text(st, 2, out->writer, sizeof(out->writer));
	if (e == ERR_NONE)
		e = get_blob(st, 3, out->public_key, sizeof(out->public_key));
	if (e == ERR_NONE)
		e = get_text(st, 4, out->previous, sizeof(out->previous));
	if (e == ERR_NONE)
		e = get_blob(st, 7, &out->head, sizeof(out->head));
	out->previous_seq = get_optional(st, 5);
	out->head_seq = sqlite3_column_int64(st, 6);
	out->flags = (unsigned)sqlite3_column_int64(st, 8);
	out->change = sqlite3_column_int64(st, 9);
	return e;
}

static enum err one_log(struct db *db, enum sql which, const char *log, struct log_row *out)
{
	sqlite3_stmt *st = sql_use(db, which);
	enum err e;

	put_text(st, 1, log);
	e = sql_row(db, st);
	if (e == ERR_NONE)
		e = log_from_row(st, out);
	sql_end(st);
	return e;
}

enum err log_find(struct db *db, const char *log, struct log_row *out)
{
	return one_log(db, SQL_LOG_FIND, log, out);
}

enum err log_next(struct db *db, const char *after, struct log_row *out)
{
	return one_log(db, SQL_AUDIT_LOG, after, out);
}

enum err log_insert(struct db *db, const struct log_row *row)
{
	sqlite3_stmt *st = sql_use(db, SQL_LOG_INSERT);

	put_text(st, 1, row->log);
	put_text(st, 2, row->id);
	put_text(st, 3, row->writer);
	put_blob(st, 4, row->public_key, sizeof(row->public_key));
	put_text(st, 5, row->previous[0] == '\0' ? NULL : row->previous);
	put_optional(st, 6, row->previous_seq);
	put_int(st, 7, row->head_seq);
	put_blob(st, 8, &row->head, sizeof(row->head));
	put_int(st, 9, row->flags);
	put_int(st, 10, row->change);
	return sql_run(db, st);
}

enum err log_move_head(struct db *db, const char *log, int64_t seq, const struct chain *head, int64_t change)
{
	sqlite3_stmt *st = sql_use(db, SQL_LOG_MOVE_HEAD);

	put_text(st, 1, log);
	put_int(st, 2, seq);
	put_blob(st, 3, head, sizeof(*head));
	put_int(st, 4, change);
	return sql_run(db, st);
}

static enum err change_flags(struct db *db, enum sql which, const char *log, unsigned flags, int64_t change)
{
	sqlite3_stmt *st = sql_use(db, which);

	put_text(st, 1, log);
	put_int(st, 2, flags);
	put_int(st, 3, change);
	return sql_run(db, st);
}

enum err log_add_flags(struct db *db, const char *log, unsigned flags, int64_t change)
{
	return change_flags(db, SQL_LOG_ADD_FLAGS, log, flags, change);
}

enum err log_drop_flags(struct db *db, const char *log, unsigned flags, int64_t change)
{
	return change_flags(db, SQL_LOG_DROP_FLAGS, log, flags, change);
}

enum err log_count_previous(struct db *db, const char *previous, size_t *count, int64_t *ended_at)
{
	sqlite3_stmt *st = sql_use(db, SQL_LOG_COUNT_PREVIOUS);
	enum err e;

	put_text(st, 1, previous);
	e = sql_row(db, st);
	if (e == ERR_NONE) {
		*count = (size_t)sqlite3_column_int64(st, 0);
		*ended_at = sqlite3_column_int64(st, 1);
	}
	sql_end(st);
	return e;
}

enum err log_last_of(struct db *db, const char *id, const char *writer, const unsigned char public_key[KEY_BYTES], struct log_row *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_LOG_LAST_OF);
	enum err e;

	put_text(st, 1, id);
	put_text(st, 2, writer);
	put_blob(st, 3, public_key, KEY_BYTES);
	e = sql_row(db, st);
	if (e == ERR_NONE)
		e = log_from_row(st, out);
	sql_end(st);
	return e;
}

enum err log_find_flagged(struct db *db, const char *id, const unsigned char public_key[KEY_BYTES], unsigned flags,
	char out[LOG_ID_SIZE])
{
	sqlite3_stmt *st = sql_use(db, SQL_LOG_OF_AUTHOR);
	enum err e;

	put_text(st, 1, id);
	put_blob(st, 2, public_key, KEY_BYTES);
	put_int(st, 3, flags);
	e = sql_row(db, st);
	if (e == ERR_NONE)
		e = get_text(st, 0, out, LOG_ID_SIZE);
	sql_end(st);
	return e;
}

enum err log_successor(struct db *db, const char *previous, const char *after, struct log_row *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_LOG_SUCCESSOR);
	enum err e;

	put_text(st, 1, previous);
	put_text(st, 2, after);
	e = sql_row(db, st);
	if (e == ERR_NONE)
		e = log_from_row(st, out);
	sql_end(st);
	return e;
}

enum err log_open_of(struct db *db, const char *id, const char *writer, struct log_row *out, size_t max, size_t *count)
{
	sqlite3_stmt *st = sql_use(db, SQL_LOG_OPEN_OF);
	enum err e = ERR_NONE;

	put_text(st, 1, id);
	put_text(st, 2, writer);
	put_int(st, 3, (int64_t)max);
	for (*count = 0; *count < max && (e = sql_row(db, st)) == ERR_NONE; ++*count) {
		e = log_from_row(st, &out[*count]);
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err log_count_lost(struct db *db, const char *previous, const char *but, int64_t *records)
{
	sqlite3_stmt *st = sql_use(db, SQL_LOG_LOST);
	enum err e;

	put_text(st, 1, previous);
	put_text(st, 2, but);
	e = sql_row(db, st);
	if (e == ERR_NONE)
		*records = sqlite3_column_int64(st, 0);
	sql_end(st);
	return e;
}

enum err log_each_changed(struct db *db, int64_t after, bool (*each)(void *arg, const struct log_row *row), void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_LOG_CHANGED);
	struct log_row row;
	enum err e;

	put_int(st, 1, after);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		e = log_from_row(st, &row);
		if (e != ERR_NONE || !each(arg, &row))
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err seal_insert(struct db *db, const char *log, int64_t seq, const struct seal *s)
{
	sqlite3_stmt *st = sql_use(db, SQL_SEAL_INSERT);

	put_text(st, 1, log);
	put_int(st, 2, seq);
	put_blob(st, 3, s, sizeof(*s));
	return sql_run(db, st);
}

enum err seal_last_between(struct db *db, const char *log, int64_t first, int64_t last, int64_t *seq, struct seal *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_SEAL_LAST_BETWEEN);
	enum err e;

	put_text(st, 1, log);
	put_int(st, 2, first);
	put_int(st, 3, last);
	e = sql_row(db, st);
	if (e == ERR_NONE) {
		*seq = sqlite3_column_int64(st, 0);
		e = get_blob(st, 1, out, sizeof(*out));
	}
	sql_end(st);
	return e;
}
