#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"
#include "store/db_internal.h"
#include "store/schema.h"
#include "store/write_lock.h"

#define APPLICATION_ID 0x706b6d68 /* "pkmh": tells our files from other SQLite files */
#define BUSY_SLEEP_US 200         /* platform.md: a short even sleep keeps p99 low where busy_timeout starves */
#define BUSY_TRIES 25000          /* 5 s in all */
/* Bytes of the write-ahead log's file that are kept when it is started over: more than it gets with checkpoints in time, so that it is
 * written over, instead of cut and made longer again. That cost a catch-up 8 % of its time (25 100 instead of 27 200 records/s by the
 * ledger alone), and each commit that started over 5 ms for cutting alone. */
#define LOG_KEPT_BYTES "33554432" /* twice DB_CHECKPOINT_LATE, which the commit before goes beyond */

bool db_private(const struct db *db)
{
	return db->mode == DB_APART || db->mode == DB_SCRATCH || strcmp(db->path, ":memory:") == 0;
}

int db_busy(void *arg, int tries)
{
	struct timespec pause = { .tv_nsec = BUSY_SLEEP_US * 1000L };

	(void)arg;
	if (tries >= BUSY_TRIES)
		return 0;
	nanosleep(&pause, NULL);
	return 1;
}

void db_note_error(struct db *db, const char *statement)
{
	text_format(db->last_error, sizeof(db->last_error), "%s (%d) in: %.80s", sqlite3_errmsg(db->handle),
		sqlite3_extended_errcode(db->handle), statement);
}

const char *db_last_error(const struct db *db)
{
	return db->last_error;
}

int db_schema_version(void)
{
	return schema_version();
}

static enum err db_exec(struct db *db, const char *sql)
{
	int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	if (code != SQLITE_OK)
		db_note_error(db, sql);
	return sql_err(code);
}

static enum err pragma_int(struct db *db, const char *sql, int64_t *out)
{
	sqlite3_stmt *st = NULL;
	enum err e;

	if (sqlite3_prepare_v2(db->handle, sql, -1, &st, NULL) != SQLITE_OK) {
		db_note_error(db, sql);
		return sql_err(sqlite3_errcode(db->handle));
	}
	e = sql_row(db, st);
	if (e == ERR_NONE)
		*out = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return e;
}

enum err db_file_version(struct db *db, int64_t *out)
{
	return pragma_int(db, "PRAGMA user_version", out);
}

enum err db_page_size(struct db *db, int64_t *out)
{
	return pragma_int(db, "PRAGMA page_size", out);
}

enum err db_integrity(struct db *db, char *what, size_t size)
{
	sqlite3_stmt *st = NULL;
	enum err e;

	if (sqlite3_prepare_v2(db->handle, "PRAGMA integrity_check(1)", -1, &st, NULL) != SQLITE_OK) {
		db_note_error(db, "integrity_check");
		text_copy(what, size, db->last_error);
		return sql_err(sqlite3_errcode(db->handle));
	}
	e = sql_row(db, st);
	text_copy(what, size, e == ERR_NONE ? get_text_or_null(st, 0) : db->last_error);
	sqlite3_finalize(st);
	return e == ERR_NONE && strcmp(what, "ok") != 0 ? ERR_CORRUPT : e;
}

/* Settings of a connection. Checkpoints happen only in db_checkpoint, under the lock: never by themselves, never at close. */
static enum err connection_settings(struct db *db)
{
	enum err e = sql_err(sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL));

	sqlite3_busy_handler(db->handle, db_busy, NULL);
	sqlite3_extended_result_codes(db->handle, 1);
	if (e == ERR_NONE)
		e = db_exec(db, "PRAGMA wal_autocheckpoint = 0; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;");
	if (e != ERR_NONE)
		return e;
	if (db->mode == DB_READ)
		return db_exec(db, "PRAGMA query_only = ON; PRAGMA cache_size = -1024;");
	if (db->mode == DB_APART)
		return db_exec(db, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF;"
			" PRAGMA cache_size = -8192;");
	if (db->mode == DB_SCRATCH)
		return db_exec(db, "PRAGMA foreign_keys = OFF; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32768;");
	return db_exec(db, "PRAGMA synchronous = FULL; PRAGMA cache_size = -8192; PRAGMA journal_size_limit = " LOG_KEPT_BYTES ";");
}

static enum err migrate_step(struct db *db, int version)
{
	struct buf sql;
	enum err e;

	buf_init(&sql, 256);
	buf_printf(&sql, "PRAGMA user_version = %d; PRAGMA application_id = %d;", version + 1, APPLICATION_ID);
	e = db_exec(db, schema_step(version));
	if (e == ERR_NONE)
		e = db_exec(db, buf_text(&sql));
	buf_free(&sql);
	return e;
}

