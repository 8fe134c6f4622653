#include "store/sql.h"

#include <string.h>

#include "store/db_internal.h"

enum err sql_err(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return ERR_NONE;
	case SQLITE_NOMEM:
		return ERR_MEMORY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_CONSTRAINT:
	case SQLITE_SCHEMA:
	case SQLITE_ERROR:
	case SQLITE_MISMATCH:
		return ERR_CORRUPT;
	default: /* full, read-only, I/O, busy, locked, cannot open, and codes of later versions */
		return ERR_UNAVAILABLE;
	}
}

sqlite3_stmt *sql_use(struct db *db, enum sql which)
{
	sqlite3_stmt **st = &db->statements[which];

	if (*st == NULL) {
		if (sqlite3_prepare_v3(db->handle, sql_text(which), -1, SQLITE_PREPARE_PERSISTENT, st, NULL) != SQLITE_OK) {
			db_note_error(db, sql_text(which));
			return NULL;
		}
		return *st;
	}
	sqlite3_reset(*st);
	sqlite3_clear_bindings(*st);
	return *st;
}

enum err sql_row(struct db *db, sqlite3_stmt *st)
{
	int code = st == NULL ? sqlite3_errcode(db->handle) : sqlite3_step(st);

	if (code == SQLITE_ROW)
		return ERR_NONE;
	if (code != SQLITE_DONE)
		db_note_error(db, st == NULL ? "" : sqlite3_sql(st));
	sql_end(st);
	if (code == SQLITE_DONE)
		return ERR_NOT_FOUND;
	return code == SQLITE_OK ? ERR_CORRUPT : sql_err(code);
}

enum err sql_run(struct db *db, sqlite3_stmt *st)
{
	enum err e = sql_row(db, st);

	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

void sql_end(sqlite3_stmt *st)
{
	sqlite3_reset(st);
}

void put_text(sqlite3_stmt *st, int index, const char *text)
{
	sqlite3_bind_text(st, index, text, -1, SQLITE_STATIC);
}

void put_text_of(sqlite3_stmt *st, int index, const char *bytes, size_t len)
{
	sqlite3_bind_text64(st, index, bytes, len, SQLITE_STATIC, SQLITE_UTF8);
}

void put_int(sqlite3_stmt *st, int index, int64_t value)
{
	sqlite3_bind_int64(st, index, value);
}

void put_optional(sqlite3_stmt *st, int index, int64_t value)
{
	if (value < 0)
		sqlite3_bind_null(st, index);
	else
		sqlite3_bind_int64(st, index, value);
}

void put_real_optional(sqlite3_stmt *st, int index, double value)
{
	if (value < 0)
		sqlite3_bind_null(st, index);
	else
		sqlite3_bind_double(st, index, value);
}

void put_blob(sqlite3_stmt *st, int index, const void *bytes, size_t len)
{
	sqlite3_bind_blob64(st, index, bytes, len, SQLITE_STATIC);
}

enum err get_text(sqlite3_stmt *st, int column, char *out, size_t size)
{
	const char *text = get_text_or_null(st, column);
	size_t len = text == NULL ? 0 : strlen(text);

	if (len >= size)
		return ERR_CORRUPT;
	memcpy(out, text == NULL ? "" : text, len + 1);
	return ERR_NONE;
}

enum err get_blob(sqlite3_stmt *st, int column, void *out, size_t len)
{
	const void *bytes = sqlite3_column_blob(st, column);

	if (bytes == NULL || (size_t)sqlite3_column_bytes(st, column) != len)
		return ERR_CORRUPT;
	memcpy(out, bytes, len);
	return ERR_NONE;
}

int64_t get_optional(sqlite3_stmt *st, int column)
{
	return sqlite3_column_type(st, column) == SQLITE_NULL ? -1 : sqlite3_column_int64(st, column);
}

double get_real_optional(sqlite3_stmt *st, int column)
{
	return sqlite3_column_type(st, column) == SQLITE_NULL ? -1 : sqlite3_column_double(st, column);
}

const char *get_text_or_null(sqlite3_stmt *st, int column)
{
	return (const char *)sqlite3_column_text(st, column);
}
