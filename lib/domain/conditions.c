#include "domain/conditions.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/conflicts.h"
#include "store/logs.h"

static const char *const name[CONDITION_CODES] = {
	[CONDITION_UNWRITABLE] = "unwritable",
	[CONDITION_DISK_LOW] = "disk_low",
	[CONDITION_P2PD_DOWN] = "p2pd_down",
	[CONDITION_PEER_REFUSED] = "peer_refused",
	[CONDITION_PEER_DOWN] = "peer_down",
	[CONDITION_CLOCK_OFF] = "clock_off",
	[CONDITION_CONFLICTS] = "conflicts",
	[CONDITION_UNREADABLE] = "unreadable",
};

const char *condition_name(enum condition_code code)
{
	return name[code];
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
		e = add_mesh(db, now->now_ms, &l);
	*count = l.count;
	return e;
}
