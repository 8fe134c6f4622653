/*
 * Those who watch the history: the feed (feed.h) over a socket of this machine, by which nginx comes for dashboards and pages after it
 * has asked parkmesh.fcgi whether they may. It is not to be reached from outside: whoever connects is not asked anything.
 *
 * In the header X-Parkmesh-Watcher nginx says who parkmesh.fcgi has found it to be: "session HASH", HASH being that of a log-in as
 * `sessions` has it, or "address ADDRESS" of a program. Each person and each address has a share of the places (feed.h), and a watcher
 * whose log-in is over is ended within a second or two.
 *
 * A watcher: connected (nginx has come; 5 s for the handshake) -> watching -> ending (told why, then closed) -> gone.
 * Failure cases: a socket that cannot be made is told in the journal and tried again at the next live_tick; the mesh does not need it.
 */
#ifndef PARKMESH_P2PD_LIVE_H
#define PARKMESH_P2PD_LIVE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/world.h"

struct db;
struct live;
struct loop;

/* path: of the socket; db and world outlive it. ERR_MEMORY, ERR_SYSTEM. */
enum err live_open(struct loop *loop, struct db *db, const struct world *world, const char *path, struct live **out);
/* All of these: live may be NULL, if there is no such socket. */
/* Rows may have changed. */
void live_look(struct live *l);
/* A central has come or gone. */
void live_mesh(struct live *l);
/* Each second: what nothing else has told of. */
void live_tick(struct live *l);
/* Nobody comes any more, and those who are there are told so. Before loop_close; then live_free. */
void live_stop(struct live *l);
/* Is anybody still to be told? */
bool live_leaving(const struct live *l);
void live_free(struct live *l);

#endif
