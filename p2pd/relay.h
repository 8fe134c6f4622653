/*
 * Asking third centrals: when somebody holds more of a log than this central, and that log has not moved here for 2 s, one such
 * peer is asked to relay it, until its author delivers it again.
 *
 * A log: nobody holds more -> lacking -> (2 s without a move, author silent) asked of one peer -> (10 s without a move) asked of
 * another. It is taken off the list when its author delivers it, or when it is closed and complete.
 * A log that its own author lacks part of has been rolled back there, and is taken back in just this way. Operators are told when
 * its sealed records come (domain/judge): what somebody says to hold proves nothing.
 */
#ifndef PARKMESH_P2PD_RELAY_H
#define PARKMESH_P2PD_RELAY_H

#include <stdint.h>

#define RELAY_AFTER_MS 2000
#define RELAY_PATIENCE_MS 10000
#define RELAY_LOOK_MS 500
#define RELAY_LOGS 1024 /* at most asked of one peer at a time */

struct mesh;
struct peer;

/* Somebody has told of more of log i than is held here. */
void relay_lacking(struct mesh *m, uint32_t i);
/* p has delivered something new of log i. */
void relay_delivered(struct mesh *m, struct peer *p, uint32_t i);
/* Log i is not asked of anybody any more. */
void relay_unask(struct mesh *m, uint32_t i);
/* p is closing. */
void relay_lost(struct mesh *m, const struct peer *p);
/* Look whom to ask, and send lists that changed. */
void relay_run(struct mesh *m);

#endif
