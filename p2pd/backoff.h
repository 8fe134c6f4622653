/* How long to wait before a central that could not be reached is dialled again: a random part of 1 s, 2 s, 4 s … 30 s, for ever
 * (spec/wire.md, "full jitter"). */
#ifndef PARKMESH_P2PD_BACKOFF_H
#define PARKMESH_P2PD_BACKOFF_H

#include <stdint.h>

#define LASTED_MS 30000 /* a connection that has lived so long has lasted */

struct world;

/* The next wait in ms; *attempts counts how often it was asked for, and is set to 0 once a connection has lasted. */
int64_t backoff_wait(const struct world *world, unsigned *attempts);

#endif
