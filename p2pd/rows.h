/*
 * The mesh's rows, over the ledger and the store. One DB_WRITE connection, one thread.
 *
 * States: reading -> begin -> in a transaction (take) -> commit or rollback -> reading. pin, warn, over and answer are
 * transactions of their own, only outside of one.
 */
#ifndef PARKMESH_P2PD_ROWS_H
#define PARKMESH_P2PD_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/world.h"
#include "domain/ledger.h"
#include "mesh_io.h"

#define DISK_LOOK_MS 1000

struct rows {
	struct db *db;
	struct ledger *ledger;
	const struct world *world;
	char folder[4096];         /* whose file system is looked at; "" none */
	bool disk_low;
	int64_t disk_looked_ms;    /* monotonic; 0: never */
	bool checkpoint_failing;   /* the last one did not succeed */
};

/* A connection to this database, a ledger of p2pd's on it, and rows over both; world outlives them. ERR_… of db_open and ledger_open. Also
 * after a failure for rows_close. */
enum err rows_open(struct rows *r, const char *path, const struct world *world, struct fault *fault);
void rows_close(struct rows *r);
/* path is the database's, for the folder it is in. ledger and world outlive rows. */
void rows_init(struct rows *r, struct ledger *ledger, const struct world *world, const char *path);
/* A checkpoint, if one is due; false: none was. That it fails is told once: the write-ahead log then only grows. */
bool rows_checkpoint(struct rows *r, int64_t at_least);
void rows_table(struct rows *r, struct mesh_rows *out);

#endif
