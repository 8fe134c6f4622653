#include "store/subscriptions.h"

#include "base/text.h"
#include "store/sql.h"

enum err subscription_put(struct db *db, const struct subscription_row *row)
{
	sqlite3_stmt *st = sql_use(db, SQL_SUBSCRIPTION_PUT);

	put_text(st, 1, row->id);
	put_text(st, 2, row->plate_id);
	put_text(st, 3, row->owner_name);
	put_text(st, 4, row->status);
	put_text(st, 5, row->start_date);
	put_text(st, 6, row->end_date);
	return sql_run(db, st);
}

enum err subscription_drop(struct db *db, const char *id)
{
	sqlite3_stmt *st = sql_use(db, SQL_SUBSCRIPTION_DROP);

	put_text(st, 1, id);
	return sql_run(db, st);
}

enum err subscription_active(struct db *db, const char *plate_id, const char *day, char owner[OWNER_SIZE])
{
	sqlite3_stmt *st = sql_use(db, SQL_SUBSCRIPTION_ACTIVE);
	enum err e;

	put_text(st, 1, plate_id);
	put_text(st, 2, day);
	e = sql_row(db, st);
	if (e == ERR_NONE)
		text_copy(owner, OWNER_SIZE, get_text_or_null(st, 0));
	sql_end(st);
	return e;
}
