/*
 * A stress of the database under several writing processes: does a commit ever get lost?
 *
 * Rounds on a fresh database each: processes that commit, that checkpoint as often as they can and that read, all by lib/store/db.c
 * as the programs do; one of them is killed (SIGKILL) every few milliseconds and started again. What was committed is remembered
 * in memory shared with the parent, outside of the database. After each round the file has to be whole (integrity_check), every
 * commit that was acknowledged has to be there, and of every other all or nothing.
 *
 * SQLite's WAL-reset defect (spec/records.md) needs a checkpoint that is held up between two instructions while another process
 * starts the log over. The only call to the VFS in between is xUnfetch, so that one and the locks dawdle here, by a thin layer
 * over the VFS. --without-lock drops the lock file that guards against the defect: the stress then has to fail.
 *
 * usage: test_wal [--seconds N] [--seed N] [--dir FOLDER] [--without-lock]
 *        test_wal --checkpoint DATABASE      checkpoints that one, as often as it can, until it is killed
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "store/db_internal.h"
#include "tests/unit/chance.h"

#define WRITERS 2
#define CHECKPOINTERS 2
#define CHILDREN (WRITERS + CHECKPOINTERS + 1) /* the last one reads */
#define COMMITS 200000                         /* a writer makes at most so many in a round */
#define ROUND_MS 2000
#define KILL_MS 120
#define PARTS 6

enum said { NOT_BEGUN, BEGUN, COMMITTED };

struct shared {
	_Atomic unsigned char said[WRITERS][COMMITS];
	_Atomic int begun[WRITERS];        /* the next commit's number */
	_Atomic long checkpoints, reads, refused;
};

static struct shared *shared;
static struct { int seconds; uint64_t seed; const char *dir, *checkpoint; bool without_lock; } options = {.seconds = 6, .dir = "/tmp"};
static char path[256];
static struct chance chance;
static long commits, kills, rounds;

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static unsigned below(unsigned n)
{
	return (unsigned)(chance_next(&chance) % n);
}

static void dawdle(unsigned one_in, unsigned us)
{
	if (below(one_in) == 0)
		usleep(below(us));
}

/* ---- a VFS that dawdles ---- */

static const sqlite3_io_methods *real_methods;
static sqlite3_io_methods slow_methods;
static sqlite3_vfs slow_vfs, *real_vfs;

static int slow_unfetch(sqlite3_file *f, sqlite3_int64 at, void *page)
{
	dawdle(2, 3000);
	return real_methods->xUnfetch(f, at, page);
}

static int slow_lock(sqlite3_file *f, int at, int n, int flags)
{
	dawdle(16, 300);
	return real_methods->xShmLock(f, at, n, flags);
}

static int slow_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
	int code = real_vfs->xOpen(real_vfs, name, f, flags, out);

	(void)vfs;
	if (code != SQLITE_OK || !(flags & SQLITE_OPEN_MAIN_DB))
		return code;
	real_methods = f->pMethods;
	slow_methods = *real_methods;
	slow_methods.xUnfetch = slow_unfetch;
	slow_methods.xShmLock = slow_lock;
	f->pMethods = &slow_methods;
	return code;
}

static bool use_slow_vfs(void)
{
	real_vfs = sqlite3_vfs_find(NULL);
	if (!real_vfs)
		return false;
	slow_vfs = *real_vfs;
	slow_vfs.zName = "slow";
	slow_vfs.xOpen = slow_open;
	return sqlite3_vfs_register(&slow_vfs, 1) == SQLITE_OK;
}

/* ---- what the children do ---- */

static struct db *open_db(enum db_mode mode)
{
	struct fault fault = {0};
	struct db *db = NULL;

	if (db_open(path, mode, &db, &fault) != ERR_NONE) {
		fprintf(stderr, "# %s\n", fault.sentence);
		_exit(1);
	}
	if (options.without_lock && db->lock_fd >= 0) {
		close(db->lock_fd);
		db->lock_fd = -1;
	}
	return db;
}

/* Some rows of some pages each, all of one number. */
static enum err write_rows(struct db *db, int writer, int number)
{
	char sql[256];
	unsigned parts = 1 + below(PARTS);

