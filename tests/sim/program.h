/*
 * What belongs to the program instead of to one central: its version, a new database, checkpoints.
 *
 * An earlier program version is one that does not know the records of corrections and voids (HISTORY_UPDATE, HISTORY_DELETE):
 * for it record_parse, which the linker leads through here, gives them as records of an unknown type.
 */
#ifndef PARKMESH_SIM_PROGRAM_H
#define PARKMESH_SIM_PROGRAM_H

#include <stdbool.h>

#include "disk.h"

struct db;

/* Is what runs from now on the earlier version? */
void program_is(bool old);
/* A disk with a new, migrated database; made once and kept. folder is for its lock file. */
const struct disk *program_blank(const char *folder);
void program_end(void);
/* Remove the folder and the lock files in it. */
void program_clear(const char *folder);
/* A checkpoint by db_checkpoint; large: as it is when the write-ahead log has grown large (TRUNCATE). */
void program_checkpoint(struct db *db, bool large);

#endif
