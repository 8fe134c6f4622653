#include "idempotency.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/text.h"
#include "domain/ledger.h"
#include "serve.h"
#include "store/kept.h"

#define KEY_MAX 128
#define CALLER_SIZE 96

/* Who counts as the same caller: the person, the token's edge, else the address. */
static void caller_text(const struct call *c, char out[CALLER_SIZE])
{
	const char *address = c->request.remote_addr;

	if (c->caller.user[0])
		text_format(out, CALLER_SIZE, "user %s", c->caller.user);
	else if (c->caller.edge_id[0])
		text_format(out, CALLER_SIZE, "edge %s", c->caller.edge_id);
	else
		text_format(out, CALLER_SIZE, "address %s", address ? address : "");
}

/* The query says what is asked for as much as the body does. sent_at does not: an edge that asks again says when it asks again, so
 * that the time it reports goes on to count. */
static enum err hash_request(const struct request *r, unsigned char out[DIGEST_BYTES])
{
	cJSON *body = cJSON_ParseWithLength(buf_text(&r->body), r->body.len);
	char *text;

	if (!cJSON_IsObject(body)) {
		cJSON_Delete(body);
		digest_make(r->query, strlen(r->query) + 1, buf_text(&r->body), r->body.len, out);
		return ERR_NONE;
	}
	cJSON_DeleteItemFromObjectCaseSensitive(body, "sent_at");
	text = cJSON_PrintUnformatted(body);
	cJSON_Delete(body);
	if (text == NULL)
		return ERR_MEMORY;
	digest_make(r->query, strlen(r->query) + 1, text, strlen(text), out);
	cJSON_free(text);
	return ERR_NONE;
}

/* The kept answer is one of our own JSON objects: the member goes before its closing brace. */
static void answer_kept(struct call *c, const struct kept_answer *kept)
{
	const char *end = strrchr(kept->answer, '}');
	size_t len = end ? (size_t)(end - kept->answer) : kept->len;

	response_reset(&c->response);
	c->response.status = kept->status;
	buf_add(&c->response.body, kept->answer, len);
	if (!strstr(kept->answer, "\"deduped\":true"))
		buf_str(&c->response.body, ",\"deduped\":true");
	buf_str(&c->response.body, "}\n");
	c->kept = true;
}

/* Give the answer that is kept. ERR_NOT_FOUND: none is. */
static enum err give_kept(struct call *c, struct db *db, struct fault *fault)
{
	char caller[CALLER_SIZE];
	struct kept_key key = {caller, c->request.path, c->request.idempotency_key};
	unsigned char hash[DIGEST_BYTES];
	struct kept_answer kept;
	enum err e;

	caller_text(c, caller);
	e = kept_find(db, &key, call_age_now(c), &kept);
	if (e != ERR_NONE)
		return e;
	e = hash_request(&c->request, hash);
	if (e == ERR_NONE && memcmp(hash, kept.body_hash, sizeof hash) == 0)
		answer_kept(c, &kept);
	else if (e == ERR_NONE)
		e = fault_set(fault, ERR_FIELD, "idempotency_key_reused", "Idempotency-Key",
			"This Idempotency-Key came with another request before; use a new one for a new request.");
	free(kept.answer);
	return e;
}

static enum err keep(struct call *c, struct db *db)
{
	const struct buf *body = &c->response.body;
	char caller[CALLER_SIZE];
	struct kept_key key = {caller, c->request.path, c->request.idempotency_key};
	struct kept_answer a = {.status = c->response.status, .answer = body->data, .len = body->len};
	enum err e;

	if (body->failed)
		return ERR_MEMORY;
	caller_text(c, caller);
	e = hash_request(&c->request, a.body_hash);
	if (e == ERR_NONE)
		e = kept_write(db, &key, call_age_now(c), &a);
	c->kept = e == ERR_NONE;
	return e;
}

/* --- jobs ------------------------------------------------------------------------------------------------------------ */

struct keyed_job { struct call *c; writer_job_fn *job; answer_fn *answer; void *arg; struct fault *fault; };

static enum err run_keyed(struct ledger *l, void *arg)
{
	struct keyed_job *k = arg;
	enum err e = give_kept(k->c, ledger_db(l), k->fault);

	if (e != ERR_NOT_FOUND)
		return e;
	e = k->job(l, k->arg);
	if (e != ERR_NONE)
		return e;
	k->answer(k->c, k->arg);
	return keep(k->c, ledger_db(l));
}

enum err call_write(struct call *c, writer_job_fn *job, answer_fn *answer, void *arg, struct fault *fault)
{
	struct keyed_job k = {c, job, answer, arg, fault};
	enum err e;

	call_read_end(c);
	e = c->keyed ? writer_run(c->app->writer, run_keyed, &k) : writer_run(c->app->writer, job, arg);
	if (e == ERR_NONE && !c->keyed)
		answer(c, arg);
	/* What the job said of itself is void when its batch could not be written. */
	if (e == ERR_UNAVAILABLE)
		*fault = (struct fault){0};
	return e;
}

/* The handler wrote nothing that has to stand or fall with the answer. */
static enum err keep_answer(struct ledger *l, void *arg)
{
	struct keyed_job *k = arg;
	enum err e = give_kept(k->c, ledger_db(l), k->fault);

	return e == ERR_NOT_FOUND ? keep(k->c, ledger_db(l)) : e;
}

/* --- around the handler ---------------------------------------------------------------------------------------------- */

static bool key_valid(const char *key)
{
	size_t len = strlen(key);

	for (const char *c = key; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 127)
			return false;
	}
	return len > 0 && len <= KEY_MAX && utf8_valid(key, len);
}

enum err idempotency_begin(struct call *c, const struct route *route, struct fault *fault)
{
	const struct request *r = &c->request;
	enum err e;

	if (!r->idempotency_key || r->method != METHOD_POST || access_is_page(route->access))
		return ERR_NONE;
	if (!key_valid(r->idempotency_key))
		return fault_set(fault, ERR_INVALID, "invalid_idempotency_key", "Idempotency-Key",
			"The Idempotency-Key has to be a text of 1 to %d characters.", KEY_MAX);
	c->keyed = true;
	e = call_read(c, fault);
	if (e == ERR_NONE)
		e = give_kept(c, c->desk->db, fault);
	call_read_end(c);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err idempotency_end(struct call *c, struct fault *fault)
{
	struct keyed_job k = {.c = c, .fault = fault};
	enum err e;

	if (!c->keyed || c->kept || c->response.status >= 300)
		return ERR_NONE;
	call_read_end(c);
	e = writer_run(c->app->writer, keep_answer, &k);
	/* Nothing was written that a repeat could write twice: the answer stands without being kept. */
	return e == ERR_UNAVAILABLE ? ERR_NONE : e;
}
