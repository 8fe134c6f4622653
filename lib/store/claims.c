#include "store/claims.h"

#include "store/sql.h"

enum err claim_write(struct db *db, const struct claim *row)
{
	sqlite3_stmt *st = sql_use(db, SQL_CLAIM_WRITE);

	put_text(st, 1, row->log);
	put_text(st, 2, row->peer);
	put_int(st, 3, row->seq);
	return sql_run(db, st);
}

enum err claim_delete(struct db *db, const struct claim *row)
{
	sqlite3_stmt *st = sql_use(db, SQL_CLAIM_DELETE);

	put_text(st, 1, row->log);
	put_text(st, 2, row->peer);
	return sql_run(db, st);
}

enum err claims_clear(struct db *db)
{
	return sql_run(db, sql_use(db, SQL_CLAIM_CLEAR));
}

enum err claims_of_log(struct db *db, const char *log, claim_each_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_CLAIM_OF_LOG);
	enum err e;

	put_text(st, 1, log);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		e = each(arg, get_text_or_null(st, 0), sqlite3_column_int64(st, 1));
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}
