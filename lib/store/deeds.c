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

static enum sql statement_for(const struct deed_filter *f)
{
	if (f->who != NULL)
		return f->what != NULL ? SQL_DEED_OF_BOTH : SQL_DEED_OF_WHO;
	return f->what != NULL ? SQL_DEED_OF_WHAT : SQL_DEED_LIST;
}

static sqlite3_stmt *begin_list(struct db *db, const struct deed_filter *f)
{
	sqlite3_stmt *st = sql_use(db, statement_for(f));

	put_int(st, 1, f->from_ms);
	put_int(st, 2, f->until_ms);
	put_int(st, 3, f->before_ms);
	put_int(st, 4, f->before_id);
	put_int(st, 5, (int64_t)f->limit);
	if (f->who != NULL)
		put_text(st, 6, f->who);
	if (f->what != NULL)
		put_text(st, 7, f->what);
	return st;
}

enum err deed_list(struct db *db, const struct deed_filter *f, deed_each_fn *each, void *arg)
{
	sqlite3_stmt *st = begin_list(db, f);
	enum err e;

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

static enum err words(struct db *db, enum sql which, size_t limit, deed_word_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, which);
	enum err e;

	put_int(st, 1, (int64_t)limit);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		e = each(arg, get_text_or_null(st, 0));
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err deed_whos(struct db *db, size_t limit, deed_word_fn *each, void *arg)
{
	return words(db, SQL_DEED_WHO, limit, each, arg);
}

enum err deed_whats(struct db *db, size_t limit, deed_word_fn *each, void *arg)
{
	return words(db, SQL_DEED_WHAT, limit, each, arg);
}
