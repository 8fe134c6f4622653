/*
 * Going through the lines of plates again after the facts of a stay or an exit have changed: one of the two ways of the merge.
 *
 * States: collecting (names whose facts are to be made anew, plates that a change touches, from where to where) -> replay_run,
 * which goes through each of them once, however many records touched it -> collecting again, empty. Until replay_run the rows of
 * what is collected are not what the merge says, so nothing about them may go the direct way (replay_concerns_…).
 *
 * A plate is gone through from the last entry before the earliest change that took over, to the first one behind the latest
 * change that takes over as it did before; further back and on only where exits look back so far. So the work is what a change
 * alters, not the history of a plate.
 */
#ifndef PARKMESH_DOMAIN_REPLAY_H
#define PARKMESH_DOMAIN_REPLAY_H

#include <stdbool.h>

#include "base/err.h"
#include "domain/names.h"
#include "domain/stay.h"

struct replay {
	const struct merge *merge;
	struct names renewed;        /* stays and exits whose facts are to be made anew from the records */
	struct names new;            /* exits whose rows were made */
	struct names confirmed;      /* rows whose confirmation is */
	struct names group;          /* plates of the change being noted, and where on their lines it reaches */
	struct key earliest, latest;
	bool any;
	struct names plates;         /* all touched plates, each with its reach */
	struct names voided;         /* voided stays whose exits have to be counted again */
	struct names flagged;        /* rows whose flags have to be made again */
	unsigned prompt;             /* how often it was run before its time */
	bool failed;                 /* out of memory: told by replay_run */
};

void replay_init(struct replay *r, const struct merge *m);
void replay_free(struct replay *r);

/* The facts of this stay or exit are to be made anew. */
void replay_renew(struct replay *r, const char *event_id);
/* The row of this exit, by its name, is new: nothing of what it comes to is written yet. */
void replay_new(struct replay *r, const char *exit_name);
/* Its confirmation is to be made anew. */
void replay_confirm(struct replay *r, const char *event_id);
/* One change touches this plate and this moment; every plate that is touched before replay_touched is reached by every moment
 * that is. */
void replay_touch(struct replay *r, const char *plate_id, const struct key *key);
/* The change is noted whole. */
void replay_touched(struct replay *r);
/* The flags of this row may have changed. */
void replay_flag(struct replay *r, const char *event_id);

/* Is it collected? Then its rows are not settled. */
bool replay_concerns_name(const struct replay *r, const char *event_id);
bool replay_concerns_plate(const struct replay *r, const char *plate_id);

/* Go through all that was collected and write what comes out. After an error the transaction has to be undone. */
enum err replay_run(struct replay *r);

#endif
