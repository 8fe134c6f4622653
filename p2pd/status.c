#include "status.h"

#include <string.h>

#include "base/journal.h"
#include "base/text.h"
#include "mesh.h"
#include "store/db.h"

void status_open(struct status *s, struct db *db)
{
	*s = (struct status){0};
	enum err e = peer_status_list(db, s->written, STATUS_PEERS, &s->count);
	if (e)
		journal_error("event=status_unreadable error=%s", err_name(e));
}

bool status_urgent(const struct status *s, const struct mesh *m)
{
	return mesh_version(m) != s->version;
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
	return strcmp(a->state, b->state) != 0 || strcmp(a->last_error, b->last_error) != 0 || strcmp(a->ip, b->ip) != 0 ||
		a->port != b->port || a->configured != b->configured || a->connected != b->connected || a->behind != b->behind ||
		a->ahead != b->ahead || a->clock_known != b->clock_known || a->key_known != b->key_known ||
		memcmp(a->public_key, b->public_key, KEY_BYTES) != 0;
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

static bool any_differs(const struct status *s, const struct peer_status *rows, size_t count)
{
	bool differ = count != s->count;
	for (size_t k = 0; !differ && k < count; k++) {
		const struct peer_status *before = row_of(s->written, s->count, rows[k].id);
		differ = !before || differs(before, &rows[k]);
	}
	return differ;
}

static enum err write_all(struct status *s, struct db *db, const struct mesh_status *mesh, const struct peer_status *rows,
	size_t count, const struct sync_state *synced, size_t synced_count, bool all)
{
	enum err e = db_begin(db);
	if (e)
		return e;
	e = write_peers(db, s, rows, count, all, mesh->updated_ms);
	if (!e)
		e = write_synced(db, synced, synced_count, mesh->updated_ms);
	if (!e)
		e = mesh_status_write(db, mesh);
	if (e) {
		db_rollback(db);
		return e;
	}
	e = db_commit(db);
	if (!e) {
		memcpy(s->written, rows, count * sizeof(*rows));
		s->count = count;
	}
	return e;
}

void status_write(struct status *s, struct db *db, struct mesh *m, bool listening, const char *error, const struct world *world)
{
	struct peer_status rows[STATUS_PEERS];
	struct sync_state synced[STATUS_PEERS];
	int64_t now = world_mono_ms(world);
	bool all = now >= s->due_ms;
	size_t count = mesh_peer_statuses(m, rows, STATUS_PEERS);
	if (!all && strcmp(s->error, error) == 0 && !any_differs(s, rows, count)) {
		s->version = mesh_version(m);
		return;
	}
	struct mesh_status mesh = {.listening = listening, .messages_sent = mesh_counts(m)->sent,
		.messages_received = mesh_counts(m)->received, .updated_ms = world_wall_ms(world)};
	(void)text_copy(mesh.error, sizeof(mesh.error), error);
	size_t synced_count = mesh_sync_states(m, synced, STATUS_PEERS);
	enum err e = write_all(s, db, &mesh, rows, count, synced, synced_count, all);
	if (e)
		journal_error("event=status_unwritable error=%s", err_name(e));
	s->version = mesh_version(m);
	(void)text_copy(s->error, sizeof(s->error), error);
	if (all)
		s->due_ms = now + STATUS_MS;
}

void status_close(struct status *s, struct db *db, const struct world *world)
{
	struct peer_status rows[STATUS_PEERS];
	struct mesh_status mesh = {.updated_ms = world_wall_ms(world)};
	for (size_t k = 0; k < s->count; k++) {
		rows[k] = s->written[k];
		rows[k].connected = false;
		(void)text_copy(rows[k].state, sizeof(rows[k].state), "waiting");
	}
	(void)text_copy(mesh.error, sizeof(mesh.error), "p2pd was stopped.");
	enum err e = write_all(s, db, &mesh, rows, s->count, NULL, 0, true);
	if (e)
		journal_error("event=status_unwritable error=%s", err_name(e));
}
