#include "status.h"

#include <string.h>

#include "base/journal.h"
#include "base/text.h"
#include "base/usage.h"
#include "legacy.h"
#include "mesh.h"
#include "store/db.h"

void status_open(struct status *s, struct db *db)
{
	*s = (struct status){0};
	enum err e = peer_status_list(db, s->written, STATUS_PEERS, &s->count);
	if (e)
		journal_error("event=status_unreadable error=%s", err_name(e));
}

/* Both only grow. */
static uint64_t version(const struct status *s, const struct mesh *m)
{
	return mesh_version(m) + (s->old ? legacy_version(s->old) : 0);
}

bool status_urgent(const struct status *s, const struct mesh *m)
{
	return version(s, m) != s->version;
}

static const struct peer_status *row_of(const struct peer_status *rows, size_t count, const char *id)
{
	for (size_t k = 0; k < count; k++)
		if (strcmp(rows[k].id, id) == 0)
			return &rows[k];
	return NULL;
}

/* Do they differ in what is worth a write at once? */
static bool differs(const struct peer_status *a, const struct peer_status *b)
{
	return strcmp(a->state, b->state) != 0 || strcmp(a->why.sentence, b->why.sentence) != 0 || strcmp(a->ip, b->ip) != 0 ||
		a->port != b->port || a->configured != b->configured || a->connected != b->connected || a->behind != b->behind ||
		a->ahead != b->ahead || a->clock_known != b->clock_known || a->key_known != b->key_known ||
		memcmp(a->public_key, b->public_key, KEY_BYTES) != 0 || a->tls != b->tls;
}

static enum err write_peers(struct db *db, const struct status *s, const struct peer_status *rows, size_t count, bool all,
	int64_t now_ms)
{
	enum err e = ERR_NONE;
	for (size_t k = 0; !e && k < count; k++) {
		const struct peer_status *before = row_of(s->written, s->count, rows[k].id);
		if (all || !before || differs(before, &rows[k]))
			e = peer_status_write(db, &rows[k], now_ms);
	}
	for (size_t k = 0; !e && k < s->count; k++)
		if (!row_of(rows, count, s->written[k].id))
			e = peer_status_delete(db, s->written[k].id);
	return e;
}

static enum err write_synced(struct db *db, const struct sync_state *rows, size_t count, int64_t now_ms)
{
	enum err e = ERR_NONE;
	for (size_t k = 0; !e && k < count; k++) {
		struct sync_state row = rows[k];
		row.updated_ms = now_ms;
		e = sync_state_write(db, &row);
	}
	return e;
}

/* What came to each count since it was last written. */
static enum err write_counts(struct db *db, const struct status *s, const struct mesh_count *rows, size_t count, int64_t now_ms)
{
	enum err e = ERR_NONE;
	for (size_t k = 0; !e && k < count; k++) {
		struct mesh_count more = rows[k];
		for (size_t i = 0; i < s->counted_count; i++)
			if (strcmp(s->counted[i].kind, more.kind) == 0 && strcmp(s->counted[i].cause, more.cause) == 0)
				more.count -= s->counted[i].count;
		more.last_ms = now_ms;
		if (more.count > 0)
			e = mesh_count_add(db, &more);
	}
	return e;
}

static bool any_differs(const struct status *s, const struct peer_status *rows, size_t count)
{
	bool differ = count != s->count;
	for (size_t k = 0; !differ && k < count; k++) {
		const struct peer_status *before = row_of(s->written, s->count, rows[k].id);
		differ = !before || differs(before, &rows[k]);
	}
	return differ;
}

/* Rows that are to be written. */
struct news {
	struct mesh_status mesh;
	struct peer_status peers[STATUS_PEERS];
	struct sync_state synced[STATUS_PEERS];
	struct mesh_count counts[MESH_COUNTS_MAX];
	size_t peer_count, synced_count, count_count;
	bool all;                /* also peers of which only numbers moved, and what they claim */
	struct claims claims;
};

static enum err write_rows(struct db *db, const struct status *s, const struct news *n)
{
	enum err e = write_peers(db, s, n->peers, n->peer_count, n->all, n->mesh.updated_ms);
	if (!e)
		e = write_synced(db, n->synced, n->synced_count, n->mesh.updated_ms);
	if (!e)
		e = write_counts(db, s, n->counts, n->count_count, n->mesh.updated_ms);
	if (!e && n->all)
		e = claims_write(db, s->claims_known ? &s->claims : NULL, &n->claims);
	return e ? e : mesh_status_write(db, &n->mesh);
}

