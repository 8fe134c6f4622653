#include "copying.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/file.h"
#include "base/text.h"
#include "checking.h"
#include "output.h"
#include "store/copy.h"
#include "store/db.h"

#define MEBIBYTE (1024 * 1024)
#define PERCENT 100

/* ---- the temporary file goes with the program ---- */

/* With what SQLite may have beside it; "" none. For the signal handler only. */
static char temporary[4][COPYING_PATH + 16];
#define TEMPORARIES (sizeof temporary / sizeof *temporary)

static void end_by_signal(int number)
{
	for (size_t i = 0; i < TEMPORARIES; i++) {
		if (temporary[i][0])
			unlink(temporary[i]);
	}
	raise(number); /* SA_RESETHAND: as if it had not been caught */
}

static const int caught[] = {SIGINT, SIGTERM, SIGHUP};

static void catch_signals(const char *path)
{
	static const char *const suffix[TEMPORARIES] = {"-journal", "-wal", "-shm", ""};
	struct sigaction action = {.sa_handler = end_by_signal, .sa_flags = (int)(SA_RESETHAND | SA_NODEFER)};

	for (size_t i = 0; i < TEMPORARIES; i++)
		text_format(temporary[i], sizeof temporary[i], "%s%s", path, suffix[i]);
	for (size_t i = 0; i < sizeof caught / sizeof *caught; i++)
		sigaction(caught[i], &action, NULL);
}

static void forget_temporary(void)
{
	for (size_t i = 0; i < TEMPORARIES; i++)
		temporary[i][0] = '\0';
}

static enum err cannot_make(const char *path, struct fault *fault)
{
	return fault_set(fault, ERR_UNAVAILABLE, "file", "", "%.150s cannot be written: %s. Name a folder that the user of this database may "
		"write to.", path, strerror(errno));
}

