/*
 * What connections tell of the centrals behind them, beside what their logs tell (domain/judge): a database that was rolled back, two
 * centrals under one id, a key that changed. Raises warnings; closes nothing by itself.
 *
 * - Rolled back: with the echo of the first heartbeat a peer has said all it holds of its own logs. What had been held here before that
 *   heartbeat was sent, its author had committed long before; lacking it, it was rolled back.
 * - Two centrals: one calls itself as we do; or connections that were alive are replaced by new ones of the same central again and again
 *   (REPLACED_MOST within REPLACED_MS; from two addresses REPLACED_FEW); or one of each direction stays open, which one central would
 *   have closed; or the pinned key is still heard from after another one was shown (a connection that has just broken may look open).
 */
#ifndef PARKMESH_P2PD_SUSPECT_H
#define PARKMESH_P2PD_SUSPECT_H

#define REPLACED_MS (10 * 60 * 1000)
#define REPLACED_FEW 3
#define REPLACED_MOST 6
#define ALIVE_MS 8000       /* a connection heard from within so long was alive: heartbeats come every 4 to 6 s */
#define BOTH_MS 20000       /* two connections of one central that are open together for so long */
#define TWO_CENTRALS "two_centrals" /* code of the ERROR that tells the other side */

struct happening;
struct mesh;
struct message;
struct peer;

/* Raise this warning, in a transaction of its own, if there is anything to write. */
void suspect_warn(struct mesh *m, const struct happening *what);

/* A heartbeat goes out to p. */
void suspect_asked(struct mesh *m, struct peer *p);
/* Its echo is here. */
void suspect_echoed(struct mesh *m, struct peer *p);
/* old gives way to p, a connection of the same central dialled by the same side. old is still open. */
void suspect_replaced(struct mesh *m, struct peer *old, struct peer *p);
/* p, which has proven the mesh secret, has our own id. */
void suspect_own_id(struct mesh *m, struct peer *p);
/* p, which has proven the mesh secret, shows another key than the one pinned. */
void suspect_key(struct mesh *m, struct peer *p);
/* p refused us with this code. */
void suspect_refused(struct mesh *m, struct peer *p, const char *code);
/* p reports a code of ours in READY. */
void suspect_told(struct mesh *m, struct peer *p, const struct message *msg);

#endif
