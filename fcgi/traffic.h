/*
 * What the request threads count of what they serve, since the program's start: requests by route and status and how long they
 * took, log-ins that failed. Bounded whatever is asked: a route is a row of the table (all other paths, methods they do not
 * take and preflights are one), a status one that this program gives (all others are one).
 *
 * What nginx refuses by itself never comes here. Any number of threads; a few atomic additions a request.
 */
#ifndef PARKMESH_FCGI_TRAFFIC_H
#define PARKMESH_FCGI_TRAFFIC_H

#include <stdatomic.h>
#include <stdint.h>

#include "histogram.h"
#include "response.h"
#include "route.h"

enum login_failure {
	LOGIN_WRONG,     /* no such name, or not its password */
	LOGIN_LIMITED,   /* too many tries before this one (attempts.h) */
	LOGIN_FAILURES
};

struct traffic_route {
	_Atomic uint64_t by_status[RESPONSE_STATUSES + 1];  /* as response_status has them; the last: any other */
	struct histogram took_us;                           /* from the connection of nginx to the end of the answer */
};

struct traffic {
	struct traffic_route route[ROUTES_MAX + 1];  /* as routes; at routes_count: none of them */
	_Atomic uint64_t login_failures[LOGIN_FAILURES];
	atomic_int serving;                          /* threads that serve a request now */
};

/* A request was answered. route NULL: it had none. */
void traffic_note(struct traffic *t, const struct route *route, int status, int64_t took_us);
void traffic_login_failed(struct traffic *t, enum login_failure why);

#endif
