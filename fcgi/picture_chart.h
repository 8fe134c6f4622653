/* A chart of columns over time, drawn as SVG (picture.h). Pure. */
#ifndef PARKMESH_FCGI_PICTURE_CHART_H
#define PARKMESH_FCGI_PICTURE_CHART_H

#include <stddef.h>
#include <stdint.h>

#include "picture.h"

#define CHART_SERIES 2

struct chart_column {
	const char *label;            /* below the axis, where there is room */
	const char *name;             /* all of it: "2 Dec 2025", "09:00" */
	int64_t value[CHART_SERIES];  /* -1: not known yet; less or more than ±INTEGER_MAX is cut */
};

struct chart {
	const char *title, *desc;
	enum language language;
	size_t series;                /* 1 or 2, beside each other */
	const char *said[CHART_SERIES]; /* what a series is of, for what is said of each column; "" */
	const char *unit;             /* behind a value that is said in full, "" none */
	size_t every;                 /* only each so-manieth column has its label; ≥ 1 */
	const struct chart_column *column;
	size_t count;                 /* of columns; 0: an empty chart */
};

void picture_chart(struct buf *out, const struct chart *c);

#endif
