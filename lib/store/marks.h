/*
 * Tables `marks`, how far each log of this central is held by others (domain/quorum says what that means), written by p2pd; and
 * `mark_wanted`, the one row in which parkmesh.fcgi says up to where somebody waits for it, so that p2pd, which writes marks each second
 * otherwise, writes them at once only while somebody does.
 */
#ifndef PARKMESH_STORE_MARKS_H
#define PARKMESH_STORE_MARKS_H

#include <stdint.h>

#include "base/err.h"
#include "seal/seal.h"

struct db;

struct mark { char log[LOG_ID_SIZE]; int64_t quorum, every; }; /* seqs up to which a quorum, and every central, holds it; 0 none */

/* ERR_NOT_FOUND: none is written of this log. */
enum err mark_find(struct db *db, const char *log, struct mark *out);
/* Of the logs that this central writes now: records that are not, as far as is known, held by a quorum, and by every central. */
enum err mark_lacking(struct db *db, int64_t *quorum, int64_t *every);
/* In a transaction. */
enum err mark_write(struct db *db, const struct mark *row);

struct mark_wanted { char log[LOG_ID_SIZE]; int64_t seq; };
/* ERR_NOT_FOUND: nobody has waited yet. */
enum err mark_wanted_read(struct db *db, struct mark_wanted *out);
/* In a transaction. */
enum err mark_wanted_write(struct db *db, const struct mark_wanted *row);

#endif
