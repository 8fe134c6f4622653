/*
 * Statements of the store, for the files of lib/store only: every SQL text stands in one table (sql.c), is prepared at its first use on a
 * connection and kept; a test explains each of them, so that none goes without an index.
 */
#ifndef PARKMESH_STORE_SQL_H
#define PARKMESH_STORE_SQL_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

enum sql {
	SQL_CLOCK_READ, SQL_CLOCK_WRITE,
	SQL_LOG_FIND, SQL_LOG_INSERT, SQL_LOG_MOVE_HEAD, SQL_LOG_ADD_FLAGS, SQL_LOG_DROP_FLAGS, SQL_LOG_COUNT_PREVIOUS, SQL_LOG_LAST_OF,
	SQL_LOG_CHANGED, SQL_LOG_OF_AUTHOR, SQL_LOG_SUCCESSOR, SQL_LOG_OPEN_OF, SQL_LOG_LOST,
	SQL_WARNING_FIND, SQL_WARNING_WRITE, SQL_WARNING_FORGET, SQL_WARNING_COUNT, SQL_WARNING_DROP, SQL_WARNING_SEE, SQL_WARNING_LIST,
	SQL_RECORD_INSERT, SQL_RECORD_COUNT_EVENT, SQL_RECORD_OF_EVENT, SQL_RECORD_NAMED, SQL_RECORD_UNREAD,
	SQL_RECORD_MARK, SQL_RECORD_LINE,
	SQL_RECORD_CHAIN, SQL_RECORD_OF_LOG, SQL_RECORD_COUNT_UNREAD, SQL_RECORD_COUNT_ADD, SQL_RECORD_COUNT_LIST,
	SQL_SEAL_INSERT, SQL_SEAL_LAST_BETWEEN,
	SQL_STAY_FIND, SQL_STAY_OF_ROW, SQL_STAY_INSIDE, SQL_STAY_UPSERT, SQL_STAY_OUTCOME, SQL_STAY_CONFIRM, SQL_STAY_OUTSIDE,
	SQL_STAY_TAKEN, SQL_STAY_LINE,
	SQL_STAY_UNCONFIRMED, SQL_STAY_FLAG_FACTS, SQL_STAY_FLAG, SQL_PLATE_NEWEST,
	SQL_EXIT_INSERT, SQL_EXIT_FIND, SQL_EXIT_TOLD, SQL_EXIT_DELETE, SQL_EXIT_SUBJECT, SQL_EXIT_NAMING, SQL_EXIT_STAY_KNOWN,
	SQL_EXIT_BIND, SQL_EXIT_LINE, SQL_EXIT_ASTRAY, SQL_EXIT_BOUND, SQL_EXIT_FIRST_EARLY, SQL_EXIT_OWN_ROW, SQL_EXIT_OWN_ROW_BOUND,
	SQL_CHANGE_INSERT, SQL_CHANGE_CLAIM, SQL_CHANGE_LIST, SQL_CHANGE_OF_ROW,
	SQL_HISTORY_LIST, SQL_HISTORY_INSIDE, SQL_HISTORY_FLAGGED, SQL_HISTORY_CHANGED, SQL_HISTORY_MARK,
	SQL_HISTORY_COUNT, SQL_HISTORY_COUNT_INSIDE, SQL_HISTORY_COUNT_FLAGGED,
	SQL_HISTORY_OF_ROW, SQL_HISTORY_OLDEST, SQL_HISTORY_OLDEST_INSIDE, SQL_HISTORY_OLDEST_FLAGGED,
	SQL_CONFLICT_LIST, SQL_CONFLICT_COUNT, SQL_CONFLICT_LOOK, SQL_CONFLICT_FORGET, SQL_RECORD_OF_ROW, SQL_EXIT_OF_ROW,
	SQL_STATS_INSIDE, SQL_STATS_ENTRIES, SQL_STATS_EXITS,
	SQL_FIGURE_ENTRIES, SQL_FIGURE_EXITS, SQL_FIGURE_LEFT_OTHERWISE, SQL_EXIT_NEWEST,
	SQL_SETTING_FIND, SQL_SETTING_WRITE, SQL_SETTING_LIST,
	SQL_SUBSCRIPTION_PUT, SQL_SUBSCRIPTION_DROP, SQL_SUBSCRIPTION_ACTIVE,
	SQL_IDENTITY_READ, SQL_IDENTITY_WRITE, SQL_PEER_LIST, SQL_PEER_UPSERT, SQL_PEER_DELETE, SQL_PIN_FIND, SQL_PIN_INSERT, SQL_PIN_DELETE,
	SQL_EXPECTED_KEY_FIND, SQL_EXPECTED_KEY_WRITE, SQL_EXPECTED_KEY_DELETE,
	SQL_PEER_STATUS_LIST, SQL_PEER_STATUS_WRITE, SQL_PEER_STATUS_DELETE, SQL_MESH_STATUS_READ, SQL_MESH_STATUS_WRITE,
	SQL_CLAIM_WRITE, SQL_CLAIM_DELETE, SQL_CLAIM_CLEAR, SQL_CLAIM_OF_LOG,
	SQL_MARK_FIND, SQL_MARK_WRITE, SQL_MARK_WANTED_READ, SQL_MARK_WANTED_WRITE, SQL_PEER_WEIGH,
	SQL_MESH_COUNT_LIST, SQL_MESH_COUNT_ADD, SQL_SYNC_STATE_WRITE, SQL_SYNC_STATE_LIST,
	SQL_COMMAND_INSERT, SQL_COMMAND_EXPIRE, SQL_COMMAND_NEXT, SQL_COMMAND_FINISH, SQL_COMMAND_FIND,
	SQL_EDGE_UPSERT, SQL_EDGE_FIND, SQL_EDGE_OF_TOKEN, SQL_EDGE_SET_TOKEN, SQL_EDGE_DELETE, SQL_EDGE_LIST, SQL_EDGE_SEEN,
	SQL_CAMERA_HEARD, SQL_CAMERA_EVENT, SQL_CAMERA_FIND, SQL_CAMERA_OF_EDGE, SQL_CAMERA_LIST, SQL_CAMERA_COUNT, SQL_CAMERA_FORGET,
	SQL_EVENT_INSERT, SQL_EVENT_FORGET, SQL_EVENT_REFUSED, SQL_RECORD_ENTRY_OF, SQL_EXIT_OF_EDGE_EVENT,
	SQL_KEPT_FIND, SQL_KEPT_WRITE, SQL_KEPT_FORGET,
	SQL_HELD_COUNT, SQL_AUDIT_LOG, SQL_AUDIT_RECORDS, SQL_AUDIT_SEALS, SQL_AUDIT_HISTORY, SQL_AUDIT_EXITS, SQL_AUDIT_SETTINGS,
	SQL_STAY_OPEN,
	SQL_USER_FIND, SQL_USER_INSERT, SQL_USER_PASSWORD, SQL_USER_ROLE, SQL_USER_SEEN, SQL_USER_DELETE, SQL_USER_LIST, SQL_USER_ADMINS,
	SQL_SESSION_INSERT, SQL_SESSION_FIND, SQL_SESSION_USED, SQL_SESSION_DELETE, SQL_SESSION_DELETE_OTHERS, SQL_SESSION_FORGET,
	SQL_SESSION_ADDRESSES, SQL_SETUP_WRITE, SQL_SETUP_FIND, SQL_SETUP_DELETE,
	SQL_DEED_INSERT, SQL_DEED_LIST, SQL_DEED_OF_WHO, SQL_DEED_OF_WHAT, SQL_DEED_OF_BOTH, SQL_DEED_WHO, SQL_DEED_WHAT,
	SQL_COUNT
};

