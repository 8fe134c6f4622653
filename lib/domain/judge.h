/*
 * What the logs of one author say of it when they are laid side by side: rolled back, two centrals under one id, forked. For the
 * ledger only, inside its transaction; sets the flags of `logs` and raises warnings.
 *
 * An author that was never disturbed has, for each of its writers, one chain of logs: each names the one before as previous, where that
 * one ended, and begins when that one has ended. What a log of another author or writer names as its previous one counts for nothing.
 * - More of a log than a successor knew, or two successors: its author was rolled back to an older database.
 * - Something new of an own log comes from outside: this database was rolled back.
 * - Two logs of one writer were written to at the same time, by the wall clocks of their records: two centrals use one id. It is told
 *   with two keys as well as with one (a copied database). A log and one that goes on from where it ended are not compared: there a
 *   clock was set back. A clock set back between a roll-back and the next record looks the same.
 */
#ifndef PARKMESH_DOMAIN_JUDGE_H
#define PARKMESH_DOMAIN_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/logs.h"

struct ledger;

/* Is this log's key the one its author is known by here? */
enum err judge_pinned(struct ledger *l, const struct log_row *log, bool *yes);
/* Log id was taken for the first time, or count records more of it: its row is as held now. */
enum err judge_taken(struct ledger *l, const char *id, bool first, int64_t count);
/* There is a page of log, of which something is held, that verifies and does not continue that. */
enum err judge_fork(struct ledger *l, const struct log_row *log);

#endif
