/*
 * What peers say to hold of each log, in the rows of `claims` (store/claims.h): only what changed is written.
 */
#ifndef PARKMESH_P2PD_CLAIMS_H
#define PARKMESH_P2PD_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>

#include "store/claims.h"

struct mesh;

struct claims { struct claim row[CLAIMS_MAX]; size_t count; };

/* As known now, sorted by log and peer. */
void claims_read(const struct mesh *m, struct claims *out);
/* Make the table what now says; written: what it is; NULL: what an earlier run left. In a transaction. */
enum err claims_write(struct db *db, const struct claims *written, const struct claims *now);

#endif
