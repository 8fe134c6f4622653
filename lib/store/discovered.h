/*
 * Table `discovered`: other centrals that announce themselves in this network, written by p2pd. What they say of themselves is shown to
 * operators, who may add them as peers; nothing is trusted because it stands here.
 */
#ifndef PARKMESH_STORE_DISCOVERED_H
#define PARKMESH_STORE_DISCOVERED_H

#include <stddef.h>

#include "base/err.h"
#include "base/text.h"
#include "seal/seal.h"
#include "store/site.h"

struct db;

#define DISCOVERED_MAX 64

struct discovered {
	char id[CENTRAL_ID_SIZE];
	char ip[HOST_SIZE];
	int port;                           /* of the mesh */
	char fingerprint[FINGERPRINT_SIZE]; /* of the key it says to have */
};

/* Those that are there now take the place of all rows. In a transaction. */
enum err discovered_replace(struct db *db, const struct discovered *rows, size_t count);
/* Those that are neither peers nor this central itself, by id; at most DISCOVERED_MAX. */
enum err discovered_list(struct db *db, struct discovered out[DISCOVERED_MAX], size_t *count);

#endif
