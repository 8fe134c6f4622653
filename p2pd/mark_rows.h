/*
 * The rows of `marks` (store/marks.h): written with the tick each second if they moved; and, while somebody waits for a seq that is not
 * at quorum by the row, whenever they move, but not twice within MARKS_GAP_US, nor more than half of the time, as each write is a
 * transaction that gates may wait for. (It is synced like any other: store/db.h says why.) So what nobody waits for costs p2pd one
 * transaction a second.
 *
 * States: nobody waits -> somebody does (mark_rows_look) -> the row says quorum -> nobody waits.
 * Failure cases: the database cannot be written: tried again with the next tick.
 */
#ifndef PARKMESH_P2PD_MARK_ROWS_H
#define PARKMESH_P2PD_MARK_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/world.h"
#include "store/marks.h"

#define MARKS_GAP_US 1000
#define MARKS_WRITE 64        /* rows in one transaction */

struct db;
struct mesh;

struct mark_rows {
	struct mark_wanted wanted; /* seq 0: nobody has waited yet */
	int64_t due_us;            /* monotonic: no write before */
	bool failing;              /* the last write did not succeed */
};

/* Does somebody wait? After the bell. */
void mark_rows_look(struct mark_rows *r, struct db *db);
/* After each turn of the mesh: write if somebody waits. Returns the monotonic µs to be called again at, at the latest. */
int64_t mark_rows_run(struct mark_rows *r, struct db *db, struct mesh *m, const struct world *world);
/* Each second: write what moved. */
void mark_rows_tick(struct mark_rows *r, struct db *db, struct mesh *m, const struct world *world);

#endif
