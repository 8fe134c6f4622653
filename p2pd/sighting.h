/* What a service that was found says of itself, checked, and what of it people are shown. Pure; all of it is a stranger's word. */
#ifndef PARKMESH_P2PD_SIGHTING_H
#define PARKMESH_P2PD_SIGHTING_H

#include <stdbool.h>

#include "discovery.h"

/* As it came; texts may be NULL. */
struct sighting_said { const char *id, *mesh, *key, *address; int port; };

/* Is it another central of own's mesh that could be dialled? Then *out is what it says. */
bool sighting_read(const struct sighting_said *said, const struct announcement *own, struct discovered *out);
/* Add one to a list of *count: of two with the same id and key the one with an IPv4 address is kept. Without room it is left out. */
void sighting_add(struct discovered list[DISCOVERED_MAX], size_t *count, const struct discovered *one);

#endif
