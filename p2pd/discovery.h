/*
 * Discovery by mDNS (Avahi): announce this central as a `_parkmesh._tcp` service, and tell which others announce themselves. What is found
 * is for people to choose from; it is trusted in nothing.
 *
 * Avahi's calls wait for its daemon, so all of them happen in a thread of discovery's own: whatever the daemon does, the mesh goes on.
 * States of that thread: without a client (no D-Bus, tried again after about a minute) -> waiting for the daemon (it may come and go at any
 * time) -> running: registered if there is something to announce, browsing, one resolver for each service seen -> back to
 * waiting when the daemon goes; without a client when the bus does.
 * Bounds: SIGHTINGS_MAX services seen, of which DISCOVERED_MAX are told. All that they say is checked: id, fingerprint, port, an address
 * that others can reach.
 */
#ifndef PARKMESH_P2PD_DISCOVERY_H
#define PARKMESH_P2PD_DISCOVERY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "store/discovered.h"

#define SIGHTINGS_MAX 256 /* a central is seen once by each network and family of addresses */

struct discovery;
struct world;

struct announcement {
	char id[CENTRAL_ID_SIZE];
	char mesh[MESH_SIZE];
	char fingerprint[FINGERPRINT_SIZE];
	int port;                           /* 0: announce nothing, for nobody else could connect */
};

/* Starts the thread. Signals must be blocked. ERR_MEMORY, ERR_SYSTEM. */
enum err discovery_open(struct discovery **out);
/* At the process's end: takes what is announced back; returns within about two seconds. NULL is allowed. */
void discovery_close(struct discovery *d, const struct world *world);
/* From now on announce this; only centrals of the same mesh, and not this one itself, are told. NULL is allowed for d. */
void discovery_announce(struct discovery *d, const struct announcement *what);
/* Has what is found changed since the last call? Then it is in out. */
bool discovery_take(struct discovery *d, struct discovered out[DISCOVERED_MAX], size_t *count);

#endif
