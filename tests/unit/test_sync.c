/* Syncs that fail: what was written before one counts for nothing until it has been written again (store/db.h). A layer over the
 * VFS keeps account of which pages are written, and fails syncs when told. */
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "store/db_internal.h"

#define PAGES 4096

static char folder[64], path[96];
static const sqlite3_io_methods *real_db, *real_wal;
static sqlite3_io_methods db_methods, wal_methods;
static sqlite3_vfs vfs, *real_vfs;
static bool fail_db, fail_wal;
static bool written[PAGES]; /* pages of the database, since a test last forgot them */

static int write_page(sqlite3_file *f, const void *bytes, int len, sqlite3_int64 at)
{
	if (at / 4096 < PAGES)
		written[at / 4096] = true;
	return real_db->xWrite(f, bytes, len, at);
}

/* Linux: after a failed sync the pages count as clean, and a later sync is good without them. */
static int sync_db(sqlite3_file *f, int flags)
{
	if (fail_db)
		return SQLITE_IOERR_FSYNC;
	return real_db->xSync(f, flags);
}

static int sync_wal(sqlite3_file *f, int flags)
{
	return fail_wal ? SQLITE_IOERR_FSYNC : real_wal->xSync(f, flags);
}

static int open_file(sqlite3_vfs *self, const char *name, sqlite3_file *f, int flags, int *out)
{
	int code = real_vfs->xOpen(real_vfs, name, f, flags, out);

	(void)self;
	if (code == SQLITE_OK && (flags & SQLITE_OPEN_MAIN_DB)) {
		real_db = f->pMethods;
		db_methods = *real_db;
		db_methods.xWrite = write_page;
		db_methods.xSync = sync_db;
		f->pMethods = &db_methods;
	}
	if (code == SQLITE_OK && (flags & SQLITE_OPEN_WAL)) {
		real_wal = f->pMethods;
		wal_methods = *real_wal;
		wal_methods.xSync = sync_wal;
		f->pMethods = &wal_methods;
	}
	return code;
}

static enum err start(struct db **out)
{
	struct fault fault;

	real_vfs = sqlite3_vfs_find("unix");
	vfs = *real_vfs;
	vfs.zName = "forgetful";
	vfs.xOpen = open_file;
	sqlite3_vfs_register(&vfs, 1);
	fail_db = fail_wal = false;
	text_copy(folder, sizeof folder, "/tmp/test_sync.XXXXXX");
	if (!mkdtemp(folder))
		return ERR_SYSTEM;
	text_format(path, sizeof path, "%s/parkmesh.db", folder);
	return db_open(path, DB_WRITE, out, &fault);
}

static void end(struct db *db)
{
	static const char *const suffix[] = {"", "-wal", "-shm", "-lock"};
	char name[128];

	db_close(db);
	for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++) {
		text_format(name, sizeof name, "%s%s", path, suffix[i]);
		unlink(name);
	}
	rmdir(folder);
	sqlite3_vfs_register(real_vfs, 1);
}

static enum err run(struct db *db, const char *sql)
{
	enum err e = db_begin(db);

	if (e != ERR_NONE)
		return e;
	if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK) {
		db_rollback(db);
		return ERR_UNAVAILABLE;
	}
	return db_commit(db);
}

static int number(struct db *db, const char *sql)
{
	sqlite3_stmt *st = NULL;
	int value = -1;

	if (sqlite3_prepare_v2(db->handle, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
		value = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	return value;
}

TEST(a_commit_whose_sync_fails_is_undone_and_the_next_one_is_good)
{
	struct db *db = NULL;

	CHECK_INT(start(&db), ERR_NONE);
	CHECK_INT(run(db, "CREATE TABLE t(n)"), ERR_NONE);
	fail_wal = true;
	CHECK_INT(run(db, "INSERT INTO t VALUES(1)"), ERR_UNAVAILABLE);
	CHECK_INT(db_try_write(db), ERR_UNAVAILABLE);
	CHECK_INT(number(db, "SELECT count(*) FROM t"), 0);
	fail_wal = false;
	CHECK_INT(db_try_write(db), ERR_NONE);
	CHECK_INT(run(db, "INSERT INTO t VALUES(2)"), ERR_NONE);
	CHECK_INT(number(db, "SELECT sum(n) FROM t"), 2);
	end(db);
}

/* The pages that a checkpoint copied which could not finish are not synced by it; the failed sync of the next one is about them,
 * too, and after it only writing them again helps. */
TEST(after_a_failed_sync_a_checkpoint_copies_everything_again)
{
	struct db *db = NULL, *reader = NULL;
	struct fault fault;
	bool copied[PAGES];
	int pages = 0, again = 0;

	CHECK_INT(start(&db), ERR_NONE);
	CHECK_INT(run(db, "CREATE TABLE t(n, filler)"), ERR_NONE);
	CHECK_INT(run(db, "INSERT INTO t VALUES(1, zeroblob(40000))"), ERR_NONE);
	CHECK_INT(db_open(path, DB_READ, &reader, &fault), ERR_NONE);
	CHECK_INT(db_read_begin(reader), ERR_NONE);
	CHECK_INT(number(reader, "SELECT count(*) FROM t"), 1);
	CHECK_INT(run(db, "CREATE TABLE u(n)"), ERR_NONE);
	memset(written, 0, sizeof written);
	CHECK_INT(db_checkpoint_now(db, SQLITE_CHECKPOINT_PASSIVE), ERR_NONE);
	memcpy(copied, written, sizeof copied);
	db_read_end(reader);
	db_close(reader);
	fail_db = true;
	CHECK_INT(db_checkpoint_now(db, SQLITE_CHECKPOINT_PASSIVE), ERR_UNAVAILABLE);
	fail_db = false;
	memset(written, 0, sizeof written);
	CHECK_INT(db_checkpoint_now(db, SQLITE_CHECKPOINT_PASSIVE), ERR_NONE);
	for (int i = 0; i < PAGES; i++) {
		pages += copied[i];
		again += copied[i] && written[i];
	}
	CHECK(pages > 8);
	CHECK_INT(again, pages);
	CHECK_INT(run(db, "INSERT INTO u VALUES(1)"), ERR_NONE);
	CHECK_INT(number(db, "SELECT n FROM u"), 1);
	CHECK_INT(number(db, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
	end(db);
}

TEST_MAIN
