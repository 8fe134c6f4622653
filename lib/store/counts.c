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
