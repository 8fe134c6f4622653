/*
 * What those are told who watch the history: dashboards and pages, each over a WebSocket (/ws/history). Free of I/O: it is told what
 * happened, acts through struct feed_io, and says when it wants to be called next.
 *
 * Frames, each one JSON object:
 *   {"type":"history_update","data":{…}}   a row was written, here or by a record of a peer; data as in GET /api/parking/history
 *   {"type":"history_reload","data":{}}    more rows changed than are told one by one: read again what is shown
 *   {"type":"mesh_update","data":{}}       a central has come or gone
 *
 * A watcher: (feed_expect ->) feed_opened -> watching -> feed_closed, or ended by the feed through feed_io.end, after which it is gone for
 * the feed.
 * It gets what is written from then on; who reads what is shown after it is open misses nothing. Rows are told in the order in which
 * they were written last, as they are then: of several writes in short time only the last is seen.
 *
 * Bounds. FEED_WATCHERS watchers, and of one person or program FEED_SHARE; FEED_RATE frames a second and FEED_BURST at once; after
 * FEED_BEHIND_US of more than that the rows in between are left out and the newest told. A watcher with FEED_QUEUE_MAX bytes that do
 * not leave is ended, so that it comes again and reads anew; so is one that says more than FEED_SAID_MAX bytes, since there is nothing
 * to say; and each one after FEED_LIFE_US at most, as who may watch is asked when it comes. Nobody watches: nothing is read and no time
 * is wanted.
 * Failure cases: rows that cannot be read are tried again at the next feed_look.
 */
#ifndef PARKMESH_P2PD_FEED_H
#define PARKMESH_P2PD_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/world.h"
#include "store/history.h"

#define FEED_WATCHERS 64
#define FEED_SHARE 16
#define FEED_WHO_SIZE 65
#define FEED_RATE 50
#define FEED_BURST 50
#define FEED_BATCH 10               /* rows read at once, so that the mesh is not kept waiting */
#define FEED_GAP_US 5000            /* between two readings */
#define FEED_BEHIND_US 2000000
#define FEED_QUEUE_MAX (64u * 1024)
#define FEED_SAID_MAX (64u * 1024)
#define FEED_LIFE_US 300000000      /* and up to a fifth less, so that they do not all come again at once */
#define FEED_MESH_GAP_US 1000000    /* between two frames about the mesh */

enum feed_end { FEED_OVER, FEED_SLOW, FEED_TALKS };

/* None of these calls back into the feed. */
struct feed_io {
	void *self;
	/* As history_mark and history_changed. */
	enum err (*mark)(void *self, int64_t rows, struct history_mark *out);
	enum err (*changed)(void *self, const struct history_mark *after, int64_t limit, history_each_fn *each, void *arg);
	/* Queue a frame; bytes are copied. */
	void (*send)(void *self, uint64_t watcher, const char *bytes, size_t len);
	/* Bytes queued that have not left yet. */
	size_t (*queued)(void *self, uint64_t watcher);
	void (*end)(void *self, uint64_t watcher, enum feed_end why);
};

struct feed;

/* world outlives it. ERR_MEMORY. */
enum err feed_new(const struct feed_io *io, const struct world *world, struct feed **out);
void feed_free(struct feed *f);

/* Somebody has connected and may open: what is written from here on is told to him, if he is the first. */
void feed_expect(struct feed *f);
/* who: whose share it counts to, as far as it fits; "" of all who are not known. false: there are FEED_WATCHERS, or FEED_SHARE of who,
 * already; it was not taken in. */
bool feed_opened(struct feed *f, uint64_t watcher, const char *who);
void feed_closed(struct feed *f, uint64_t watcher);
/* It said something, which is of no interest but for its length. */
void feed_heard(struct feed *f, uint64_t watcher, size_t len);
/* Rows may have changed. */
void feed_look(struct feed *f);
/* A central has come or gone. */
void feed_mesh(struct feed *f);
/* Do what is due; after each of the above, and when the time it returns has come: monotonic µs, INT64_MAX: not by itself. */
int64_t feed_run(struct feed *f);
size_t feed_watchers(const struct feed *f);

#endif
