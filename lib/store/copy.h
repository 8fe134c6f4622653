/*
 * A whole database as it is at one moment, copied into a file of its own while other programs write it.
 *
 *   copy_begin -> copying -> copy_step (ERR_NONE: more to do; ERR_NOT_FOUND: all is there) -> copy_end
 *
 * SQLite's backup API under one read transaction. Neither gates nor peers wait for it: readers stop nobody in a write-ahead log, and
 * checkpoints go on up to the moment of the copy. What this costs is that the write-ahead log cannot start over meanwhile. It grows by
 * what is written during the copy (COPY_LOG_MAX at most, then the copy gives up), and the first checkpoint afterwards is as much longer:
 * at a million records some 60 KiB an entry, so little at a site's pace, and 440 MB at 700 entries a second for 11 seconds. Therefore
 * nothing else is done in that time, not even looking whether the copy is good. This is the one read transaction that is longer than a
 * page of output.
 *
 * The copy reaches the disk piece by piece, as it is written: a gigabyte synced at once would hold up every commit on that disk.
 * In the end it is a plain file without a write-ahead log, which needs nothing beside it.
 */
#ifndef PARKMESH_STORE_COPY_H
#define PARKMESH_STORE_COPY_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct db;
struct copy;

#define COPY_LOG_MAX (4LL * 1024 * 1024 * 1024)

/* from is a DB_READ connection outside of a transaction, which nobody else uses until copy_end. fd is open for writing on the empty
 * file `to`. ERR_UNAVAILABLE with fault: one of the two cannot be used. */
enum err copy_begin(struct db *from, const char *to, int fd, struct copy **out, struct fault *fault);
/* A mebibyte more; *done and *all in bytes. After ERR_NOT_FOUND the file is complete and synced. With fault: the disk is full, the
 * write-ahead log has become too large, something cannot be read. */
enum err copy_step(struct copy *c, int64_t *done, int64_t *all, struct fault *fault);
/* Before the end: gives up, and the file is no good. NULL is allowed. */
void copy_end(struct copy *c);

/* Remove what SQLite may have left beside a file that is about to be written anew. */
void copy_clear_beside(const char *path);

#endif
