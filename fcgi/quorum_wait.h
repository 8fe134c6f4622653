/*
 * Waiting until a record is at quorum (spec/api.md, `?wait=quorum`): one watcher for all who wait. It looks at the row that p2pd
 * writes (store/marks) every LOOK_US while somebody waits, and wakes those whose record is at quorum; each waits for itself for its
 * time-out. Nobody waits in the writer's thread or in a transaction.
 *
 * States      idle (nobody waits: the watcher sleeps) -> looking -> idle; stopping (quorum_wait_stop): all are woken, nobody waits any
 *             more.
 * Inputs      waiters from any thread; quorum_wait_stop, before the request threads are joined; quorum_wait_close afterwards.
 * Failures    The database cannot be read, or p2pd is down: the mark does not move, and all are answered at their time-out.
 */
#ifndef PARKMESH_FCGI_QUORUM_WAIT_H
#define PARKMESH_FCGI_QUORUM_WAIT_H

#include <stdint.h>

#include "base/err.h"
#include "base/world.h"
#include "domain/quorum.h"

#define QUORUM_WAIT_MS 2000       /* unless the caller says how long */
#define QUORUM_WAIT_MOST_MS 10000

struct quorum_wait;

/* What became of those who wanted to wait, since the start. */
struct quorum_waits { int64_t reached, timed_out, refused /* there was no thread to spare */; };

/* db_path and world (its monotonic clock is the system's) outlive it. Starts the watcher. ERR_MEMORY, ERR_SYSTEM. */
enum err quorum_wait_open(const char *db_path, const struct world *world, struct quorum_wait **out);
/* Wait until record seq of this log of this central is at quorum, for at most timeout_ms. Returns what it is at then. */
enum durability quorum_wait_for(struct quorum_wait *w, const char *log, int64_t seq, int64_t timeout_ms);
/* Somebody wanted to wait and may not. */
void quorum_wait_refused(struct quorum_wait *w);
struct quorum_waits quorum_wait_counts(struct quorum_wait *w);
/* Wake all. Takes NULL. */
void quorum_wait_stop(struct quorum_wait *w);
/* End the watcher and free. Nobody may wait any more. Takes NULL. */
void quorum_wait_close(struct quorum_wait *w);

#endif
