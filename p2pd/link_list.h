/*
 * The links there are, for link.c: found, made, freed, and who has to go when there are too many. Knows nothing of
 * libwebsockets but its words for why a connection failed.
 *
 * Fairness. Of strangers (accepted, not proven) there are LINK_STRANGERS places, each for at most 5 s. When all are taken a newcomer
 * gets the place of the oldest stranger of the address that holds most of them: so who is alone at his address is never driven out
 * by a crowd at another, and even at the same address, or behind the same router, an honest central only has to be done before as
 * many others have come after it. Refusing newcomers instead would let 64 silent connections lock everybody out. IPv6 addresses
 * count as one when their first 64 bits are equal, since whoever has one of these has all.
 * When unfinished messages fill all of LINK_UNFINISHED_MAX, the link whose message was begun first has to go once it has had time
 * enough: else a few that never finish theirs would stop all reading for ever.
 */
#ifndef PARKMESH_P2PD_LINK_LIST_H
#define PARKMESH_P2PD_LINK_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "link.h"
#include "queue.h"
#include "store/site.h"

struct loop_timer;
struct loop_watch;
struct lws;
struct resolver;

enum link_state { LINK_RESOLVING, LINK_CONNECTING, LINK_OPEN, LINK_CLOSING, LINK_ENDED };

struct link {
	struct link *next;            /* one that is older */
	uint64_t id;
	enum link_state state;
	struct lws *wsi;              /* NULL: none (any more) */
	bool accepted, trusted, tls;
	bool dropped;                 /* a stranger that has lost its place */
	bool closed_by_mesh;
	bool old, http, nginx;        /* of the older system (legacy.h); in its newer form; let in by nginx */
	bool held, reading;           /* the mesh does not want to read from it; it is being read from */
	int port;
	char address[HOST_SIZE];
	char why[128];
	enum cause cause;             /* the same for pages; CAUSE_NONE: nothing special */
	struct assembly rx;
	uint64_t rx_began;            /* which of all messages begun the one in rx is */
	struct queue tx;
	unsigned char certificate[CERT_HASH_BYTES]; /* with tls, once it is open: the hash of the listener's */
};

struct links {
	struct links_told told, old_told;
	struct tls *tls;
	struct loop *loop;
	struct loop_timer *reaper, *patience;
	struct resolver *resolver;
	struct loop_watch *listener, *old_listener;
	int listener_fd, old_fd, port;
	char address[HOST_SIZE], listen_error[160], old_path[HOST_SIZE];
	bool stopped, full;
	uint64_t last_id, messages_begun;
	size_t accepted, unfinished, waiting;
	size_t unfinished_old;        /* the same of old centrals, so that what these send keeps nobody else from being read */
	struct link *first;           /* the newest */
};

struct link *link_of_id(const struct links *l, uint64_t id);
struct link *link_of_wsi(const struct links *l, const struct lws *wsi);
/* Dialled ones always find room (the mesh bounds them); of accepted ones there are at most LINKS_ACCEPTED. NULL: no room or no
 * memory. */
struct link *link_new(struct links *l, enum link_state state, bool accepted, const char *address);
void link_free(struct links *l, struct link *k);

/* The sum that its unfinished message counts in. */
size_t *link_unfinished(struct links *l, const struct link *k);

/* Add to the message that is arriving; more: bytes of its frame that are still to come. false: it is too large, or those of all
 * old centrals together are, and this is one of theirs. */
bool link_assemble(struct links *l, struct link *k, const void *bytes, size_t len, size_t more);

/* It could not be connected: note why, by the words (NULL: none) that libwebsockets has for it. */
void link_failed(struct link *k, const char *text, size_t len);

/* For link_listen.c: a connection that was accepted becomes a link; fd becomes the layer's. */
void link_adopt(struct links *l, int fd, const char *address, bool nginx);

/* NULL while a stranger from this address still finds a place, else the one whose place it gets. */
struct link *link_in_the_way(const struct links *l, const char *address);
/* The one whose unfinished message was begun first, NULL: there is none. */
struct link *link_stalled(const struct links *l);

#endif
