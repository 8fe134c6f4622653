#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "command.h"
#include "conf.h"

#define PATH_SIZE 4096
#define PASSWD_SIZE 4096

/* --- configuration --------------------------------------------------------------------------------------------------- */

/* Whoever names a database means one that is not the installed one, to which the machine's configuration does not apply. */
static enum err read_conf(const struct ctl *c, struct conf **out, struct fault *fault)
{
	enum err e;

	if (c->config_path)
		return conf_read(c->config_path, out, fault);
	e = c->db_path ? ERR_NOT_FOUND : conf_read(CONF_FILE, out, fault);
	return e == ERR_NOT_FOUND ? conf_default(out) : e;
}

enum err ctl_configure(struct ctl *c, struct conf **out, struct fault *fault)
{
	const char *named = getenv("PARKMESH_DB");
	enum err e;

	if (!c->db_path && !c->config_path && named && named[0])
		c->db_path = named;
	e = read_conf(c, out, fault);
	if (e != ERR_NONE)
		return e;
	c->conf = *out;
	if (!c->db_path)
		c->db_path = c->conf->database;
	if (!c->notify_path && ctl_of_machine(c))
		c->notify_path = c->conf->notify;
	return ERR_NONE;
}

bool ctl_of_machine(const struct ctl *c)
{
	return strcmp(c->db_path, c->conf->database) == 0;
}

/* --- owner ----------------------------------------------------------------------------------------------------------- */

/* With the groups of that account, or, if there is none of that number, with the folder's group. */
static bool become(uid_t uid, gid_t gid)
{
	char room[PASSWD_SIZE];
	struct passwd entry, *found = NULL;

	if (getpwuid_r(uid, &entry, room, sizeof room, &found) == 0 && found) {
		gid = found->pw_gid;
		if (initgroups(found->pw_name, gid) < 0)
			return false;
	} else if (setgroups(1, &gid) < 0) {
		return false;
	}
	return setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0;
}

enum err ctl_become_owner(const struct ctl *c, struct fault *fault)
{
	const char *slash = strrchr(c->db_path, '/');
	char folder[PATH_SIZE] = ".";
	struct stat st;

	if (geteuid() != 0)
		return ERR_NONE;
	if (slash && !text_format(folder, sizeof folder, "%.*s", (int)(slash + 1 - c->db_path), c->db_path))
		return fault_set(fault, ERR_INVALID, "path_too_long", "", "The path of the database is too long.");
	if (stat(folder, &st) < 0 || st.st_uid == 0)
		return ERR_NONE; /* whoever opens the database says that it is not there */
	if (become(st.st_uid, st.st_gid))
		return ERR_NONE;
	return fault_set(fault, ERR_SYSTEM, "owner", "", "%.100s belongs to another user, who cannot be become from here: %s. Run it as that "
		"user.", folder, strerror(errno));
}
