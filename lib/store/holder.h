/*
 * Who keeps the write lock although it cannot go on.
 *
 * Every transaction holds the lock file beside the database (store/db), for a few milliseconds. A process that is stopped in the
 * middle of one (SIGSTOP; Ctrl-Z waits for its end, see store/db) holds it until somebody lets it go on, and no gate gets an answer. Its
 * transaction is one that nobody was told of, so it may be ended at any moment like any process here: what it had begun is undone,
 * and its parent starts it again.
 */
#ifndef PARKMESH_STORE_HOLDER_H
#define PARKMESH_STORE_HOLDER_H

#include <sys/types.h>

/* SIGKILL to a process that holds the lock file of this database and is stopped. -> its pid; 0 if there is none, or it is not
 * ours to end. Goes through /proc: for when a lock has been waited for much too long, not before. */
pid_t holder_end_stopped(const char *db_path);

#endif