/* Whoever had it before may have finished it between our opening and locking it: it has its own name then, and is none of ours. */
static bool still_named(int fd, const char *path)
{
	struct stat opened, named;

	return fstat(fd, &opened) == 0 && lstat(path, &named) == 0 && opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

static enum err make_temporary(struct copying *k, struct fault *fault)
{
	k->fd = open(k->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (k->fd < 0)
		return cannot_make(k->path, fault);
	if (flock(k->fd, LOCK_EX | LOCK_NB) != 0 || !still_named(k->fd, k->path)) {
		close(k->fd);
		k->fd = -1;
		return fault_set(fault, ERR_CONFLICT, "busy", "", "Another parkmeshctl is writing %.150s. Wait until it is done.", k->path);
	}
	catch_signals(k->path);
	return ftruncate(k->fd, 0) == 0 && fchmod(k->fd, 0600) == 0 ? ERR_NONE : cannot_make(k->path, fault);
}

/* A signal comes before the file is there, or when it is known to be ours to remove. */
enum err copying_begin(struct copying *k, const struct ctl *c, const char *name, struct fault *fault)
{
	char folder[COPYING_PATH];
	sigset_t held, before;
	enum err e;

	*k = (struct copying){.ctl = c, .fd = -1};
	if (!text_format(k->path, sizeof k->path, "%s" COPYING_SUFFIX, name))
		return fault_set(fault, ERR_INVALID, "path_too_long", "", "This path is too long.");
	text_copy(folder, sizeof folder, c->db_path);
	text_copy(k->database_folder, sizeof k->database_folder, dirname(folder));
	sigemptyset(&held);
	for (size_t i = 0; i < sizeof caught / sizeof *caught; i++)
		sigaddset(&held, caught[i]);
	sigprocmask(SIG_BLOCK, &held, &before);
	e = make_temporary(k, fault);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return e;
}

void copying_drop(struct copying *k)
{
	if (k->fd < 0)
		return;
	forget_temporary();
	unlink(k->path);
	copy_clear_beside(k->path);
	close(k->fd);
	k->fd = -1;
}

/* ---- room ---- */

static bool same_disk(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev;
}

/* Is there room for so many bytes at path, beside what the gates need? */
static enum err look_for_room(const struct copying *k, const char *path, int64_t bytes, const char *what, struct fault *fault)
{
	struct disk d;
	int64_t kept;

	if (!disk_look(path, &d))
		return ERR_NONE;
	kept = same_disk(path, k->database_folder) ? d.size / PERCENT * DISK_LEAST_PERCENT : 0;
	if (d.free - kept >= bytes)
		return ERR_NONE;
	return fault_set(fault, ERR_UNAVAILABLE, "no_room", "", "%s needs %" PRId64 " MiB, and %.100s has %" PRId64 " MiB to give%s. Make room "
		"or name another disk.", what, bytes / MEBIBYTE + 1, path, d.free > kept ? (d.free - kept) / MEBIBYTE : 0,
		kept > 0 ? " (5 % stay free for the gates)" : "");
}

/* ---- making it ---- */

static enum err copy_all(struct copying *k, struct copy *copy, struct fault *fault)
{
	struct progress progress;
	int64_t done = 0, all = 0;
	enum err e;

	progress_begin(&progress, &k->ctl->world);
	do {
		e = copy_step(copy, &done, &all, fault);
		if (e == ERR_NONE)
			e = look_for_room(k, k->path, all - done, "The copy", fault);
		if (e == ERR_NONE) /* the write-ahead log grows meanwhile, perhaps on another disk */
			e = look_for_room(k, k->database_folder, 0, "The database meanwhile", fault);
		progress_show(&progress, "%" PRId64 " of %" PRId64 " MiB copied", done / MEBIBYTE, all / MEBIBYTE);
	} while (e == ERR_NONE);
	progress_end(&progress);
	k->bytes = all;
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

/* Stopped at a terminal (Ctrl-Z) in the middle it would keep the write-ahead log from starting over. */
static void hold_stops(sigset_t *before)
{
	sigset_t stops;

	sigemptyset(&stops);
	sigaddset(&stops, SIGTSTP);
	sigaddset(&stops, SIGTTIN);
	sigaddset(&stops, SIGTTOU);
	sigprocmask(SIG_BLOCK, &stops, before);
}

enum err copying_run(struct copying *k, struct db *from, struct fault *fault)
{
	struct copy *copy = NULL;
	sigset_t before;
	enum err e;

	hold_stops(&before);
	k->moment_ms = world_wall_ms(&k->ctl->world);
	e = copy_begin(from, k->path, k->fd, &copy, fault);
	if (e == ERR_NONE)
		e = copy_all(k, copy, fault);
	copy_end(copy);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return e;
}

/* ---- checking it ---- */

/* Where SQLite puts the history that verify makes anew. */
static const char *scratch_folder(void)
{
	const char *named = getenv("TMPDIR");

	return named && named[0] ? named : "/var/tmp";
}

static enum err verify(struct copying *k, struct db *db, struct verify_counts *counts, struct fault *fault)
{
	struct verify_finding finding = {.seq = 0};
	enum err e = look_for_room(k, scratch_folder(), k->bytes, "Verifying the copy", fault);

	if (e != ERR_NONE)
		return e;
	e = checking_verify(k->ctl, db, counts, &finding);
	if (e == ERR_CONFLICT)
		return fault_set(fault, ERR_CORRUPT, "does_not_fit", "", "Log %s, record %" PRId64 ": %.170s", finding.log[0] ? finding.log : "unknown",
			finding.seq, finding.what);
	return e == ERR_NONE ? e : fault_set(fault, e, "verify", "", "The copy cannot be verified: %.120s. That needs room for half of it "
		"in $TMPDIR or /var/tmp.", db_last_error(db)[0] ? db_last_error(db) : err_name(e));
}

/* SQLite's own check, in a thread beside verify: it takes as much time as the copying, and nobody needs the other processor. */
struct integrity { struct db *db; pthread_t thread; enum err e; char what[160]; };

static void *check_integrity(void *arg)
{
	struct integrity *i = arg;

	i->e = db_integrity(i->db, i->what, sizeof i->what);
	return NULL;
}

static enum err check_both(struct copying *k, struct db *db, struct verify_counts *counts, struct fault *fault)
{
	struct integrity i = {0};
	sigset_t all, before;
	bool started;
	enum err e = db_open_beside(db, &i.db, fault), verified;

	if (e != ERR_NONE)
		return e;
	sigfillset(&all); /* signals are for the thread that has the terminal */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(&i.thread, NULL, check_integrity, &i) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!started)
		check_integrity(&i);
	verified = verify(k, db, counts, fault);
	if (started)
		pthread_join(i.thread, NULL);
	db_close(i.db);
	/* What a damaged file says is not worth telling. */
	return i.e == ERR_NONE ? verified : fault_set(fault, i.e, "damaged", "", "SQLite finds the copy damaged: %.160s", i.what);
}

enum err copying_check(struct copying *k, struct verify_counts *counts, struct fault *fault)
{
	struct db *db = NULL;
	enum err e = db_open(k->path, DB_READ, &db, fault);

	if (e == ERR_NONE)
		e = check_both(k, db, counts, fault);
	db_close(db);
	return e;
}

enum err copying_sync(struct copying *k, struct fault *fault)
{
	return fsync(k->fd) == 0 ? ERR_NONE : cannot_make(k->path, fault);
}

enum err copying_keep(struct copying *k, const char *as, struct fault *fault)
{
	enum err e = copying_sync(k, fault);

	if (e != ERR_NONE)
		return e;
	if (rename(k->path, as) != 0)
		return cannot_make(as, fault);
	forget_temporary();
	close(k->fd);
	k->fd = -1;
	return file_sync_folder(as) ? ERR_NONE : cannot_make(as, fault);
}
