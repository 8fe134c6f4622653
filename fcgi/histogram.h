/*
 * How values are spread, counted by many threads at once without a lock. Values are whole: microseconds, or a number of things.
 *
 * Adding is two atomic additions and a short search. Whoever reads meanwhile sees each number as it is just then: the buckets
 * may be ahead of the sum by what is being added.
 */
#ifndef PARKMESH_FCGI_HISTOGRAM_H
#define PARKMESH_FCGI_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

#define HISTOGRAM_BOUNDS 12

struct histogram {
	_Atomic uint64_t bucket[HISTOGRAM_BOUNDS + 1];  /* values up to each bound and above the one before; the last: above all */
	_Atomic uint64_t sum;
};

/* Bounds, rising: half a millisecond to ten seconds in microseconds; one to WRITER_BATCH. */
extern const int64_t histogram_times[HISTOGRAM_BOUNDS], histogram_sizes[HISTOGRAM_BOUNDS];

/* A zeroed one is empty. Negative values count as 0. */
void histogram_add(struct histogram *h, const int64_t bounds[HISTOGRAM_BOUNDS], int64_t value);

#endif
