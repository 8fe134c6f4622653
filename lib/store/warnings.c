#include "store/warnings.h"

#include "store/sql.h"

static enum err warning_from_row(sqlite3_stmt *st, struct warning_row *out)
{
	enum err e = get_text(st, 1, out->code, sizeof(out->code));

	if (e == ERR_NONE)
		e = get_text(st, 2, out->central, sizeof(out->central));
	if (e == ERR_NONE)
		e = get_text(st, 3, out->log, sizeof(out->log));
	if (e == ERR_NONE)
		e = get_text(st, 4, out->place, sizeof(out->place));
	out->id = sqlite3_column_int64(st, 0);
	out->records = sqlite3_column_int64(st, 5);
	out->since_ms = sqlite3_column_int64(st, 6);
	out->last_ms = sqlite3_column_int64(st, 7);
	out->seen_ms = sqlite3_column_int64(st, 8);
	return e;
}

enum err warning_find(struct db *db, const char *code, const char *central, const char *log, struct warning_row *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_WARNING_FIND);
	enum err e;

	put_text(st, 1, code);
	put_text(st, 2, central);
	put_text(st, 3, log);
	e = sql_row(db, st);
	if (e == ERR_NONE)
		e = warning_from_row(st, out);
	sql_end(st);
	return e;
}

enum err warning_write(struct db *db, const struct warning_row *row)
{
	sqlite3_stmt *st = sql_use(db, SQL_WARNING_WRITE);
	enum err e;

	put_text(st, 1, row->code);
	put_text(st, 2, row->central);
	put_text(st, 3, row->log);
	put_text(st, 4, row->place);
	put_int(st, 5, row->records);
	put_int(st, 6, row->since_ms);
	put_int(st, 7, row->last_ms);
	put_int(st, 8, row->seen_ms);
	e = sql_run(db, st);
	if (e != ERR_NONE || row->id != 0)
		return e;
	st = sql_use(db, SQL_WARNING_FORGET);
	put_int(st, 1, WARNING_ROWS_MAX);
	return sql_run(db, st);
}

enum err warning_drop(struct db *db, const char *code, const char *central)
{
	sqlite3_stmt *st = sql_use(db, SQL_WARNING_DROP);

	put_text(st, 1, code);
	put_text(st, 2, central);
	return sql_run(db, st);
}

enum err warning_see(struct db *db, int64_t id, int64_t now_ms)
{
	sqlite3_stmt *st = sql_use(db, SQL_WARNING_SEE);
	enum err e;

	put_int(st, 1, id);
	put_int(st, 2, now_ms);
	e = sql_row(db, st); /* RETURNING: a row if there was one */
	sql_end(st);
	return e;
}

enum err warning_count(struct db *db, const char *code, const char *central, size_t *same, size_t *kind)
{
	sqlite3_stmt *st = sql_use(db, SQL_WARNING_COUNT);
	enum err e;

	put_text(st, 1, code);
	put_text(st, 2, central);
	e = sql_row(db, st);
	if (e == ERR_NONE) {
		*same = (size_t)sqlite3_column_int64(st, 0);
		*kind = (size_t)sqlite3_column_int64(st, 1);
	}
	sql_end(st);
	return e;
}

enum err warning_list(struct db *db, struct warning_row *out, size_t max, size_t *count)
{
	sqlite3_stmt *st = sql_use(db, SQL_WARNING_LIST);
	enum err e = ERR_NONE;

	put_int(st, 1, (int64_t)max);
	for (*count = 0; *count < max && (e = sql_row(db, st)) == ERR_NONE; ++*count) {
		e = warning_from_row(st, &out[*count]);
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}
