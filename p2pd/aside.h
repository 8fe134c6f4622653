/*
 * A thread beside the loop that does one piece of work at a time (mesh_io.h says for whom).
 *
 * States: idle -> (aside begins) working -> the descriptor can be read -> (the loop has heard of it) idle.
 * Failure cases: none but at the start; work ends by itself. It is never interrupted, so aside_close may take as long as the work.
 */
#ifndef PARKMESH_P2PD_ASIDE_H
#define PARKMESH_P2PD_ASIDE_H

#include <stdbool.h>

#include "base/err.h"
#include "mesh_io.h"

#define ASIDE_RECORDS 64 /* what is about fewer is done before the thread would have woken up */

struct aside;

/* *fd can be read when work is done; it is the caller's to close. ERR_SYSTEM, ERR_MEMORY. */
enum err aside_open(struct aside **out, int *fd);
/* Is the work that was begun done, and was that not told yet? To be asked when fd can be read. */
bool aside_done(struct aside *a);
void aside_table(struct aside *a, struct mesh_aside *out);
/* Waits for the work. NULL is allowed. */
void aside_close(struct aside *a);

#endif
