#include "program.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "store/db.h"
#include "store/db_internal.h"
#include "vfs.h"
#include "wire/record.h"

static bool old_version;
static struct disk *blank;

enum err __real_record_parse(const char *line, size_t len, struct record *out);
enum err __wrap_record_parse(const char *line, size_t len, struct record *out);

enum err __wrap_record_parse(const char *line, size_t len, struct record *out)
{
	enum err e = __real_record_parse(line, len, out);
	if (e == ERR_NONE && old_version && (out->type == RECORD_CORRECTION || out->type == RECORD_VOID)) {
		out->type = RECORD_UNKNOWN;
		out->readable = false;
	}
	return e;
}

void program_is(bool old)
{
	old_version = old;
}

const struct disk *program_blank(const char *folder)
{
	char path[DISK_NAME];
	struct db *db = NULL;
	struct fault fault;
	if (blank)
		return blank;
	(void)text_format(path, sizeof(path), "%s/blank.db", folder);
	blank = disk_new(path, 1);
	vfs_add(blank);
	if (db_open(path, DB_WRITE, &db, &fault) != ERR_NONE)
		abort();
	program_checkpoint(db, true);
	db_close(db);
	vfs_remove(blank);
	return blank;
}

void program_end(void)
{
	disk_free(blank);
	blank = NULL;
}

void program_checkpoint(struct db *db, bool large)
{
	(void)(large ? db_checkpoint_now(db, SQLITE_CHECKPOINT_TRUNCATE) : db_checkpoint(db, 0));
}

void program_clear(const char *folder)
{
	char path[DISK_NAME + 256];
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	while (dir && (entry = readdir(dir)) != NULL) {
		(void)text_format(path, sizeof(path), "%s/%s", folder, entry->d_name);
		(void)unlink(path);
	}
	if (dir)
		closedir(dir);
	(void)rmdir(folder);
}
