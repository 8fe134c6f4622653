/*
 * The line of one plate: its entries and exits in the order of happening, with at most one stay open at a time. The heart of the
 * merge rule (spec/records.md, "The merge rule", 1-4), as a pure function over values; tests/data/merge_model.py is its model.
 *
 * A line may begin at a moment when the plate was outside instead of at its very first entry: everything before such a moment is
 * settled, so an exit that names an earlier stay is given the stay that one ended up standing for (`earlier`), and is a second
 * exit. Where no exit names an earlier stay it may also begin at any entry that took over, and it may end after one: whoever took
 * over is all that later entries and exits without a name look at.
 */
#ifndef PARKMESH_DOMAIN_LINE_H
#define PARKMESH_DOMAIN_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/stays.h"

#define SAME_CAR_MS (10 * 60 * 1000) /* two entries of one plate no further apart are one car seen twice */

struct line_exit;

struct line_stay {
	struct stay_row row;               /* facts: event_id, plate, entry, and status VOID for a voided one */
	/* outcome */
	enum stay_status status;
	struct line_stay *superseded_by;   /* NULL none */
	struct line_stay *missed_by;       /* the entry that ended it without an exit, NULL none */
	bool opened;
	struct line_stay *heir;            /* later along what superseded or ended it; a short cut of line_run's own */
	const struct line_exit *exit;      /* the one that counts, NULL none */
};

enum line_end {
	LINE_ELSEWHERE,  /* it belongs to another plate's line */
	LINE_STAY,       /* bound to a stay of this line */
	LINE_EARLIER,    /* bound, as a second exit, to a stay before this line's beginning */
	LINE_VOIDED,     /* stays with the voided stay it names */
	LINE_OWN         /* a row of its own: no entry, or voided itself */
};

struct line_exit {
	struct exit_row row;
	bool known;                        /* the stay it names is known (as of the moment asked for) */
	char earlier[STAY_NAME_SIZE];      /* its stay began before the line: what that one stands for now; "" otherwise */
	struct key position;               /* where it counts: not before the entry it names */
	/* outcome */
	enum line_end end;
	struct line_stay *stay;            /* for LINE_STAY */
	enum exit_kind kind;               /* for LINE_STAY and LINE_EARLIER */
};

struct line {
	const char *plate;
	bool joined;                       /* the first stay ended another one, before the line, as missed */
	struct line_stay *stays;           /* sorted by K */
	size_t stay_count;
	struct line_exit *exits;           /* in any order */
	size_t exit_count;
};

/* Fill the outcomes. ERR_MEMORY. */
enum err line_run(struct line *l);

/* K of the exit, or of the stay it names if that is later. */
struct key line_position(const struct line_exit *x);

#endif
