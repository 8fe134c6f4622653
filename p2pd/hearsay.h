/*
 * Hearsay: logs of which nothing is held here and that a peer has told of in a vector. Relaying begins with it, and a peer could
 * invent any number of them, so each is counted to the peer that told it.
 *
 * A log: not known -> told (counted to that peer) -> held (nobody's hearsay any more), or forgotten when that peer goes and no other
 * tells of it. There is room for HEARSAY_MAX; when it is full, a peer with fewer than the one with most takes the place of one of
 * that one's, so that nobody can keep others from being heard.
 *
 * What found no place, or lost it, is told again only with the whole vector, which goes out on every connect: a peer of which something
 * was not heard is connected anew when less than half of the room is taken, which is when the logs told first have come. One that
 * invents logs never gets there by them, and so costs nobody a connection.
 */
#ifndef PARKMESH_P2PD_HEARSAY_H
#define PARKMESH_P2PD_HEARSAY_H

#include <stdbool.h>
#include <stdint.h>

struct mesh;
struct peer;

/* The index of a log that was not known, now told by p. LOG_NONE: p may have no more for now, or out of memory. */
uint32_t hearsay_add(struct mesh *m, struct peer *p, const char *log);
/* Something of log i is held now. */
void hearsay_held(struct mesh *m, uint32_t i);
/* Was something p told not heard, and is there room for it now? */
bool hearsay_wants_again(const struct mesh *m, const struct peer *p);
/* p is closing: what it alone told of is forgotten. */
void hearsay_lost(struct mesh *m, struct peer *p);

#endif
