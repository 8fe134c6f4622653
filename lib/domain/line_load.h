/* Reading the line of a plate, or a part of it, from the rows of history and exits. */
#ifndef PARKMESH_DOMAIN_LINE_LOAD_H
#define PARKMESH_DOMAIN_LINE_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "domain/line.h"

struct db;

struct line_range {
	struct key from;     /* a stay that took over, or a key before all */
	bool joined;         /* that stay ended another one as missed: the plate was not outside before it */
	int64_t as_of;       /* entries and exits with at not later */
	size_t stays;        /* at most so many; 0: all */
};

/* The moment at or before `before` at which the plate was last outside, as a range to its end. */
enum err line_outside(struct db *db, const char *plate_id, const struct key *before, struct line_range *out);

/* Load that part of the line and run it. One with as many stays as were asked for may go on (*more): its last step is then its
 * last stay's entry. plate_id must live as long as the line. Free with line_unload, also after an error. ERR_CONFLICT: the range
 * is joined, and an exit in it names a stay before it; begin where the plate was outside. */
enum err line_load(struct db *db, const char *plate_id, const struct line_range *range, struct line *out, bool *more);
void line_unload(struct line *l);

#endif
