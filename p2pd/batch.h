/*
 * Pages of one transaction, while they are worked off: all that the thread beside the loop touches (mesh_io.h), and nothing else.
 *
 * Whether a gate waits for the database (rows.wanted) is looked at between two pages. A batch is a checkpoint, if one is due, and none
 * of its pages; else a transaction of at least one page, so that gates that wait all the time hold up nobody for ever. It ends
 *   alone         when no gate has waited for APPLY_GATES_US: after APPLY_US, or with the page during which a gate begins to wait;
 *   beside gates  after APPLY_BESIDE_US, or likewise.
 * Failure cases: a page at fault leaves nothing behind: mostly that is found out before it wrote anything; else the transaction is undone,
 * and those before it are taken in another one. The database cannot be written: everything is undone, all its pages are put off.
 */
#ifndef PARKMESH_P2PD_BATCH_H
#define PARKMESH_P2PD_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "domain/ledger.h"
#include "peer.h"

#define APPLY_PAGES 64       /* at most in one transaction */
#define APPLY_US 20000       /* no further page is begun after: four pages a commit take 15 % less CPU than one, sixteen only 4 % less */
#define APPLY_RECORDS 1024   /* nor after so many records: half of what one peer may have on its way, whose other half comes meanwhile */
#define APPLY_BESIDE_US 4000
#define APPLY_GATES_US 20000

struct mesh_rows;
struct world;

enum verdict { VERDICT_TAKEN, VERDICT_FAULT, VERDICT_HOLD };

/* read: what it came to, read ahead; NULL: it was not. */
struct waiting_page { struct message message; char *bytes; size_t len; struct incoming *read; struct waiting_page *next; };

struct batch_page {
	struct peer *peer;              /* whose it is; NULL: gone. Not touched by the work */
	struct waiting_page *page;
	enum verdict verdict;
	enum err error;                 /* what taking it came to */
	struct take_result result;
	int64_t took_us;
	char sentence[SENTENCE_SIZE];
};

struct batch {
	const struct mesh_rows *rows;
	const struct world *world;
	int64_t gates_until_us;         /* monotonic: until then gates are at work, as far as is known */
	int64_t began_us, ended_us;
	bool checkpoint;                /* it was one, and no transaction */
	size_t count, done, records;    /* pages, how many of them were come to, and the records of those */
	struct batch_page page[APPLY_PAGES];
};

/* Is this failure of take the page's own, so that the rest of the transaction stands? */
bool mesh_page_at_fault(enum err e);
/* Does a failed take concern this page only, so that the others of its transaction may stand? A page at fault, or one that does not
 * fit what is held here (ERR_CORRUPT): that one is held off by itself, and holds up nobody else's records. */
bool mesh_page_alone(enum err e);
/* Work it off. batch: a struct batch with rows, world, gates_until_us and its pages; sets the rest. */
void batch_work(void *batch);
/* Put off what was not found at fault. */
void batch_hold(struct batch *b);

#endif
