/*
 * Connections over libwebsockets: dialling, accepting, whole messages in and out. It knows nothing of what messages mean. Where it
 * listens, whoever begins with a TLS handshake gets one, and everybody else is served as he is.
 *
 * A link: RESOLVING (a host name) -> CONNECTING (TCP, TLS and WebSocket handshake, 5 s) -> OPEN -> CLOSING (the mesh has closed it;
 * what is queued still leaves, within 2 s) -> ENDED -> freed in the layer's next turn. Accepted ones begin in CONNECTING.
 * Failure cases: whatever ends a link is told once with links_told.closed, unless the mesh has closed it itself; too large or
 * binary messages are told with .fault. libwebsockets may end a connection at any moment, so ENDED is only ever entered from its
 * WSI_DESTROY or when there is no wsi.
 * Bounds: LINK_STRANGERS accepted connections that have not proven themselves, each for at most 5.5 s from accept on,
 * MESSAGE_MAX_BEFORE_AUTH bytes a message until then; LINK_UNFINISHED_MAX bytes of unfinished messages (and of whole ones that
 * wait) in all, beyond which nothing is read, and after 2 s those go whose messages take longest. A link on which nothing leaves
 * for 10 s although something is to leave is ended. Who has to go for whom: link_list.h.
 *
 * Centrals of the older system have links, too (legacy.h): without subprotocol, let in by their address alone, with messages up to
 * OLD_MESSAGE_MAX of which OLD_UNFINISHED_MAX may be unfinished in all. Who tells them apart is told apart: old_told.
 */
#ifndef PARKMESH_P2PD_LINK_H
#define PARKMESH_P2PD_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "domain/cause.h"
#include "mesh_io.h"

#define LINK_PROTOCOL "parkmesh.v1"
#define LINK_OLD_PROTOCOL "http" /* what connections without a protocol are served by; never said */
#define LINK_STRANGERS 64
#define LINK_UNFINISHED_MAX (16u * 1024 * 1024)
#define OLD_UNFINISHED_MAX (24u * 1024 * 1024)
#define OLD_PATH "/ws/p2p"

struct links;
struct loop;
struct lws_protocols;
struct tls;

/* Who is told. All called from the loop, never from within a function of this header or of struct mesh_links. */
struct links_told {
	void *self;
	void (*opened)(void *self, uint64_t link, const char *address);
	void (*message)(void *self, uint64_t link, char *bytes, size_t len); /* bytes: now the callee's, to free */
	void (*fault)(void *self, uint64_t link, const char *text);
	void (*closed)(void *self, uint64_t link, enum cause cause, const char *text); /* cause: as for mesh_closed */
	void (*drained)(void *self);                                           /* a queue became short */
	/* The next two for old centrals only. May somebody at this address be one (http: of the newer form)? */
	bool (*knows)(void *self, const char *address, bool http);
	void (*resolved)(void *self, uint64_t link, const char *address);      /* the address of a host that was dialled */
};

/* tls outlives it. ERR_MEMORY. To be given to loop_open as user, then links_start. */
enum err links_new(const struct links_told *told, const struct links_told *old_told, struct tls *tls, struct links **out);
enum err links_start(struct links *l, struct loop *loop);
/* No more calls to told from now on. Before loop_close; then links_free. */
void links_stop(struct links *l);
void links_free(struct links *l);
void links_table(struct links *l, struct mesh_links *out);
struct legacy_links;
void links_old_table(struct links *l, struct legacy_links *out);

/* Listen there (address NULL: everywhere) instead of wherever it was. Nothing happens if it is the same and works. false: it does
 * not listen; links_listen_error says why. */
bool links_listen(struct links *l, const char *address, int port);
/* Listen there for nginx, which hands on old centrals of the newer form; nothing happens if it is so already, or path is "". */
void links_listen_old(struct links *l, const char *path);
const char *links_listen_error(const struct links *l);
/* Read, or do not read, for now: waiting is the number of bytes of messages that wait to be applied. */
void links_balance(struct links *l, size_t waiting);
/* Are messages still leaving on links that were closed? */
bool links_leaving(const struct links *l);

/* For loop.c only: fill in a protocol of libwebsockets that serves links, under this name. */
void link_protocol_fill(const char *name, struct lws_protocols *out);

#endif
