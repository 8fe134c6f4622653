#include "api.h"

#include <stdlib.h>

#include "answer.h"
#include "base/zone.h"
#include "caller.h"
#include "domain/quorum.h"
#include "domain/site.h"
#include "p2p_config.h"
#include "p2p_state.h"
#include "serve.h"
#include "warnings.h"

const struct field p2p_config_fields[2] = {
	{"this_central", FIELD_OBJECT, FROM_BODY, false, 0, 0, NULL},
	{"peer_centrals", FIELD_LIST, FROM_BODY, false, 0, 0, NULL},
};

const struct field p2p_test_fields[1] = {
	{"peer_id", FIELD_TEXT, FROM_QUERY, true, 1, CENTRAL_ID_SIZE - 1, NULL},
};

/* --- config ---------------------------------------------------------------------------------------------------------- */

static void answer_config(struct response *r, const struct site_config *config)
{
	answer_begin(r, 200);
	answer_object(r, "config");
	answer_object(r, "this_central");
	answer_text(r, "id", config->id);
	answer_text(r, "ip", config->ip);
	answer_integer(r, "p2p_port", config->p2p_port);
	answer_integer(r, "api_port", config->api_port);
	answer_object_end(r);
	answer_list(r, "peer_centrals");
	for (size_t i = 0; i < config->peer_count; i++) {
		answer_object(r, NULL);
		answer_text(r, "id", config->peers[i].id);
		answer_text(r, "ip", config->peers[i].ip);
		answer_integer(r, "p2p_port", config->peers[i].p2p_port);
		answer_object_end(r);
	}
	answer_list_end(r);
	answer_object_end(r);
	answer_end(r);
}

enum err api_p2p_config_get(struct call *c, struct fault *fault)
{
	struct site_config config;
	enum err e = call_read(c, fault);

	if (e == ERR_NONE)
		e = site_config_read(c->desk->db, &config);
	if (e == ERR_NONE)
		answer_config(&c->response, &config);
	return e;
}

enum err api_p2p_config_put(struct call *c, struct fault *fault)
{
	struct actor by = caller_actor(c);
	struct config_change change = {0};
	struct site_config now;
	const struct cJSON *own = params_json(&c->params, "this_central"), *peers = params_json(&c->params, "peer_centrals");
	enum err e;

	/* Whoever sends the wrapper of the answer along, or nothing, would otherwise take "nothing changed" for "done". */
	if (own == NULL && peers == NULL)
		return fault_set(fault, ERR_FIELD, "missing_field", "this_central", "Give this_central, peer_centrals, or both, without a wrapper.");
	e = config_change_read(own, peers, &change, fault);
	if (e == ERR_NONE)
		e = config_change_run(c->app->writer, &by, &change, &now, fault);
	if (e == ERR_NONE)
		answer_config(&c->response, &now);
	return e;
}

/* --- status ---------------------------------------------------------------------------------------------------------- */

static void answer_time(struct response *r, const char *name, int64_t ms)
{
	char text[ZONE_TEXT];

	if (ms > 0)
		zone_text(ms, text);
	answer_text(r, name, ms > 0 ? text : NULL);
}

/* -1: nobody knows, as with a central of the older system. */
static void answer_known(struct response *r, const char *name, int64_t number)
{
	if (number >= 0)
		answer_integer(r, name, number);
	else
		answer_null(r, name);
}

static void answer_link(struct response *r, const struct peer_status *s)
{
	answer_time(r, "last_ping_time", s->last_ping_ms);
	answer_text(r, "state", s->state);
	if (s->rtt_ms >= 0)
		answer_real(r, "rtt_ms", s->rtt_ms);
	else
		answer_null(r, "rtt_ms");
	if (s->clock_known)
		answer_integer(r, "clock_offset_ms", s->clock_offset_ms);
	else
		answer_null(r, "clock_offset_ms");
	answer_known(r, "behind", s->behind);
	answer_known(r, "ahead", s->ahead);
	answer_text(r, "last_error", s->why.sentence[0] ? s->why.sentence : NULL);
}

/* p2pd has not told anything about this peer, or no longer runs. */
static void answer_no_link(struct response *r)
{
	answer_null(r, "last_ping_time");
	answer_text(r, "state", "unknown");
	answer_null(r, "rtt_ms");
	answer_null(r, "clock_offset_ms");
	answer_null(r, "behind");
	answer_null(r, "ahead");
	answer_null(r, "last_error");
}

