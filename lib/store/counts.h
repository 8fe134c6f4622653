/*
 * Table `mesh_counts`: how often p2pd closed a connection for which cause, and what else it noticed, over all its runs. Rows are
 * only ever counted up, so that a program that watches them sees every change.
 */
#ifndef PARKMESH_STORE_COUNTS_H
#define PARKMESH_STORE_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

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

#endif
