/*
 * What one HTTP request says, as nginx hands it over by FastCGI: plain values, nothing checked yet but its size.
 *
 * This part and response.c are the only ones that know libfcgi. libfcgi's own accept loop is not used (accept.h says why): the
 * accepted descriptor is given to it with the request.
 *
 * What callers send is hostile; the FastCGI framing around it is nginx's, and is trusted: libfcgi does not survive forged lengths
 * of parameters, so the socket must be open to nginx alone.
 */
#ifndef PARKMESH_FCGI_REQUEST_H
#define PARKMESH_FCGI_REQUEST_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

#define REQUEST_BODY_MAX (64 * 1024)
#define REQUEST_LIST_MAX (4 * 1024 * 1024) /* of the routes that take a whole list of settings */
#define REQUEST_PATIENCE_S 10  /* how long nginx may leave a connection without bytes, either way */

struct FCGX_Request;

enum method { METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_DELETE, METHOD_OPTIONS, METHOD_OTHER };

struct request {
	struct FCGX_Request *fcgx;
	enum method method;          /* HEAD counts as METHOD_GET */
	bool head;                   /* the answer's body is not wanted */
	const char *path;            /* decoded and normalised by nginx, without the query; "" if missing */
	const char *query;           /* as sent; "" if none */
	/* NULL if the request has none. These and the two above live until request_end. */
	const char *content_type, *host, *origin, *sec_fetch_site, *forwarded, *x_forwarded_for;
	const char *authorization, *if_match, *if_none_match;
	const char *cookie, *csrf_token;    /* X-CSRF-Token */
	bool fetched;                /* by a script, not for a person to look at (Sec-Fetch-Dest: empty) */
	const char *idempotency_key;
	const char *preflight;       /* Access-Control-Request-Method */
	const char *remote_addr;     /* by nginx, not by the caller */
	const char *server_port;     /* the port nginx took the request on */
	bool https;                  /* nginx took it over TLS */
	struct buf body;
	bool cut;                    /* what was sent is not all: request_end closes without FastCGI's end of request, and nginx does the
	                              * same to the caller */
};

/* Once at program start. false if libfcgi cannot start. */
bool request_start(void);

/* Read a request from fd, which now belongs to r, up to its body. Always follow with request_end.
 * ERR_SYSTEM: no request came, nobody is there to answer. */
enum err request_receive(struct request *r, int fd);
/* Read its body, once it is known that the caller may send one: a stranger's takes no memory. ERR_TOO_LARGE: it is above the limit of
 * its path. ERR_SYNTAX: it ended early. fault says it. */
enum err request_read_body(struct request *r, struct fault *fault);
/* Take what was not read of the body from nginx: closing on it while it sends may lose the answer. */
void request_drain(struct request *r);
/* Finish the answer, close the connection, free what r owns. */
void request_end(struct request *r);

#endif
