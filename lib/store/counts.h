/*
 * Table `mesh_counts`: how often p2pd closed a connection for which cause, and what else it noticed, over all its runs. Rows
 * are only ever counted up, so that a program that watches them sees every change.
 *
 * Table `record_counts`: how many records of each type are held, kept by the ledger in the transaction that stores them, so
 * that nobody has to go through millions of them. It has two rows for each type of this version; a transaction writes those of
 * the types in it, which costs it one more page (4 KiB of the write-ahead log) and about a microsecond a row.
 */
#ifndef PARKMESH_STORE_COUNTS_H
#define PARKMESH_STORE_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/record.h"

struct db;

#define MESH_COUNTS_MAX 96 /* rows: kinds and causes are p2pd's own words, never a peer's */

struct mesh_count {
	char kind[16];        /* "closed", "error_sent", "error_received", "noticed" */
	char cause[24];
	int64_t count;
	int64_t last_ms;      /* Unix ms of when it was last counted up, to within seconds */
};

/* Sorted by kind and cause. */
enum err mesh_count_list(struct db *db, struct mesh_count *out, size_t max, size_t *count);
/* Count row->count more. In a transaction. */
enum err mesh_count_add(struct db *db, const struct mesh_count *row);

#define RECORD_COUNTS_MAX (2 * RECORD_TYPES)

struct record_count {
	char type[32];        /* as in records, "unknown" for all that this version does not know */
	bool own;             /* written by this central; else taken from another, or told by one of the older system */
	int64_t count;
};
/* Sorted by type, others' before own. out has room for RECORD_COUNTS_MAX; beyond, rows are left out. */
enum err record_count_list(struct db *db, struct record_count *out, size_t *count);
/* Count so many more. In a transaction. */
enum err record_count_add(struct db *db, enum record_type type, bool own, int64_t count);

#endif
