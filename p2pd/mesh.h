/*
 * The mesh: all connections, what is held of each log, and who is told what. Free of I/O: it is told what happened, acts through
 * struct mesh_io, and says when it wants to be called next.
 *
 * Use: mesh_new, mesh_configure, then for ever: tell it what happened, and call mesh_run afterwards and whenever the time it
 * returned has come. Everything it sends, applies and decides by time happens in these calls, in one thread.
 *
 * Rooms: peer (one connection), hello (HELLO and AUTH), catchup (what others lack), apply (what others send), marks (what others
 * hold of our own), relay (what is asked of third centrals), heartbeat, neighbour (whom to dial, and what people are shown), command
 * (test-connection), vector.
 */
#ifndef PARKMESH_P2PD_MESH_H
#define PARKMESH_P2PD_MESH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "counts.h"
#include "peer.h"
#include "store/claims.h"
#include "store/marks.h"
#include "store/site.h"

#define MESH_DIALECT_VERSION 1
#define VECTOR_PART 2500 /* entries of a vector in one message: 80 bytes each stay below MESSAGE_MAX */

struct mesh;
struct mesh_io;
struct world;

/* io's tables are copied; world outlives the mesh. ERR_MEMORY. Free with mesh_free. */
enum err mesh_new(const struct mesh_io *io, const struct world *world, struct mesh **out);
/* Closes everything at once. */
void mesh_free(struct mesh *m);

/* This central and its peers as configured now: mark, load, sweep. Peers of the old dialects are passed over, they are legacy.h's.
 * Peers that did not change keep their connections. When id, keys, mesh or secret changed, everything is closed and begun anew. */
enum err mesh_configure(struct mesh *m, const struct identity *self, const struct peer_row *rows, size_t count);
/* Pins may have changed: connections whose key is pinned no longer are closed, so that the next one proven is pinned. */
void mesh_check_pins(struct mesh *m);
/* Rows may have changed (the bell): read which logs moved, and pass it on. */
void mesh_look(struct mesh *m);

/* A link is open: one that was dialled, or a new one that somebody else dialled (address: numeric, for people and for the
 * loopback rule). A link that is not wanted is closed at once. */
void mesh_opened(struct mesh *m, uint64_t link, const char *address);
/* One whole message; bytes (from malloc) become the mesh's. */
void mesh_message(struct mesh *m, uint64_t link, char *bytes, size_t len);
/* Something arrived that is no message: too large, binary. text says what. */
void mesh_fault(struct mesh *m, uint64_t link, const char *text);
/* The link has gone, or could not be made. CAUSE_NONE: there is no more to it than that. */
void mesh_closed(struct mesh *m, uint64_t link, enum cause cause, const char *text);
/* What was begun beside the loop is done. */
void mesh_worked(struct mesh *m);
/* Somebody wants to know whether this peer can be reached: rows.answer follows within about 7 s. */
void mesh_test(struct mesh *m, int64_t command, const char *peer);

/* Do what is due. Returns the monotonic time (µs) to be called again at, at the latest. */
int64_t mesh_run(struct mesh *m);
/* Close all connections in good order; nothing is dialled any more. */
void mesh_stop(struct mesh *m);

/* Rows to show, at most max. */
size_t mesh_peer_statuses(const struct mesh *m, struct peer_status *out, size_t max);
/* What peers say to hold of each log (store/claims.h), at most max; in no order. */
size_t mesh_claims(const struct mesh *m, struct claim *out, size_t max);
/* Has anything happened since mesh_marks was last asked, or written, by which marks may have moved? */
bool mesh_marks_moved(const struct mesh *m);
/* How far own logs are held by others, where that differs from the rows, at most max; and that these are the rows now. */
size_t mesh_marks(struct mesh *m, struct mark *out, size_t max);
void mesh_marks_written(struct mesh *m, const struct mark *rows, size_t count);
/* The seq up to which an own log is at quorum by its row; of a log that is none INTEGER_MAX. */
int64_t mesh_marked(const struct mesh *m, const char *log);
/* Peers with which records were exchanged since the last call. updated_ms is left to the caller. */
size_t mesh_sync_states(struct mesh *m, struct sync_state *out, size_t max);
/* Is everything here that the configured peers say to hold? Not while one of them is away. */
bool mesh_caught_up(const struct mesh *m);
/* Moves when somebody came, went or was refused. */
uint64_t mesh_version(const struct mesh *m);
const struct mesh_counts *mesh_counts(const struct mesh *m);
/* Bytes of pages that wait to be applied. */
size_t mesh_waiting_bytes(const struct mesh *m);
/* The whole state, into the journal. */
void mesh_dump(const struct mesh *m);

#endif
