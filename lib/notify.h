/*
 * The bell between parkmesh.fcgi and p2pd: a FIFO, one byte, no data. It says only "look at the rows"; a lost ring costs p2pd
 * at most the second until its timer looks anyway.
 */
#ifndef PARKMESH_NOTIFY_H
#define PARKMESH_NOTIFY_H

#include "base/err.h"

/* Open the FIFO at path, made if missing, mode 0600, O_RDWR|O_NONBLOCK (O_RDONLY would close with the last writer).
 * Both sides open it so. *fd is the caller's to close. ERR_SYSTEM if path is something else or cannot be made. */
enum err notify_open(const char *path, int *fd);
/* Ring. Never blocks; a full pipe means it is ringing already. */
void notify_ring(int fd);
/* Take all rings. Returns 1 if there was one, 0 if none. */
int notify_drain(int fd);

#endif
