/*
 * The central's own SQLite file: opening, transactions, checkpoints.
 *
 * Each thread has its own struct db. One that writes (DB_WRITE) takes the lock file beside the database for every transaction
 * and every checkpoint, because the SQLite of Debian 12 can lose a commit that races a checkpoint of another connection
 * (spec/records.md, "Database"); the lock is blocking, so nobody polls, and who works off a backlog asks between two pieces of it
 * whether somebody waits (db_wanted; store/write_lock.h).
 *
 * Who calls: the outermost caller opens a transaction (the writer of fcgi, p2pd's apply loop, a subcommand), once a batch; a
 * nested db_begin is a bug and aborts. Below it everything is plain calls, with a savepoint a request.
 *
 * When a sync fails, Linux forgets that the pages it was about were not written: a later sync succeeds without them. So what was
 * written before a failed sync counts for nothing until it has been written again:
 *   A commit whose sync fails is undone, and the programs go on. SQLite moves the index of the write-ahead log only after the sync,
 *   so nobody sees those frames, and the next commit writes its own over them, in the same place, before it syncs. (After a loss
 *   of power such a commit may still turn up, whole: it was refused, but it had been asked for.)
 *   A checkpoint whose sync of the file fails is not counted by SQLite, so the next one writes its pages again. But pages that
 *   earlier checkpoints copied which could not finish (a reader stood in their way) were not synced then, and would never be
 *   written again, while the log that still has them is started over. So after such a failure the index is told that nothing has
 *   been copied: the next checkpoint copies all that is in the log. Nothing has to be closed or started again for it.
 */
#ifndef PARKMESH_STORE_DB_H
#define PARKMESH_STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct db;

enum db_mode {
	DB_READ,  /* read-only, for lists and looks; never migrates */
	DB_WRITE, /* creates and migrates the file as needed */
	DB_APART, /* a copy that no other program knows of: migrated as needed, without lock file and write-ahead log, and not safe on disk
	           * before its file is synced */
	DB_SCRATCH /* path "": a database on disk that is private to this connection and gone after db_close, to merge into and compare. It
	            * has no indexes that only lists are read by, and after an error it is of no use: nothing is undone */
};

/* Open the file. ERR_UNAVAILABLE if it cannot be read or written, ERR_CORRUPT if it is no parkmesh database, ERR_CONFLICT if a
 * newer program wrote it; fault says what to do. On success close with db_close. path ":memory:" is allowed for tests (no lock file
 * then). */
enum err db_open(const char *path, enum db_mode mode, struct db **out, struct fault *fault);
/* Another DB_READ connection to the file that db has open, for another thread. ERR_UNAVAILABLE: there is another file at its path by
 * now. */
enum err db_open_beside(struct db *db, struct db **out, struct fault *fault);
void db_close(struct db *db);

/* A write transaction: lock file, BEGIN IMMEDIATE. ERR_UNAVAILABLE also when the file is no longer the one at its path: put aside by
 * parkmeshctl restore, or removed by hand. */
enum err db_begin(struct db *db);
/* On disk when it returns ERR_NONE. Any error: everything since db_begin is undone, and the lock is released, too. */
enum err db_commit(struct db *db);
void db_rollback(struct db *db);
bool db_in_transaction(const struct db *db);
/* Does another writer of this database wait for the lock now? In a transaction or outside of one; false if it cannot be known. One that
 * is stopped (SIGSTOP) while it waits wants it for ever: let others go first for a bounded time only. */
bool db_wanted(const struct db *db);

/* One request's part of a transaction. Undo is db_savepoint_undo; both end it. */
enum err db_savepoint(struct db *db);
enum err db_savepoint_keep(struct db *db);
void db_savepoint_undo(struct db *db);

/* A consistent view over several reads on a DB_READ connection. Never longer than one page of output. */
enum err db_read_begin(struct db *db);
void db_read_end(struct db *db);

/* Bytes of the write-ahead log's file now, which keeps some when it is started over; 0 if there is none. */
int64_t db_wal_bytes(const struct db *db);
/* Checkpoint above the usual 4 MiB (PASSIVE), and when it is large above all else (TRUNCATE, without waiting).
 * at_least: do nothing while fewer bytes are in the log (of its file, what counts). On a DB_WRITE connection, outside a transaction. */
enum err db_checkpoint(struct db *db, int64_t at_least);
/* Would it do something? */
bool db_checkpoint_due(struct db *db, int64_t at_least);
#define DB_CHECKPOINT_USUAL (4 * 1024 * 1024)   /* p2pd's mark */
#define DB_CHECKPOINT_BACKLOG (12 * 1024 * 1024) /* … while it works off a backlog and no gate is at work: 1 us less a record */
#define DB_CHECKPOINT_LATE (16 * 1024 * 1024)   /* parkmesh.fcgi's: only reached when p2pd is down or stuck */

/* Can it be written now? Commits a page that changes nothing, so ERR_NONE says that the disk took it. Before it a checkpoint, as
 * what has been copied out of the write-ahead log is room in there on a full disk. Outside a transaction. */
enum err db_try_write(struct db *db);

/* Every counter of transactions that changed rows, by any process; moves with each commit that wrote (for "look again"). */
enum err db_data_version(struct db *db, int64_t *out);
/* The sentence SQLite has for the last failure on this connection, for the journal. */
const char *db_last_error(const struct db *db);
/* The schema version the file has. */
enum err db_file_version(struct db *db, int64_t *out);
/* Bytes of a page. */
enum err db_page_size(struct db *db, int64_t *out);
/* SQLite's own look at all of the file. ERR_CORRUPT: what says in its words what is wrong. */
enum err db_integrity(struct db *db, char *what, size_t size);
/* The newest schema version this program knows. */
int db_schema_version(void);

/* A lock file `<database>-<name>.lock`, held for the life of the process: one writer of that name a database.
 * ERR_CONFLICT if another process holds it. The descriptor in *fd keeps it. */
enum err db_hold_writer_lock(const char *path, const char *name, int *fd);

#endif
