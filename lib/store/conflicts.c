#include "store/conflicts.h"

#include "store/history_internal.h"

enum err conflicts_list(struct db *db, const struct conflict_filter *f, conflict_each_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, f->open ? SQL_CONFLICT_LIST_OPEN : SQL_CONFLICT_LIST);
	struct conflict_row row;
	enum err e;

	put_int(st, 1, f->has_after ? f->after.begin_ts : INT64_MAX);
	put_int(st, 2, f->has_after ? f->after.id : INT64_MAX);
	put_int(st, 3, f->limit);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		history_row_from(st, &row.row);
		row.looked_by = get_text_or_null(st, HISTORY_COLUMN_COUNT);
		row.looked_ms = get_optional(st, HISTORY_COLUMN_COUNT + 1);
		e = each(arg, &row);
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err conflicts_open_count(struct db *db, int64_t *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_CONFLICT_COUNT);
	enum err e;

	put_int(st, 1, CONFLICTS_COUNT_MAX);
	e = sql_row(db, st);
	*out = e == ERR_NONE ? sqlite3_column_int64(st, 0) : 0;
	sql_end(st);
	return e;
}

/* A statement that finds one row, or none. */
static enum err on_row(struct db *db, enum sql which, int64_t history_id)
{
	sqlite3_stmt *st = sql_use(db, which);
	enum err e;

	put_int(st, 1, history_id);
	e = sql_row(db, st);
	sql_end(st);
	return e;
}

enum err conflict_look(struct db *db, int64_t history_id, const char *who, int64_t now_ms)
{
	enum err e = on_row(db, SQL_CONFLICT_LOOK, history_id);
	sqlite3_stmt *st;

	if (e != ERR_NONE)
		return e;
	st = sql_use(db, SQL_CONFLICT_LOOKED_BY);
	put_int(st, 1, history_id);
	put_text(st, 2, who);
	put_int(st, 3, now_ms);
	return sql_run(db, st);
}

enum err conflict_forget(struct db *db, int64_t history_id)
{
	enum err e = on_row(db, SQL_CONFLICT_FORGET, history_id);
	sqlite3_stmt *st;

	if (e != ERR_NONE)
		return e;
	st = sql_use(db, SQL_CONFLICT_LOOKED_BY_NOBODY);
	put_int(st, 1, history_id);
	return sql_run(db, st);
}

enum err exits_of_row(struct db *db, const char *event_id, int64_t limit, exit_look_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_EXIT_OF_ROW);
	struct exit_look exit;
	enum err e;

	put_text(st, 1, event_id);
	put_int(st, 2, limit);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		exit = (struct exit_look){
			.kind = get_text_or_null(st, 0), .fee = sqlite3_column_int64(st, 1), .exit_ts = sqlite3_column_int64(st, 2),
			.central = get_text_or_null(st, 3), .edge = get_text_or_null(st, 4), .reason = get_text_or_null(st, 5),
			.plate_view = get_text_or_null(st, 6), .is_void = sqlite3_column_int64(st, 7) != 0,
		};
		e = each(arg, &exit);
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}
