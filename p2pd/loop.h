/*
 * The event loop: libwebsockets' context, with descriptors to watch and timers, so that nobody but link.c needs to know whose loop
 * it is. One thread.
 */
#ifndef PARKMESH_P2PD_LOOP_H
#define PARKMESH_P2PD_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define VISITOR_PING_S 20
#define VISITOR_SILENT_S 30

struct loop;
struct loop_timer;
struct loop_watch;
struct lws;
struct lws_context;
struct lws_vhost;
struct queue;
struct ssl_ctx_st;

/* user is what link.c finds its connections by (lws_context_user), dialling what it dials with by TLS; both outlive it. ERR_SYSTEM,
 * ERR_MEMORY. */
enum err loop_open(void *user, struct ssl_ctx_st *dialling, struct loop **out);
/* Closes all connections and watched descriptors. Timers and watches are invalid afterwards. */
void loop_close(struct loop *loop);
/* For link.c only. */
/* Write messages until none is left or no more are taken; then a writeable callback is asked for. false: the connection is broken. */
bool loop_pour(struct lws *wsi, struct queue *q);
struct lws_context *loop_context(const struct loop *loop);
struct lws_vhost *loop_vhost(const struct loop *loop);

/* Serve until loop_stop. ERR_SYSTEM if the loop fails. */
enum err loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* ---- WebSockets that others open to a program of this machine, on a virtual host of their own; for live.c ---- */

struct loop_visitor;
/* Part of a message, of whose frame `expect` bytes follow; final: it is whole now. */
struct loop_heard { const char *bytes; size_t len, expect; bool final, binary; };
/* All called from the loop, never from within a function of this header. mine: what was given with the connection. */
struct loop_visited {
	void (*opened)(void *mine);
	void (*heard)(void *mine, const struct loop_heard *part);
	void (*gone)(void *mine);                /* the last call for it; the visitor is freed */
};
/* Once, before the first visitor; *told is copied. ERR_SYSTEM. */
enum err loop_receive_visitors(struct loop *loop, const struct loop_visited *told);
/* Take over an accepted connection. Whoever does not answer a ping is gone after VISITOR_SILENT_S. ERR_MEMORY, ERR_SYSTEM: fd is closed,
 * nothing follows. */
enum err loop_visitor_new(struct loop *loop, int fd, void *mine, struct loop_visitor **out);
/* Queue a text message; bytes are copied. Without memory the connection is closed. */
void loop_visitor_send(struct loop_visitor *v, const char *bytes, size_t len);
/* A header of its handshake, by its name in small letters with the colon; "" if it has none or a longer one. Within opened only. */
void loop_visitor_header(const struct loop_visitor *v, const char *name, char *out, size_t size);
/* Bytes queued that have not left yet. */
size_t loop_visitor_queued(const struct loop_visitor *v);
/* Go on or stop reading from it. */
void loop_visitor_reading(struct loop_visitor *v, bool on);
/* Close with a code and a reason of RFC 6455 (static texts), within a second or two; what is queued does not leave any more. gone
 * follows. */
void loop_visitor_end(struct loop_visitor *v, int code, const char *why);
/* Is it to be told so, and was not yet? */
bool loop_visitor_leaving(const struct loop_visitor *v);

/* ---- descriptors and timers ---- */

/* Call ready whenever fd can be read. The descriptor becomes the loop's, also on failure. ready returns false to end the watch. */
enum err loop_watch(struct loop *loop, int fd, bool (*ready)(void *arg), void *arg, struct loop_watch **out);
/* End it and close its descriptor at once. Not from within its own ready. NULL is allowed. */
void loop_unwatch(struct loop_watch *watch);

/* A timer that calls fire once each time it is set. ERR_MEMORY. Free before loop_close with loop_timer_free (NULL is allowed). */
enum err loop_timer_new(struct loop *loop, void (*fire)(void *arg), void *arg, struct loop_timer **out);
void loop_timer_free(struct loop_timer *timer);
/* Fire in delay_us microseconds (≥ 0) instead of whenever it was set to. */
void loop_timer_set(struct loop_timer *timer, int64_t delay_us);

#endif
