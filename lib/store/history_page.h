/*
 * A page of a list of history, and how many rows there are in all: what it takes is bounded, whatever is asked for of a million rows. It
 * knows by the outline (store/outline) where what is asked for lies:
 *
 *   by time and page alone         the outline counts, and skips what an offset says
 *   part of a plate                the rows of the plates that have it; where these are many, rows are gone through until the page is full
 *   IN, SUPERSEDED, flags          each has an index that holds no others
 *   a central, an edge, the rest   rows are gone through, up to HISTORY_LOOKS; if the page is not full then, it says so, and where to go on
 */
#ifndef PARKMESH_STORE_HISTORY_PAGE_H
#define PARKMESH_STORE_HISTORY_PAGE_H

#include "store/history.h"

struct outline;

#define HISTORY_LOOKS 40        /* stretches of a thousand or two rows: some 20 ms */
#define HISTORY_PAGE_MAX 1000   /* rows */
#define HISTORY_COUNT_FEW 500   /* rows that are counted by looking at each */

struct history_found {
	int64_t count;                 /* rows given */
	bool more;                     /* there are further ones: behind next */
	bool stopped;                  /* they were looked for long enough; there may be further ones, behind next */
	struct history_cursor next;
	int64_t total;                 /* of all that fit, without limit, offset and after; -1: nobody asks for it behind the first page */
	bool total_exact;              /* if not, there are at least so many */
};

/* As history_list, at most f->limit, which is at most HISTORY_PAGE_MAX; and what is found. db is in a read transaction. */
enum err history_page(struct outline *o, struct db *db, const struct history_filter *f, history_each_fn *each, void *arg,
	struct history_found *out);

#endif
