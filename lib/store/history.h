/*
 * Rows of `history`, `exits` and `history_changes`. What is in them follows from the records alone, by the merge rule of
 * domain/stay; this file only reads and writes them.
 */
#ifndef PARKMESH_STORE_HISTORY_H
#define PARKMESH_STORE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct db;

/* One row for a list, a CSV or the API. Texts are NULL when the column is; they live until the callback returns. */
struct history_row {
	int64_t id;
	const char *event_id, *source_central, *edge_id, *plate_id, *plate_view;
	const char *entry_time, *entry_camera_id, *entry_camera_name, *entry_source;
	const char *exit_time, *exit_camera_id, *exit_camera_name, *exit_source;
	const char *duration, *status, *sync_status, *created_at, *updated_at;
	const char *exit_central, *exit_edge, *exit_reason, *camera_type, *superseded_by, *flags;
	double entry_confidence, exit_confidence;      /* -1: NULL */
	int64_t fee;
	int64_t entry_ts, exit_ts, confirmed_ts;       /* Unix ms, -1: NULL */
};

struct history_filter {
	const char *search;       /* part of a plate, already reduced to A-Z0-9; NULL or "": all */
	const char *status;       /* IN, OUT, SUPERSEDED, VOID; NULL: IN and OUT */
	int64_t from_ts;          /* rows that began at or after; 0: no limit */
	bool in_parking_only;
	int64_t limit, offset;
};
typedef enum err history_each_fn(void *arg, const struct history_row *row);
/* Newest first. Any error of each ends the walk and is returned. */
enum err history_list(struct db *db, const struct history_filter *f, history_each_fn *each, void *arg);
/* All rows that fit, ignoring limit and offset. */
enum err history_count(struct db *db, const struct history_filter *f, int64_t *out);

struct site_stats { int64_t vehicles_in_parking, entries_today, exits_today, revenue_today, second_exits_today; };
/* day_start: first ms of today in the site's zone. */
enum err history_stats(struct db *db, int64_t day_start, struct site_stats *out);

#endif
