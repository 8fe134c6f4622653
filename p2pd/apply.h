/*
 * Taking what peers send: pages wait here, several share one transaction of about 5 ms, and only after its commit are they
 * acknowledged. Between two transactions is a pause, so that a gate never waits long.
 *
 * States: idle -> pages wait -> (pause over) transaction -> ACKs -> pages wait or idle.
 * Failure cases: a page whose lines or seal are wrong: undone by itself, its peer is told and closed. The database cannot be
 * written, or the disk is nearly full: everything is undone, all these pages are answered ACK hold.
 * A page is merged whole, and what one record changes may be a long line of stays: such a page takes as long as it takes, but no
 * other is begun after it, and gates get at least as much time as it took.
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
#define APPLY_US 4000        /* no further page is begun after */
#define APPLY_PAUSE_US 2000  /* at most; a shorter transaction is followed by a pause of its own length */
#define APPLY_SLOW_US 20000  /* a page that takes longer is told and counted, and the pause after it is as long */

struct mesh;
struct peer;
struct peer_event;

struct waiting_page { struct message message; char *bytes; size_t len; struct waiting_page *next; };

struct apply {
	size_t pages, bytes;     /* waiting, of all peers */
	int64_t due_us;          /* monotonic: no transaction before */
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
