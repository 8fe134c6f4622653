/*
 * Status rows: peer_status, mesh_status, mesh_counts, claims, p2p_sync_state. Written when something changed, and every 5 s as a sign of
 * life; claims with the latter alone.
 */
#ifndef PARKMESH_P2PD_STATUS_H
#define PARKMESH_P2PD_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/world.h"
#include "claims.h"
#include "store/counts.h"
#include "store/site.h"

#define STATUS_MS 5000      /* readers call p2pd dead after 10 s */
#define STATUS_PEERS 200

struct legacy;
struct mesh;

struct status {
	struct peer_status written[STATUS_PEERS]; /* as they are in the table */
	size_t count;
	int64_t due_ms;                           /* monotonic: write even if nothing changed */
	uint64_t version;                         /* mesh_version and legacy_version when last written */
	const struct legacy *old;                 /* told of beside the mesh; NULL none */
	struct mesh_status said;                  /* its texts, as last written */
	struct mesh_count counted[MESH_COUNTS_MAX]; /* of this run, as far as they are in the table */
	size_t counted_count;
	struct claims claims;                     /* as they are in the table */
	bool claims_known;                        /* false: what an earlier run left is still there */
	bool failing;                             /* the last write did not succeed */
	int64_t started_ms;                       /* Unix ms; the owner's to set, 0 not known */
};

/* Take over what a run before this one left, so that rows of peers that are gone are removed. */
void status_open(struct status *s, struct db *db);
/* Is there something that people should see at once? */
bool status_urgent(const struct status *s, const struct mesh *m);
/* Write what changed; of numbers that move all the time (last sign of life, round trip, offset) only every STATUS_MS.
 * said: what of mesh_status the mesh does not know. */
void status_write(struct status *s, struct db *db, struct mesh *m, const struct mesh_status *said, const struct world *world);
/* The last row of a p2pd that ends: nothing is connected. */
void status_close(struct status *s, struct db *db, const struct mesh *m, const struct world *world);

#endif