static enum err check_version(struct db *db, int64_t *version, struct fault *fault)
{
	int64_t application = 0;
	enum err e;

	*version = 0;
	e = pragma_int(db, "PRAGMA user_version", version);
	if (e == ERR_NONE)
		e = pragma_int(db, "PRAGMA application_id", &application);
	if (e != ERR_NONE)
		return fault_set(fault, e, "database", "", "%s cannot be read: %s.", db->path, db->last_error);
	if (*version > 0 && application != APPLICATION_ID)
		return fault_set(fault, ERR_CORRUPT, "database", "", "%s is not a parkmesh database. Name another file.", db->path);
	if (*version > schema_version())
		return fault_set(fault, ERR_CONFLICT, "database", "",
			"%s was written by a newer parkmesh (schema %d, this one knows %d). Install that version again.", db->path,
			(int)*version, schema_version());
	return ERR_NONE;
}

/* Numbered steps, each in a transaction of its own together with the version it reaches. */
static enum err migrate_all(struct db *db, struct fault *fault)
{
	int64_t version = 0;
	enum err e = ERR_NONE;

	while (e == ERR_NONE && version < schema_version()) {
		e = db_begin(db);
		if (e == ERR_NONE)
			e = pragma_int(db, "PRAGMA user_version", &version); /* another process may have been faster */
		if (e == ERR_NONE && version < schema_version())
			e = migrate_step(db, (int)version++);
		if (e == ERR_NONE)
			e = db_commit(db);
		else if (db->transaction)
			db_rollback(db);
		if (e != ERR_NONE)
			fault_set(fault, e, "database", "", "%s cannot be brought to this version: %s.", db->path, db->last_error);
	}
	return e;
}

/* Debian's SQLite overwrites what is deleted with zeroes, and keeps all of that in memory until the statement is done: of a table that
 * a step has copied and drops, that would be as much again as the database, for what lies in the new table all the same. */
static enum err migrate(struct db *db, struct fault *fault)
{
	int64_t version = 0, secure = 0;
	char sql[40];
	enum err e = check_version(db, &version, fault);

	if (e != ERR_NONE || version == schema_version())
		return e;
	e = pragma_int(db, "PRAGMA secure_delete", &secure);
	if (e == ERR_NONE)
		e = pragma_int(db, "PRAGMA secure_delete = OFF", &version);
	if (e == ERR_NONE)
		e = migrate_all(db, fault);
	text_format(sql, sizeof(sql), "PRAGMA secure_delete = %d", (int)secure);
	return e == ERR_NONE ? pragma_int(db, sql, &secure) : e;
}

static enum err open_handle(struct db *db, struct fault *fault)
{
	static const int flags[] = { [DB_READ] = SQLITE_OPEN_READONLY, [DB_WRITE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
		[DB_APART] = SQLITE_OPEN_READWRITE, [DB_SCRATCH] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE };
	int code = sqlite3_open_v2(db->path, &db->handle, flags[db->mode] | SQLITE_OPEN_NOMUTEX, NULL);
	int64_t version;
	enum err e;

	if (code != SQLITE_OK)
		return fault_set(fault, sql_err(code), "database", "", "%s cannot be opened: %s. Check that it exists and who may read it.",
			db->path, sqlite3_errstr(code));
	e = connection_settings(db);
	if (e == ERR_NONE && db->mode == DB_WRITE && !db_private(db))
		e = db_exec(db, "PRAGMA journal_mode = WAL");
	if (e != ERR_NONE)
		return fault_set(fault, e, "database", "", "%s cannot be used: %s.", db->path, db->last_error);
	e = db->mode == DB_READ ? check_version(db, &version, fault) : migrate(db, fault);
	return e == ERR_NONE && db->mode == DB_SCRATCH ? db_exec(db, schema_without_lists()) : e;
}

/* SQLite counts each byte that it takes of the heap, under a mutex, and we never ask: a twentieth of all that taking a record does. */
static void count_no_memory(void)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

enum err db_open(const char *path, enum db_mode mode, struct db **out, struct fault *fault)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct db *db = calloc(1, sizeof(*db));
	mode_t mask;
	enum err e = ERR_MEMORY;

	pthread_once(&once, count_no_memory);
	if (db == NULL)
		return ERR_MEMORY;
	db->lock_fd = -1;
	db->mode = mode;
	db->path = strdup(path);
	if (db->path == NULL)
		goto out;
	mask = umask(0077); /* the database holds keys and plates: nobody else's to read */
	e = mode == DB_WRITE && !db_private(db) ? lock_file_open(path, "lock", &db->lock_fd) : ERR_NONE;
	if (e != ERR_NONE)
		fault_set(fault, e, "database", "", "%s-lock cannot be made: %s. Check the folder and who may write there.", path,
			strerror(errno));
	else
		e = open_handle(db, fault);
	umask(mask);
out:
	if (e != ERR_NONE) {
		db_close(db);
		return e;
	}
	*out = db;
	return ERR_NONE;
}

