#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "base/zone.h"
#include "command.h"
#include "copying.h"
#include "domain/backup.h"
#include "domain/ledger.h"
#include "domain/site.h"
#include "output.h"
#include "store/alone.h"
#include "store/audit.h"
#include "store/db.h"
#include "wire/json.h"

const char cmd_restore_usage[] =
	"Usage: parkmeshctl [--db PATH] [--json] restore FILE [--replace]\n"
	"Put a backup in the place of this central's database, after it was checked like parkmeshctl verify does. The services\n"
	"have to be stopped: systemctl stop parkmesh-fcgi.socket parkmesh-fcgi.service parkmesh-p2pd.service, or end the\n"
	"parkmesh-central of the folder. What was there is kept beside it as parkmesh.db-before-DATE-TIME.\n"
	"\n"
	"Start the services again afterwards. This central then writes new logs, and takes back from its peers what was written\n"
	"since the backup; only what no other central held is lost. All are told that it was rolled back. Everybody has to log\n"
	"in again. Accounts, passwords, tokens of edges, peers and the mesh secret are those of the backup: whoever was removed\n"
	"since then may come in again, so look through them.\n"
	"\n"
	"  --replace  also in the place of another central's database. One without any record, as a new installation has it,\n"
	"             gives way without.\n";

enum { OPTION_REPLACE };

#define BY "parkmeshctl"
#define PLACE "-restore"

struct restoring {
	const struct ctl *ctl;
	const char *file;
	char aside[COPYING_PATH];
	struct identity of;            /* whose the backup is; only its id, address and public key are kept */
	struct backup_row made;        /* made_ms 0: not made by parkmeshctl backup */
	bool kept, damaged;            /* was there a database; could it be read? */
	struct copying copying;
	struct verify_counts counts;
};

/* ---- may this one be put there? ---- */

static enum err who(struct db *db, struct identity *out)
{
	enum err e = identity_read(db, out);

	explicit_bzero(out->mesh_secret, sizeof out->mesh_secret);
	explicit_bzero(out->mesh_key, sizeof out->mesh_key);
	explicit_bzero(out->keys.secret_key, sizeof out->keys.secret_key);
	return e;
}

/* The database of PATH and the file are not one and the same, and the file is one that can be opened. */
static enum err look_at_file(struct restoring *r, struct fault *fault)
{
	struct stat file, held;

	if (stat(r->file, &file) != 0)
		return fault_set(fault, ERR_NOT_FOUND, "no_file", "", "%.150s: %s. Name a backup.", r->file, strerror(errno));
	if (!S_ISREG(file.st_mode))
		return fault_set(fault, ERR_INVALID, "no_file", "", "%.150s is not a file. Name a backup.", r->file);
	if (stat(r->ctl->db_path, &held) == 0 && held.st_dev == file.st_dev && held.st_ino == file.st_ino)
		return fault_set(fault, ERR_INVALID, "same_file", "", "%.150s is this central's database itself. Name a backup.", r->file);
	return ERR_NONE;
}

static enum err open_file(struct restoring *r, struct db **db, struct fault *fault)
{
	int64_t version = 0;
	enum err e = look_at_file(r, fault);

	if (e == ERR_NONE)
		e = db_open(r->file, DB_READ, db, fault);
	if (e != ERR_NONE)
		return e;
	e = db_file_version(*db, &version);
	if (e == ERR_NONE)
		e = version > 0 ? who(*db, &r->of) : ERR_CORRUPT;
	return e == ERR_NONE ? e : fault_set(fault, e, "no_backup", "", "%.150s is no backup of a central, or is damaged. Name another one.",
		r->file);
}

/* Whose database is there now? One that was never used gives way; of one that cannot be read nothing is known. */
static enum err look_at_held(struct restoring *r, struct fault *fault)
{
	struct fault ignored = {0};
	struct identity here;
	struct held_counts held = {0};
	struct db *db = NULL;
	enum err e = db_open(r->ctl->db_path, DB_READ, &db, &ignored);

	if (e == ERR_NONE)
		e = who(db, &here);
	if (e == ERR_NONE)
		e = held_count(db, &held);
	db_close(db);
	r->damaged = e != ERR_NONE;
	if (e != ERR_NONE || held.records == 0 || r->ctl->option[OPTION_REPLACE])
		return ERR_NONE;
	if (strcmp(here.id, r->of.id) == 0 && memcmp(here.keys.public_key, r->of.keys.public_key, KEY_BYTES) == 0)
		return ERR_NONE;
	return fault_set(fault, ERR_CONFLICT, "other_central", "", "This backup is of %s, and the database here of %s%s. Name a backup of this "
		"one, or say --replace if this machine is to be that one from now on.", r->of.id, here.id,
		strcmp(here.id, r->of.id) == 0 ? " with another key" : "");
}

/* ---- making it ready ---- */

/* Bring it to this version's shape, have it read what it could not read then, and take out what must not come back. */
static enum err change_copy(struct restoring *r, struct fault *fault)
{
	const struct actor by = {BY, "", world_wall_ms(&r->ctl->world)};
	struct ledger *ledger = NULL;
	struct db *db = NULL;
	enum err e = db_open(r->copying.path, DB_APART, &db, fault);

