/*
 * The merge: from records to rows of history and exits (spec/records.md, "The merge rule").
 *
 * The history is a pure function of the set of records. Two ways lead there and give the same rows: a record in order (its at above
 * every entry and exit of each plate it touches, and nothing waiting for it) is applied directly; another renews the facts of its
 * stay or exit and goes through the lines of all plates it touches again (domain/replay).
 */
#ifndef PARKMESH_DOMAIN_STAY_H
#define PARKMESH_DOMAIN_STAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/stays.h"
#include "wire/record.h"

struct db;
struct replay;

/* Records that are merged where they lie, for who stores none of them in the database that they are merged into. */
struct merge_from {
	struct db *db;                                      /* outside of a transaction, or in one for reading */
	bool (*merged)(void *arg, const struct key *key);   /* has this one been, or is it just being? Others do not count yet */
	void *arg;
};

struct merge {
	struct db *db;         /* in a transaction */
	const struct merge_from *from; /* NULL: the records are in db, all that have been merged and no others */
	int64_t now_ms;        /* for created_at and updated_at only */
	bool local;            /* records written here, not taken from a peer */
	bool always_replay;    /* never the direct way: for the test that compares both */
	size_t window;         /* stays of a line gone through at first, so that a test can have few; 0: the usual number */
	struct replay *later;  /* for who merges many records: collects what has to be gone through again, which a call of replay_run then
	                        * does once for all of them; NULL: at once after each record */
};

/* Merge one readable record that has just been inserted into `records`. */
enum err stay_merge(const struct merge *m, const struct record *r);
/* With m->later: r is the next readable one, to be called before it is inserted. */
enum err stay_merge_next(const struct merge *m, const struct record *r);

/* The stay of plate that was open at as_of (ms): by entries and exits with at not later, with all corrections and voids.
 * INT64_MAX: now. ERR_NOT_FOUND: none. db may be read-only. */
enum err stay_inside(struct db *db, const char *plate_id, int64_t as_of, struct stay_row *out);

/* Flags as history.flags has them: "missed,no_entry,second_exit,negative", those that hold, "" none. */
#define FLAGS_SIZE 48
void stay_flags_text(const struct flag_facts *f, char out[FLAGS_SIZE]);
/* Make the flags of a row anew from what the rows say. ERR_NOT_FOUND: there is no such row. */
enum err stay_renew_flags(struct db *db, const char *event_id);

#endif
