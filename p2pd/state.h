/*
 * The mesh's memory, for its own parts (mesh, peer, hello, catchup, apply, relay, heartbeat, neighbour, command). Everybody else
 * uses mesh.h.
 */
#ifndef PARKMESH_P2PD_STATE_H
#define PARKMESH_P2PD_STATE_H

#include "allowance.h"
#include "apply.h"
#include "base/buf.h"
#include "base/world.h"
#include "command.h"
#include "marks.h"
#include "mesh.h"
#include "mesh_io.h"
#include "neighbour.h"
#include "peer.h"
#include "vector.h"

#define LINKS_MAX 448               /* connections of all kinds; the last PEERS_MAX are for those we dial */
#define NEIGHBOURS_MAX (2 * PEERS_MAX) /* configured ones, and others that know the secret */

struct mesh {
	struct mesh_io io;
	const struct world *world;
	struct identity self;
	bool configured;
	struct vector logs;
	struct marks marks;
	int64_t last_change;            /* the newest log_row.change seen */
	struct peer *peer[LINKS_MAX];
	size_t peers;
	struct neighbour *neighbour[NEIGHBOURS_MAX];
	size_t neighbours;
	struct apply apply;
	struct commands commands;
	struct mesh_counts counts;
	uint32_t hearsay_hand;          /* where the next one to be forgotten is looked for */
	int64_t relay_ms;               /* when to look for logs that lag, INT64_MAX: nothing lags */
	uint64_t turn_link;             /* the peer whose turn it is to catch up */
	size_t turn_pages;
	int64_t turn_ms;
	uint64_t version;               /* counts changes of state that people should see soon */
	struct allowance strangers_told, guests_told; /* lines about who has not proven itself, about who is not configured */
	struct buf out, lines;          /* scratch for one message; lines of page */
	struct page page;               /* the one read last, of lines */
	int64_t page_held;              /* how much of its log was held then; 0: there is none */
	struct vector_entry entries[VECTOR_PART]; /* scratch for one message's vector */
};

static inline int64_t mesh_now(const struct mesh *m)
{
	return world_mono_ms(m->world);
}

/* The connection on this link, NULL if there is none (any more). */
struct peer *mesh_peer(struct mesh *m, uint64_t link);
/* The READY connection with this central, NULL if there is none. */
struct peer *mesh_ready_peer(struct mesh *m, const char *id);
/* p has become READY: of several connections with the same central close what is not needed. */
void mesh_settle(struct mesh *m, struct peer *p);
/* The router: the one place where what a READY peer says is handed on, to marks, merge, or who waits for an answer. */
void mesh_route(struct mesh *m, struct peer *p, struct peer_event *e);

/* May a line be written that this central caused (NULL: one that has not proven itself), or were there too many of late? */
bool mesh_may_tell(struct mesh *m, struct neighbour *n);

#endif
