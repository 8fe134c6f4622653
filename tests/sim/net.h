/*
 * The network between simulated centrals: connections as a pair of queues under the virtual clock.
 *
 * A path (from one central to another, each way by itself) has a delay, a rate, and may be cut for a while: what is under way
 * then waits, as with TCP, and is delivered when the path is whole again, if nobody has given up by then. A connection can
 * also be silenced for ever one way (half-open), or harmed: whole messages lost, told twice or overtaking each other, which no
 * TCP does; a harmed one breaks some time later.
 *
 * A connection: dialled -> open (told to both sides; not while a path is cut) -> one side closes or dies -> the other reads
 * what is under way, then hears of it; a silenced one never does.
 */
#ifndef PARKMESH_SIM_NET_H
#define PARKMESH_SIM_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "p2pd/mesh_io.h"

#define NODES_MAX 10
#define PIPES_MAX 400
#define SECOND 1000000

struct sim;
struct node;

struct parcel { struct parcel *next; char *bytes; size_t len; int64_t due_us; };
/* End 0 dialled. open: its central may still use it. */
struct pipe_end { int node; uint64_t link; bool open, told, deaf; struct parcel *first, **last; size_t queued; };
struct pipe {
	struct pipe_end end[2];
	bool silent[2];            /* nothing arrives at this end any more */
	bool tls;
	int64_t opens_us, breaks_us;
};
struct path { int64_t delay_us, jitter_us, us_per_kib; uint64_t lose_one_in, twice_one_in, swap_one_in; bool cut; };

struct net {
	struct pipe pipe[PIPES_MAX];
	size_t pipes;
	uint64_t last_link;
	struct path path[NODES_MAX + 1][NODES_MAX + 1]; /* from, to */
	size_t sent, lost, broken;
};

/* Links of this central, for its mesh. */
void net_table(struct node *x, struct mesh_links *out);
/* All that happens now. false: nothing. */
bool net_deliver(struct sim *s);
/* When something happens next, at most until. */
int64_t net_due(const struct sim *s, int64_t until);
/* All connections of a central end: the others hear of it, or, when its power went, do not. */
void net_gone(struct sim *s, int node, bool silently);
/* One connection, by lot: broken, or silenced one way or both. */
void net_break_one(struct sim *s);
/* Every path as new; connections that were silenced or harmed break. */
void net_heal(struct sim *s);
void net_free(struct net *n);

#endif