	for (unsigned part = 0; part < parts; part++) {
		text_format(sql, sizeof sql, "INSERT INTO stress(writer, number, part, parts, filler) VALUES(%d, %d, %u, %u, zeroblob(%u))",
			writer, number, part, parts, below(3000));
		if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
			return ERR_UNAVAILABLE;
	}
	text_format(sql, sizeof sql, "UPDATE stress_last SET number = %d WHERE writer = %d", number, writer);
	return sql_err(sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

static enum err commit_one(struct db *db, int writer, int number)
{
	enum err e = db_begin(db);

	if (e != ERR_NONE)
		return e;
	e = write_rows(db, writer, number);
	if (e == ERR_NONE)
		return db_commit(db);
	db_rollback(db);
	return e;
}

static void write_on(int writer)
{
	struct db *db = open_db(DB_WRITE);

	for (;;) {
		int number = atomic_fetch_add(&shared->begun[writer], 1);

		if (number >= COMMITS)
			_exit(0);
		atomic_store(&shared->said[writer][number], BEGUN);
		if (commit_one(db, writer, number) == ERR_NONE)
			atomic_store(&shared->said[writer][number], COMMITTED);
		else
			atomic_fetch_add(&shared->refused, 1);
		dawdle(4, 500);
	}
}

static void checkpoint_on(void)
{
	static const int modes[] = {SQLITE_CHECKPOINT_PASSIVE, SQLITE_CHECKPOINT_PASSIVE, SQLITE_CHECKPOINT_PASSIVE,
		SQLITE_CHECKPOINT_RESTART, SQLITE_CHECKPOINT_TRUNCATE};
	struct db *db = open_db(DB_WRITE);

	for (;;) {
		if (db_checkpoint_now(db, modes[below(sizeof modes / sizeof *modes)]) == ERR_NONE)
			atomic_fetch_add(&shared->checkpoints, 1);
		dawdle(2, 1000);
	}
}

static void read_on(void)
{
	struct db *db = open_db(DB_READ);

	for (;;) {
		if (db_read_begin(db) == ERR_NONE)
			(void)sqlite3_exec(db->handle, "SELECT sum(number) FROM stress_last", NULL, NULL, NULL);
		dawdle(2, 2000);
		db_read_end(db);
		atomic_fetch_add(&shared->reads, 1);
		usleep(200);
	}
}

static pid_t start_child(int which)
{
	pid_t pid;

	fflush(stdout);
	chance_next(&chance);
	pid = fork();
	if (pid != 0)
		return pid;
	chance.state += (uint64_t)which * 7919;
	if (which < WRITERS)
		write_on(which);
	else if (which < WRITERS + CHECKPOINTERS)
		checkpoint_on();
	else
		read_on();
	_exit(0);
}

/* ---- a round ---- */

static bool make_database(void)
{
	static const char tables[] = "CREATE TABLE stress(writer, number, part, parts, filler, PRIMARY KEY(writer, number, part)) WITHOUT ROWID;"
		"CREATE TABLE stress_last(writer INTEGER PRIMARY KEY, number); INSERT INTO stress_last VALUES(0, -1), (1, -1);"
		"CREATE INDEX stress_filler ON stress(length(filler));";
	struct db *db = open_db(DB_WRITE);
	bool made = sqlite3_exec(db->handle, tables, NULL, NULL, NULL) == SQLITE_OK;

	db_close(db);
	return made;
}

static int64_t number_of(sqlite3 *handle, const char *sql)
{
	sqlite3_stmt *st = NULL;
	int64_t value = -1;

	if (sqlite3_prepare_v2(handle, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
		value = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return value;
}

static bool check_writer(sqlite3 *handle, int writer)
{
	int begun = atomic_load(&shared->begun[writer]), lost = 0, strange = 0;
	sqlite3_stmt *st = NULL;
	char sql[128];

	text_format(sql, sizeof sql, "SELECT count(*), max(parts) FROM stress WHERE writer = %d AND number = ?1", writer);
	if (sqlite3_prepare_v2(handle, sql, -1, &st, NULL) != SQLITE_OK)
		return false;
	for (int n = 0; n < begun && n < COMMITS; n++) {
		unsigned char said = atomic_load(&shared->said[writer][n]);
		bool stepped, there, whole;

		sqlite3_bind_int(st, 1, n);
		stepped = sqlite3_step(st) == SQLITE_ROW;
		there = stepped && sqlite3_column_int(st, 0) > 0;
		whole = stepped && (!there || sqlite3_column_int(st, 0) == sqlite3_column_int(st, 1));
		sqlite3_reset(st);
		commits += said == COMMITTED;
		lost += said == COMMITTED && !there;
		strange += !whole || (there && said == NOT_BEGUN);
	}
	sqlite3_finalize(st);
	if (lost || strange)
		printf("# round %ld: of writer %d %d acknowledged commits are lost, %d are half there\n", rounds, writer, lost, strange);
	return !lost && !strange;
}

static bool check_round(void)
{
	sqlite3 *handle = NULL;
	bool good = sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK;

	if (good && number_of(handle, "SELECT integrity_check = 'ok' FROM pragma_integrity_check LIMIT 1") != 1) {
		printf("# round %ld: integrity_check fails\n", rounds);
		good = false;
	}
	for (int w = 0; w < WRITERS; w++)
		good = check_writer(handle, w) && good;
	sqlite3_close(handle);
	return good;
}

static void remove_files(void)
{
	static const char *const suffix[] = {"", "-wal", "-shm", "-lock"};
	char name[300];

	for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++) {
		text_format(name, sizeof name, "%s%s", path, suffix[i]);
		unlink(name);
	}
}

/* Is it still running? One that ended by itself has found something wrong. */
static bool end_child(pid_t pid)
{
	int status = 0;

	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static bool play_round(void)
{
	int64_t end = now_ms() + ROUND_MS;
	pid_t child[CHILDREN];
	bool good = true;

	memset(shared->said, 0, sizeof shared->said);
	for (int w = 0; w < WRITERS; w++)
		atomic_store(&shared->begun[w], 0);
	if (!make_database())
		return false;
	for (int i = 0; i < CHILDREN; i++)
		child[i] = start_child(i);
	while (good && now_ms() < end) {
		unsigned victim = below(CHILDREN);

		usleep(1000 * (1 + below(2 * KILL_MS)));
		good = end_child(child[victim]);
		kills++;
		child[victim] = start_child((int)victim);
	}
	for (int i = 0; i < CHILDREN; i++)
		good = end_child(child[i]) && good;
	good = check_round() && good;
	remove_files();
	return good;
}

static bool play(void)
{
	int64_t began = now_ms(), end = began + (int64_t)options.seconds * 1000;
	bool good = true;

	while (good && now_ms() < end) {
		rounds++;
		good = play_round();
	}
	printf("# seed %llu: %ld rounds in %lld s, %ld commits, %ld checkpoints, %ld reads, %ld kills, %ld commits refused\n",
		(unsigned long long)options.seed, rounds, (long long)(now_ms() - began) / 1000, commits,
		atomic_load(&shared->checkpoints), atomic_load(&shared->reads), kills, atomic_load(&shared->refused));
	return good && commits > 0 && atomic_load(&shared->checkpoints) > 0;
}

static bool read_options(int argc, char **argv)
{
	options.seed = (uint64_t)time(NULL);
	for (int i = 1; i < argc; i++) {
		bool more = i + 1 < argc;

		if (strcmp(argv[i], "--without-lock") == 0)
			options.without_lock = true;
		else if (strcmp(argv[i], "--seconds") == 0 && more)
			options.seconds = (int)strtol(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--seed") == 0 && more)
			options.seed = strtoull(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--checkpoint") == 0 && more)
			options.checkpoint = argv[++i];
		else if (strcmp(argv[i], "--dir") == 0 && more)
			options.dir = argv[++i];
		else
			return false;
	}
	return options.seconds > 0;
}

int main(int argc, char **argv)
{
	char folder[200];
	bool good;

	if (!read_options(argc, argv)) {
		fputs("usage: test_wal [--seconds N] [--seed N] [--dir FOLDER] [--without-lock] | --checkpoint DATABASE\n", stderr);
		return 2;
	}
	text_format(folder, sizeof folder, "%s/parkmesh-stress-XXXXXX", options.dir);
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || !use_slow_vfs())
		return 2;
	chance = (struct chance){options.seed};
	if (options.checkpoint) {
		text_copy(path, sizeof path, options.checkpoint);
		checkpoint_on();
	}
	if (!mkdtemp(folder))
		return 2;
	text_format(path, sizeof path, "%s/parkmesh.db", folder);
	puts("1..1");
	good = play();
	printf("%s 1 - writers, checkpoints and kills lose nothing\n", good ? "ok" : "not ok");
	rmdir(folder);
	return good ? 0 : 1;
}
