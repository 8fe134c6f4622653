#include "store/old_centrals.h"

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
	enum err e;

	put_int(st, 1, after);
	put_int(st, 2, last);
	put_text(st, 3, author);
	put_int(st, 4, limit);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		const struct record_told row = { .number = sqlite3_column_int64(st, 0), .line = get_text_or_null(st, 1),
			.bound = get_text_or_null(st, 2), .len = (size_t)sqlite3_column_bytes(st, 1) };

		e = each(arg, &row);
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}
