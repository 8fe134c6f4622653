/* Questions that parkmesh-central asks while it starts. */
#ifndef PARKMESH_CTL_PROBE_H
#define PARKMESH_CTL_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/world.h"

struct db;

/* Can a socket be bound to ip and port? Waits up to 3 s for one that a program killed just before is about to give up.
 * false: stderr says why not. */
bool probe_port(const char *ip, int port, const struct world *world);
/* Does GET /healthz there answer 200? At most about a second. */
bool probe_health(const char *ip, int port);
/* When p2pd last wrote its row, by the clock of then; -1: never. */
int64_t probe_mesh(struct db *db);

#endif
