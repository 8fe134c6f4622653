/* Rows of `idempotency`: the first good answer to a request that carried an Idempotency-Key, kept to be given again. */
#ifndef PARKMESH_STORE_KEPT_H
#define PARKMESH_STORE_KEPT_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "seal/seal.h"

struct db;

#define KEPT_MS (24LL * 60 * 60 * 1000)

/* Who asked for what under which key. */
struct kept_key { const char *caller, *route, *key; };
struct kept_answer {
	unsigned char body_hash[DIGEST_BYTES];  /* of the request */
	int status;
	char *answer;                           /* malloc'ed by kept_find; free(3) */
	size_t len;
};

/* What was answered within KEPT_MS before now. ERR_NOT_FOUND. db may be read-only. */
enum err kept_find(struct db *db, const struct kept_key *key, int64_t now_ms, struct kept_answer *out);
/* Keep the answer, and forget a few of those that are too old. In a transaction. */
enum err kept_write(struct db *db, const struct kept_key *key, int64_t now_ms, const struct kept_answer *a);

#endif