/* A full disk stays full for a while: told once, not every second. */
static void note_failing(struct status *s, enum err e)
{
	if (e && !s->failing)
		journal_error("event=status_unwritable error=%s", err_name(e));
	if (!e && s->failing)
		journal_info("event=status_writable_again");
	s->failing = e != ERR_NONE;
}

static void write_all(struct status *s, struct db *db, const struct news *n)
{
	enum err e = db_begin(db);
	if (!e) {
		e = write_rows(db, s, n);
		if (e)
			db_rollback(db);
		else
			e = db_commit(db);
	}
	note_failing(s, e);
	if (e)
		return;
	memcpy(s->written, n->peers, n->peer_count * sizeof(n->peers[0]));
	s->count = n->peer_count;
	memcpy(s->counted, n->counts, n->count_count * sizeof(n->counts[0]));
	s->counted_count = n->count_count;
	if (n->all) {
		s->claims = n->claims;
		s->claims_known = true;
	}
}

static bool same_words(const struct mesh_status *a, const struct mesh_status *b)
{
	return strcmp(a->error, b->error) == 0 && strcmp(a->certificate, b->certificate) == 0 &&
		strcmp(a->certificate_error, b->certificate_error) == 0;
}

/* An old central that was replaced, but is still configured as one, may be in the mesh by the same id: it is shown as that. */
static size_t add_old(const struct status *s, struct peer_status *out, size_t count)
{
	struct peer_status rows[PEERS_MAX];
	size_t olds = s->old ? legacy_statuses(s->old, rows, PEERS_MAX) : 0;
	for (size_t k = 0; k < olds && count < STATUS_PEERS; k++)
		if (!row_of(out, count, rows[k].id))
			out[count++] = rows[k];
	return count;
}

/* Only for a row that is written: the system is asked for it, and mostly nothing is to be written. */
static void add_usage(struct mesh_status *out)
{
	struct usage usage;
	usage_look(&usage);
	out->cpu_us = usage.cpu_us;
	out->resident_bytes = usage.resident_bytes;
}

static void add_counts(const struct status *s, const struct mesh *m, struct mesh_status *out)
{
	out->messages_sent = mesh_counts(m)->sent + (s->old ? legacy_counts(s->old)->sent : 0);
	out->messages_received = mesh_counts(m)->received + (s->old ? legacy_counts(s->old)->received : 0);
}

void status_write(struct status *s, struct db *db, struct mesh *m, const struct mesh_status *said, const struct world *world)
{
	struct news n = {.mesh = *said};
	add_counts(s, m, &n.mesh);
	n.mesh.updated_ms = world_wall_ms(world);
	n.mesh.started_ms = s->started_ms;
	int64_t now = world_mono_ms(world);
	n.all = now >= s->due_ms;
	n.peer_count = add_old(s, n.peers, mesh_peer_statuses(m, n.peers, STATUS_PEERS));
	if (!n.all && same_words(&s->said, said) && !any_differs(s, n.peers, n.peer_count)) {
		s->version = version(s, m);
		return;
	}
	add_usage(&n.mesh);
	n.synced_count = mesh_sync_states(m, n.synced, STATUS_PEERS);
	n.count_count = counts_rows(mesh_counts(m), n.counts);
	if (n.all)
		claims_read(m, &n.claims);
	write_all(s, db, &n);
	s->version = version(s, m);
	s->said = *said;
	if (n.all)
		s->due_ms = now + STATUS_MS;
}

void status_close(struct status *s, struct db *db, const struct mesh *m, const struct world *world)
{
	struct news n = {.mesh = {.updated_ms = world_wall_ms(world)}, .peer_count = s->count, .all = true};
	for (size_t k = 0; k < s->count; k++) {
		n.peers[k] = s->written[k];
		n.peers[k].connected = n.peers[k].tls = false;
		(void)text_copy(n.peers[k].state, sizeof(n.peers[k].state), "waiting");
	}
	n.count_count = counts_rows(mesh_counts(m), n.counts);
	(void)text_copy(n.mesh.error, sizeof(n.mesh.error), "p2pd was stopped.");
	n.claims = s->claims;
	write_all(s, db, &n);
}
