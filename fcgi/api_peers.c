#include "api.h"

#include <string.h>

#include "answer.h"
#include "base/text.h"
#include "caller.h"
#include "idempotency.h"
#include "p2p_config.h"
#include "serve.h"

static void answer_peer(struct call *c, const void *arg)
{
	const struct peer_row *peer = &((const struct peer_job *)arg)->now;
	struct response *r = &c->response;

	answer_begin(r, 200);
	answer_object(r, "peer");
	answer_text(r, "id", peer->id);
	answer_text(r, "ip", peer->ip);
	answer_integer(r, "p2p_port", peer->p2p_port);
	answer_integer(r, "weight", peer->weight);
	answer_text(r, "dialect", peer->dialect);
	answer_bool(r, "tls", peer->tls);
	answer_object_end(r);
	answer_end(r);
}

static enum err write_peer(struct call *c, enum peer_how how, const char *id, struct fault *fault)
{
	struct peer_change change = {0};
	struct actor by = caller_actor(c);
	struct peer_job j = {.by = &by, .change = &change, .how = how, .fault = fault};

	peer_change_read(&c->params, &change);
	if (id && change.id[0] && strcmp(id, change.id) != 0)
		return fault_set(fault, ERR_INVALID, "id_mismatch", "id",
			"A peer keeps its id: give the one in the address or none, or remove the peer and add another.");
	if (id && !text_copy(change.id, sizeof change.id, id))
		return fault_set(fault, ERR_INVALID, "id_invalid", "id", "A central's id has at most %d characters.", CENTRAL_ID_SIZE - 1);
	return call_write(c, config_peer_job, answer_peer, &j, fault);
}

enum err api_peer_add(struct call *c, struct fault *fault)
{
	return write_peer(c, PEER_ADD, NULL, fault);
}

enum err api_peer_put(struct call *c, struct fault *fault)
{
	return write_peer(c, PEER_SET, c->segment, fault);
}

enum err api_peer_delete(struct call *c, struct fault *fault)
{
	struct actor by = caller_actor(c);
	enum err e = config_remove_peer(c->app->writer, &by, c->segment, fault);

	if (e != ERR_NONE)
		return e;
	answer_begin(&c->response, 200);
	answer_end(&c->response);
	return ERR_NONE;
}

const struct field peer_repin_fields[1] = {{"fingerprint", FIELD_TEXT, FROM_BODY, true, 1, 100, NULL}};

enum err api_peer_repin(struct call *c, struct fault *fault)
{
	struct actor by = caller_actor(c);
	enum err e = config_repin_peer(c->app->writer, &by, c->segment, params_text(&c->params, "fingerprint"), fault);

	if (e != ERR_NONE)
		return e;
	answer_begin(&c->response, 200);
	answer_end(&c->response);
	return ERR_NONE;
}
