#include "store/old_centrals.h"

#include "store/records_internal.h"
#include "store/sql.h"

enum err old_central_find(struct db *db, const char *id, int64_t *told, int64_t *asked_ms)
{
	sqlite3_stmt *st = sql_use(db, SQL_OLD_FIND);
	enum err e;

	put_text(st, 1, id);
	e = sql_row(db, st);
	if (e == ERR_NONE) {
		*told = sqlite3_column_int64(st, 0);
		*asked_ms = sqlite3_column_int64(st, 1);
	}
	sql_end(st);
	return e;
}

enum err old_central_write(struct db *db, const char *id, int64_t told)
{
	sqlite3_stmt *st = sql_use(db, SQL_OLD_WRITE);

	put_text(st, 1, id);
	put_int(st, 2, told);
	return sql_run(db, st);
}

enum err old_central_forget(struct db *db, const char *id)
{
	sqlite3_stmt *st = sql_use(db, SQL_OLD_FORGET);

	put_text(st, 1, id);
	return sql_run(db, st);
}

enum err record_newest(struct db *db, int64_t *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_RECORD_NEWEST);
	enum err e = sql_row(db, st);

	if (e == ERR_NONE)
		*out = sqlite3_column_int64(st, 0);
	sql_end(st);
	return e;
}

enum err record_each_to_tell(struct db *db, const char *author, int64_t after, int64_t last, int64_t limit, record_told_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_RECORD_TO_TELL);
	struct record_told row;
	struct buf line;
	enum err e;

	buf_init(&line, RECORD_MAX);
	put_int(st, 1, after);
	put_int(st, 2, last);
	put_text(st, 3, author);
	put_int(st, 4, limit);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		e = get_line(st, 0, &line);
		row = (struct record_told){ .number = sqlite3_column_int64(st, LINE_COLUMN_COUNT), .line = buf_text(&line), .len = line.len,
			.bound = get_text_or_null(st, LINE_COLUMN_COUNT + 1) };
		if (e == ERR_NONE)
			e = each(arg, &row);
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	buf_free(&line);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}
