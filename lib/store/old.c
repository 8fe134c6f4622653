#include "store/old.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "store/sql.h"

/* The one place with SQL outside of sql.c: it is for a file of somebody else's, and which columns there are is seen only then. */
static const char *const COLUMN[OLD_COLUMNS] = {
	[OLD_EVENT_ID] = "event_id", [OLD_SOURCE_CENTRAL] = "source_central", [OLD_EDGE_ID] = "edge_id", [OLD_PLATE_ID] = "plate_id",
	[OLD_PLATE_VIEW] = "plate_view", [OLD_ENTRY_TIME] = "entry_time", [OLD_ENTRY_CAMERA_ID] = "entry_camera_id",
	[OLD_ENTRY_CAMERA_NAME] = "entry_camera_name", [OLD_ENTRY_CONFIDENCE] = "entry_confidence", [OLD_ENTRY_SOURCE] = "entry_source",
	[OLD_EXIT_TIME] = "exit_time", [OLD_EXIT_CAMERA_ID] = "exit_camera_id", [OLD_EXIT_CAMERA_NAME] = "exit_camera_name",
	[OLD_DURATION] = "duration", [OLD_FEE] = "fee", [OLD_STATUS] = "status",
};
/* Without these it is no history. */
static const enum old_column NEEDED[] = { OLD_PLATE_ID, OLD_ENTRY_TIME, OLD_EXIT_TIME, OLD_FEE, OLD_STATUS };

struct old_db {
	sqlite3 *handle;
	sqlite3_stmt *rows, *take;
	bool has[OLD_COLUMNS];
};

const char *old_column_name(enum old_column column)
{
	return COLUMN[column];
}

void old_close(struct old_db *old)
{
	if (old == NULL)
		return;
	sqlite3_finalize(old->rows);
	sqlite3_finalize(old->take);
	sqlite3_close(old->handle);
	free(old);
}

const char *old_last_error(const struct old_db *old)
{
	return sqlite3_errmsg(old->handle);
}

bool old_has(const struct old_db *old, enum old_column column)
{
	return old->has[column];
}

static enum err number_of(struct old_db *old, const char *sql, int64_t *out)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(old->handle, sql, -1, &st, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(st);
	if (code == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return code == SQLITE_DONE ? ERR_NOT_FOUND : sql_err(code);
}

enum err old_count(struct old_db *old, int64_t *out)
{
	return number_of(old, "SELECT count(*) FROM main.history", out);
}

static enum err find_columns(struct old_db *old)
{
	sqlite3_stmt *st = NULL;
	int code = sqlite3_prepare_v2(old->handle, "SELECT name FROM pragma_table_info('history', 'main')", -1, &st, NULL);

	while (code == SQLITE_OK || code == SQLITE_ROW) {
		code = sqlite3_step(st);
		for (int i = 0; code == SQLITE_ROW && i < OLD_COLUMNS; i++)
			old->has[i] = old->has[i] || sqlite3_stricmp(get_text_or_null(st, 0), COLUMN[i]) == 0;
	}
	sqlite3_finalize(st);
	return sql_err(code);
}

/* Every value as text, cut; a value that is no text becomes one. */
static enum err prepare(struct old_db *old)
{
	struct buf sql;
	int code;

	buf_init(&sql, 4096);
	buf_str(&sql, "SELECT rowid");
	for (int i = 0; i < OLD_COLUMNS; i++) {
		if (old->has[i])
			buf_printf(&sql, ", substr(CAST(\"%s\" AS TEXT), 1, %d)", COLUMN[i], OLD_TEXT_MAX);
		else
			buf_str(&sql, ", NULL");
	}
	buf_str(&sql, " FROM main.history ORDER BY rowid");
	code = sqlite3_prepare_v2(old->handle, buf_text(&sql), -1, &old->rows, NULL);
	buf_free(&sql);
	if (code == SQLITE_OK)
		code = sqlite3_exec(old->handle, "CREATE TEMP TABLE taken(name TEXT PRIMARY KEY) WITHOUT ROWID", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_prepare_v2(old->handle, "INSERT OR IGNORE INTO temp.taken VALUES(?1)", -1, &old->take, NULL);
	return sql_err(code);
}

static enum err look(struct old_db *old)
{
	int64_t ours = 0, tables = 0;
	enum err e;

	/* What is in the file is data only: its views, triggers and functions have nothing to say. */
	sqlite3_db_config(old->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(old->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_busy_timeout(old->handle, 5000);
	e = number_of(old, "SELECT count(*) FROM main.sqlite_schema WHERE type = 'table' AND name = 'history'", &tables);
	if (e == ERR_NONE)
		e = number_of(old, "SELECT count(*) FROM main.sqlite_schema WHERE type = 'table' AND name IN ('records', 'seals')", &ours);
	if (e == ERR_NONE && (tables != 1 || ours != 0))
		e = ERR_INVALID;
	if (e == ERR_NONE)
		e = find_columns(old);
	for (size_t i = 0; e == ERR_NONE && i < sizeof(NEEDED) / sizeof(NEEDED[0]); i++) {
		if (!old->has[NEEDED[i]])
			e = ERR_INVALID;
	}
	return e == ERR_NONE ? prepare(old) : e;
}

enum err old_open(const char *path, struct old_db **out, struct fault *fault)
{
	struct old_db *old;
	struct stat st;
	enum err e;

	if (stat(path, &st) != 0)
		return fault_set(fault, ERR_NOT_FOUND, "no_file", "", "%.120s cannot be read: %s.", path, strerror(errno));
	old = calloc(1, sizeof(*old));
	if (old == NULL)
		return ERR_MEMORY;
	e = sql_err(sqlite3_open_v2(path, &old->handle, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL));
	if (e == ERR_NONE)
		e = look(old);
	if (e == ERR_INVALID)
		fault_set(fault, e, "not_old", "", "%.120s is not a database of the older system: it has no table history of its kind.", path);
	else if (e != ERR_NONE)
		fault_set(fault, e, "not_read", "", "%.120s cannot be read as a database: %.60s. Copy it with all files of its name.", path,
			old->handle == NULL ? "no memory" : sqlite3_errmsg(old->handle));
	if (e != ERR_NONE) {
		old_close(old);
		return e;
	}
	*out = old;
	return ERR_NONE;
}

enum err old_next(struct old_db *old, struct old_row *out)
{
	int code = sqlite3_step(old->rows);

	if (code == SQLITE_DONE)
		return ERR_NOT_FOUND;
	if (code != SQLITE_ROW)
		return sql_err(code);
	out->row = sqlite3_column_int64(old->rows, 0);
	for (int i = 0; i < OLD_COLUMNS; i++)
		out->text[i] = get_text_or_null(old->rows, i + 1);
	return ERR_NONE;
}

enum err old_take_name(struct old_db *old, const char *name, bool *fresh)
{
	int code;

	sqlite3_reset(old->take);
	put_text(old->take, 1, name);
	code = sqlite3_step(old->take);
	*fresh = sqlite3_changes(old->handle) == 1;
	sqlite3_reset(old->take);
	return code == SQLITE_DONE ? ERR_NONE : sql_err(code);
}
