#include "api.h"

#include <string.h>

#include "answer.h"
#include "base/text.h"
#include "caller.h"
#include "recent.h"
#include "seal/token.h"
#include "serve.h"
#include "stats.h"
#include "store/db.h"
#include "store/site.h"
#include "writer.h"

/* Ready means: can be read, and could be written when it was last tried. */
enum err api_health(struct call *c, struct fault *fault)
{
	struct identity own;
	enum err e = call_read(c, fault);

	if (e == ERR_NONE && identity_read(c->desk->db, &own) != ERR_NONE)
		e = fault_set(fault, ERR_UNAVAILABLE, "database_unreadable", "", "The database cannot be read: %s.",
			db_last_error(c->desk->db));
	if (e == ERR_NONE && writer_failing(c->app->writer))
		e = fault_set(fault, ERR_UNAVAILABLE, "database_unwritable", "",
			"The last attempt to write the database failed; check that the disk has room and can be written.");
	if (e != ERR_NONE)
		return e;
	answer_begin(&c->response, 200);
	answer_text(&c->response, "central", own.id);
	answer_end(&c->response);
	explicit_bzero(&own, sizeof own);
	return ERR_NONE;
}

enum err api_stats(struct call *c, struct fault *fault)
{
	struct site_stats stats;
	enum err e = recent_stats(c, &stats, fault);

	if (e != ERR_NONE)
		return e;
	answer_begin(&c->response, 200);
	answer_stats(&c->response, &stats);
	answer_end(&c->response);
	return ERR_NONE;
}

/* nginx asks before it hands a WebSocket on to p2pd; that it is answered here at all means yes. It tells p2pd who it is
 * (p2pd/live.h), and nobody else. hash may be NULL. */
static enum err let_in(struct call *c, const char *word, const unsigned char *hash, bool address)
{
	char hex[2 * TOKEN_HASH_BYTES + 1] = "", who[128];
	const char *from = address && c->request.remote_addr ? c->request.remote_addr : "";

	if (hash)
		hex_encode(hex, hash, TOKEN_HASH_BYTES);
	text_format(who, sizeof who, "%s %s%s%s", word, hex, hash && address ? " " : "", from);
	response_header(&c->response, "X-Parkmesh-Watcher", who);
	c->response.status = 204;
	return ERR_NONE;
}

enum err api_watch(struct call *c, struct fault *fault)
{
	unsigned char hash[TOKEN_HASH_BYTES];

	(void)fault;
	if (!c->caller.user[0])
		return let_in(c, "address", NULL, true);
	token_hash(c->token, hash);
	return let_in(c, "session", hash, false);
}

enum err api_box(struct call *c, struct fault *fault)
{
	unsigned char hash[TOKEN_HASH_BYTES];
	char token[BEARER_SIZE];

	(void)fault;
	if (!c->caller.edge_id[0] || !bearer_read(c->request.authorization, token))
		return let_in(c, "box", NULL, true);
	token_hash(token, hash);
	explicit_bzero(token, sizeof token);
	return let_in(c, "edge", hash, true);
}
