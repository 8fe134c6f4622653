/* struct db, for lib/store/{db,write_lock,checkpoint,sql}.c only. */
#ifndef PARKMESH_STORE_DB_INTERNAL_H
#define PARKMESH_STORE_DB_INTERNAL_H

#include <signal.h>

#include "store/sql.h"

struct db {
	sqlite3 *handle;
	enum db_mode mode;
	char *path;
	int lock_fd;                              /* the lock file; -1 for DB_READ and :memory: */
	sigset_t mask;                            /* of the thread before it took the lock */
	bool transaction, savepoint;
	int64_t checkpointed_at;                  /* bytes in the WAL at this connection's last checkpoint; 0: they were few since */
	char last_error[240];
	sqlite3_stmt *statements[SQL_COUNT];      /* prepared at first use, finalized by db_close */
};

/* Nobody else's: no lock, no write-ahead log. */
bool db_private(const struct db *db);
/* The busy handler. Only strangers (the sqlite3 shell, a backup) make SQLite busy: our own writers queue at the lock file. */
int db_busy(void *arg, int tries);
/* One checkpoint of that mode (SQLITE_CHECKPOINT_…) under the lock file, without waiting for readers; busy is no failure. */
enum err db_checkpoint_now(struct db *db, int mode);
/* Keep SQLite's sentence for db_last_error, with the statement it is about. */
void db_note_error(struct db *db, const char *statement);

#endif
