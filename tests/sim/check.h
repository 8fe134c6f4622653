/*
 * The invariants of a simulated site.
 *
 * Of each central, always: what it owes (owed.h) it holds, with that chain; each log's head is its last record; the mesh knows
 * no more of a log than the rows hold; each exit that was told is one row of exits with its fee, bound to a row of history, at
 * most one of a stay counts; at most one stay of a plate is open; nobody is flagged as forked or rolled back unless a database
 * was put back. Whenever a mark moves (p2pd/marks), centrals of that weight have told that they hold its record, which they owe.
 *
 * When all is healed: the same logs and chains everywhere; the same history (but for BOUND rows and a row's number,
 * sync_status and timestamps of writing), exits, settings and subscriptions; and the same again on a fresh central that is fed
 * all records in another order, in other pages. Every file passes SQLite's integrity_check and the product's own verify.
 */
#ifndef PARKMESH_SIM_CHECK_H
#define PARKMESH_SIM_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct sim;
struct node;

/* The quick ones. */
void check_owed(struct node *x);
/* The marks of its own logs that have moved. */
void check_marks(struct node *x);
/* All that can be said of one central by itself. */
void check_node(struct node *x);
/* After a crash, too: the file itself. */
void check_file(struct node *x);
/* Do all centrals hold the same records? */
bool check_same_records(struct sim *s);
/* Does everybody show all peers as connected, with nothing lacking on either side, and its own logs as held by all? If not, out says
 * who does not. */
bool check_told(struct sim *s, char *out, size_t size);
/* Everything that has to be equal in the end. */
void check_end(struct sim *s);
/* What the first central holds, as tests/sim/test_model.py reads it: the records the merge knows, an empty line, the rows of
 * history as tests/unit/merge_rows.h gives them, an empty line. */
void check_write(struct sim *s, FILE *out);

#endif
