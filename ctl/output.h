/*
 * What parkmeshctl prints: one JSON document or plain lines on stdout, what is wrong on stderr, progress on stderr when something takes
 * longer than two seconds.
 */
#ifndef PARKMESH_CTL_OUTPUT_H
#define PARKMESH_CTL_OUTPUT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "command.h"

/* The rest of the object whose beginning json_add_* wrote into out, on stdout; frees out. CTL_FAILED if stdout cannot take it. */
enum ctl_end output_object(struct buf *out);
/* An object with "success":true begun, for output_object. */
void output_begin(struct buf *out);
/* "true" or "false" as a member. */
void output_flag(struct buf *out, const char *name, bool value);
/* Plain lines written with printf so far have reached stdout: CTL_DONE, else CTL_FAILED and a sentence. */
enum ctl_end output_done(void);

/* Say on stderr what is wrong (with --json as a document on stdout, too): fault's sentence, or one made for e. Returns CTL_FAILED. */
enum ctl_end output_failed(const struct ctl *c, enum err e, const struct fault *fault);

/* A time for people, in the site's zone; "never" for 0. */
void output_time(int64_t ms, char out[24]);

struct progress {
	const struct world *world;
	bool terminal;
	int64_t began_ms, shown_ms;      /* monotonic; shown_ms 0: nothing shown yet */
};
void progress_begin(struct progress *p, const struct world *world);
/* Show where it is: on a terminal in place, else as a line every five seconds. */
void progress_show(struct progress *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Clear the line on a terminal. */
void progress_end(const struct progress *p);

#endif
