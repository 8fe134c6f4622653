/*
 * Where things lie in a history of a million rows: for each stretch of time of about a thousand rows how many of them lists show, and the
 * plates there are. It is kept in memory, for all threads of a program, and costs those who write nothing: it follows history.change,
 * as those do who watch (p2pd/feed). With it a list says how many there are, skips 300 000 rows and finds a part of a plate without
 * going through them.
 *
 *   nothing known -> looked at first: stretches are made (25 ms a million rows) -> counted as they are needed -> a row of one changes:
 *   counted anew at the next need; it has become too long: divided; a row begins elsewhere than it did (table moved): begun anew
 *   plates: unknown -> first search: read from their index (25 ms a million rows) -> plates of rows that change are added; none goes
 *   away, so what it says of plates is where to look, never what is there
 *
 *   questions: some are asked again and again whose answer lies far back. A stretch without any row for one of the last 64 is passed by
 *   the next time, until one of its rows changes
 *
 * What it says is as of the read transaction of who asks, or newer by what was committed since that began. If more has changed than is
 * worth following it begins anew. A million rows take about 0.5 MB.
 */
#ifndef PARKMESH_STORE_OUTLINE_H
#define PARKMESH_STORE_OUTLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct db;
struct outline;

/* ERR_MEMORY. Close it when nobody looks any more; takes NULL. */
enum err outline_open(struct outline **out);
void outline_close(struct outline *o);

/* One read transaction's look: db is in it, change is the last one that it sees. */
struct outline_look { struct outline *outline; struct db *db; int64_t change; };
/* Begin to look, from any thread. */
enum err outline_look(struct outline *o, struct db *db, struct outline_look *out);

/* Of rows that began from … to, both included: */
struct span { int64_t from_ts, to_ts; };
/* (leave out all up to the end of part, which is at the side where one begins; false: nothing is left, and *of is as it was;) */
bool span_go_behind(struct span *of, struct span part, bool oldest_first);
/* how many are IN or OUT; */
enum err outline_count(const struct outline_look *look, struct span of, int64_t *out);
/* where the one lies that has *offset IN or OUT before it, newest or oldest first: *of becomes shorter, and *offset what is left to be
 * skipped in there; */
enum err outline_skip(const struct outline_look *look, bool oldest_first, struct span *of, int64_t *offset);
/* the first stretch of them, newest or oldest first, in which there may be a row for the question: false if there is none. *part is
 * what they have in common. */
bool outline_first(const struct outline_look *look, int64_t question, bool oldest_first, struct span of, struct span *part);

/* The number of what somebody looks for, which is the same for the same words (shorter than QUESTION_SIZE), for a while; 0 is that of
 * none. */
#define QUESTION_SIZE 256
int64_t outline_question(const struct outline_look *look, const char *words);
/* In all of that span there is no row for the question. */
void outline_none(const struct outline_look *look, int64_t question, struct span of);

/* The plates with this part, as a JSON list added to out. *few: it is worth looking at the rows of each, rather than going through all
 * rows until wanted of them fit; else out is not to be used. */
enum err outline_plates(const struct outline_look *look, const char *part, int64_t wanted, struct buf *out, bool *few);

#endif
