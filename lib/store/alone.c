#include "store/alone.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "store/db.h"

#define SQLITE_LOCKS 0x40000000 /* where SQLite locks its files: sqlite.org/fileformat2.html#the_lock_byte_page */
#define SQLITE_LOCKS_BYTES 512
#define LOOK_EVERY_MS 20
#define LOOKS 50

static const char *const holder[ALONE_LOCKS] = { "fcgi", "p2pd", "ctl", "lock" };
static const char *const called[ALONE_LOCKS] = { "parkmesh.fcgi", "p2pd", "Another parkmeshctl", "Another program" };

#define HOW_TO_STOP "Stop the services (systemctl stop parkmesh-fcgi.socket parkmesh-fcgi.service parkmesh-p2pd.service; of a folder: " \
	"its parkmesh-central), then try again."

static enum err in_use(const char *by, struct fault *fault)
{
	return fault_set(fault, ERR_CONFLICT, "in_use", "", "%s uses this database. " HOW_TO_STOP, by);
}

static enum err take_locks(const char *path, struct alone *a, struct fault *fault)
{
	for (int i = 0; i < ALONE_LOCKS; i++) {
		enum err e = db_hold_writer_lock(path, holder[i], &a->lock[i]);

		if (e == ERR_CONFLICT)
			return in_use(called[i], fault);
		if (e != ERR_NONE)
			return fault_set(fault, e, "lock", "", "%.150s-%s cannot be locked: %s. Check the folder and who may write there.", path,
				holder[i], strerror(errno));
	}
	return ERR_NONE;
}

/* A lock as SQLite itself takes it when nobody else may have the file open. Who only has a short look (parkmesh-watch) is waited for. */
static enum err lock_file(struct alone *a, struct fault *fault)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = SQLITE_LOCKS, .l_len = SQLITE_LOCKS_BYTES };
	const struct timespec pause = { .tv_nsec = LOOK_EVERY_MS * 1000000L };

	for (int i = 0; i < LOOKS; i++) {
		if (fcntl(a->file, F_OFD_SETLK, &all) == 0)
			return ERR_NONE;
		nanosleep(&pause, NULL);
	}
	return in_use("Another program", fault);
}

static void unlock_file(const struct alone *a)
{
	struct flock all = { .l_type = F_UNLCK, .l_whence = SEEK_SET, .l_start = SQLITE_LOCKS, .l_len = SQLITE_LOCKS_BYTES };

	fcntl(a->file, F_OFD_SETLK, &all);
}

enum err alone_take(const char *path, struct alone *out, struct fault *fault)
{
	enum err e;

	*out = (struct alone){ .lock = { -1, -1, -1, -1 }, .file = -1 };
	e = take_locks(path, out, fault);
	if (e == ERR_NONE) {
		out->file = open(path, O_RDWR | O_CLOEXEC);
		if (out->file < 0 && errno != ENOENT)
			e = fault_set(fault, ERR_UNAVAILABLE, "database", "", "%.150s cannot be opened: %s.", path, strerror(errno));
	}
	if (e == ERR_NONE && out->file >= 0) {
		e = lock_file(out, fault);
		unlock_file(out); /* until the end: this process is to look into it, too */
	}
	if (e != ERR_NONE)
		alone_end(out);
	return e;
}

void alone_end(struct alone *a)
{
	for (int i = 0; i < ALONE_LOCKS; i++) {
		if (a->lock[i] >= 0)
			close(a->lock[i]);
		a->lock[i] = -1;
	}
	if (a->file >= 0)
		close(a->file);
	a->file = -1;
}

/* Put the write-ahead log into the file, so that this is all of the database; closing removes the log then. Best effort: a damaged one
 * stays as it is. */
static void fold(const char *path)
{
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK)
		sqlite3_exec(db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
	sqlite3_close(db);
}

static enum err move_part(const char *path, const char *aside, const char *suffix)
{
	char from[PATH_MAX], to[PATH_MAX];

	if (!text_format(from, sizeof(from), "%s%s", path, suffix) || !text_format(to, sizeof(to), "%s%s", aside, suffix))
		return ERR_TOO_LARGE;
	return rename(from, to) == 0 || errno == ENOENT ? ERR_NONE : ERR_SYSTEM;
}

/* The old one has both names until the new one takes the first. */
static enum err keep_aside(const struct alone *a, const char *path, const char *aside)
{
	enum err e = a->file >= 0 && link(path, aside) != 0 ? ERR_SYSTEM : ERR_NONE;

	if (e == ERR_NONE && !file_sync_folder(path))
		e = ERR_SYSTEM;
	if (e == ERR_NONE)
		e = move_part(path, aside, "-wal"); /* there is one only of a database that could not be read */
	if (e == ERR_NONE)
		e = move_part(path, aside, "-shm");
	return e == ERR_NONE ? move_part(path, aside, "-journal") : e;
}

enum err alone_replace(struct alone *a, const char *path, const char *with, const char *aside, bool *kept, struct fault *fault)
{
	enum err e = ERR_NONE;

	*kept = a->file >= 0;
	if (a->file >= 0) {
		fold(path);
		e = lock_file(a, fault); /* whoever opens it from now on waits, and finds that it was moved (store/db) */
	}
	if (e != ERR_NONE)
		return e;
	e = keep_aside(a, path, aside);
	if (e == ERR_NONE && rename(with, path) != 0)
		e = ERR_SYSTEM;
	if (e == ERR_NONE && !file_sync_folder(path))
		e = ERR_SYSTEM;
	return e == ERR_NONE ? e : fault_set(fault, e, "replace", "", "%.150s cannot be put in place: %s. The database before it is still "
		"there, under its name or as %s.", with, strerror(errno), strrchr(aside, '/') == NULL ? aside : strrchr(aside, '/') + 1);
}
