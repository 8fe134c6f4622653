/* What stands in the database of a target. Include after fuzz.h. */
#ifndef PARKMESH_FUZZ_ROWS_H
#define PARKMESH_FUZZ_ROWS_H

#include "store/db_internal.h"

/* The one number that the statement answers. */
static inline int64_t number_of(struct db *db, const char *sql)
{
	sqlite3_stmt *st = NULL;
	int64_t number;

	MUST(sqlite3_prepare_v2(db->handle, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW);
	number = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return number;
}

#endif
