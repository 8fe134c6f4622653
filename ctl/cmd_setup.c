#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "command.h"
#include "domain/people.h"
#include "output.h"
#include "seal/token.h"
#include "store/site.h"
#include "wire/json.h"

const char cmd_setup_link_usage[] =
	"Usage: parkmeshctl [--db PATH] [--json] setup-link\n"
	"Print a link by which somebody makes an administrator's account for this central's pages. It works once and for an\n"
	"hour, and is kept only as a hash; a link made before ends. Put the name or address in its place by which your browser\n"
	"reaches this central, if that is another one.\n";

#define BY "parkmeshctl"
#define LINK_SIZE (HOST_SIZE + TOKEN_SIZE + 64)

struct link { const struct ctl *ctl; const char *token; char url[LINK_SIZE]; };

static enum err open_link(struct db *db, void *arg, struct fault *fault)
{
	struct link *l = arg;
	const struct actor by = {BY, "", world_wall_ms(&l->ctl->world)};
	unsigned char hash[TOKEN_HASH_BYTES];
	struct identity own;
	bool v6;
	enum err e = identity_read(db, &own);

	(void)fault;
	if (e != ERR_NONE)
		return e;
	v6 = strchr(own.ip, ':') != NULL;
	text_format(l->url, sizeof l->url, "http://%s%s%s:%d/setup?token=%s", v6 ? "[" : "", own.ip, v6 ? "]" : "", own.api_port, l->token);
	explicit_bzero(&own, sizeof own);
	token_hash(l->token, hash);
	return people_open_link(db, &by, hash);
}

static enum ctl_end show(const struct ctl *c, const char *url)
{
	struct buf out;

	if (!c->json) {
		puts(url);
		return output_done();
	}
	output_begin(&out);
	json_add_text(&out, "link", url);
	return output_object(&out);
}

enum ctl_end cmd_setup_link(const struct ctl *c)
{
	char token[TOKEN_SIZE];
	struct link l = {.ctl = c, .token = token};
	struct fault fault = {0};
	enum ctl_end end;
	enum err e;

	token_draw(&c->world, token);
	e = ctl_change(c, open_link, &l, &fault);
	end = e == ERR_NONE ? show(c, l.url) : output_failed(c, e, &fault);
	explicit_bzero(token, sizeof token);
	explicit_bzero(&l, sizeof l);
	return end;
}
