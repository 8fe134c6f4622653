#include "look.h"

#include <string.h>

#include "base/text.h"
#include "store/db_internal.h"

static sqlite3_stmt *prepare(struct db *db, const char *sql)
{
	sqlite3_stmt *st = NULL;
	return sqlite3_prepare_v2(db->handle, sql, -1, &st, NULL) == SQLITE_OK ? st : NULL;
}

int64_t look_int(struct db *db, const char *sql, const char *text, int64_t number)
{
	sqlite3_stmt *st = prepare(db, sql);
	int64_t out = LOOK_NONE;
	if (!st)
		return out;
	if (sqlite3_bind_parameter_count(st) > 0)
		sqlite3_bind_text(st, 1, text, -1, SQLITE_STATIC);
	if (sqlite3_bind_parameter_count(st) > 1)
		sqlite3_bind_int64(st, 2, number);
	if (sqlite3_step(st) == SQLITE_ROW)
		out = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return out;
}

void look_text(struct db *db, const char *sql, int64_t number, char *out, size_t size)
{
	sqlite3_stmt *st = prepare(db, sql);
	const char *text = NULL;
	out[0] = '\0';
	if (!st)
		return;
	if (sqlite3_bind_parameter_count(st) > 0)
		sqlite3_bind_int64(st, 1, number);
	if (sqlite3_step(st) == SQLITE_ROW)
		text = (const char *)sqlite3_column_text(st, 0);
	if (text)
		(void)text_copy(out, size, text);
	sqlite3_finalize(st);
}

void look_rows(struct db *db, const char *sql, struct buf *out)
{
	sqlite3_stmt *st = prepare(db, sql);
	if (!st) {
		buf_printf(out, "cannot be read: %s\n", sqlite3_errmsg(db->handle));
		return;
	}
	while (sqlite3_step(st) == SQLITE_ROW) {
		for (int k = 0; k < sqlite3_column_count(st); k++) {
			const char *text = (const char *)sqlite3_column_text(st, k);
			buf_printf(out, k ? "|%s" : "%s", text ? text : "NULL");
		}
		buf_char(out, '\n');
	}
	sqlite3_finalize(st);
}
