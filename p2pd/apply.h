/*
 * Taking what peers send: pages wait here, several share one transaction, and only after its commit are they acknowledged. Gates write
 * to the same database, and come first: whether one waits for it (rows.wanted) is looked at between two pages.
 *
 * States: idle -> pages wait -> (the pause is over) a checkpoint, if one is due, and a pause; else a transaction -> ACKs -> pages wait
 * or idle. A transaction is at least one page, so that gates that wait all the time hold up nobody for ever. It ends
 *   alone         when no gate has waited for APPLY_GATES_US: after APPLY_US, or with the page during which a gate begins to wait;
 *   beside gates  after APPLY_BESIDE_US, or likewise.
 * The next one follows at once if it was long and no gate waited of late. Else there is a pause: APPLY_PAUSE_US, or as long as the
 * transaction if that was shorter (so that what trickles in shares commits), or as long as a slow page took. It is a bound, too: a gate
 * whose process was stopped while it waits wants the database for ever.
 * Failure cases: a page whose lines or seal are wrong: undone by itself, its peer is told and closed. The database cannot be
 * written, or the disk is nearly full: everything is undone, all these pages are answered ACK hold.
 * A page is merged whole, and what one record changes may be a long line of stays: such a page takes as long as it takes, but no
 * other is begun after it, and gates that wait get at least as much time as it took.
 * A peer with INBOX_PAGES or INBOX_BYTES waiting is not read from until some are done.
 */
#ifndef PARKMESH_P2PD_APPLY_H
#define PARKMESH_P2PD_APPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/message.h"

#define INBOX_PAGES 8
#define INBOX_BYTES (2u * 1024 * 1024)
#define APPLY_PAGES 64       /* at most in one transaction */
#define APPLY_US 20000       /* no further page is begun after: four pages a commit take 15 % less CPU than one, sixteen only 4 % less */
#define APPLY_BESIDE_US 4000
#define APPLY_PAUSE_US 2000
#define APPLY_GATES_US 20000
#define APPLY_SLOW_US 20000  /* a page that takes longer is told and counted */

struct mesh;
struct peer;
struct peer_event;

struct waiting_page { struct message message; char *bytes; size_t len; struct waiting_page *next; };

struct apply {
	size_t pages, bytes;     /* waiting, of all peers */
	int64_t due_us;          /* monotonic: no transaction before */
	int64_t gates_until_us;  /* until then gates are at work, as far as is known */
	size_t turn;             /* index of the peer to begin with */
};

/* Is this failure of take the page's own, so that the rest of the transaction stands? */
bool mesh_page_at_fault(enum err e);
/* Does a failed take concern this page only, so that the others of its transaction may stand? A page at fault, or one that does not
 * fit what is held here (ERR_CORRUPT): that one is held off by itself, and holds up nobody else's records. */
bool mesh_page_alone(enum err e);
/* Take over the page of this event. */
void apply_queue(struct mesh *m, struct peer *p, struct peer_event *e);
/* p is closing: forget its pages. */
void apply_forget(struct mesh *m, struct peer *p);
/* One transaction, if one is due. */
void apply_run(struct mesh *m);
/* Monotonic µs when the next is due, INT64_MAX: nothing waits. */
int64_t apply_due(const struct mesh *m);

#endif
