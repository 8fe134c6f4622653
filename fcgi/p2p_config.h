/*
 * A wanted change of this central's configuration, as the API or the page's form states it, and carrying it out: read what is
 * held, lay the change over it, check the whole, write all of it or nothing, in one of the writer's transactions.
 */
#ifndef PARKMESH_FCGI_P2P_CONFIG_H
#define PARKMESH_FCGI_P2P_CONFIG_H

#include <stdbool.h>

#include "domain/site.h"
#include "params.h"

struct actor;
struct cJSON;
struct writer;

/* What is not named keeps its value: of a peer, that of the held peer of the same id. */
struct peer_change {
	char id[CENTRAL_ID_SIZE];
	bool has_ip, has_port, has_weight, has_dialect, has_tls;
	struct peer_row row;
};

#define CONFIG_TAG_SIZE 17

struct config_change {
	const char *if_match;              /* the tag of what it was made from; NULL: whatever is held */
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
/* Names a configuration: another one after each change of it. */
void config_tag(const struct site_config *c, char tag[CONFIG_TAG_SIZE]);
/* Own id, address and ports, then those of the peers, as a text for people. Ends early where it would be longer than anybody reads. */
#define CONFIG_TEXT 4096
void config_text(const struct site_config *c, char out[CONFIG_TEXT]);
/* Carry it out. ERR_CONFLICT, code "etag_mismatch": if_match names another one than is held. Note it in the audit list, as the next
 * two do. *now is the configuration afterwards. */
enum err config_change_run(struct writer *w, const struct actor *by, const struct config_change *change, struct site_config *now,
	struct fault *fault);
/* One peer alone. The fields of an object that states one ({id, ip, p2p_port, weight, dialect, tls}), and reading it from values that
 * were checked against them. */
#define PEER_FIELDS 6
extern const struct field peer_fields[PEER_FIELDS], peer_put_fields[PEER_FIELDS]; /* with id; with it or without */
void peer_change_read(const struct params *p, struct peer_change *out);
/* Lay one peer's change over what is held, check the whole, write it. now is that peer afterwards. Faults name the field without the
 * list around it. PEER_ADD: ERR_CONFLICT if there is one of that id already. ERR_FIELD: a new peer lacks its ip or port. */
struct ledger;
enum peer_how { PEER_ADD, PEER_SET };
struct peer_job {
	const struct actor *by;
	const struct peer_change *change;
	enum peer_how how;
	struct peer_row now;
	struct fault *fault;
};
/* A writer_job_fn; arg is a struct peer_job. */
enum err config_peer_job(struct ledger *l, void *arg);
/* Drop one peer. ERR_NOT_FOUND. */
enum err config_remove_peer(struct writer *w, const struct actor *by, const char *id, struct fault *fault);
/* As site_peer_repin. */
enum err config_repin_peer(struct writer *w, const struct actor *by, const char *id, const char *fingerprint, struct fault *fault);

#endif
