/*
 * The WebSockets that nginx hands on: of those who watch the history (feed.h; dashboards and pages, /ws/history) and of camera
 * boxes (boxes.h; /ws/edge), over a socket of this machine, by which nginx comes after it has asked parkmesh.fcgi whether they
 * may. It is not to be reached from outside: whoever connects is not asked anything.
 *
 * In the header X-Parkmesh-Watcher nginx says who parkmesh.fcgi has found it to be, and nothing else of what the client has
 * sent. Watchers: "session HASH", HASH being that of a log-in as `sessions` has it, or "address ADDRESS" of a program. Boxes:
 * "edge HASH ADDRESS", HASH being that of a token as `edges` has it, or "box ADDRESS" of one that was let in by its address.
 * Each person and each address has a share of the places (feed.h, boxes.h), and whose log-in or token is over is ended within a
 * second or two.
 *
 * One of them: connected (nginx has come; 5 s for the handshake) -> watching, or a box -> ending (told why, then closed) ->
 * gone. Failure cases: a socket that cannot be made is told in the journal and tried again at the next live_tick; the mesh does
 * not need it.
 */
#ifndef PARKMESH_P2PD_LIVE_H
#define PARKMESH_P2PD_LIVE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/world.h"

struct live;
struct loop;
struct rows;

/* path: of the socket. central: this central's id as it is now, "" not known yet. wrote is called, not from within a function of
 * this header, when a box's events were written. rows, central and world outlive it. ERR_MEMORY, ERR_SYSTEM. */
struct live_told { const char *central; void (*wrote)(void *arg); void *arg; };
enum err live_open(struct loop *loop, struct rows *rows, const struct world *world, const char *path, const struct live_told *told,
	struct live **out);
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
