/* Addresses that are trusted, the names by which a request says that it calls this machine, and the pages that may call it. Pure. */
#ifndef PARKMESH_BASE_TRUST_H
#define PARKMESH_BASE_TRUST_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

#define TRUST_MAX 64
#define NAMES_MAX 32     /* of each list */

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
/* Append them as trust_add takes them, a space between each two. */
void trust_text(const struct trust *t, struct buf *out);
/* Append them as lines of nginx's geo, each `\tNETWORK 1;`. */
void trust_geo(const struct trust *t, struct buf *out);
/* IPv4 or IPv6, not a host name. */
bool address_is_numeric(const char *text);
/* 127.0.0.0/8, ::1, or the former written as IPv6. */
bool address_is_loopback(const char *address);
/* Are both the same address, however each is written? false: one is none. */
bool address_same(const char *a, const char *b);

/* Does the Host header (with or without a port) name this machine by an IP literal or localhost? */
bool host_is_address(const char *host);
/* Is Host, without its port, name? */
bool host_is(const char *host, const char *name);
/* Does Origin name the same scheme-less host and port as Host? server_port (may be NULL) counts where Host has none. */
bool origin_is_host(const char *origin, const char *host, const char *server_port);
/* Is it one as a browser writes it: http:// or https://, a host, a port unless it is the usual one, and nothing else? */
bool origin_valid(const char *origin);

/* Who is let in beyond what a request shows. */
struct rules {
	struct trust edges, admins;
	const char *host[NAMES_MAX];        /* further names of this central */
	size_t host_count;
	const char *origin[NAMES_MAX];      /* whose pages may call the API with a token */
	size_t origin_count;
};

/* Loopback is trusted, nothing else. */
void rules_init(struct rules *r);
/* false: there are NAMES_MAX, or it cannot be one. text has to outlive r. */
bool rules_add_host(struct rules *r, const char *text);
bool rules_add_origin(struct rules *r, const char *text);
bool rules_have_origin(const struct rules *r, const char *origin);

#endif
