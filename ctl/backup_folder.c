#include "backup_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/zone.h"
#include "copying.h"

#define STAMP 15        /* "YYYYMMDD-HHMMSS" */
#define NAMES_MAX 20000 /* some fifty years */
#define NAME_SIZE 128

static void stamp(int64_t ms, char out[STAMP + 1])
{
	char text[ZONE_TEXT];

	zone_text(ms, text);
	text_format(out, STAMP + 1, "%.4s%.2s%.2s-%.2s%.2s%.2s", text, text + 5, text + 8, text + 11, text + 14, text + 17);
}

enum err folder_name(const char *folder, const char *central, int64_t now_ms, char *out, size_t size, struct fault *fault)
{
	char when[STAMP + 1];

	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		return fault_set(fault, ERR_UNAVAILABLE, "folder", "", "%.150s cannot be made: %s.", folder, strerror(errno));
	stamp(now_ms, when);
	if (text_format(out, size, "%s/parkmesh_%s_%s.db", folder, central, when))
		return ERR_NONE;
	return fault_set(fault, ERR_INVALID, "path_too_long", "", "This path is too long.");
}

/* Is this "parkmesh_<central>_<digits>-<digits>.db" followed by suffix? *when points to the digits. */
static bool is_ours(const char *name, const char *central, const char *suffix, const char **when)
{
	char start[CENTRAL_ID_SIZE + 16], end[24];

	text_format(start, sizeof start, "parkmesh_%s_", central);
	text_format(end, sizeof end, ".db%s", suffix);
	if (strncmp(name, start, strlen(start)) != 0)
		return false;
	*when = name + strlen(start);
	for (int i = 0; i < STAMP; i++) {
		if (i == 8 ? (*when)[i] != '-' : (*when)[i] < '0' || (*when)[i] > '9')
			return false;
	}
	return strcmp(*when + STAMP, end) == 0;
}

struct names { char (*name)[NAME_SIZE]; size_t count, room; };

static enum err add(struct names *n, const char *name)
{
	if (n->count == n->room) {
		size_t room = n->room ? 2 * n->room : 64;
		void *more = room > NAMES_MAX ? NULL : reallocarray(n->name, room, NAME_SIZE);

		if (!more)
			return ERR_MEMORY;
		n->name = more;
		n->room = room;
	}
	text_copy(n->name[n->count++], NAME_SIZE, name);
	return ERR_NONE;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* What a run that was killed left; one that is at work holds its lock. */
static void remove_partial(int dir, const char *name)
{
	static const char *const beside[] = {"-journal", "-wal", "-shm", ""};
	int fd = openat(dir, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
			char more[NAME_SIZE];

			if (text_format(more, sizeof more, "%s%s", name, beside[i]))
				unlinkat(dir, more, 0);
		}
	}
	close(fd);
}

static bool is_file(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

static enum err collect(DIR *dir, const char *central, struct names *out)
{
	const struct dirent *entry;
	const char *when;
	enum err e = ERR_NONE;

	while (e == ERR_NONE && (entry = readdir(dir)) != NULL) {
		if (!is_file(dirfd(dir), entry->d_name))
			continue;
		if (is_ours(entry->d_name, central, "", &when))
			e = add(out, entry->d_name);
		else if (is_ours(entry->d_name, central, COPYING_SUFFIX, &when))
			remove_partial(dirfd(dir), entry->d_name);
	}
	return e;
}

static enum err remove_old(int dir, const char *central, const struct names *n, const char *before, size_t *removed)
{
	enum err e = ERR_NONE;
	const char *when;

	for (size_t i = 0; e == ERR_NONE && i + FOLDER_LEAST < n->count; i++) {
		if (!is_ours(n->name[i], central, "", &when) || strncmp(when, before, STAMP) >= 0)
			continue;
		if (unlinkat(dir, n->name[i], 0) == 0)
			++*removed;
		else
			e = ERR_SYSTEM;
	}
	return e;
}

enum err folder_tidy(const char *folder, const char *central, int64_t before_ms, size_t *removed, struct fault *fault)
{
	DIR *dir = opendir(folder);
	struct names n = {NULL, 0, 0};
	char before[STAMP + 1];
	enum err e = dir ? collect(dir, central, &n) : ERR_SYSTEM;

	*removed = 0;
	if (e == ERR_NONE && n.count > 0) {
		qsort(n.name, n.count, NAME_SIZE, by_name);
		stamp(before_ms, before);
		e = remove_old(dirfd(dir), central, &n, before, removed);
	}
	if (dir)
		closedir(dir);
	free(n.name);
	return e == ERR_NONE ? e : fault_set(fault, e, "folder", "", "The backup is made, but old ones in %.120s cannot be removed: %s.", folder,
		strerror(errno));
}
