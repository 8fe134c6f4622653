/*
 * On how many centrals' disks a record is (spec/wire.md, "Batches and quorum"). The counting is pure; what it comes to for each log of
 * this central is written down by p2pd (store/marks), and the durability of a record follows from its log, its seq and those marks.
 *
 * Every central has a weight: this one 1, each configured peer of the native dialect the one it is configured with here. Peers of the
 * old dialects and centrals that are not configured do not count at all. A record is at quorum once centrals of floor(2W/3)+1 of
 * the weight W of all hold it, this one included, and at all once every one of them does, those of weight 0, too.
 *
 * What it promises: at one moment so many disks held the record, by what each of those centrals said of itself over its own connection
 * after its commit. So any centrals with a third of the weight that survive have it among them. What was said is never
 * taken back for a record: not when a peer is added, removed or weighted anew (it was true of the centrals that there were),
 * and not when a peer's disk is lost or restored later. Such a peer counts for later records only with what it still holds, and
 * it is sent again what it lost.
 */
#ifndef PARKMESH_DOMAIN_QUORUM_H
#define PARKMESH_DOMAIN_QUORUM_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct db;

#define OWN_WEIGHT 1

/* Of a total weight (at least 0) that much is a quorum. */
int64_t quorum_needed(int64_t total);

/* One central: its weight (0 or more), and up to which seq it holds the log. */
struct vote { int64_t weight, seq; };
/* The highest seq that a quorum of them holds. Changes their order. 0: none; count is at least 1. */
int64_t quorum_mark(struct vote *votes, size_t count);
/* The highest seq that each of them holds. */
int64_t quorum_every(const struct vote *votes, size_t count);

enum durability { DURABLE_LOCAL, DURABLE_QUORUM, DURABLE_ALL };
/* "local", "quorum", "all". */
const char *durability_name(enum durability d);

/* The weight of all centrals that count, and how many peers these are; reads. */
enum err quorum_weigh(struct db *db, int64_t *total, int64_t *peers);
/* Of a record of this central that was written just now: no peer has it yet. Reads. */
enum err durability_fresh(struct db *db, enum durability *out);
/* Of a record of this central by what p2pd has last written; of another's DURABLE_LOCAL: how far that one is held, its author knows.
 * Reads. */
enum err durability_known(struct db *db, const char *log, int64_t seq, enum durability *out);

#endif
