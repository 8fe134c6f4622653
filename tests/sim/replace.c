#include "replace.h"

#include <string.h>

#include "base/text.h"
#include "gates.h"
#include "look.h"
#include "program.h"
#include "sim.h"
#include "store/db_internal.h"

static int64_t soon(struct sim *s)
{
	return s->now_us + (int64_t)sim_below(s, 10 * SECOND);
}

/* Do this on a connection of its own, in a transaction. */
static void change_rows(struct node *x, enum err (*change)(struct db *db, void *arg), void *arg)
{
	struct db *db = NULL;
	struct fault fault;
	x->disk->calm++;
	enum err e = db_open(x->disk->path, DB_WRITE, &db, &fault);
	if (e == ERR_NONE)
		e = db_begin(db);
	if (e == ERR_NONE) {
		e = change(db, arg);
		if (e == ERR_NONE)
			e = db_commit(db);
		else
			db_rollback(db);
	}
	if (e != ERR_NONE)
		sim_fail(x->sim, "%s: rows cannot be changed: %s", x->id, err_name(e));
	db_close(db);
	x->disk->calm--;
}

static enum err renew_owed(struct db *db, void *arg)
{
	struct node *x = arg;
	owed_renew(&x->owed, db);
	return ERR_NONE;
}

/* As the older program had marked them by itself: what it could not read is merged again by the newer one. */
static enum err mark_unread(struct db *db, void *arg)
{
	(void)arg;
	return sqlite3_exec(db->handle, "UPDATE record_rows SET unread = 1 WHERE unread > 0", NULL, NULL, NULL) == SQLITE_OK ? ERR_NONE
		: ERR_UNAVAILABLE;
}

static void stop(struct node *x)
{
	node_power_cut(x, NEVER);
	x->older = true;
}

static void start(struct sim *s, struct node *x)
{
	change_rows(x, renew_owed, x);
	x->gate.starts_us = soon(s);
	x->mesh_process.starts_us = soon(s);
}

/* Nobody is heard by it, nor hears it, for a while in which it goes on. */
static void work_alone(struct sim *s, struct node *x)
{
	struct path before[NODES_MAX + 1][NODES_MAX + 1];
	memcpy(before, s->net.path, sizeof(before));
	for (int k = 1; k <= s->count; k++)
		s->net.path[x->place][k].cut = s->net.path[k][x->place].cut = true;
	for (uint64_t k = sim_below(s, 8); k > 0; k--) {
		sim_time(s, (int64_t)sim_below(s, 6 * SECOND));
		gates_work(x);
	}
	memcpy(s->net.path, before, sizeof(before));
}

void replace_put_back(struct sim *s, struct node *x)
{
	if (!x->copies) {
		x->copies = disk_copy(x->disk);
		return;
	}
	stop(x);
	disk_restore(x->disk, x->copies);
	disk_free(x->copies);
	x->copies = NULL;
	if (!x->old_version)
		change_rows(x, mark_unread, NULL); /* it may be of a time before the newer program came */
	start(s, x);
	sim_say(s, "%s: its database is an older one", x->id);
	if (sim_one_in(s, 2))
		work_alone(s, x);
}

/* ---- new databases ---- */

struct wanted { struct node *node; struct identity self; bool keep_keys; };

static enum err take_identity(struct db *db, void *arg)
{
	struct wanted *w = arg;
	return identity_read(db, &w->self);
}

static enum err give_identity(struct db *db, void *arg)
{
	const struct wanted *w = arg;
	struct identity self;
	enum err e = site_first_start(db, &w->node->world);
	if (e == ERR_NONE)
		e = identity_read(db, &self);
	if (e != ERR_NONE)
		return e;
	struct key_pair fresh = self.keys;
	self = w->self;
	if (!w->keep_keys)
		self.keys = fresh;
	return identity_write(db, &self);
}

static enum err read_places(struct db *db, void *arg)
{
	unsigned *places = arg;
	for (int k = 1; k <= NODES_MAX; k++)
		if (look_int(db, "SELECT count(*) FROM peers WHERE ?1 IS NULL AND p2p_port = ?2", NULL, k) > 0)
			*places |= 1u << k;
	return ERR_NONE;
}

static unsigned configured(struct node *x)
{
	unsigned places = 0;
	change_rows(x, read_places, &places);
	return places;
}

static void wipe(struct sim *s, struct node *x, bool keep_keys)
{
	struct wanted w = {.node = x, .keep_keys = keep_keys};
	unsigned places = configured(x);
	if (!x->gate.db && !x->mesh)
		return; /* nobody does this to a central that is down already */
	stop(x);
	change_rows(x, take_identity, &w);
	disk_restore(x->disk, program_blank(s->folder));
	change_rows(x, give_identity, &w);
	node_peers(x, places);
	start(s, x);
}

void replace_forget(struct sim *s, struct node *x)
{
	wipe(s, x, true);
}

void replace_new_keys(struct sim *s, struct node *x)
{
	disk_free(x->copies); /* of another identity */
	x->copies = NULL;
	wipe(s, x, false);
}

void replace_other(struct sim *s, struct node *x)
{
	int place = x->place;
	unsigned places[NODES_MAX + 1] = {0};
	char number[8];
	if (!x->gate.db && !x->mesh)
		return;
	for (int k = 1; k <= s->count; k++)
		if (!s->node[k]->gate.db && !s->node[k]->mesh)
			return; /* its configuration cannot follow */
	for (int k = 1; k <= s->count; k++)
		places[k] = configured(s->node[k]);
	(void)text_copy(number, sizeof(number), x->id + strlen("central-"));
	stop(x);
	node_free(x);
	s->node[place] = NULL;
	s->node[place] = x = node_new(s, place, number[1] ? place : place + 10);
	x->older = true;
	for (int k = 1; k <= s->count; k++)
		node_peers(s->node[k], places[k]);
}

/* ---- versions ---- */

void replace_upgrade(struct sim *s, struct node *x)
{
	node_kill(x, PROCESS_GATE, NEVER);
	node_kill(x, PROCESS_MESH, NEVER);
	change_rows(x, mark_unread, NULL);
	x->old_version = false;
	x->gate.starts_us = soon(s);
	x->mesh_process.starts_us = soon(s);
}

/* ---- keys ---- */

static enum err repin(struct db *db, void *arg)
{
	struct fault fault;
	enum err e = site_peer_repin(db, NULL, arg, NULL, &fault);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

void replace_repin(struct sim *s)
{
	for (int k = 1; k <= s->count; k++)
		for (int other = 1; other <= s->count; other++)
			if (other != k && s->node[other]->older)
				change_rows(s->node[k], repin, s->node[other]->id);
}

/* A database that was put back may name centrals that have been replaced since. */
void replace_configure(struct sim *s)
{
	for (int k = 1; k <= s->count; k++)
		node_peers(s->node[k], configured(s->node[k]));
}
