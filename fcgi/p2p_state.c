#include "p2p_state.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/ledger.h"
#include "domain/quorum.h"
#include "page.h"
#include "serve.h"
#include "words.h"
#include "writer.h"

#define LOOK_EVERY_MS 10

/* --- looking --------------------------------------------------------------------------------------------------------- */

struct rows {
	struct peer_row peer[PEERS_MAX];
	struct peer_status status[MESH_PEERS_MAX];
	struct sync_state sync[MESH_PEERS_MAX];
	size_t peers, statuses, syncs;
};

static enum err read_mesh(struct db *db, int64_t now, struct mesh_look *m)
{
	struct mesh_status status;
	enum err e = mesh_status_read(db, &status);

	if (e == ERR_NOT_FOUND)
		return ERR_NONE;
	if (e != ERR_NONE)
		return e;
	m->running = mesh_running(&status, now);
	m->listening = status.listening;
	m->sent = status.messages_sent;
	m->received = status.messages_received;
	m->p2pd_started_ms = status.started_ms;
	m->p2pd_cpu_us = status.cpu_us;
	m->p2pd_resident_bytes = status.resident_bytes;
	return mesh_count_list(db, m->counts, MESH_COUNTS_MAX, &m->counted);
}

static enum err read_rows(struct db *db, struct rows *r)
{
	enum err e = peer_list(db, r->peer, PEERS_MAX, &r->peers);

	if (e == ERR_NONE)
		e = peer_status_list(db, r->status, MESH_PEERS_MAX, &r->statuses);
	if (e == ERR_NONE)
		e = sync_state_list(db, r->sync, MESH_PEERS_MAX, &r->syncs);
	return e;
}

static const struct peer_status *status_of(const struct rows *r, const char *id)
{
	for (size_t i = 0; i < r->statuses; i++) {
		if (strcmp(r->status[i].id, id) == 0)
			return &r->status[i];
	}
	return NULL;
}

static bool configured(const struct rows *r, const char *id)
{
	for (size_t i = 0; i < r->peers; i++) {
		if (strcmp(r->peer[i].id, id) == 0)
			return true;
	}
	return false;
}

static struct peer_look *add_peer(struct mesh_look *m, const struct rows *r, const char *id, const struct peer_status *status)
{
	struct peer_look *p = &m->peer[m->count++];

	p->told = status && m->running;
	if (p->told)
		p->status = *status;
	else
		text_copy(p->status.id, sizeof p->status.id, id);
	for (size_t i = 0; i < r->syncs; i++) {
		if (strcmp(r->sync[i].peer, id) == 0)
			p->last_sync_ms = r->sync[i].last_sync_ms;
	}
	m->connected += p->status.connected;
	return p;
}

static void add_configured(struct mesh_look *m, const struct rows *r)
{
	for (size_t i = 0; i < r->peers; i++) {
		const struct peer_row *row = &r->peer[i];
		struct peer_look *p = add_peer(m, r, row->id, status_of(r, row->id));

		text_copy(p->status.ip, sizeof p->status.ip, row->ip);
		p->status.port = row->p2p_port;
		p->status.configured = true;
		p->weight = strcmp(row->dialect, "native") == 0 ? row->weight : 0;
		m->weight += p->weight;
		m->reachable += p->status.connected ? p->weight : 0;
	}
}

/* Centrals that are not configured but prove the mesh secret take part (spec/wire.md), so they are shown, as such. */
static void add_others(struct mesh_look *m, const struct rows *r)
{
	for (size_t i = 0; i < r->statuses && m->count < MESH_PEERS_MAX; i++) {
		const struct peer_status *s = &r->status[i];

		if (m->running && s->connected && !configured(r, s->id))
			add_peer(m, r, s->id, s)->status.configured = false;
	}
}

static enum err read_central(struct db *db, struct mesh_look *m)
{
	struct identity own;
	enum err e = identity_read(db, &own);

	if (e == ERR_NONE)
		text_copy(m->central, sizeof m->central, own.id);
	explicit_bzero(&own, sizeof own);
	return e;
}

static enum err look(struct call *c, struct mesh_look *m, struct fault *fault)
{
	struct rows *r = calloc(1, sizeof *r);
	enum err e;

