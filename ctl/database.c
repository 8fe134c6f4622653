#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "command.h"
#include "domain/site.h"
#include "notify.h"
#include "store/db.h"

#define PATH_SIZE 4096

/* What a subcommand takes for granted: the tables it knows, a central that knows who it is, the site's time zone. */
static enum err make_ready(struct db *db, struct fault *fault)
{
	struct identity self;
	int64_t version = 0;
	enum err e = db_file_version(db, &version);

	if (e == ERR_NONE && version < db_schema_version())
		return fault_set(fault, ERR_CONFLICT, "old_schema", "", "This database is as an older parkmesh left it. Start parkmesh.fcgi once.");
	if (e == ERR_NONE)
		e = identity_read(db, &self);
	if (e == ERR_NOT_FOUND)
		fault_set(fault, e, "no_identity", "", "This central was never started. Start parkmesh.fcgi once.");
	explicit_bzero(&self, sizeof self);
	return e == ERR_NONE ? site_zone_use(db) : e;
}

static enum err open_database(const struct ctl *c, enum db_mode mode, struct db **out, struct fault *fault)
{
	struct stat st;
	enum err e = ctl_become_owner(c, fault);

	if (e != ERR_NONE)
		return e;
	if (stat(c->db_path, &st) < 0)
		return fault_set(fault, ERR_NOT_FOUND, "no_database", "", "%.120s: %s. Name this central's database with --db.", c->db_path,
			strerror(errno));
	e = db_open(c->db_path, mode, out, fault);
	if (e != ERR_NONE)
		return e;
	e = make_ready(*out, fault);
	if (e != ERR_NONE) {
		db_close(*out);
		*out = NULL;
	}
	return e;
}

enum err ctl_open_read(const struct ctl *c, struct db **out, struct fault *fault)
{
	return open_database(c, DB_READ, out, fault);
}

enum err ctl_open_write(const struct ctl *c, struct db **out, struct fault *fault)
{
	return open_database(c, DB_WRITE, out, fault);
}

enum err ctl_change(const struct ctl *c, ctl_change_fn *change, void *arg, struct fault *fault)
{
	struct db *db = NULL;
	enum err e = ctl_open_write(c, &db, fault);

	if (e == ERR_NONE)
		e = db_begin(db);
	if (e == ERR_NONE) {
		e = change(db, arg, fault);
		if (e == ERR_NONE)
			e = db_commit(db);
		else
			db_rollback(db);
	}
	db_close(db);
	if (e == ERR_NONE)
		ctl_ring(c);
	return e;
}

/* Only what is there already: parkmesh.fcgi and p2pd make the bell, and it has to be theirs. */
static void ring(const char *path)
{
	struct stat st;
	int fd;

	if (lstat(path, &st) < 0 || !S_ISFIFO(st.st_mode) || notify_open(path, &fd) != ERR_NONE)
		return;
	notify_ring(fd);
	close(fd);
}

void ctl_ring(const struct ctl *c)
{
	const char *slash = strrchr(c->db_path, '/');
	char beside[PATH_SIZE];

	if (c->notify_path) {
		ring(c->notify_path);
		return;
	}
	if (text_format(beside, sizeof beside, "%.*snotify", slash ? (int)(slash + 1 - c->db_path) : 0, c->db_path))
		ring(beside);
}
