#include "domain/conditions.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/backup.h"
#include "store/conflicts.h"
#include "store/logs.h"

static const char *const name[CONDITION_CODES] = {
	[CONDITION_UNWRITABLE] = "unwritable",
	[CONDITION_DISK_LOW] = "disk_low",
	[CONDITION_CERTIFICATE] = "certificate",
	[CONDITION_P2PD_DOWN] = "p2pd_down",
	[CONDITION_PEER_REFUSED] = "peer_refused",
	[CONDITION_PEER_DOWN] = "peer_down",
	[CONDITION_CLOCK_OFF] = "clock_off",
	[CONDITION_CONFLICTS] = "conflicts",
	[CONDITION_BACKUP_OLD] = "backup_old",
	[CONDITION_UNREADABLE] = "unreadable",
};

const char *condition_name(enum condition_code code)
{
	return name[code];
}

static void clock_sentence(const struct condition *c, char *out)
{
	int64_t s = (c->number < 0 ? -c->number : c->number) / 1000;

	text_format(out, CONDITION_SENTENCE_SIZE, "The clock of %s is %" PRId64 " s %s this machine's. Entries and exits may be told in the "
		"wrong order. Set the clock that is wrong, and switch on time synchronisation (NTP) on both.", c->central, s,
		c->number > 0 ? "ahead of" : "behind");
}

static void peer_sentence(const struct condition *c, const char *what, const char *otherwise, char *out)
{
	text_format(out, CONDITION_SENTENCE_SIZE, "%s %s: %s", c->central, what, c->why.sentence[0] != '\0' ? c->why.sentence : otherwise);
}

static void backup_sentence(const struct condition *c, char *out)
{
	static const char what[] = "If this machine is lost, what no other central holds is lost with it. See by \"systemctl status "
		"parkmesh-backup\" why, or make one by \"parkmeshctl backup\".";

	if (c->number > 0)
		text_format(out, CONDITION_SENTENCE_SIZE, "The last good backup of the database is %" PRId64 " hours old. %s", c->number / 3600000,
			what);
	else
		text_format(out, CONDITION_SENTENCE_SIZE, "There has been no good backup of the database yet. %s", what);
}

void condition_sentence(const struct condition *c, char out[CONDITION_SENTENCE_SIZE])
{
	const char *more = c->number >= CONDITION_COUNT_MAX ? "or more " : "";

	out[0] = '\0';
	switch (c->code) {
	case CONDITION_UNWRITABLE:
		text_copy(out, CONDITION_SENTENCE_SIZE, "The database cannot be written: gates cannot note entries and exits. See at once whether "
			"the disk has room and can be written.");
		break;
	case CONDITION_DISK_LOW:
		text_format(out, CONDITION_SENTENCE_SIZE, "Only %" PRId64 " MiB of the disk are free. Records of other centrals are not taken for "
			"now. Delete files, or move the database to a larger disk.", c->number / (1024 * 1024));
		break;
	case CONDITION_P2PD_DOWN:
		text_copy(out, CONDITION_SENTENCE_SIZE, "p2pd does not run. The gates work as usual, but history is not exchanged with other "
			"centrals. Restart p2pd and look at the system's journal.");
		break;
	case CONDITION_CERTIFICATE:
		text_copy(out, CONDITION_SENTENCE_SIZE, "The certificate or key for connections between centrals cannot be used; another one is "
			"shown meanwhile. \"parkmeshctl status\" says what is wrong.");
		break;
	case CONDITION_PEER_REFUSED:
		peer_sentence(c, "refuses the connection", "see that both machines have the same mesh secret, and compare the fingerprints of "
			"their keys.", out);
		break;
	case CONDITION_PEER_DOWN:
		peer_sentence(c, "is not connected", "see whether the machine there runs, then check network and address.", out);
		break;
	case CONDITION_CLOCK_OFF:
		clock_sentence(c, out);
		break;
	case CONDITION_CONFLICTS:
		text_format(out, CONDITION_SENTENCE_SIZE, "%" PRId64 " %sconflicts have not been looked at. Open each of them on the page of "
			"conflicts, correct the stay if need be, and mark it as looked at.", c->number, more);
		break;
	case CONDITION_BACKUP_OLD:
		backup_sentence(c, out);
		break;
	case CONDITION_UNREADABLE:
		text_format(out, CONDITION_SENTENCE_SIZE, "%" PRId64 " %srecords cannot be read by this version; they are kept but are not in the "
			"history yet. Update parkmesh on this machine.", c->number, more);
		break;
	case CONDITION_CODES:
		break;
	}
}

struct list { struct condition *out; size_t count; };

