/*
 * What operators have to be told: one list, shown by /api/p2p/status, parkmeshctl and the pages. Programs raise a warning when
 * something happens; it stands until an operator has seen it, or until it is over by itself, and comes back when it happens anew.
 *
 * A warning (code, central, log): none -> warning_raise -> told -> warnings_see -> seen -> (raised by a later event) told anew.
 * While it is told, further events add to it: their records, and when the last of them was.
 * WARNING_TWO_CENTRALS takes the place of WARNING_ROLLED_BACK and WARNING_WRONG_KEY of the same central: a copied database looks rolled
 * back at first, a second central under one id like a new machine. Not of this central: any member of the mesh can say that another
 * uses our id, and must not hide by it that our database was rolled back.
 *
 * Others cause them, so they are bounded: of those that stand, WARNING_SAME_MAX of one code and central (forks, one a log) and
 * WARNING_KIND_MAX of one code. What goes beyond is neither noted nor told until operators have seen some, so that nobody can push out
 * another warning, or fill the journal.
 *
 * A new kind: a row in enum warning_code and in the table of warnings.c, and its texts in the catalogues (templates/vi.json).
 */
#ifndef PARKMESH_DOMAIN_WARNINGS_H
#define PARKMESH_DOMAIN_WARNINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/warnings.h"

struct db;

enum warning_code {
	WARNING_ROLLED_BACK,  /* central's database is older than what it told others; records: what it lacked (here: got back) */
	WARNING_TWO_CENTRALS, /* two centrals use central's id; place: the address of the other where it is known */
	WARNING_WRONG_KEY,    /* somebody shows another key (place: its fingerprint) for central than the one pinned here */
	WARNING_KEY_REFUSED,  /* central refuses this one, having pinned another key for it */
	WARNING_FORK,         /* two sealed records under one number of log, whose author is central */
	WARNING_CODES
};

/* An event. Texts may be NULL; at_ms 0: now. */
struct happening {
	enum warning_code code;
	const char *central, *log, *place;
	int64_t records;
	bool add;      /* records add up; else the largest number counts */
	int64_t at_ms; /* Unix ms, by the clock of whoever tells */
};

#define WARNING_OLD_MS (7LL * 24 * 60 * 60 * 1000) /* what was over longer ago concerns nobody who only learns of it now */
#define WARNING_REST_MS 60000                      /* an event that adds no records is noted once in so long */

#define WARNING_SAME_MAX 4
#define WARNING_KIND_MAX (WARNING_ROWS_MAX / WARNING_CODES)

/* Would raising it write anything? Reads only. */
enum err warning_due(struct db *db, const struct happening *what, int64_t now_ms, bool *due);
/* Note it, if warning_due; a line in the journal when operators have to be told anew. In a transaction. */
enum err warning_raise(struct db *db, const struct happening *what, int64_t now_ms);
/* It is over by itself: drop it. In a transaction. */
enum err warning_over(struct db *db, enum warning_code code, const char *central);

struct warning {
	int64_t id;
	enum warning_code code;
	bool own;                       /* central is this one */
	char central[CENTRAL_ID_SIZE];
	char log[LOG_ID_SIZE];          /* "" none */
	char place[WARNING_PLACE_SIZE]; /* "" none */
	int64_t records;
	int64_t since_ms, last_ms;      /* Unix ms */
};

#define WARNINGS_MAX WARNING_ROWS_MAX
#define WARNING_SENTENCE_SIZE 480

/* All that stand, the newest first; at most max. */
enum err warnings_list(struct db *db, struct warning *out, size_t max, size_t *count);
/* An operator has seen it. In a transaction. ERR_NOT_FOUND with fault: no such warning stands. */
enum err warnings_see(struct db *db, int64_t id, int64_t now_ms, struct fault *fault);

/* "rolled_back" …: the stable word for programs and templates. */
const char *warning_name(enum warning_code code);
/* What happened and what to do, in plain English. */
void warning_sentence(const struct warning *w, char out[WARNING_SENTENCE_SIZE]);

#endif
