#include "store/copy.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "store/db_internal.h"

#define STEP_PAGES 256     /* 1 MiB */
#define SYNC_STEPS 8       /* what a commit beside it may have to wait for is no more than this */

struct copy {
	struct db *from;
	sqlite3 *to;
	sqlite3_backup *backup;
	int64_t log_before, page_size;
	int fd, steps;
};

void copy_clear_beside(const char *path)
{
	static const char *const suffix[] = { "-journal", "-wal", "-shm" };
	char name[PATH_MAX];

	for (size_t i = 0; i < sizeof(suffix) / sizeof(suffix[0]); i++)
		if (text_format(name, sizeof(name), "%s%s", path, suffix[i]))
			unlink(name);
}

static enum err failed(struct copy *c, int code, struct fault *fault)
{
	if ((code & 0xff) == SQLITE_FULL || (code & 0xff) == SQLITE_IOERR)
		return fault_set(fault, ERR_UNAVAILABLE, "no_room", "", "The copy cannot be written: %s. Make room on its disk, or name another "
			"place.", sqlite3_errstr(code));
	if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
		return fault_set(fault, ERR_CORRUPT, "damaged", "", "%.120s is damaged: %s.", c->from->path, sqlite3_errstr(code));
	return fault_set(fault, sql_err(code), "copy", "", "%.120s cannot be copied: %s.", c->from->path, sqlite3_errstr(code));
}

/* The moment is that of the first read. */
static enum err hold_moment(struct copy *c)
{
	int64_t version;
	enum err e = db_read_begin(c->from);

	return e == ERR_NONE ? db_file_version(c->from, &version) : e;
}

static int open_target(struct copy *c, const char *to)
{
	int code;

	copy_clear_beside(to);
	code = sqlite3_open_v2(to, &c->to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (code == SQLITE_OK) /* a file that nobody takes for good before it is complete needs no way back */
		code = sqlite3_exec(c->to, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1024", NULL, NULL, NULL);
	return code;
}

enum err copy_begin(struct db *from, const char *to, int fd, struct copy **out, struct fault *fault)
{
	struct copy *c = calloc(1, sizeof(*c));
	int code;
	enum err e;

	if (c == NULL)
		return ERR_MEMORY;
	*c = (struct copy){ .from = from, .fd = fd, .log_before = db_wal_bytes(from) };
	e = hold_moment(c);
	code = e == ERR_NONE ? open_target(c, to) : SQLITE_OK;
	if (e == ERR_NONE && code == SQLITE_OK) {
		c->backup = sqlite3_backup_init(c->to, "main", from->handle, "main");
		code = c->backup == NULL ? sqlite3_errcode(c->to) : SQLITE_OK;
	}
	if (e != ERR_NONE)
		fault_set(fault, e, "copy", "", "%.120s cannot be read: %.100s.", from->path, db_last_error(from));
	else if (code != SQLITE_OK)
		e = failed(c, code, fault);
	if (e != ERR_NONE) {
		copy_end(c);
		return e;
	}
	*out = c;
	return ERR_NONE;
}

static enum err sync_now(struct copy *c, struct fault *fault)
{
	if (fdatasync(c->fd) == 0)
		return ERR_NONE;
	return fault_set(fault, ERR_UNAVAILABLE, "no_room", "", "The copy cannot be written: %s. Make room on its disk, or name another place.",
		strerror(errno));
}

/* The copy says like its original that it has a write-ahead log; from here on it has none. */
static enum err complete(struct copy *c, struct fault *fault)
{
	int code = sqlite3_backup_finish(c->backup);

	c->backup = NULL;
	db_read_end(c->from);
	if (code == SQLITE_OK)
		code = sqlite3_exec(c->to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_close(c->to);
	if (code != SQLITE_OK)
		return failed(c, code, fault);
	c->to = NULL;
	return sync_now(c, fault);
}

static enum err look_around(struct copy *c, struct fault *fault)
{
	if (db_wal_bytes(c->from) - c->log_before > COPY_LOG_MAX)
		return fault_set(fault, ERR_UNAVAILABLE, "too_busy", "", "The database is written to faster than it can be copied. Try again at a "
			"quieter hour, or name a faster disk.");
	return ++c->steps % SYNC_STEPS == 0 ? sync_now(c, fault) : ERR_NONE;
}

enum err copy_step(struct copy *c, int64_t *done, int64_t *all, struct fault *fault)
{
	int code = sqlite3_backup_step(c->backup, STEP_PAGES);
	enum err e;

	if (c->page_size == 0 && db_page_size(c->from, &c->page_size) != ERR_NONE)
		c->page_size = 1;
	*all = sqlite3_backup_pagecount(c->backup) * c->page_size;
	*done = *all - sqlite3_backup_remaining(c->backup) * c->page_size;
	if (code == SQLITE_DONE) {
		e = complete(c, fault);
		return e == ERR_NONE ? ERR_NOT_FOUND : e;
	}
	return code == SQLITE_OK ? look_around(c, fault) : failed(c, code, fault);
}

void copy_end(struct copy *c)
{
	if (c == NULL)
		return;
	if (c->backup != NULL)
		sqlite3_backup_finish(c->backup);
	db_read_end(c->from);
	sqlite3_close(c->to);
	free(c);
}
