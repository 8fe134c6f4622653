#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup_folder.h"
#include "base/text.h"
#include "command.h"
#include "conf.h"
#include "copying.h"
#include "domain/backup.h"
#include "domain/site.h"
#include "output.h"
#include "store/audit.h"
#include "store/db.h"
#include "wire/json.h"

const char cmd_backup_usage[] =
	"Usage: parkmeshctl [--db PATH] [--json] backup [FILE | [--folder DIR] [--keep-days N]]\n"
	"Copy this central's database as it is at one moment, while gates and peers go on, and check the copy: SQLite's integrity\n"
	"check, and all that parkmeshctl verify checks. Only a copy that was found good gets its name; FILE is replaced then.\n"
	"\n"
	"Without FILE it goes into a folder, named after the central and the time, and backups of this central older than\n"
	"N days are removed from there; the newest three always stay. This is what parkmesh-backup.timer does daily; the\n"
	"overview tells when there was none for 48 hours.\n"
	"\n"
	"  --folder DIR   the folder (default: backup_folder of the machine's configuration, else backup beside the database); made\n"
	"                 if it is missing\n"
	"  --keep-days N  1 to 3650 (default: backup_days of the configuration, which is 14 if not set)\n"
	"\n"
	"A backup holds the keys and the mesh secret of this central, and all plates: keep it as well as the machine itself, and\n"
	"on another disk. It needs no other file. Checking needs room for half of it in $TMPDIR, else in /var/tmp.\n";

enum { OPTION_FOLDER, OPTION_KEEP_DAYS };

#define KEEP_DAYS_MAX 3650
#define DAY_MS (24 * 60 * 60 * 1000LL)
#define FOLDER "backup"

struct backing {
	const struct ctl *ctl;
	bool into_folder;
	int64_t keep_days;
	char folder[COPYING_PATH], file[COPYING_PATH];
	char central[CENTRAL_ID_SIZE];
	struct copying copying;
	struct verify_counts counts;
	struct backup_row made;
	size_t removed;
};

/* ---- where it goes ---- */

/* What may be replaced: nothing, or a backup made before. Of a database in use the header says that it has a write-ahead log. */
static bool is_backup(const char *path)
{
	static const char format[] = "SQLite format 3";
	static const unsigned char ours[] = {0x70, 0x6b, 0x6d, 0x68}; /* application id, sqlite.org/fileformat2.html */
	unsigned char head[100];
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool whole = fd >= 0 && read(fd, head, sizeof head) == (ssize_t)sizeof head;

	if (fd >= 0)
		close(fd);
	return whole && memcmp(head, format, sizeof format) == 0 && head[18] == 1 && head[19] == 1 && memcmp(head + 68, ours, sizeof ours) == 0;
}

static enum err choose_file(struct backing *b, struct fault *fault)
{
	struct stat st;

	if (!text_copy(b->file, sizeof b->file, b->ctl->word[0]))
		return fault_set(fault, ERR_INVALID, "path_too_long", "", "This path is too long.");
	if (lstat(b->file, &st) == 0 && !is_backup(b->file))
		return fault_set(fault, ERR_CONFLICT, "file_exists", "", "%.150s is there and is no backup of a central, so it is not replaced. "
			"Name another file.", b->file);
	return ERR_NONE;
}

static enum err choose_folder(struct backing *b, struct fault *fault)
{
	const char *slash = strrchr(b->ctl->db_path, '/');
	const char *named = b->ctl->option[OPTION_FOLDER];
	bool fits;

	if (!named && ctl_of_machine(b->ctl))
		named = b->ctl->conf->backup_folder;
	fits = named ? text_copy(b->folder, sizeof b->folder, named)
		: text_format(b->folder, sizeof b->folder, "%.*s" FOLDER, slash ? (int)(slash + 1 - b->ctl->db_path) : 0, b->ctl->db_path);

	if (!fits)
		return fault_set(fault, ERR_INVALID, "path_too_long", "", "This path is too long.");
	return folder_name(b->folder, b->central, world_wall_ms(&b->ctl->world), b->file, sizeof b->file, fault);
}

/* ---- what is noted ---- */

static enum err expect(struct db *db, void *arg, struct fault *fault)
{
	const struct backing *b = arg;

	(void)fault;
	return backup_expect(db, world_wall_ms(&b->ctl->world));
}

static enum err note_made(struct db *db, void *arg, struct fault *fault)
{
	const struct backing *b = arg;

	(void)fault;
	return backup_write(db, &b->made);
}

/* The copy says of itself what it is, and holds nothing by which somebody is logged in. */
static enum err change_copy(struct backing *b, struct fault *fault)
{
	struct held_counts held;
	struct db *db = NULL;
	enum err e = db_open(b->copying.path, DB_APART, &db, fault);

