/*
 * Lists of `history` and `history_changes`, for people and programs. What is in the rows follows from the records alone, by the
 * merge rule of domain/stay; this file only reads.
 *
 * A list is walked by key, newest or oldest first: the key is (begin_ts, id), where a row began and its number here, which never change for
 * a row that is held. So a page costs the same at any depth, and rows that are added meanwhile move nothing.
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
	int64_t begin_ts;                              /* entry_ts; of an exit without entry exit_ts */
	int64_t change;                                /* the number of the transaction that wrote it last; 0: an old one */
	const char *event_id, *source_central, *edge_id, *plate_id, *plate_view;
	const char *entry_time, *entry_camera_id, *entry_camera_name, *entry_source;
	const char *exit_time, *exit_camera_id, *exit_camera_name, *exit_source;
	const char *duration, *status, *sync_status, *created_at, *updated_at;
	const char *exit_central, *exit_edge, *exit_reason, *camera_type, *superseded_by, *flags;
	double entry_confidence, exit_confidence;      /* -1: NULL */
	int64_t fee;
	int64_t entry_ts, exit_ts, confirmed_ts;       /* Unix ms, -1: NULL */
};

/* Where a walk stands: the key of the row it gave last. */
struct history_cursor { int64_t begin_ts, id; };
#define HISTORY_CURSOR_SIZE 48
void history_cursor_write(const struct history_cursor *c, char out[HISTORY_CURSOR_SIZE]);
/* false if text was not written by history_cursor_write. */
bool history_cursor_read(const char *text, struct history_cursor *out);

/* All zero: every row that is IN or OUT. */
struct history_filter {
	const char *search;       /* part of a plate, already reduced to A-Z0-9; NULL or "": all */
	const char *plates;       /* of history_keys alone: those looked at, a JSON list */
	const char *status;       /* IN, OUT, SUPERSEDED, VOID; NULL: IN and OUT */
	const char *central;      /* came in or left at this central; NULL all */
	const char *edge;         /* came in or left at this edge; NULL all */
	int64_t from_ts, to_ts;   /* rows that began from … to (both included), Unix ms; to_ts 0: no limit */
	bool in_parking_only;     /* status IN, whatever status says */
	bool entries_only;        /* without the rows of exits that have no entry */
	bool flagged;             /* only rows with flags */
	bool oldest_first;
	bool has_after;
	struct history_cursor after; /* rows behind this one, as the walk goes */
	int64_t limit, offset;    /* offset: rows skipped first, each of which is looked at; for walking far use after */
};
typedef enum err history_each_fn(void *arg, const struct history_row *row);
/* In the order asked for. Any error of each ends the walk and is returned. */
enum err history_list(struct db *db, const struct history_filter *f, history_each_fn *each, void *arg);
/* The same of the rows of f->plates alone, which are all looked at, and only their keys; offset is none. */
typedef enum err history_key_fn(void *arg, const struct history_cursor *key);
enum err history_keys(struct db *db, const struct history_filter *f, history_key_fn *each, void *arg);
/* One row, by its number: each is called once. ERR_NOT_FOUND. */
enum err history_find(struct db *db, int64_t id, history_each_fn *each, void *arg);
/* How many rows fit, ignoring after, limit and offset; HISTORY_COUNT_MAX stands for that many or more, as nobody looks for the rest of a
 * million rows by counting them. */
#define HISTORY_COUNT_MAX 10000
enum err history_count(struct db *db, const struct history_filter *f, int64_t *out);
/* The same with another bound. */
enum err history_count_most(struct db *db, const struct history_filter *f, int64_t most, int64_t *out);

/* Rows by when they were written last. Each write of a row moves it to the end: who has seen all up to a mark sees what changed since
 * behind it. Rows of one transaction appear at once, with the same change. */
struct history_mark { int64_t change, id; };
/* Behind the mark, oldest change first, at most limit. */
enum err history_changed(struct db *db, const struct history_mark *after, int64_t limit, history_each_fn *each, void *arg);
/* The other way: before the mark, newest change first. updated_at: local time of the site, NULL if it is not there. */
typedef enum err history_back_fn(void *arg, const struct history_mark *row, const char *updated_at);
enum err history_back(struct db *db, const struct history_mark *before, int64_t limit, history_back_fn *each, void *arg);
/* The mark that has just so many rows behind it (each is gone over), or that has all. */
enum err history_mark(struct db *db, int64_t rows, struct history_mark *out);

struct site_stats { int64_t vehicles_in_parking, entries_today, exits_today, revenue_today, second_exits_today; };
/* day_start: first ms of today in the site's zone. */
enum err history_stats(struct db *db, int64_t day_start, struct site_stats *out);

/* A row of history_changes: what people changed. Texts as above. */
struct change_look {
	int64_t id, history_id;   /* history_id -1: the row it is about is not held (yet) */
	const char *event_id, *change_type, *old_plate_id, *new_plate_id, *old_plate_view, *new_plate_view, *old_data, *new_data;
	const char *changed_at, *changed_by;
};
typedef enum err change_each_fn(void *arg, const struct change_look *row);
/* Newest first; history_id -1: of all rows. */
enum err change_list(struct db *db, int64_t history_id, int64_t limit, int64_t offset, change_each_fn *each, void *arg);

#endif
