#include "caller.h"

#include <string.h>

#include "base/text.h"
#include "domain/ledger.h"
#include "domain/people.h"
#include "seal/token.h"
#include "serve.h"
#include "store/db.h"
#include "store/edges.h"
#include "store/site.h"
#include "writer.h"

#define SEEN_EVERY_MS 60000

_Static_assert(EDGE_TOKEN_BYTES == TOKEN_HASH_BYTES, "size of a token's hash");

static enum err find_edge(struct call *c, const char *token, enum shown *shown, struct fault *fault)
{
	unsigned char hash[TOKEN_HASH_BYTES];
	struct edge_row row;
	enum err e = call_read(c, fault);

	if (e != ERR_NONE)
		return e;
	token_hash(token, hash);
	e = edge_find_by_token(c->desk->db, hash, &row);
	if (e == ERR_NONE) {
		*shown = SHOWN_EDGE;
		text_copy(c->caller.edge_id, sizeof c->caller.edge_id, row.edge_id);
		c->caller.seen_ms = row.seen_ms;
	}
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

/* Whose session the browser's cookie is, if it is one. */
static enum err find_person(struct call *c, enum shown *shown, struct fault *fault)
{
	unsigned char hash[TOKEN_HASH_BYTES];
	struct session_row row;
	enum err e = call_read(c, fault);

	if (e != ERR_NONE)
		return e;
	token_hash(c->token, hash);
	e = people_session(c->desk->db, hash, call_now(c), &row);
	if (e == ERR_NONE) {
		*shown = SHOWN_PERSON;
		text_copy(c->caller.user, sizeof c->caller.user, row.user);
		c->caller.user_role = row.role;
		c->caller.seen_ms = row.used_ms;
	}
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

/* A header that is there but no token counts as a wrong one. */
static enum err find_shown(struct call *c, enum shown *shown, struct fault *fault)
{
	char token[BEARER_SIZE];
	enum err e;

	*shown = SHOWN_NOTHING;
	if (!c->request.authorization)
		return c->token[0] ? find_person(c, shown, fault) : ERR_NONE;
	*shown = SHOWN_UNKNOWN;
	e = bearer_read(c->request.authorization, token) ? find_edge(c, token, shown, fault) : ERR_NONE;
	explicit_bzero(token, sizeof token);
	return e;
}

/* own is read only where it matters. */
static enum err read_own(struct call *c, struct identity *own, struct fault *fault)
{
	enum err e;

	if (!c->request.host || host_is_address(c->request.host))
		return ERR_NONE;
	e = call_read(c, fault);
	return e == ERR_NONE ? identity_read(c->desk->db, own) : e;
}

void caller_csrf(struct call *c)
{
	if (c->token[0])
		token_sign(c->token, strlen(c->token), "csrf", c->caller.csrf);
}

struct actor caller_actor(const struct call *c)
{
	return (struct actor){.who = c->caller.user, .source = c->request.remote_addr ? c->request.remote_addr : "", .now_ms = call_now(c)};
}

const char *caller_name(const struct call *c)
{
	if (c->caller.user[0])
		return c->caller.user;
	if (c->caller.edge_id[0])
		return c->caller.edge_id;
	return c->request.remote_addr ? c->request.remote_addr : "";
}

enum err caller_check(struct call *c, enum access access, struct fault *fault)
{
	struct identity own = {0};
	enum shown shown;
	enum err e;

	if (access == ACCESS_ANYONE)
		return ERR_NONE;
	caller_csrf(c);
	e = find_shown(c, &shown, fault);
	if (e == ERR_NONE)
		e = read_own(c, &own, fault);
	call_read_end(c);
	if (e == ERR_NONE)
		e = session_check(access, &c->request, c->rules, shown, own.ip, &c->caller, fault);
	explicit_bzero(&own, sizeof own);
	return e;
}

enum err caller_speaks_for(const struct call *c, const char *edge_id, struct fault *fault)
{
	if (!c->caller.edge_id[0] || strcmp(c->caller.edge_id, edge_id) == 0)
		return ERR_NONE;
	return fault_set(fault, ERR_DENIED, "edge_mismatch", "edge_id", "This token is of another edge than the request names.");
}

enum err caller_check_fields(const struct call *c, struct fault *fault)
{
	const struct params *p = &c->params;

	for (size_t i = 0; i < p->count; i++) {
		if (p->fields[i].from == FROM_BODY && strcmp(p->fields[i].name, "edge_id") == 0 && p->value[i].text)
			return caller_speaks_for(c, p->value[i].text, fault);
	}
	return ERR_NONE;
}

struct seen_job { const struct call *call; int64_t now_ms; };

static enum err note_seen(struct ledger *l, void *arg)
{
	const struct seen_job *j = arg;
	unsigned char hash[TOKEN_HASH_BYTES];

	if (j->call->caller.edge_id[0])
		return edge_seen(ledger_db(l), j->call->caller.edge_id, j->now_ms);
	token_hash(j->call->token, hash);
	return session_used(ledger_db(l), hash, j->now_ms);
}

void caller_note_seen(struct call *c)
{
	struct seen_job j = {.call = c, .now_ms = call_now(c)};

	if ((c->caller.edge_id[0] || c->caller.user[0]) && j.now_ms - c->caller.seen_ms >= SEEN_EVERY_MS)
		writer_run(c->app->writer, note_seen, &j);
}
