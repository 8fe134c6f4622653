/*
 * One simulated central: its disk, its clock, and its two processes. Each has its own connection to the database:
 *   the gate process   what parkmesh.fcgi's writer does: a ledger "fcgi", requests in batches (gates.h)
 *   the mesh process   what p2pd does: a ledger "p2pd", rows, mesh, a tick each second, checkpoints
 *
 * A process: down -> (starts_us) starting -> up -> killed, or dead of the disk (disk.h), or its power cut -> down. One that
 * cannot open its database tries again, as systemd would.
 */
#ifndef PARKMESH_SIM_NODE_H
#define PARKMESH_SIM_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/world.h"
#include "domain/ledger.h"
#include "domain/site.h"
#include "p2pd/mark_rows.h"
#include "p2pd/mesh.h"
#include "p2pd/rows.h"
#include "p2pd/status.h"
#include "store/db.h"

#include "disk.h"
#include "owed.h"

#define NEVER INT64_MAX

struct sim;

struct process { struct db *db; struct ledger *ledger; int64_t starts_us; };

struct node {
	struct sim *sim;
	int place;
	char id[CENTRAL_ID_SIZE];
	struct disk *disk;
	struct world world;
	int64_t clock_ms;            /* its wall clock's error */
	struct process gate, mesh_process;
	struct rows rows;
	struct status status;
	struct mark_rows marks;
	struct db *reader;           /* a reading connection of the gate process, in the middle of its look; NULL none */
	int64_t mono_us;             /* its monotonic clock as it was last read */
	struct mesh *mesh;           /* NULL: the mesh process is down */
	int64_t due_us, tick_us;
	void (*work)(void *arg);     /* what the mesh has begun beside its loop, done at work_us; NULL nothing */
	void *work_arg;
	int64_t work_us;
	int64_t data_version, records_taken;
	bool disk_low, old_version;  /* an earlier program version, which knows nothing of corrections and voids */
	bool older;                  /* its database was put back, wiped or replaced at some time */
	struct owed owed;
	struct owed at_quorum, at_all; /* how far the marks of its own logs are checked */
	struct disk *copies;         /* one older copy of the disk, NULL none */
};

/* A central at this place with a new database and the id central-<name>. peers: places to dial, as bits. Both processes start. */
struct node *node_new(struct sim *s, int place, int name);
void node_free(struct node *x);
/* Write its configuration: these places (bits) are dialled. */
void node_peers(struct node *x, unsigned places);

/* Is either process dead, and about to be buried? The mesh's, for links. */
bool node_dead(const struct node *x);
/* Bury what died of the disk. To be called after anything that may have touched it. */
void node_look_dead(struct node *x);
/* A message is about to leave: what it says to be held is owed from now on. */
void node_told(struct node *x, const char *bytes, size_t len);

/* End a process as kill -9 does; it starts again at starts_us. */
void node_kill(struct node *x, enum disk_process process, int64_t starts_us);
void node_power_cut(struct node *x, int64_t starts_us);
/* What is due now. true: something happened. */
bool node_run(struct node *x);
int64_t node_due(const struct node *x, int64_t until);
/* A reader of the gate process begins to look and holds its view, or ends. */
void node_read(struct node *x);
/* The bell: rows have changed. */
void node_ring(struct node *x);
/* A connection of either process, for looking; NULL if both are down. Put between node_look and node_looked, so that nothing
 * fails. */
struct db *node_look(struct node *x);
void node_looked(struct node *x);

#endif
