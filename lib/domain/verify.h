/*
 * Does all that is held fit together? Every log from its first record on: chain, seals, LOG_OPEN and columns against the bytes; and
 * history, exits and settings against what the merge makes of those records anew, in a private database on disk. Records are not stored
 * there: the merge reads them where they lie, up to where it has come.
 *
 * Chains and seals of several pages are looked at at once, the merge goes through them in one thread, in the order in which they were
 * written as far as pages allow (the merge is quickest then); what is told is the first thing by log and number that does not fit.
 *
 * It works beside running programs: what they write meanwhile is checked as well, and no read transaction is longer than a page.
 */
#ifndef PARKMESH_DOMAIN_VERIFY_H
#define PARKMESH_DOMAIN_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "seal/seal.h"

struct db;

/* The first thing that does not fit. */
struct verify_finding {
	char log[LOG_ID_SIZE];     /* "" none */
	int64_t seq;               /* 0: the log as a whole */
	char what[240];            /* a sentence */
};

struct verify_counts { int64_t logs, records, seals, rows; };

struct verify_watch {
	void (*show)(void *arg, const struct verify_counts *so_far);   /* told after every page: how far it is */
	void *arg;
	unsigned threads;          /* besides the caller's own, which check pages ahead of what is merged */
};

/* ERR_CONFLICT: *finding says what does not fit. db is a DB_READ connection outside of a transaction. Other errors: it could not be
 * looked at. */
enum err verify_run(struct db *db, const struct verify_watch *watch, struct verify_counts *counts, struct verify_finding *finding);

#endif