static struct condition *add(struct list *l, enum condition_code code, const char *central, int64_t number, int64_t since_ms)
{
	struct condition *c = &l->out[l->count++];

	*c = (struct condition){ .code = code, .number = number, .since_ms = since_ms };
	text_copy(c->central, sizeof(c->central), central);
	return c;
}

static enum err add_unreadable(struct db *db, struct list *l)
{
	int64_t unread = 0;
	enum err e = record_count_unread(db, CONDITION_COUNT_MAX, &unread);

	if (e == ERR_NONE && unread > 0)
		add(l, CONDITION_UNREADABLE, "", unread, 0);
	return e;
}

static enum err add_conflicts(struct db *db, struct list *l)
{
	int64_t open = 0;
	enum err e = conflicts_open_count(db, &open);

	if (e == ERR_NONE && open > 0)
		add(l, CONDITION_CONFLICTS, "", open, 0);
	return e;
}

static enum err add_backup(struct db *db, int64_t now_ms, struct list *l)
{
	struct backup_row made;
	enum err e = backup_read(db, &made);

	if (e == ERR_NONE && backup_is_old(&made, now_ms))
		add(l, CONDITION_BACKUP_OLD, "", made.made_ms > 0 ? now_ms - made.made_ms : 0, 0);
	return e;
}

/* ---- peers ---- */

struct rows {
	struct peer_row peer[PEERS_MAX];
	struct peer_status status[2 * PEERS_MAX];
	size_t peers, statuses;
};

static enum err read_rows(struct db *db, struct rows *r)
{
	enum err e = peer_list(db, r->peer, PEERS_MAX, &r->peers);

	return e == ERR_NONE ? peer_status_list(db, r->status, 2 * PEERS_MAX, &r->statuses) : e;
}

static const struct peer_status *status_of(const struct rows *r, const char *id)
{
	for (size_t i = 0; i < r->statuses; i++)
		if (strcmp(r->status[i].id, id) == 0)
			return &r->status[i];
	return NULL;
}

/* A peer that has only just been configured has no row yet. */
static void add_peers(const struct rows *r, struct list *l)
{
	for (size_t i = 0; i < r->peers; i++) {
		const struct peer_status *s = status_of(r, r->peer[i].id);
		enum condition_code code = CONDITION_PEER_DOWN;

		if (s == NULL || s->connected)
			continue;
		if (strcmp(s->state, "refused") == 0)
			code = CONDITION_PEER_REFUSED;
		add(l, code, s->id, 0, s->last_ping_ms)->why = s->why;
	}
}

/* Of any central that is connected, configured or not. */
static void add_clocks(const struct rows *r, struct list *l)
{
	for (size_t i = 0; i < r->statuses && l->count < CONDITIONS_MAX; i++) {
		const struct peer_status *s = &r->status[i];

		if (s->connected && s->clock_known && (s->clock_offset_ms > CLOCK_OFF_MS || s->clock_offset_ms < -CLOCK_OFF_MS))
			add(l, CONDITION_CLOCK_OFF, s->id, s->clock_offset_ms, 0);
	}
}

static enum err add_mesh(struct db *db, int64_t now_ms, struct list *l)
{
	struct mesh_status mesh = { 0 };
	struct rows *r;
	enum err e = mesh_status_read(db, &mesh);

	if (e != ERR_NONE && e != ERR_NOT_FOUND)
		return e;
	if (e == ERR_NOT_FOUND || !mesh_running(&mesh, now_ms)) {
		add(l, CONDITION_P2PD_DOWN, "", 0, mesh.updated_ms);
		return ERR_NONE;
	}
	if (mesh.certificate_error[0] != '\0')
		add(l, CONDITION_CERTIFICATE, "", 0, 0);
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return ERR_MEMORY;
	e = read_rows(db, r);
	if (e == ERR_NONE) {
		add_peers(r, l);
		add_clocks(r, l);
	}
	free(r);
	return e;
}

enum err conditions_list(struct db *db, const struct circumstances *now, struct condition *out, size_t *count)
{
	struct list l = { .out = out };
	enum err e;

	if (now->unwritable)
		add(&l, CONDITION_UNWRITABLE, "", 0, 0);
	if (disk_low(&now->disk))
		add(&l, CONDITION_DISK_LOW, "", now->disk.free, 0);
	e = add_unreadable(db, &l);
	if (e == ERR_NONE)
		e = add_conflicts(db, &l);
	if (e == ERR_NONE)
		e = add_backup(db, now->now_ms, &l);
	if (e == ERR_NONE)
		e = add_mesh(db, now->now_ms, &l);
	*count = l.count;
	return e;
}
