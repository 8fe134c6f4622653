/*
 * Going through the lines of plates again after the facts of a stay or an exit have changed: one of the two ways of the merge.
 *
 * States: touched (plates and the earliest change are collected while the facts are written) -> replay_run, once. A plate is gone
 * through from the last moment at which it was outside before the earliest change.
 */
#ifndef PARKMESH_DOMAIN_REPLAY_H
#define PARKMESH_DOMAIN_REPLAY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "domain/line.h"
#include "domain/stay.h"

/* A growing list of names, kept in order of arrival. */
struct names { char (*name)[STAY_NAME_SIZE]; size_t count, cap; };

struct replay {
	const struct merge *merge;
	struct names plates;       /* touched, each once */
	struct key earliest;       /* of all changes */
	bool any;
	struct names voided;       /* voided stays whose exits have to be counted again, each once */
	struct names flagged;      /* rows whose flags have to be made again, some more than once */
	bool failed;               /* out of memory: told by replay_run */
};

void replay_init(struct replay *r, const struct merge *m);
void replay_free(struct replay *r);
/* A change on this plate's line at key. */
void replay_touch(struct replay *r, const char *plate_id, const struct key *key);
/* The flags of this row may have changed. */
void replay_flag(struct replay *r, const char *event_id);
/* Go through every touched plate and write what comes out. */
enum err replay_run(struct replay *r);

/* Load the line of plate from the key on, of entries and exits with at ≤ as_of, and run it; free with line_unload. */
enum err line_load(struct db *db, const char *plate_id, const struct key *from, int64_t as_of, struct line *out);
void line_unload(struct line *l);

#endif
