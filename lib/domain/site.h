/*
 * This central and its peers: first start, and changing the configuration as a whole (spec/api.md, "Mesh").
 */
#ifndef PARKMESH_DOMAIN_SITE_H
#define PARKMESH_DOMAIN_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/world.h"
#include "domain/deed.h"
#include "domain/tariff.h"
#include "store/site.h"

struct db;

struct site_config {
	char id[CENTRAL_ID_SIZE];
	char ip[HOST_SIZE];
	int p2p_port, api_port;
	size_t peer_count;
	struct peer_row peers[PEERS_MAX];
};

/* A new database gets a key pair and the identity central-1, 127.0.0.1, 9000, 8000, mesh "parkmesh", no secret, standalone.
 * Does nothing on one that has an identity. In a transaction. */
enum err site_first_start(struct db *db, const struct world *world);

/* Current configuration. Peers sorted by id. */
enum err site_config_read(struct db *db, struct site_config *out);
/* Check as a whole: ids, duplicates, own id among the peers, IPv4/IPv6/host names, ports 1-65535. ERR_INVALID with fault naming
 * the field as in the API ("this_central.id", "peer_centrals[2].ip"). Pure. */
enum err site_config_check(const struct site_config *c, struct fault *fault);
/* All or nothing, in a transaction. Ring the bell after the commit. */
enum err site_config_write(struct db *db, const struct site_config *c, struct fault *fault);
/* A peer before anything is said of it: weight 1, native, by TLS. */
void site_peer_begin(struct peer_row *out);
/* Is one of this dialect dialled by TLS unless it is told otherwise? */
bool site_tls_default(const char *dialect);
/* One peer more, under the checks of the whole. In a transaction, as the next two. ERR_CONFLICT: it is one already. */
enum err site_peer_add(struct db *db, const struct peer_row *row, struct fault *fault);
/* ERR_NOT_FOUND: it is none. */
enum err site_peer_remove(struct db *db, const char *id, struct fault *fault);
/* Forget the key that id is pinned to: the one with this fingerprint is pinned when it is proven, every other is refused (NULL: the next
 * one proven is pinned). Logs under the old key stay as they are flagged, since they were confirmed when they came. Noted in the audit
 * list. ERR_NOT_FOUND: neither a peer nor pinned. ERR_INVALID: this is no fingerprint. */
enum err site_peer_repin(struct db *db, const struct actor *by, const char *id, const char *fingerprint, struct fault *fault);
/* Set mesh name and secret ("" none); computes the mesh key (20 ms). In a transaction. ERR_INVALID with fault. */
enum err site_secret_set(struct db *db, const char *mesh, const char *secret, struct fault *fault);
/* A fresh 128-bit secret as 32 hex digits. */
void site_secret_make(const struct world *world, char out[33]);

/* Is it one of those of the older Python system? Pure. */
bool site_dialect_old(const char *dialect);
/* IPv4, IPv6 or host name (letters, digits, dots, dashes)? Pure. */
bool site_host_valid(const char *text);

/* The shared tariff, the built-in one if none was set (or what was set cannot be read); name gets its "<hlc> <log> <seq>", "" for the
 * built-in one. */
#define TARIFF_NAME_SIZE 112
enum err site_tariff(struct db *db, struct tariff *out, char name[TARIFF_NAME_SIZE]);
/* Put the shared time zone (or the default) in force in this process. Call at start and after `settings` changed. */
enum err site_zone_use(struct db *db);

#endif
