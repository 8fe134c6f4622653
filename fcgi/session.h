/*
 * Who may: for now decided by address alone (spec/operations.md, "Who may do what"); log-in and tokens come to this part later.
 *
 * Trust by address opens the API to the addresses in the trust list and pages to loopback. It never applies to what may have been
 * sent on behalf of somebody else: a request with Forwarded or X-Forwarded-For (a proxy would make the world loopback), with a
 * Host that is a name other than localhost or this central's own (DNS rebinding), or one made by a page of another origin
 * (Origin, Sec-Fetch-Site).
 */
#ifndef PARKMESH_FCGI_SESSION_H
#define PARKMESH_FCGI_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "request.h"
#include "route.h"

#define TRUST_MAX 64

struct cidr { unsigned char bytes[16]; int bits; };  /* IPv4 as ::ffff:a.b.c.d */
struct trust { struct cidr entry[TRUST_MAX]; size_t count; };

/* Only loopback (127.0.0.0/8 and ::1). */
void trust_init(struct trust *t);
/* Add "10.0.0.0/8", "fd00::/8" or one address. false if it cannot be read, or there are TRUST_MAX already. */
bool trust_add(struct trust *t, const char *cidr);
bool trust_has(const struct trust *t, const char *address);

/* Does the Host header (with or without a port) name this machine by an IP literal or localhost? */
bool host_is_address(const char *host);
/* Is Host, without its port, name? */
bool host_is(const char *host, const char *name);
/* Does Origin name the same scheme-less host and port as Host? server_port (may be NULL) counts where Host has none. */
bool origin_is_host(const char *origin, const char *host, const char *server_port);
/* Was the request made by a page in a browser? */
bool request_from_page(const struct request *r);

/* own_host: this central's configured ip or name, NULL if not known. ERR_DENIED with fault. */
enum err session_check(enum access access, const struct request *r, const struct trust *trust, const char *own_host,
	struct fault *fault);

#endif