	if (e == ERR_NONE)
		e = held_count(db, &held);
	if (e == ERR_NONE) {
		b->made = (struct backup_row){.made_ms = b->copying.moment_ms, .bytes = b->copying.bytes, .records = held.records};
		text_copy(b->made.place, sizeof b->made.place, b->file);
		e = db_begin(db);
	}
	if (e == ERR_NONE) {
		e = backup_mark(db, &b->made);
		if (e == ERR_NONE)
			e = db_commit(db);
		else
			db_rollback(db);
	}
	if (e != ERR_NONE && !fault->sentence[0])
		fault_set(fault, e, "copy", "", "The copy cannot be completed: %.150s.", db_last_error(db));
	db_close(db);
	return e;
}

/* ---- all of it ---- */

static enum err open_source(struct backing *b, struct db **db, struct fault *fault)
{
	struct identity self;
	enum err e = ctl_open_read(b->ctl, db, fault);

	if (e == ERR_NONE)
		e = identity_read(*db, &self);
	if (e == ERR_NONE)
		text_copy(b->central, sizeof b->central, self.id);
	explicit_bzero(&self, sizeof self);
	return e;
}

static enum err make(struct backing *b, struct db *db, struct fault *fault)
{
	enum err e = copying_begin(&b->copying, b->ctl, b->file, fault);

	if (e == ERR_NONE)
		e = copying_run(&b->copying, db, fault);
	if (e == ERR_NONE)
		e = change_copy(b, fault);
	if (e == ERR_NONE)
		e = copying_check(&b->copying, &b->counts, fault);
	if (e == ERR_NONE)
		e = copying_keep(&b->copying, b->file, fault);
	copying_drop(&b->copying);
	return e;
}

/* Pages and metrics tell when the last good one was made; by its path from anywhere. */
static enum err note(struct backing *b, struct fault *fault)
{
	char *whole = realpath(b->file, NULL);
	enum err e;

	if (whole)
		text_copy(b->made.place, sizeof b->made.place, whole);
	free(whole);
	e = ctl_change(b->ctl, note_made, b, fault);
	if (e != ERR_NONE && !fault->sentence[0])
		fault_set(fault, e, "not_noted", "", "The backup %.120s is good, but that cannot be noted in the database. Look whether its disk has "
			"room.", b->file);
	return e;
}

static enum err back_up(struct backing *b, struct fault *fault)
{
	struct db *db = NULL;
	enum err e = open_source(b, &db, fault);

	if (e == ERR_NONE && b->into_folder)
		e = ctl_change(b->ctl, expect, b, fault); /* first: one that fails from the beginning is told, too */
	if (e == ERR_NONE)
		e = b->into_folder ? choose_folder(b, fault) : choose_file(b, fault);
	if (e == ERR_NONE)
		e = make(b, db, fault);
	db_close(db);
	if (e == ERR_NONE)
		e = note(b, fault);
	if (e == ERR_NONE && b->into_folder)
		e = folder_tidy(b->folder, b->central, b->made.made_ms - b->keep_days * DAY_MS, &b->removed, fault);
	return e;
}

static enum ctl_end tell(const struct backing *b)
{
	struct buf out;

	if (!b->ctl->json) {
		printf("%s: %" PRId64 " records in %" PRId64 " logs, %" PRId64 " bytes, checked.\n", b->file, b->counts.records, b->counts.logs,
			b->made.bytes);
		if (b->removed > 0)
			printf("Removed: %zu older than %" PRId64 " days.\n", b->removed, b->keep_days);
		return output_done();
	}
	output_begin(&out);
	json_add_text(&out, "file", b->file);
	json_add_text(&out, "central", b->central);
	json_add_integer(&out, "made_at", b->made.made_ms);
	json_add_integer(&out, "bytes", b->made.bytes);
	json_add_integer(&out, "logs", b->counts.logs);
	json_add_integer(&out, "records", b->counts.records);
	json_add_integer(&out, "rows", b->counts.rows);
	json_add_integer(&out, "removed", (int64_t)b->removed);
	return output_object(&out);
}

static enum ctl_end wrong(const char *what)
{
	fprintf(stderr, "parkmeshctl: %s Try 'parkmeshctl backup --help'.\n", what);
	return CTL_WRONG;
}

enum ctl_end cmd_backup(const struct ctl *c)
{
	struct backing b = {.ctl = c, .into_folder = c->word[0] == NULL, .keep_days = c->conf->backup_days, .copying.fd = -1};
	const char *days = c->option[OPTION_KEEP_DAYS];
	struct fault fault = {0};
	enum err e;

	if (c->word[0] && (c->option[OPTION_FOLDER] || days))
		return wrong("Name a file or a folder, not both; of a file nothing older is removed.");
	if (days && (!number_parse(days, KEEP_DAYS_MAX, &b.keep_days) || b.keep_days < 1))
		return wrong("--keep-days is a number from 1 to 3650.");
	e = back_up(&b, &fault);
	return e == ERR_NONE ? tell(&b) : output_failed(c, e, &fault);
}