void db_close(struct db *db)
{
	if (db == NULL)
		return;
	for (int i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(db->statements[i]);
	sqlite3_close(db->handle);
	if (db->lock_fd >= 0)
		close(db->lock_fd);
	free(db->path);
	free(db);
}

/* Another file was put in the place of the one that is open here, or none: what was written now would be lost with it, or, by the
 * write-ahead log, which goes by its name, get into the other one. */
static bool is_moved(struct db *db)
{
	int moved = 0;

	return sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved;
}

enum err db_open_beside(struct db *db, struct db **out, struct fault *fault)
{
	enum err e = db_open(db->path, DB_READ, out, fault);

	if (e == ERR_NONE && is_moved(db)) { /* if not by now, then what has just been opened is the same file */
		db_close(*out);
		e = ERR_UNAVAILABLE;
	}
	return e;
}

enum err db_begin(struct db *db)
{
	enum err e;

	if (db->transaction)
		abort(); /* a nested begin is a bug in the caller: committing half of somebody's work must not happen */
	e = write_lock(db);
	if (e != ERR_NONE)
		return e;
	if (db->lock_fd >= 0 && is_moved(db)) {
		text_format(db->last_error, sizeof(db->last_error), "%.150s was moved or removed while it was open; start this program again",
			db->path);
		e = ERR_UNAVAILABLE;
	} else {
		e = sql_run(db, sql_use(db, SQL_BEGIN));
	}
	if (e != ERR_NONE)
		write_unlock(db);
	else
		db->transaction = true;
	return e;
}

enum err db_commit(struct db *db)
{
	enum err e = sql_run(db, sql_use(db, SQL_COMMIT));

	if (e != ERR_NONE) {
		db_rollback(db);
		return e;
	}
	db->transaction = db->savepoint = false;
	write_unlock(db);
	return ERR_NONE;
}

void db_rollback(struct db *db)
{
	if (!db->transaction)
		return;
	/* SQLite has already rolled back by itself after some errors (full disk, I/O). */
	if (sqlite3_get_autocommit(db->handle) == 0)
		sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
	db->transaction = db->savepoint = false;
	write_unlock(db);
}

/* SQLite ends a transaction by itself after some errors (no memory, full disk): then ours is over, too, whatever we meant. */
bool db_in_transaction(const struct db *db)
{
	return db->transaction && sqlite3_get_autocommit(db->handle) == 0;
}

enum err db_savepoint(struct db *db)
{
	enum err e;

	if (!db->transaction || db->savepoint)
		abort(); /* one level, inside a transaction */
	if (!db_in_transaction(db))
		return ERR_UNAVAILABLE; /* outside of one a savepoint would commit by itself */
	e = sql_run(db, sql_use(db, SQL_SAVEPOINT));
	db->savepoint = e == ERR_NONE;
	return e;
}

enum err db_savepoint_keep(struct db *db)
{
	enum err e = sql_run(db, sql_use(db, SQL_RELEASE));

	if (e == ERR_NONE)
		db->savepoint = false;
	return e;
}

void db_savepoint_undo(struct db *db)
{
	if (!db->savepoint)
		return;
	sqlite3_exec(db->handle, "ROLLBACK TO request; RELEASE request", NULL, NULL, NULL);
	db->savepoint = false;
}

enum err db_read_begin(struct db *db)
{
	return sql_run(db, sql_use(db, SQL_READ_BEGIN));
}

void db_read_end(struct db *db)
{
	if (sqlite3_get_autocommit(db->handle) == 0)
		(void)sql_run(db, sql_use(db, SQL_COMMIT));
}

enum err db_try_write(struct db *db)
{
	char sql[48];
	int64_t version = 0;
	enum err e;

	(void)db_checkpoint_now(db, SQLITE_CHECKPOINT_PASSIVE);
	e = db_begin(db);
	if (e != ERR_NONE)
		return e;
	/* Setting the version writes the file's first page even when nothing changes, which no UPDATE would. */
	e = pragma_int(db, "PRAGMA user_version", &version);
	text_format(sql, sizeof(sql), "PRAGMA user_version = %d", (int)version);
	if (e == ERR_NONE)
		e = db_exec(db, sql);
	if (e == ERR_NONE)
		return db_commit(db);
	db_rollback(db);
	return e;
}

enum err db_data_version(struct db *db, int64_t *out)
{
	return pragma_int(db, "PRAGMA data_version", out);
}
