/*
 * What p2pd takes pages with: a connection and a ledger of their own, and the thread beside the loop that works them off (mesh_io.h).
 *
 * The ledger never appends: p2pd's own records are written by the loop's.
 */
#ifndef PARKMESH_P2PD_TAKING_H
#define PARKMESH_P2PD_TAKING_H

#include "base/err.h"
#include "base/world.h"
#include "mesh_io.h"
#include "rows.h"

struct aside;
struct loop;

struct taking {
	struct rows rows;
	struct aside *aside;
	void (*worked)(void *arg); /* called by the loop when work is done, with arg */
	void *arg;
};

/* path is the database's; world outlives it. t is zeroed before but for worked and arg. What was opened is taking_close's, also on
 * failure. */
enum err taking_open(struct taking *t, const char *path, const struct world *world, struct fault *fault);
enum err taking_start(struct taking *t, struct loop *loop);
/* Fills taking and aside. */
void taking_table(struct taking *t, struct mesh_io *out);
/* After the mesh and the loop have ended. */
void taking_close(struct taking *t);

#endif
