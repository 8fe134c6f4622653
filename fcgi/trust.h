/* Addresses that are trusted, and the names by which a request says that it calls this machine. Pure. */
#ifndef PARKMESH_FCGI_TRUST_H
#define PARKMESH_FCGI_TRUST_H

#include <stdbool.h>
#include <stddef.h>

#define TRUST_MAX 64

struct cidr { unsigned char bytes[16]; int bits; };  /* IPv4 as ::ffff:a.b.c.d */
struct trust {
	bool loopback;                   /* 127.0.0.0/8 and ::1 */
	struct cidr entry[TRUST_MAX];
	size_t count;
};

/* Only loopback. */
void trust_init(struct trust *t);
/* Add "10.0.0.0/8", "fd00::/8" or one address; "none" takes loopback out. false if it cannot be read, or there are TRUST_MAX
 * already. */
bool trust_add(struct trust *t, const char *cidr);
bool trust_has(const struct trust *t, const char *address);
bool address_is_loopback(const char *address);

/* Does the Host header (with or without a port) name this machine by an IP literal or localhost? */
bool host_is_address(const char *host);
/* Is Host, without its port, name? */
bool host_is(const char *host, const char *name);
/* Does Origin name the same scheme-less host and port as Host? server_port (may be NULL) counts where Host has none. */
bool origin_is_host(const char *origin, const char *host, const char *server_port);
/* Is it one as a browser writes it: http:// or https://, a host, a port unless it is the usual one, and nothing else? */
bool origin_valid(const char *origin);

#endif
