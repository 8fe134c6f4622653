#include "store/discovered.h"

#include "store/sql.h"

static enum err insert(struct db *db, const struct discovered *row)
{
	sqlite3_stmt *st = sql_use(db, SQL_DISCOVERED_INSERT);

	put_text(st, 1, row->id);
	put_text(st, 2, row->fingerprint);
	put_text(st, 3, row->ip);
	put_int(st, 4, row->port);
	return sql_run(db, st);
}

enum err discovered_replace(struct db *db, const struct discovered *rows, size_t count)
{
	enum err e = sql_run(db, sql_use(db, SQL_DISCOVERED_CLEAR));

	for (size_t i = 0; e == ERR_NONE && i < count; i++)
		e = insert(db, &rows[i]);
	return e;
}

static enum err from_row(sqlite3_stmt *st, struct discovered *out)
{
	enum err e = get_text(st, 0, out->id, sizeof(out->id));

	if (e == ERR_NONE)
		e = get_text(st, 1, out->fingerprint, sizeof(out->fingerprint));
	if (e == ERR_NONE)
		e = get_text(st, 2, out->ip, sizeof(out->ip));
	out->port = sqlite3_column_int(st, 3);
	return e;
}

enum err discovered_list(struct db *db, struct discovered out[DISCOVERED_MAX], size_t *count)
{
	sqlite3_stmt *st = sql_use(db, SQL_DISCOVERED_LIST);
	enum err e;

	*count = 0;
	put_int(st, 1, DISCOVERED_MAX);
	while ((e = sql_row(db, st)) == ERR_NONE && (e = from_row(st, &out[*count])) == ERR_NONE)
		++*count;
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}