	if (!r)
		return ERR_MEMORY;
	e = call_read(c, fault);
	if (e == ERR_NONE)
		e = read_mesh(c->desk->db, call_now(c), m);
	if (e == ERR_NONE)
		e = read_central(c->desk->db, m);
	if (e == ERR_NONE)
		e = read_rows(c->desk->db, r);
	if (e == ERR_NONE)
		e = warnings_list(c->desk->db, m->warning, WARNINGS_MAX, &m->warnings);
	if (e == ERR_NONE && m->running)
		e = discovered_list(c->desk->db, m->found, &m->discovered);
	if (e == ERR_NONE) {
		m->standalone = r->peers == 0;
		m->weight = m->reachable = OWN_WEIGHT;
		add_configured(m, r);
		add_others(m, r);
	}
	free(r);
	return e;
}

enum err mesh_look(struct call *c, struct mesh_look **out, struct fault *fault)
{
	struct mesh_look *m = calloc(1, sizeof *m);
	enum err e;

	*out = m;
	if (!m)
		return ERR_MEMORY;
	e = look(c, m, fault);
	if (e != ERR_NONE) {
		free(m);
		*out = NULL;
	}
	return e;
}

/* --- saying why ------------------------------------------------------------------------------------------------------ */

/* What an earlier version wrote, or one that knows more causes, is said in its English sentence. */
void p2p_why(struct call *c, struct cJSON *parent, const char *name, const char *peer_id, const struct reason *why)
{
	char text[WORDS_NAME_SIZE];
	cJSON *values;

	if (!why->sentence[0])
		return;
	if (!why->cause[0] || !text_format(text, sizeof text, "cause.%s", why->cause) || !page_has_words(c, text)) {
		cJSON_AddStringToObject(parent, name, why->sentence);
		return;
	}
	values = cJSON_CreateObject();
	cJSON_AddStringToObject(values, "peer", peer_id);
	cJSON_AddStringToObject(values, "about", why->about);
	page_number(c, values, "number", why->number);
	page_words(c, parent, name, text, values);
	cJSON_Delete(values);
}

/* --- testing a connection -------------------------------------------------------------------------------------------- */

struct ask_job { const char *peer; int64_t id; };

static enum err leave_command(struct ledger *l, void *arg)
{
	struct ask_job *j = arg;
	struct peer_row peers[PEERS_MAX];
	size_t count;
	enum err e = peer_list(ledger_db(l), peers, PEERS_MAX, &count);

	if (e != ERR_NONE)
		return e;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(peers[i].id, j->peer) == 0)
			return command_insert(ledger_db(l), j->peer, world_wall_ms(ledger_world(l)), &j->id);
	}
	return ERR_NOT_FOUND;
}

/* Each look is a read of its own, so that it sees what was committed meanwhile. */
static enum err look_for_answer(struct call *c, int64_t id, struct command *out, struct fault *fault)
{
	enum err e = call_read(c, fault);

	if (e == ERR_NONE)
		e = command_find(c->desk->db, id, out);
	call_read_end(c);
	return e;
}

static enum err wait_for_answer(struct call *c, int64_t id, struct command *out, struct fault *fault)
{
	int64_t end = world_mono_ms(&c->app->world) + P2P_TEST_WAIT_MS;
	struct pollfd stop = {.fd = c->app->stop_fd, .events = POLLIN};
	enum err e;

	while ((e = look_for_answer(c, id, out, fault)) == ERR_NONE && !out->done && world_mono_ms(&c->app->world) < end) {
		if (poll(&stop, 1, LOOK_EVERY_MS) > 0)
			return fault_set(fault, ERR_UNAVAILABLE, "busy", "", "The central is being restarted; try again.");
	}
	return e;
}

static enum err ask_and_wait(struct call *c, const char *peer_id, struct command *out, struct fault *fault)
{
	struct ask_job j = {.peer = peer_id};
	enum err e = writer_run(c->app->writer, leave_command, &j);

	if (e == ERR_NOT_FOUND)
		return fault_set(fault, e, "unknown_peer", "peer_id", "No peer of that id is configured.");
	return e == ERR_NONE ? wait_for_answer(c, j.id, out, fault) : e;
}

enum err p2p_test(struct call *c, const char *peer_id, struct command *out, struct fault *fault)
{
	int most = c->app->threads / 4 > 0 ? c->app->threads / 4 : 1;
	enum err e;

	call_read_end(c);
	if (atomic_fetch_add(&c->app->waiting, 1) < most)
		e = ask_and_wait(c, peer_id, out, fault);
	else
		e = fault_set(fault, ERR_UNAVAILABLE, "busy", "", "Too many connection tests are running; try again in a few seconds.");
	atomic_fetch_sub(&c->app->waiting, 1);
	return e;
}
