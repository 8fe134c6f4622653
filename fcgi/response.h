/*
 * What a request is answered with. Handlers only fill it; it is sent after they have returned, so nothing leaves before the
 * commit. The one exception is a file too long for memory: a handler of a GET, which writes nothing, may send as it reads.
 */
#ifndef PARKMESH_FCGI_RESPONSE_H
#define PARKMESH_FCGI_RESPONSE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

#define RESPONSE_MAX (8 * 1024 * 1024)  /* bytes of a body: a page of 1000 rows is below 2 MiB */

struct request;
struct shared_body;

struct response {
	int status;
	const char *type;      /* Content-Type */
	struct buf headers;    /* further lines, each with its CRLF */
	struct buf body;
	struct shared_body *shared;  /* sent in the place of body, NULL none */
	bool streaming;        /* response_stream was called: the rest goes by response_chunk */
};

/* The statuses that this program answers with. i < RESPONSE_STATUSES. */
#define RESPONSE_STATUSES 17
int response_status(size_t i);

/* Status 200, JSON, empty. Free with response_free. */
void response_init(struct response *r);
void response_free(struct response *r);
/* Forget what was answered so far. */
void response_reset(struct response *r);
/* Make the body one that other answers can be given, too. ERR_MEMORY, also if the body failed. */
enum err response_share(struct response *r);
/* Answer with such a body, as response_share found it: JSON, status 200. */
void response_give(struct response *r, struct shared_body *body);
/* A further holder of it, from any thread; NULL stays NULL. It is freed behind the last one, an answer being one until its end. */
struct shared_body *shared_body_hold(struct shared_body *body);
void shared_body_release(struct shared_body *body);
/* Add a header line. A value with control characters is dropped, so that nothing from outside can add lines. */
void response_header(struct response *r, const char *name, const char *value);
/* Give what is answered its ETag, tag with its quotation marks, which no other content ever had. If the request says by If-None-Match that
 * the caller holds just that, the answer becomes 304 without a body. Of a GET's answer with status 200. */
void response_name(struct response *r, const struct request *request, const char *tag);
/* 302 or 303 to a path of this central. */
void response_redirect(struct response *r, int status, const char *path);

/* Send status and headers now. For METHOD_GET only; anything else is a bug and aborts. */
void response_stream(struct response *r, const struct request *request);
/* Send the body so far and empty it. false: there is nobody to send more to (the caller went away, or it is HEAD). If the handler
 * then or later returns an error, the answer is cut off. */
bool response_chunk(struct response *r, const struct request *request);

/* Hand it to nginx; without the body for HEAD. false: not all could be sent, so the request is to be cut. */
bool response_send(const struct response *r, const struct request *request);

#endif
