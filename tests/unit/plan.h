/* How SQLite would go about a statement. Include after test.h. */
#ifndef PARKMESH_TEST_PLAN_H
#define PARKMESH_TEST_PLAN_H

#include "base/text.h"
#include "store/db_internal.h"
#include "store/sql.h"

#define PLAN_SIZE 2048

static inline void plan_of(struct db *db, enum sql statement, char plan[PLAN_SIZE])
{
	char sql[4096];
	sqlite3_stmt *st = NULL;

	plan[0] = '\0';
	CHECK(text_format(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", sql_text(statement)));
	CHECK_INT(sqlite3_prepare_v2(db->handle, sql, -1, &st, NULL), SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW)
		text_format(plan + strlen(plan), PLAN_SIZE - strlen(plan), "%s\n", (const char *)sqlite3_column_text(st, 3));
	sqlite3_finalize(st);
}

#endif
