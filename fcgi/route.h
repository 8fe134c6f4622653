/*
 * Which handler answers a request: a table of method, path, who may, declared fields, handler. Paths match whole, never by
 * prefix; one segment may be a {name}, whose value the handler gets.
 */
#ifndef PARKMESH_FCGI_ROUTE_H
#define PARKMESH_FCGI_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "params.h"
#include "request.h"

struct call;

/* Who may (session.h checks it). VIEWER, OPERATOR and ADMIN: programs that may administer, and people with at least that role. */
enum access {
	ACCESS_ANYONE,
	ACCESS_EDGE,           /* edges, whoever may administer, and people: viewers may look, operators do */
	ACCESS_BOX,            /* a WebSocket of edges: as EDGE, but nobody's log-in counts */
	ACCESS_VIEWER, ACCESS_OPERATOR, ACCESS_ADMIN,
	ACCESS_WATCH,          /* a WebSocket for viewers: a page's Origin decides whether the person's log-in counts */
	ACCESS_PAGE_OPEN,      /* pages: without log-in, and for people with at least that role */
	ACCESS_PAGE_VIEWER, ACCESS_PAGE_OPERATOR, ACCESS_PAGE_ADMIN
};
bool access_is_page(enum access access);

/* Take checked fields, call one domain function, fill the response. A result other than ERR_NONE is answered from fault. */
typedef enum err handler_fn(struct call *c, struct fault *fault);

struct route {
	enum method method;
	const char *path;
	enum access access;
	const struct field *fields;
	size_t field_count;
	handler_fn *handler;
};

#define ROUTES_MAX 160  /* what is counted of each has its place (traffic.h) */
#define ROUTE_SEGMENT_SIZE 64
#define ROUTE_ALLOW_SIZE 64

struct route_match {
	const struct route *route;              /* NULL: none */
	char segment[ROUTE_SEGMENT_SIZE];       /* of the {name}, "" none */
	char allow[ROUTE_ALLOW_SIZE];           /* methods the path has, "" if it is unknown: 404, else 405 */
};

/* "GET" …; "OTHER" for one that no route takes. */
const char *method_name(enum method method);
/* Find the row for method and path. */
void route_find(const struct route *table, size_t count, enum method method, const char *path, struct route_match *out);

/* All routes of this program. */
extern const struct route routes[];
extern const size_t routes_count;

#endif
