#include "response.h"

#include <fcgiapp.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "request.h"

#define HEADERS_MAX 8192

struct shared_body { struct buf text; atomic_uint holders; };

void response_init(struct response *r)
{
	buf_init(&r->headers, HEADERS_MAX);
	buf_init(&r->body, RESPONSE_MAX);
	r->shared = NULL;
	r->streaming = false;
	r->status = 200;
	r->type = "application/json";
}

void response_free(struct response *r)
{
	buf_free(&r->headers);
	buf_free(&r->body);
	shared_body_release(r->shared);
}

void response_reset(struct response *r)
{
	buf_reset(&r->headers);
	buf_reset(&r->body);
	shared_body_release(r->shared);
	r->shared = NULL;
	r->status = 200;
	r->type = "application/json";
}

struct shared_body *shared_body_hold(struct shared_body *body)
{
	if (body)
		atomic_fetch_add(&body->holders, 1);
	return body;
}

void shared_body_release(struct shared_body *body)
{
	if (!body || atomic_fetch_sub(&body->holders, 1) > 1)
		return;
	buf_free(&body->text);
	free(body);
}

enum err response_share(struct response *r)
{
	struct shared_body *body = r->body.failed ? NULL : malloc(sizeof *body);

	if (!body)
		return ERR_MEMORY;
	body->text = r->body;
	atomic_init(&body->holders, 1);
	buf_init(&r->body, RESPONSE_MAX);
	r->shared = body;
	return ERR_NONE;
}

void response_give(struct response *r, struct shared_body *body)
{
	response_reset(r);
	r->shared = shared_body_hold(body);
}

void response_header(struct response *r, const char *name, const char *value)
{
	for (const char *c = value; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 127)
			return;
	}
	buf_printf(&r->headers, "%s: %s\r\n", name, value);
}

void response_redirect(struct response *r, int status, const char *path)
{
	response_reset(r);
	r->status = status;
	r->type = "text/plain; charset=utf-8";
	response_header(r, "Location", path);
}

/* HTTP/1.1 wants a phrase; nginx, given a bare number, sends a status line without one that strict clients refuse. */
static const struct { int status; const char *phrase; } known[RESPONSE_STATUSES] = {
	{200, "OK"}, {204, "No Content"}, {302, "Found"}, {303, "See Other"}, {400, "Bad Request"}, {401, "Unauthorized"},
	{403, "Forbidden"}, {404, "Not Found"},
	{405, "Method Not Allowed"}, {409, "Conflict"}, {413, "Content Too Large"}, {415, "Unsupported Media Type"},
	{422, "Unprocessable Content"}, {429, "Too Many Requests"}, {500, "Internal Server Error"}, {503, "Service Unavailable"},
};

int response_status(size_t i)
{
	return known[i].status;
}

static const char *reason(int status)
{
	for (size_t i = 0; i < RESPONSE_STATUSES; i++) {
		if (known[i].status == status)
			return known[i].phrase;
	}
	return "Other";
}

static void send_head(const struct response *r, FCGX_Stream *out)
{
	FCGX_FPrintF(out, "Status: %d %s\r\nContent-Type: %s\r\nCache-Control: no-store\r\n", r->status, reason(r->status), r->type);
	FCGX_PutStr(buf_text(&r->headers), (int)r->headers.len, out);
}

void response_stream(struct response *r, const struct request *request)
{
	if (request->method != METHOD_GET)
		abort();
	r->streaming = true;
	send_head(r, request->fcgx->out);
	FCGX_PutStr("\r\n", 2, request->fcgx->out);
}

bool response_chunk(struct response *r, const struct request *request)
{
	FCGX_Stream *out = request->fcgx->out;
	bool there = !request->head && FCGX_PutStr(buf_text(&r->body), (int)r->body.len, out) >= 0 && FCGX_FFlush(out) == 0;

	buf_reset(&r->body);
	return there;
}

void response_send(const struct response *r, const struct request *request)
{
	const struct buf *body = r->shared ? &r->shared->text : &r->body;
	FCGX_Stream *out = request->fcgx->out;

	send_head(r, out);
	FCGX_FPrintF(out, "Content-Length: %lu\r\n", (unsigned long)body->len);
	FCGX_PutStr("\r\n", 2, out);
	if (!request->head)
		FCGX_PutStr(buf_text(body), (int)body->len, out);
}
