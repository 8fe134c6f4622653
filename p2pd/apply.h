/*
 * Taking what peers send: pages wait here, several share one transaction (batch.h), and only after its commit are they acknowledged.
 * Gates write to the same database, and come first.
 *
 * States: idle -> pages wait -> (the pause is over) a batch is worked off, beside the loop if it is large -> ACKs -> pages wait or idle.
 * What a batch did not come to waits again, before what came meanwhile. The next one follows at once if no gate waited of late, and
 * is begun before its answers are cleared away; what trickles in shares commits by gathering where it comes from (catchup.h). Else there
 * is a pause of as long as the batch took: so gates have the database, and the machine, for half of the time, however slow it is. It is
 * a bound, too: a gate whose process was stopped while it waits wants the database for ever.
 * A page that has to wait for others is read ahead by the loop (ledger.h): parsed, hashed, its seal looked at.
 * Inputs: pages (apply_queue), peers that close (apply_forget), time (apply_due), the end of the work beside the loop
 * (apply_worked).
 * Failure cases: a page whose lines or seal are wrong: undone by itself, its peer is told and closed. The database cannot be
 * written, or the disk is nearly full: everything is undone, all these pages are answered ACK hold. A peer closes while its pages are
 * being worked off: they are taken all the same, and nobody is answered.
 * A page is merged whole, and what one record changes may be a long line of stays: such a page takes as long as it takes, but no
 * other is begun after it, and gates that wait get at least as much time as it took.
 * A peer with INBOX_PAGES or INBOX_BYTES waiting is not read from until some are done.
 */
#ifndef PARKMESH_P2PD_APPLY_H
#define PARKMESH_P2PD_APPLY_H

#include <stddef.h>
#include <stdint.h>

#define INBOX_PAGES 8
#define INBOX_BYTES (2u * 1024 * 1024)
#define APPLY_AHEAD 8        /* pages that are read ahead at most, of all peers: a megabyte each */
#define APPLY_SLOW_US 20000  /* a page that takes longer is told and counted */

struct batch;
struct mesh;
struct peer;
struct peer_event;

struct apply {
	size_t pages, bytes;     /* that wait or are worked off, of all peers */
	int64_t due_us;          /* monotonic: no transaction before */
	int64_t gates_until_us;  /* until then gates are at work, as far as is known */
	size_t ahead;            /* pages that were read ahead */
	size_t turn;             /* index of the peer to begin with */
	struct batch *batch;     /* being worked off beside the loop; NULL: none is */
};

/* Take over the page of this event. */
void apply_queue(struct mesh *m, struct peer *p, struct peer_event *e);
/* p is closing: forget its pages. */
void apply_forget(struct mesh *m, struct peer *p);
/* One batch, if one is due. */
void apply_run(struct mesh *m);
/* The batch was worked off. */
void apply_worked(struct mesh *m);
/* Monotonic µs when the next is due, INT64_MAX: nothing waits, or apply_worked comes first. */
int64_t apply_due(const struct mesh *m);
/* The mesh ends: wait for the work beside the loop, and forget it. */
void apply_end(struct mesh *m);

#endif
