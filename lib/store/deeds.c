#include "store/deeds.h"

#include "store/sql.h"

enum err deed_insert(struct db *db, const struct deed_row *row)
{
	sqlite3_stmt *st = sql_use(db, SQL_DEED_INSERT);

	put_int(st, 1, row->at_ms);
	put_text(st, 2, row->who);
	put_text(st, 3, row->source);
	put_text(st, 4, row->what);
	put_text(st, 5, row->object);
	put_text(st, 6, row->old);
	put_text(st, 7, row->new);
	return sql_run(db, st);
}

enum err deed_list(struct db *db, int64_t before, size_t limit, deed_each_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_DEED_LIST);
	enum err e;

	put_int(st, 1, before);
	put_int(st, 2, (int64_t)limit);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		const struct deed_row row = { .id = sqlite3_column_int64(st, 0), .at_ms = sqlite3_column_int64(st, 1),
			.who = get_text_or_null(st, 2), .source = get_text_or_null(st, 3), .what = get_text_or_null(st, 4),
			.object = get_text_or_null(st, 5), .old = get_text_or_null(st, 6), .new = get_text_or_null(st, 7) };

		e = each(arg, &row);
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}
