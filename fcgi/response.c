#include "response.h"

#include <errno.h>
#include <fcgiapp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "request.h"

#define HEADERS_MAX 8192
#define RECORD_BYTES 65528       /* the most that FastCGI lets a record have, by its advice a multiple of 8 */

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

/* "*" is whatever there is. A tag never has a quotation mark inside, so that one in the list is found by its own two; and whether a
 * caller's list is one concerns himself. */
static bool is_held(const char *if_none_match, const char *tag)
{
	return if_none_match && (strcmp(if_none_match, "*") == 0 || strstr(if_none_match, tag));
}

void response_name(struct response *r, const struct request *request, const char *tag)
{
	if (is_held(request->if_none_match, tag)) {
		response_reset(r);
		r->status = 304;
	}
	response_header(r, "ETag", tag);
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
	{200, "OK"}, {204, "No Content"}, {302, "Found"}, {303, "See Other"}, {304, "Not Modified"}, {400, "Bad Request"},
	{401, "Unauthorized"}, {403, "Forbidden"}, {404, "Not Found"},
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

/* --- bodies that are large -------------------------------------------------------------------------------------------- */

/* How much of parts was sent is left out of them. */
static void leave_out(struct msghdr *parts, size_t sent)
{
	while (parts->msg_iovlen > 0 && sent >= parts->msg_iov->iov_len) {
		sent -= parts->msg_iov++->iov_len;
		parts->msg_iovlen--;
	}
	if (parts->msg_iovlen > 0) {
		parts->msg_iov->iov_base = (char *)parts->msg_iov->iov_base + sent;
		parts->msg_iov->iov_len -= sent;
	}
}

/* A record of FastCGI's standard output: version, type, request, length, no padding. */
static bool send_record(const FCGX_Request *fcgx, char *bytes, size_t len)
{
	unsigned char head[8] = {1, 6, (unsigned char)(fcgx->requestId >> 8), (unsigned char)fcgx->requestId,
		(unsigned char)(len >> 8), (unsigned char)len};
	struct iovec part[2] = {{head, sizeof head}, {bytes, len}};
	struct msghdr left = {.msg_iov = part, .msg_iovlen = 2};

	while (left.msg_iovlen > 0) {
		ssize_t sent = sendmsg(fcgx->ipcFd, &left, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return false;
		leave_out(&left, (size_t)sent);
	}
	return true;
}

/* libfcgi sends records of 8 KiB, through a buffer; in the largest that there are, from where it lies, 3.5 MB are with the caller in
 * half the time. */
static bool send_large(const struct buf *body, const FCGX_Request *fcgx)
{
	bool there = FCGX_FFlush(fcgx->out) == 0;

	for (size_t at = 0; there && at < body->len; at += RECORD_BYTES)
		there = send_record(fcgx, body->data + at, body->len - at < RECORD_BYTES ? body->len - at : RECORD_BYTES);
	return there;
}

bool response_send(const struct response *r, const struct request *request)
{
	const struct buf *body = r->shared ? &r->shared->text : &r->body;
	FCGX_Stream *out = request->fcgx->out;

	send_head(r, out);
	if (r->status != 304) /* it would be that of the answer with a body */
		FCGX_FPrintF(out, "Content-Length: %lu\r\n", (unsigned long)body->len);
	FCGX_PutStr("\r\n", 2, out);
	if (request->head)
		return true;
	if (body->len > RECORD_BYTES)
		return send_large(body, request->fcgx);
	return FCGX_PutStr(buf_text(body), (int)body->len, out) >= 0;
}
