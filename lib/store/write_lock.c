#include "store/write_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/text.h"
#include "store/db.h"
#include "store/db_internal.h"

enum err lock_file_open(const char *path, const char *suffix, int *fd)
{
	char name[PATH_MAX];

	if (!text_format(name, sizeof(name), "%s-%s", path, suffix))
		return ERR_TOO_LARGE;
	*fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return *fd < 0 ? ERR_UNAVAILABLE : ERR_NONE;
}

/* Ctrl-Z at a parkmeshctl waits until the lock is given up: stopped with it, it would keep every gate waiting, and as another user's
 * program (sudo) it could not even be ended (store/holder). */
static void hold_stops(struct db *db)
{
	sigset_t stops;

	sigemptyset(&stops);
	sigaddset(&stops, SIGTSTP);
	sigaddset(&stops, SIGTTIN);
	sigaddset(&stops, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &stops, &db->mask);
}

static struct flock wish(short type)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET, .l_start = 0, .l_len = 1 };
}

static int wait_for_lock(int fd)
{
	int failed;

	while ((failed = flock(fd, LOCK_EX)) != 0 && errno == EINTR)
		continue;
	return failed;
}

static int wait_with_wish(int fd)
{
	struct flock made = wish(F_RDLCK), over = wish(F_UNLCK);
	int failed;

	(void)fcntl(fd, F_OFD_SETLK, &made);
	failed = wait_for_lock(fd);
	(void)fcntl(fd, F_OFD_SETLK, &over);
	return failed;
}

enum err write_lock(struct db *db)
{
	if (db->lock_fd < 0)
		return ERR_NONE;
	hold_stops(db);
	if (flock(db->lock_fd, LOCK_EX | LOCK_NB) == 0 || wait_with_wish(db->lock_fd) == 0)
		return ERR_NONE;
	pthread_sigmask(SIG_SETMASK, &db->mask, NULL);
	return ERR_UNAVAILABLE;
}

void write_unlock(struct db *db)
{
	if (db->lock_fd < 0)
		return;
	flock(db->lock_fd, LOCK_UN);
	pthread_sigmask(SIG_SETMASK, &db->mask, NULL);
}

bool db_wanted(const struct db *db)
{
	struct flock others = wish(F_WRLCK); /* would be in the way of any wish but our own */

	return db->lock_fd >= 0 && fcntl(db->lock_fd, F_OFD_GETLK, &others) == 0 && others.l_type != F_UNLCK;
}

enum err db_hold_writer_lock(const char *path, const char *name, int *fd)
{
	enum err e = lock_file_open(path, name, fd);

	if (e != ERR_NONE)
		return e;
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
		return ERR_NONE;
	e = errno == EWOULDBLOCK ? ERR_CONFLICT : ERR_SYSTEM;
	close(*fd);
	*fd = -1;
	return e;
}
