/*
 * The mesh as p2pd last told it in its rows, put together with what is configured: one view for the API and the page.
 */
#ifndef PARKMESH_FCGI_P2P_STATE_H
#define PARKMESH_FCGI_P2P_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/warnings.h"
#include "store/counts.h"
#include "store/discovered.h"
#include "store/site.h"

struct call;

#define MESH_PEERS_MAX (2 * PEERS_MAX)

struct peer_look {
	struct peer_status status;   /* id, ip, port always; the rest only if told */
	bool told;                   /* p2pd runs and has a row about it */
	int weight;                  /* in a quorum; 0 if it does not count (domain/quorum) */
	int64_t last_sync_ms;        /* 0 never */
};

struct mesh_look {
	char central[CENTRAL_ID_SIZE];
	bool running, standalone;    /* standalone: no peer is configured */
	bool listening;              /* others can connect to it */
	int64_t sent, received;
	int64_t p2pd_started_ms, p2pd_cpu_us, p2pd_resident_bytes; /* 0 not known */
	int64_t weight, reachable;   /* of all centrals that count, and of those that can be reached, this one included */
	size_t connected, count, counted;
	struct mesh_count counts[MESH_COUNTS_MAX]; /* what p2pd has counted, by kind and cause */
	size_t warnings;
	struct warning warning[WARNINGS_MAX];
	size_t discovered;           /* centrals that announce themselves in this network and are no peers */
	struct discovered found[DISCOVERED_MAX];
	struct peer_look peer[MESH_PEERS_MAX]; /* the configured ones by id, then others that are connected */
};

/* What is known now; reads. Free *out with free(3). ERR_MEMORY, or what the store says. */
enum err mesh_look(struct call *c, struct mesh_look **out, struct fault *fault);

/* Why this peer is not well, in the page's language, as a member called name of parent; nothing if nothing is known. */
struct cJSON;
void p2p_why(struct call *c, struct cJSON *parent, const char *name, const char *peer_id, const struct reason *why);

/* A real round trip to a peer, by p2pd: leaves a command row, rings, and waits for its answer in the row, for at most
 * P2P_TEST_WAIT_MS. out->done is false if none came. ERR_NOT_FOUND: no such peer is configured. ERR_UNAVAILABLE with code "busy"
 * when a quarter of the request threads wait so already, or the program is ending. */
#define P2P_TEST_WAIT_MS 8000
enum err p2p_test(struct call *c, const char *peer_id, struct command *out, struct fault *fault);

#endif
