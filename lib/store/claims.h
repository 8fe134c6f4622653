/*
 * Table `claims`: up to which seq each peer says to hold a log, written by p2pd with its status. So that there are few of them, a peer has
 * no row of a log that is closed and that it holds as far as this central does; the row of the log "" says that what it claims is known
 * at all.
 */
#ifndef PARKMESH_STORE_CLAIMS_H
#define PARKMESH_STORE_CLAIMS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "seal/seal.h"
#include "wire/message.h"

struct db;

#define CLAIMS_MAX 2048   /* rows: a peer for which there is no room counts as not known */

struct claim { char log[LOG_ID_SIZE], peer[CENTRAL_ID_SIZE]; int64_t seq; };

/* All three in a transaction. */
enum err claim_write(struct db *db, const struct claim *row);
enum err claim_delete(struct db *db, const struct claim *row);
enum err claims_clear(struct db *db);
/* Each peer's claim of a log. Any error of each ends the walk and is returned. */
typedef enum err claim_each_fn(void *arg, const char *peer, int64_t seq);
enum err claims_of_log(struct db *db, const char *log, claim_each_fn *each, void *arg);

#endif