/* The text of a statement, for the test that explains them. */
const char *sql_text(enum sql which);

/* The statement, reset and with nothing bound. NULL if it cannot be prepared: binds and steps on NULL fail harmlessly. */
sqlite3_stmt *sql_use(struct db *db, enum sql which);
/* ERR_NONE: there is a row. ERR_NOT_FOUND: no further one (the statement is reset). Else an error (reset too). */
enum err sql_row(struct db *db, sqlite3_stmt *st);
/* Run a statement that gives no rows, and reset it. */
enum err sql_run(struct db *db, sqlite3_stmt *st);
/* Done with a statement whose rows were not all taken. */
void sql_end(sqlite3_stmt *st);
/* A result code of SQLite as ours: full disk, read-only, I/O and busy are ERR_UNAVAILABLE. */
enum err sql_err(int code);

/* Bind; what is bound must live until the statement has run. NULL texts and negative optional numbers bind NULL. */
void put_text(sqlite3_stmt *st, int index, const char *text);
void put_text_of(sqlite3_stmt *st, int index, const char *bytes, size_t len);
void put_int(sqlite3_stmt *st, int index, int64_t value);
void put_optional(sqlite3_stmt *st, int index, int64_t value);
void put_real_optional(sqlite3_stmt *st, int index, double value);
void put_blob(sqlite3_stmt *st, int index, const void *bytes, size_t len);

/* Columns. Texts: "" or -1 stand for NULL in copies; a text too long for its place is a sign of damage: ERR_CORRUPT. */
enum err get_text(sqlite3_stmt *st, int column, char *out, size_t size);
enum err get_blob(sqlite3_stmt *st, int column, void *out, size_t len);
int64_t get_optional(sqlite3_stmt *st, int column);
double get_real_optional(sqlite3_stmt *st, int column);
const char *get_text_or_null(sqlite3_stmt *st, int column);

#endif
