/*
 * One simulated site: two to ten centrals in one process, under one seeded scheduler and one virtual clock.
 *
 * A seed decides on everything: how many centrals there are and who dials whom, which faults this site meets, and each step of
 * the run. The same seed always goes the same way (struct sim's hash says so).
 *
 * A run: centrals start -> steps (each an action or a fault, then some time; the invariants of check.h after each) -> all
 * faults end -> within CONVERGE_US everything agrees, or the run has failed.
 */
#ifndef PARKMESH_SIM_SIM_H
#define PARKMESH_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../unit/chance.h"
#include "net.h"
#include "node.h"

#define CONVERGE_US ((int64_t)240 * SECOND)
#define SITE_EPOCH_MS 1764000000000

struct sim {
	uint64_t seed;
	struct chance chance;
	int64_t now_us;
	int count;                         /* centrals 1 … count */
	struct node *node[NODES_MAX + 1];
	struct net net;
	uint64_t hash;                     /* of all that happened */
	unsigned faults;                   /* that this site meets: bits of enum fault_kind */
	int plates;                        /* so many vehicles */
	int steps;
	bool verbose, failed, lying_disks;
	bool forked;                       /* somebody has written two histories of one log (poison.h) */
	const char *folder;                /* for lock files */
	char failure[600];
	int64_t healed_us, converged_us;
	size_t told, refused, kills, power_cuts; /* answers to gates and so on, for the closing line */
	size_t records;
};

struct sim_options {
	uint64_t seed;
	int steps;                         /* 0: by lot */
	bool verbose;
	bool lying_disks;                  /* that say they have synced, and have not: the checks have to notice */
	const char *folder;                /* for lock files */
};
/* Run one seed. Free with sim_free. */
struct sim *sim_run(const struct sim_options *o);
void sim_free(struct sim *s);

/* Something is wrong; the first such sentence counts. */
void sim_fail(struct sim *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* For --verbose. */
void sim_say(const struct sim *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sim_hash(struct sim *s, const void *bytes, size_t len);
uint64_t sim_below(struct sim *s, uint64_t below);
bool sim_one_in(struct sim *s, uint64_t n);
/* Let time pass. */
void sim_time(struct sim *s, int64_t us);

#endif