static void answer_peer(struct response *r, const struct peer_look *p)
{
	answer_object(r, NULL);
	answer_text(r, "peer_id", p->status.id);
	answer_text(r, "peer_ip", p->status.ip);
	answer_integer(r, "peer_port", p->status.port);
	answer_bool(r, "connected", p->status.connected);
	answer_bool(r, "configured", p->status.configured);
	answer_bool(r, "tls", p->status.connected && p->status.tls);
	answer_integer(r, "weight", p->weight);
	if (p->told)
		answer_link(r, &p->status);
	else
		answer_no_link(r);
	answer_object_end(r);
}

static void answer_counts(struct response *r, const struct mesh_look *m)
{
	answer_list(r, "counts");
	for (size_t i = 0; i < m->counted; i++) {
		answer_object(r, NULL);
		answer_text(r, "kind", m->counts[i].kind);
		answer_text(r, "cause", m->counts[i].cause);
		answer_integer(r, "count", m->counts[i].count);
		answer_time(r, "last_time", m->counts[i].last_ms);
		answer_object_end(r);
	}
	answer_list_end(r);
}

static void answer_quorum(struct response *r, const struct mesh_look *m)
{
	answer_object(r, "quorum");
	answer_integer(r, "weight", m->weight);
	answer_integer(r, "needed", quorum_needed(m->weight));
	answer_integer(r, "reachable", m->reachable);
	answer_object_end(r);
}

static void answer_discovered(struct response *r, const struct mesh_look *m)
{
	answer_list(r, "discovered");
	for (size_t i = 0; i < m->discovered; i++) {
		answer_object(r, NULL);
		answer_text(r, "id", m->found[i].id);
		answer_text(r, "ip", m->found[i].ip);
		answer_integer(r, "p2p_port", m->found[i].port);
		answer_text(r, "fingerprint", m->found[i].fingerprint);
		answer_object_end(r);
	}
	answer_list_end(r);
}

static void answer_mesh(struct response *r, const struct mesh_look *m)
{
	answer_begin(r, 200);
	answer_text(r, "this_central", m->central);
	answer_bool(r, "running", m->running);
	answer_bool(r, "standalone_mode", m->standalone);
	answer_integer(r, "total_peers", (int64_t)m->count);
	answer_integer(r, "connected_peers", (int64_t)m->connected);
	answer_integer(r, "messages_sent", m->sent);
	answer_integer(r, "messages_received", m->received);
	answer_quorum(r, m);
	answer_list(r, "peers");
	for (size_t i = 0; i < m->count; i++)
		answer_peer(r, &m->peer[i]);
	answer_list_end(r);
	answer_counts(r, m);
	warnings_answer(r, m->warning, m->warnings);
	answer_discovered(r, m);
	answer_end(r);
}

enum err api_p2p_status(struct call *c, struct fault *fault)
{
	struct mesh_look *m;
	enum err e = mesh_look(c, &m, fault);

	if (e != ERR_NONE)
		return e;
	answer_mesh(&c->response, m);
	free(m);
	return ERR_NONE;
}

enum err api_p2p_sync_state(struct call *c, struct fault *fault)
{
	struct sync_state rows[MESH_PEERS_MAX];
	struct response *r = &c->response;
	size_t count = 0;
	enum err e = call_read(c, fault);

	if (e == ERR_NONE)
		e = sync_state_list(c->desk->db, rows, MESH_PEERS_MAX, &count);
	if (e != ERR_NONE)
		return e;
	answer_begin(r, 200);
	answer_list(r, "sync_state");
	for (size_t i = 0; i < count; i++) {
		answer_object(r, NULL);
		answer_text(r, "peer_central_id", rows[i].peer);
		answer_integer(r, "last_sync_timestamp", rows[i].last_sync_ms);
		answer_text(r, "last_sync_time", rows[i].last_sync_time);
		answer_text(r, "updated_at", rows[i].updated_at);
		answer_object_end(r);
	}
	answer_list_end(r);
	answer_end(r);
	return ERR_NONE;
}

/* --- test-connection ------------------------------------------------------------------------------------------------- */

enum err api_p2p_test(struct call *c, struct fault *fault)
{
	struct command answer = {0};
	enum err e = p2p_test(c, params_text(&c->params, "peer_id"), &answer, fault);

	if (e != ERR_NONE)
		return e;
	if (!answer.done)
		return fault_set(fault, ERR_INVALID, "no_answer", "", "p2pd did not answer within %d s; check that it runs.",
			P2P_TEST_WAIT_MS / 1000);
	if (!answer.ok)
		return fault_set(fault, ERR_INVALID, "unreachable", "", "%s", answer.why.sentence);
	answer_begin(&c->response, 200);
	answer_text(&c->response, "message", answer.why.sentence);
	answer_real(&c->response, "rtt_ms", answer.rtt_ms);
	answer_end(&c->response);
	return ERR_NONE;
}
