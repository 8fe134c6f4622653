/*
 * Figures over time, for charts: entries, exits, money and vehicles inside, between given times; and the newest exits. Read from
 * indexes alone; what counts as an entry or an exit is what history_stats counts (store/history).
 *
 * How many were inside at an earlier time follows from how many are inside now: less those that came since, and those that left since.
 */
#ifndef PARKMESH_STORE_FIGURES_H
#define PARKMESH_STORE_FIGURES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct db;

#define FIGURES_MAX 64

struct figure {
	int64_t entries, exits, revenue;  /* VND */
	int64_t inside;                   /* at its end */
};

/* Figure i is of the time from bounds[i] to below bounds[i + 1], Unix ms; bounds rises and has count + 1 of them. */
enum err figures_read(struct db *db, const int64_t *bounds, size_t count, struct figure *out);

/* Right now. */
enum err vehicles_inside(struct db *db, int64_t *out);

/* An exit; id is of the row of history it belongs to. Texts live until the callback returns; NULL when the column is. */
struct newest_exit { const char *plate_view, *central, *edge; int64_t id, exit_ts, fee; };
typedef enum err newest_exit_fn(void *arg, const struct newest_exit *row);
/* The newest first; at most limit. */
enum err newest_exits(struct db *db, int64_t limit, newest_exit_fn *each, void *arg);

#endif
