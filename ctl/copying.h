/*
 * A copy of a database under a temporary name, for backup and restore: made, checked, and only then given its name.
 *
 *   copying_begin -> empty -> copying_run -> a database that may be changed (DB_APART) -> copying_check -> good -> copying_keep
 *
 * From any of them copying_drop removes it, and so do SIGINT, SIGTERM and SIGHUP. After SIGKILL it lies there, under a name that nobody
 * takes for a good one; the next copying_begin of that name writes it anew. Two at once of one name: ERR_CONFLICT.
 *
 * The gates need the disk more than a copy does: on the database's own disk 5 % stay free, else it is given up.
 */
#ifndef PARKMESH_CTL_COPYING_H
#define PARKMESH_CTL_COPYING_H

#include "command.h"
#include "domain/verify.h"

#define COPYING_PATH 4096
#define COPYING_SUFFIX ".partial"

struct copying {
	const struct ctl *ctl;
	char path[COPYING_PATH];       /* the temporary file */
	char database_folder[COPYING_PATH];
	int fd;                        /* -1: none */
	int64_t bytes;                 /* of the copy, once it is made */
	int64_t moment_ms;             /* Unix ms that it shows */
};

/* Make the temporary file `name` + COPYING_SUFFIX, 0600. */
enum err copying_begin(struct copying *k, const struct ctl *c, const char *name, struct fault *fault);
/* All of from, a DB_READ connection. */
enum err copying_run(struct copying *k, struct db *from, struct fault *fault);
/* Open it, SQLite's integrity_check, and verify. ERR_CORRUPT with a fault that says what does not fit. */
enum err copying_check(struct copying *k, struct verify_counts *counts, struct fault *fault);
/* Is all of it on the disk? Before it is given its name. */
enum err copying_sync(struct copying *k, struct fault *fault);
/* Give it this name, in the same folder, in the place of what is there. */
enum err copying_keep(struct copying *k, const char *as, struct fault *fault);
/* Remove it, unless it was given its name. */
void copying_drop(struct copying *k);

#endif
