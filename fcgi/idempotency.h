/*
 * Idempotency-Key (spec/api.md): the first good answer to a POST is kept with what it wrote, in one transaction, and given again,
 * with "deduped": true, to the same caller at the same path for 24 hours; so a repeat after a time-out changes nothing.
 *
 * Works for every POST of the API by itself, asked for in serve.c. A handler that writes uses call_write instead of writer_run,
 * so that its answer is there before the commit; the writer runs one job after the other, so of requests that come at once the
 * second finds the first's answer.
 */
#ifndef PARKMESH_FCGI_IDEMPOTENCY_H
#define PARKMESH_FCGI_IDEMPOTENCY_H

#include "app.h"
#include "writer.h"

/* Fill c->response, with status 2xx, from what the job left in arg. Runs on the writer's thread if the request has a key: it may
 * use nothing else of c. */
typedef void answer_fn(struct call *c, const void *arg);

/* Run the job as writer_run does, then answer. On ERR_NONE the response is complete (maybe a kept one, then the job did not run);
 * on another error the job may have filled its fault, which should be this one. */
enum err call_write(struct call *c, writer_job_fn *job, answer_fn *answer, void *arg, struct fault *fault);

/* Before the handler: look at the key. c->kept is set and the response complete if there is a kept answer. ERR_INVALID: the key is
 * empty, too long or no text; ERR_FIELD: it came with another body before. */
enum err idempotency_begin(struct call *c, const struct route *route, struct fault *fault);
/* After a handler that answered: keep what call_write has not kept already. */
enum err idempotency_end(struct call *c, struct fault *fault);

#endif
