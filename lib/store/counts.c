#include "store/counts.h"

#include "store/sql.h"

enum err mesh_count_list(struct db *db, struct mesh_count *out, size_t max, size_t *count)
{
	sqlite3_stmt *st = sql_use(db, SQL_MESH_COUNT_LIST);
	enum err e = ERR_NONE;

	put_int(st, 1, (int64_t)max);
	for (*count = 0; *count < max && (e = sql_row(db, st)) == ERR_NONE; ++*count) {
		struct mesh_count *row = &out[*count];

		row->count = sqlite3_column_int64(st, 2);
		row->last_ms = sqlite3_column_int64(st, 3);
		e = get_text(st, 0, row->kind, sizeof(row->kind));
		if (e == ERR_NONE)
			e = get_text(st, 1, row->cause, sizeof(row->cause));
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err mesh_count_add(struct db *db, const struct mesh_count *row)
{
	sqlite3_stmt *st = sql_use(db, SQL_MESH_COUNT_ADD);

	put_text(st, 1, row->kind);
	put_text(st, 2, row->cause);
	put_int(st, 3, row->count);
	put_int(st, 4, row->last_ms);
	return sql_run(db, st);
}

enum err record_count_list(struct db *db, struct record_count *out, size_t *count)
{
	sqlite3_stmt *st = sql_use(db, SQL_RECORD_COUNT_LIST);
	enum err e = ERR_NONE;

	put_int(st, 1, RECORD_COUNTS_MAX);
	for (*count = 0; *count < RECORD_COUNTS_MAX && (e = sql_row(db, st)) == ERR_NONE; ++*count) {
		struct record_count *row = &out[*count];

		row->own = sqlite3_column_int64(st, 1) != 0;
		row->count = sqlite3_column_int64(st, 2);
		e = get_text(st, 0, row->type, sizeof(row->type));
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err record_count_add(struct db *db, enum record_type type, bool own, int64_t count)
{
	sqlite3_stmt *st = sql_use(db, SQL_RECORD_COUNT_ADD);

	put_text(st, 1, type == RECORD_UNKNOWN ? "unknown" : record_type_name(type));
	put_int(st, 2, own);
	put_int(st, 3, count);
	return sql_run(db, st);
}
