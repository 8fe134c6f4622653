/*
 * Marks: up to which record each own log is held by a quorum of the centrals, and by every one (domain/quorum has the rule and what it
 * promises). There is no bookkeeping of batches: per own log and neighbour one number, what that one has acknowledged, and the mark
 * is an order statistic of them, worked out when it is asked for, not with every ACK.
 *
 * What counts: an ACK that answers a page of that log sent to this neighbour over this connection, which it proved to be its own, up to
 * the last record of that page, if the chain it names is ours. Nothing else does: not the vectors of SYNC_REQUEST and HEARTBEAT
 * (for what a neighbour says to hold without having been sent it here, catchup sends it the last such record, so that it acknowledges
 * all of it), not an ACK that is a repeat, names more than was sent or more than is held here, and not other centrals' logs. A
 * neighbour counts once, however many connections it has, with the weight it is configured with now; one not configured does not.
 *
 * What a neighbour has acknowledged: nothing -> up to some seq -> up, with each ACK; down to what it says to hold when it drops a page or
 * connects with less than it had (its disk was restored); nothing again when it has another key or other records of that log.
 * A mark: as an earlier run left it (mesh_rows.mark), else 0 -> up. Never down, see domain/quorum.
 * Failure cases: without memory for a log it has no mark, without memory for a neighbour's numbers that one has acknowledged nothing.
 */
#ifndef PARKMESH_P2PD_MARKS_H
#define PARKMESH_P2PD_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/marks.h"

struct mesh;
struct neighbour;
struct peer;

struct own_log {
	uint32_t log;                  /* index of struct known_log */
	struct mark now;
	int64_t quorum, every;         /* of it, what the row has */
	bool stale;                    /* something happened since it was worked out */
};
struct marks {
	struct own_log *own;
	uint32_t count, cap;
	bool stale;                    /* one of them is, or its row is */
};

/* What an ACK said of the page it answers. */
struct acked { uint32_t log; int64_t seq; bool taken; /* else the page was not, and seq is what is held */ };

void marks_free(struct marks *k);
/* Log i is this central's, or more of it is held now. */
void marks_moved(struct mesh *m, uint32_t i);
/* Who counts, or with which weight, has changed. */
void marks_reweighed(struct mesh *m);
void marks_acked(struct mesh *m, struct neighbour *n, const struct acked *a);
/* n holds nothing any more of what it acknowledged. */
void marks_forget(struct mesh *m, struct neighbour *n);
/* n holds no more than seq of log i. */
void marks_fell(struct mesh *m, struct neighbour *n, uint32_t i, int64_t seq);
/* p has told its whole vector: what it acknowledged once and does not name now it has lost. */
void marks_greeted(struct mesh *m, const struct peer *p);
/* Is log i our own, and has n not acknowledged record seq of it, which it says to hold? */
bool marks_unconfirmed(const struct mesh *m, const struct neighbour *n, uint32_t i, int64_t seq);

#endif
