/*
 * Having a database alone, to put another one in its place: nobody has it open, and none of our programs can begin to use it until
 * alone_end or the end of the process.
 *
 *   nothing -> alone_take -> alone -> alone_fold, alone_replace -> alone_end
 *
 * Killed at any moment, what is at path is the old database or the new one, whole. Where the old one can still be read that is one
 * rename(2), after its write-ahead log has been put into it. One that cannot be read is moved aside together with its log.
 */
#ifndef PARKMESH_STORE_ALONE_H
#define PARKMESH_STORE_ALONE_H

#include <stdbool.h>

#include "base/err.h"

#define ALONE_LOCKS 4

struct alone {
	int lock[ALONE_LOCKS];      /* lock files of the writers, and the one that every transaction holds; -1 none */
	int file;                   /* the database itself, locked against SQLite of any program; -1 there is none */
};

/* ERR_CONFLICT with a fault that says who has it and how to stop that. There need not be a database at path, only its folder. */
enum err alone_take(const char *path, struct alone *out, struct fault *fault);
void alone_end(struct alone *a);

/* Put `with`, complete and synced, in the place of path; what is there is kept under the name aside. *kept: was there one? */
enum err alone_replace(struct alone *a, const char *path, const char *with, const char *aside, bool *kept, struct fault *fault);

#endif
