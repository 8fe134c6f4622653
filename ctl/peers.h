/* The table of peers, as `status` and `peer list` show it. */
#ifndef PARKMESH_CTL_PEERS_H
#define PARKMESH_CTL_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "store/counts.h"
#include "store/site.h"

struct db;

#define PEERS_SHOWN_MAX (2 * PEERS_MAX) /* those configured, and others that take part */

struct peer_look {
	struct peer_status status;
	bool told;                       /* p2pd runs and says something of it */
	int weight;                      /* of a configured one */
	char dialect[sizeof ((struct peer_row *)0)->dialect]; /* likewise, else "" */
	bool pinned;
	char fingerprint[FINGERPRINT_SIZE]; /* of the pinned key */
};

struct mesh_look {
	bool running;
	size_t count, counted;
	struct peer_look peer[PEERS_SHOWN_MAX];
	char certificate[sizeof ((struct mesh_status *)0)->certificate]; /* shown to who dials by TLS; "" none, or p2pd does not run */
	char certificate_error[sizeof ((struct mesh_status *)0)->certificate_error];
	struct mesh_count counts[MESH_COUNTS_MAX]; /* what p2pd has counted, by kind and cause */
};

/* Configured peers by id, then others that are connected. In a read transaction. */
enum err peers_look(struct db *db, int64_t now_ms, struct mesh_look *out);
/* The member "peers". */
void peers_add_json(struct buf *out, const struct mesh_look *m);
void peers_print(const struct mesh_look *m);
/* The member "counts". */
void counts_add_json(struct buf *out, const struct mesh_look *m);
void counts_print(const struct mesh_look *m);

#endif
