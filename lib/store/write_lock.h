/*
 * The lock file beside the database: one writes at a time, and who writes sees that somebody else waits. For lib/store only; store/db.h
 * has what others call.
 *
 * The lock is flock(2) on the whole file: blocking, and given up by the system when its process ends. But it is no queue: whoever
 * gives it up and asks again at once gets it back before the one that waits has woken up. So who has to wait says so (a wish: a shared
 * lock of one byte, which any number may have, F_OFD_SETLK), and who works off a backlog looks for wishes (db_wanted) and lets others go
 * first. Only waiting says it, so who finds the lock free pays nothing for it.
 *
 * A connection: idle -> (the lock is free) has it -> idle, or idle -> wishes and waits -> has it, wishes no more -> idle.
 * Failure cases: a process that ends takes its wish along. One that is stopped while it waits keeps its wish, and a wish cannot be
 * made because the file system has no such locks: so nobody may wait for a wish to end but for a bounded time.
 */
#ifndef PARKMESH_STORE_WRITE_LOCK_H
#define PARKMESH_STORE_WRITE_LOCK_H

#include "base/err.h"

struct db;

/* The lock file of this name beside the database, made if need be. ERR_TOO_LARGE, ERR_UNAVAILABLE with errno. */
enum err lock_file_open(const char *path, const char *suffix, int *fd);
/* Wait for it and have it. Nothing is done for a connection that has no lock file. ERR_UNAVAILABLE. */
enum err write_lock(struct db *db);
void write_unlock(struct db *db);

#endif
