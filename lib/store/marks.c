#include "store/marks.h"

#include "store/sql.h"

enum err mark_find(struct db *db, const char *log, struct mark *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_MARK_FIND);
	enum err e;

	put_text(st, 1, log);
	e = sql_row(db, st);
	if (e == ERR_NONE)
		e = get_text(st, 0, out->log, sizeof(out->log));
	if (e == ERR_NONE) {
		out->quorum = sqlite3_column_int64(st, 1);
		out->every = sqlite3_column_int64(st, 2);
	}
	sql_end(st);
	return e;
}

enum err mark_lacking(struct db *db, int64_t *quorum, int64_t *every)
{
	sqlite3_stmt *st = sql_use(db, SQL_MARK_LACKING);
	enum err e = sql_row(db, st);

	if (e == ERR_NONE) {
		*quorum = sqlite3_column_int64(st, 0);
		*every = sqlite3_column_int64(st, 1);
	}
	sql_end(st);
	return e;
}

enum err mark_write(struct db *db, const struct mark *row)
{
	sqlite3_stmt *st = sql_use(db, SQL_MARK_WRITE);

	put_text(st, 1, row->log);
	put_int(st, 2, row->quorum);
	put_int(st, 3, row->every);
	return sql_run(db, st);
}

enum err mark_wanted_read(struct db *db, struct mark_wanted *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_MARK_WANTED_READ);
	enum err e = sql_row(db, st);

	if (e == ERR_NONE)
		e = get_text(st, 0, out->log, sizeof(out->log));
	if (e == ERR_NONE)
		out->seq = sqlite3_column_int64(st, 1);
	sql_end(st);
	return e;
}

enum err mark_wanted_write(struct db *db, const struct mark_wanted *row)
{
	sqlite3_stmt *st = sql_use(db, SQL_MARK_WANTED_WRITE);

	put_text(st, 1, row->log);
	put_int(st, 2, row->seq);
	return sql_run(db, st);
}