	if (e == ERR_NONE)
		e = site_zone_use(db);
	if (e == ERR_NONE)
		e = ledger_open(db, "ctl", &r->ctl->world, &ledger);
	ledger_close(ledger);
	if (e == ERR_NONE)
		e = db_begin(db);
	if (e == ERR_NONE) {
		e = backup_put_back(db, &by, &r->made);
		if (e == ERR_NONE)
			e = db_commit(db);
		else
			db_rollback(db);
	}
	if (e != ERR_NONE && !fault->sentence[0])
		fault_set(fault, e, "damaged", "", "%.120s cannot be used: %.100s.", r->file, db_last_error(db));
	db_close(db);
	return e;
}

static enum err make_copy(struct restoring *r, struct db *from, struct fault *fault)
{
	char name[COPYING_PATH];
	enum err e = ERR_NONE;

	if (!text_format(name, sizeof name, "%s" PLACE, r->ctl->db_path))
		return fault_set(fault, ERR_INVALID, "path_too_long", "", "This path is too long.");
	e = copying_begin(&r->copying, r->ctl, name, fault);
	if (e == ERR_NONE)
		e = copying_run(&r->copying, from, fault);
	if (e == ERR_NONE)
		e = change_copy(r, fault);
	if (e == ERR_NONE)
		e = copying_check(&r->copying, &r->counts, fault);
	return e == ERR_NONE ? copying_sync(&r->copying, fault) : e;
}

/* ---- all of it ---- */

/* A name that is free: a second restore within a second, or one that was killed, has taken the first. */
static enum err name_aside(struct restoring *r, struct fault *fault)
{
	char when[ZONE_TEXT];
	struct stat st;

	zone_text(world_wall_ms(&r->ctl->world), when);
	for (int n = 1; n < 100; n++) {
		bool fits = text_format(r->aside, sizeof r->aside, "%s-before-%.4s%.2s%.2s-%.2s%.2s%.2s", r->ctl->db_path, when, when + 5, when + 8,
			when + 11, when + 14, when + 17);
		size_t len = strlen(r->aside);

		if (fits && n > 1)
			fits = text_format(r->aside + len, sizeof r->aside - len, "-%d", n);
		if (fits && lstat(r->aside, &st) != 0)
			return ERR_NONE;
	}
	return fault_set(fault, ERR_CONFLICT, "aside", "", "There is no free name to keep the present database under. Remove old ones beside "
		"%.100s, whose names end in -before-DATE-TIME.", r->ctl->db_path);
}

static enum err restore_alone(struct restoring *r, struct alone *alone, struct db *from, struct fault *fault)
{
	enum err e = alone->file >= 0 ? look_at_held(r, fault) : ERR_NONE;

	if (e == ERR_NONE)
		e = make_copy(r, from, fault);
	if (e == ERR_NONE)
		e = name_aside(r, fault);
	if (e == ERR_NONE)
		e = alone_replace(alone, r->ctl->db_path, r->copying.path, r->aside, &r->kept, fault);
	copying_drop(&r->copying);
	return e;
}

static enum err restore(struct restoring *r, struct fault *fault)
{
	struct alone alone;
	struct db *from = NULL;
	enum err e = open_file(r, &from, fault);

	if (e == ERR_NONE)
		e = ctl_become_owner(r->ctl, fault);
	if (e == ERR_NONE) {
		e = alone_take(r->ctl->db_path, &alone, fault);
		if (e == ERR_NONE) {
			e = restore_alone(r, &alone, from, fault);
			alone_end(&alone);
		}
	}
	db_close(from);
	return e;
}

static enum ctl_end tell(const struct restoring *r)
{
	struct buf out;
	char when[24];

	output_time(r->made.made_ms, when);
	if (!r->ctl->json) {
		printf("This is %s%s%s again: %" PRId64 " records in %" PRId64 " logs, checked.\n", r->of.id, r->made.made_ms > 0 ? " as of " : "",
			r->made.made_ms > 0 ? when : "", r->counts.records, r->counts.logs);
		if (r->kept)
			printf("The database before it is kept as %s%s; remove it once all is well.\n", r->aside,
				r->damaged ? " (it cannot be read)" : "");
		printf("Start the services; what was written since then comes back from the other centrals.\n"
			"Everybody has to log in again. Accounts, passwords, tokens of edges, peers and the mesh secret are those of then:\n"
			"look through them for what was changed since.\n");
		return output_done();
	}
	output_begin(&out);
	json_add_text(&out, "central", r->of.id);
	json_add_integer(&out, "made_at", r->made.made_ms);
	json_add_integer(&out, "logs", r->counts.logs);
	json_add_integer(&out, "records", r->counts.records);
	json_add_integer(&out, "rows", r->counts.rows);
	json_add_text(&out, "kept", r->kept ? r->aside : NULL);
	return output_object(&out);
}

enum ctl_end cmd_restore(const struct ctl *c)
{
	struct restoring r = {.ctl = c, .file = c->word[0], .copying.fd = -1};
	struct fault fault = {0};
	enum err e = restore(&r, &fault);

	return e == ERR_NONE ? tell(&r) : output_failed(c, e, &fault);
}
