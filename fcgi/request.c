#include "request.h"

#include <fcgiapp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/text.h"

bool request_start(void)
{
	return FCGX_Init() == 0;
}

static void be_patient(int fd)
{
	struct timeval patience = {.tv_sec = REQUEST_PATIENCE_S};

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

/* keepConnection keeps FCGX_Accept_r from closing the descriptor it is given; it then sets it to what nginx asks for. With
 * listen_sock -1 it gives up, instead of accepting by itself, when this connection brings no request. */
static enum err accept_on(struct request *r, int fd)
{
	r->fcgx = calloc(1, sizeof *r->fcgx);
	if (!r->fcgx || FCGX_InitRequest(r->fcgx, -1, FCGI_FAIL_ACCEPT_ON_INTR) != 0) {
		close(fd);
		return ERR_SYSTEM;
	}
	be_patient(fd);
	r->fcgx->ipcFd = fd;
	r->fcgx->keepConnection = 1;
	return FCGX_Accept_r(r->fcgx) == 0 ? ERR_NONE : ERR_SYSTEM;
}

static const char *param(const struct request *r, const char *name)
{
	const char *value = FCGX_GetParam(name, r->fcgx->envp);

	return value && *value ? value : NULL;
}

/* A header that is there but empty is "": for what makes a request untrusted, being there counts. */
static const char *header(const struct request *r, const char *name)
{
	return FCGX_GetParam(name, r->fcgx->envp);
}

static enum method method_of(const char *name)
{
	static const struct { const char *name; enum method method; } known[] = {
		{"GET", METHOD_GET}, {"HEAD", METHOD_GET}, {"POST", METHOD_POST}, {"PUT", METHOD_PUT}, {"DELETE", METHOD_DELETE},
		{"OPTIONS", METHOD_OPTIONS},
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (strcmp(known[i].name, name) == 0)
			return known[i].method;
	}
	return METHOD_OTHER;
}

static void read_head(struct request *r)
{
	const char *method = param(r, "REQUEST_METHOD"), *path = param(r, "SCRIPT_NAME"), *query = param(r, "QUERY_STRING");
	const char *fetched_as;

	r->method = method_of(method ? method : "");
	r->head = method && strcmp(method, "HEAD") == 0;
	r->path = path ? path : "";
	r->query = query ? query : "";
	r->content_type = param(r, "CONTENT_TYPE");
	r->host = param(r, "HTTP_HOST");
	r->origin = header(r, "HTTP_ORIGIN");
	r->sec_fetch_site = header(r, "HTTP_SEC_FETCH_SITE");
	r->forwarded = header(r, "HTTP_FORWARDED");
	r->x_forwarded_for = header(r, "HTTP_X_FORWARDED_FOR");
	r->authorization = header(r, "HTTP_AUTHORIZATION");
	r->cookie = param(r, "HTTP_COOKIE");
	r->csrf_token = param(r, "HTTP_X_CSRF_TOKEN");
	fetched_as = param(r, "HTTP_SEC_FETCH_DEST");
	r->fetched = fetched_as && strcmp(fetched_as, "empty") == 0;
	r->https = param(r, "HTTPS") != NULL;
	r->if_match = param(r, "HTTP_IF_MATCH");
	r->if_none_match = param(r, "HTTP_IF_NONE_MATCH");
	r->idempotency_key = header(r, "HTTP_IDEMPOTENCY_KEY");
	r->preflight = param(r, "HTTP_ACCESS_CONTROL_REQUEST_METHOD");
	r->remote_addr = param(r, "REMOTE_ADDR");
	r->server_port = param(r, "SERVER_PORT");
}

static size_t body_max(const struct request *r)
{
	bool list = strcmp(r->path, "/api/subscriptions") == 0 || strcmp(r->path, "/api/staff") == 0;

	return list && r->method == METHOD_PUT ? REQUEST_LIST_MAX : REQUEST_BODY_MAX;
}

static enum err too_large(const struct request *r, struct fault *fault)
{
	return fault_set(fault, ERR_TOO_LARGE, "too_large", "", "The body is above %zu KiB; send less.", r->body.limit / 1024);
}

enum err request_read_body(struct request *r, struct fault *fault)
{
	const char *declared = param(r, "CONTENT_LENGTH");
	int64_t length = 0;
	char piece[8192];
	int got;

	if (declared && !number_parse(declared, INTEGER_MAX, &length))
		return fault_set(fault, ERR_SYNTAX, "bad_length", "", "Content-Length is not a number.");
	if (length > (int64_t)r->body.limit)
		return too_large(r, fault);
	while (!r->body.failed && (got = FCGX_GetStr(piece, sizeof piece, r->fcgx->in)) > 0)
		buf_add(&r->body, piece, (size_t)got);
	explicit_bzero(piece, sizeof piece);
	if (r->body.failed)
		return too_large(r, fault);
	if (r->body.len < (size_t)length)
		return fault_set(fault, ERR_SYNTAX, "body_cut", "", "The body ended before its declared length.");
	return ERR_NONE;
}

void request_drain(struct request *r)
{
	char piece[8192];

	while (FCGX_GetStr(piece, sizeof piece, r->fcgx->in) > 0)
		;
}

enum err request_receive(struct request *r, int fd)
{
	enum err e;

	*r = (struct request){.method = METHOD_OTHER};
	buf_init(&r->body, REQUEST_BODY_MAX);
	e = accept_on(r, fd);
	if (e != ERR_NONE)
		return e;
	read_head(r);
	r->body.limit = body_max(r);
	return ERR_NONE;
}

/* The connection is closed here, not by libfcgi, which would wait until nginx has closed its end: all of the request was read
 * (request_drain), so closing loses nothing that was answered. */
void request_end(struct request *r)
{
	if (r->fcgx) {
		if (!r->cut)
			FCGX_Finish_r(r->fcgx);
		FCGX_Free(r->fcgx, 0);
		if (r->fcgx->ipcFd >= 0)
			close(r->fcgx->ipcFd);
	}
	free(r->fcgx);
	buf_wipe(&r->body); /* passwords come by forms */
	r->fcgx = NULL;
}
