/*
 * The event loop: libwebsockets' context, with descriptors to watch and timers, so that nobody but link.c needs to know whose loop
 * it is. One thread.
 */
#ifndef PARKMESH_P2PD_LOOP_H
#define PARKMESH_P2PD_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct loop;
struct loop_timer;
struct loop_watch;
struct lws_context;
struct lws_vhost;

/* user is what link.c finds its connections by (lws_context_user). ERR_SYSTEM, ERR_MEMORY. */
enum err loop_open(void *user, struct loop **out);
/* Closes all connections and watched descriptors. Timers and watches are invalid afterwards. */
void loop_close(struct loop *loop);
/* For link.c only. */
struct lws_context *loop_context(const struct loop *loop);
struct lws_vhost *loop_vhost(const struct loop *loop);

/* Serve until loop_stop. ERR_SYSTEM if the loop fails. */
enum err loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

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
