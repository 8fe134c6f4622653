/*
 * The text format in which Prometheus takes metrics (version 0.0.4): families with HELP and TYPE, below each its samples. Pure.
 * Whatever a label's value is, it cannot end it; names are the caller's own.
 */
#ifndef PARKMESH_FCGI_PROMETHEUS_H
#define PARKMESH_FCGI_PROMETHEUS_H

#include <stdint.h>

#include "base/buf.h"
#include "histogram.h"

#define PROMETHEUS_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define PROMETHEUS_LABELS 3  /* a sample has at most */

struct family {
	const char *name, *type;                 /* type: "counter", "gauge", "histogram" */
	const char *label[PROMETHEUS_LABELS];    /* names of its labels; NULL behind the last */
	const char *help;
};

/* Begin a family; its samples follow. */
void prometheus_family(struct buf *out, const struct family *f);
/* A sample. value has as many as the family has labels; NULL if it has none. */
void prometheus_integer(struct buf *out, const struct family *f, const char *const *value, int64_t number);
void prometheus_real(struct buf *out, const struct family *f, const char *const *value, double number);
/* A number of ms or µs, in seconds, exactly. */
void prometheus_ms(struct buf *out, const struct family *f, const char *const *value, int64_t ms);
void prometheus_us(struct buf *out, const struct family *f, const char *const *value, int64_t us);
/* All samples of a histogram. unit: what one is divided by: 1000000 for µs in seconds, 1 for a number of things. */
void prometheus_histogram(struct buf *out, const struct family *f, const char *const *value, const struct histogram *h,
	const int64_t bounds[HISTOGRAM_BOUNDS], int64_t unit);

#endif
