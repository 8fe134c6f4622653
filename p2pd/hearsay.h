/*
 * Hearsay: logs of which nothing is held here and that a peer has told of in a vector. Relaying begins with it, and a peer could
 * invent any number of them, so each is counted to the peer that told it.
 *
 * A log: not known -> told (counted to that peer) -> held (nobody's hearsay any more), or forgotten when that peer goes and no other
 * tells of it. There is room for HEARSAY_MAX; when it is full, a peer with fewer than the one with most takes the place of one of
 * that one's, so that nobody can keep others from being heard.
 */
#ifndef PARKMESH_P2PD_HEARSAY_H
#define PARKMESH_P2PD_HEARSAY_H

#include <stdint.h>

struct mesh;
struct peer;

/* The index of a log that was not known, now told by p. LOG_NONE: p may have no more for now, or out of memory. */
uint32_t hearsay_add(struct mesh *m, struct peer *p, const char *log);
/* Something of log i is held now. */
void hearsay_held(struct mesh *m, uint32_t i);
/* p is closing: what it alone told of is forgotten. */
void hearsay_lost(struct mesh *m, struct peer *p);

#endif
