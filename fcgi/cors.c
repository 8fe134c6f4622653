#include "cors.h"

#include <string.h>

#include "answer.h"

#define HEADERS_TO_SEND "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match"
#define HEADERS_TO_READ "Allow, ETag, Retry-After, WWW-Authenticate"
#define REMEMBER_S "600"

static bool of_the_api(const struct call *c)
{
	return strncmp(c->request.path, "/api/", 5) == 0;
}

static void refuse(struct call *c)
{
	struct fault fault = {0};

	fault_set(&fault, ERR_DENIED, "origin_not_allowed", "", "Pages of this origin may not call the API; see cors_origins in parkmesh.conf.");
	answer_begin(&c->response, answer_status(ERR_DENIED));
	answer_fault(&c->response, ERR_DENIED, &fault);
	answer_end(&c->response);
}

bool cors_preflight(struct call *c, const char *allow)
{
	const struct request *r = &c->request;

	if (r->method != METHOD_OPTIONS || !r->origin || !r->preflight || !of_the_api(c) || !*allow)
		return false;
	if (!rules_have_origin(c->rules, r->origin)) {
		refuse(c);
		return true;
	}
	response_reset(&c->response);
	c->response.status = 204;
	response_header(&c->response, "Access-Control-Allow-Methods", allow);
	response_header(&c->response, "Access-Control-Allow-Headers", HEADERS_TO_SEND);
	response_header(&c->response, "Access-Control-Max-Age", REMEMBER_S);
	return true;
}

/* The answer depends on Origin for whoever asks, so a cache between has to be told even where there is none. */
void cors_add_headers(struct call *c)
{
	const struct rules *rules = c->rules;
	const char *origin = c->request.origin;

	if (rules->origin_count == 0 || !of_the_api(c))
		return;
	response_header(&c->response, "Vary", "Origin");
	if (!origin || !rules_have_origin(rules, origin))
		return;
	response_header(&c->response, "Access-Control-Allow-Origin", origin);
	response_header(&c->response, "Access-Control-Expose-Headers", HEADERS_TO_READ);
}
