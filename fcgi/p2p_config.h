/*
 * A wanted change of this central's configuration, as the API or the page's form states it, and carrying it out: read what is
 * held, lay the change over it, check the whole, write all of it or nothing, in one of the writer's transactions.
 */
#ifndef PARKMESH_FCGI_P2P_CONFIG_H
#define PARKMESH_FCGI_P2P_CONFIG_H

#include <stdbool.h>

#include "domain/site.h"

struct cJSON;
struct writer;

/* What is not named keeps its value: of a peer, that of the held peer of the same id. */
struct peer_change {
	char id[CENTRAL_ID_SIZE];
	bool has_ip, has_port, has_weight, has_dialect, has_tls;
	struct peer_row row;
};

struct config_change {
	bool has_id, has_ip, has_p2p_port, has_api_port;
	struct site_config own;            /* of it id, ip and ports */
	bool has_peers;                    /* false: the list stays as it is */
	size_t peer_count;
	struct peer_change peer[PEERS_MAX];
	const char *secret;                /* NULL keeps the mesh secret */
};

/* Read the API's object {this_central, peer_centrals}. ERR_FIELD and ERR_INVALID with fields like "peer_centrals[2].ip". */
enum err config_change_read(const struct cJSON *this_central, const struct cJSON *peer_centrals, struct config_change *out,
	struct fault *fault);
/* Lay the change over what is held. ERR_FIELD: a new peer lacks its ip or port. Pure. */
enum err config_change_apply(const struct config_change *change, struct site_config *held, struct fault *fault);
/* Carry it out. *now is the configuration afterwards. */
enum err config_change_run(struct writer *w, const struct config_change *change, struct site_config *now, struct fault *fault);
/* Drop one peer. ERR_NOT_FOUND. */
enum err config_remove_peer(struct writer *w, const char *id, struct fault *fault);

#endif
