/*
 * Rows about this central and its peers: `identity`, `peers`, `pins`, and what p2pd tells about them (`peer_status`,
 * `mesh_status`, `p2p_sync_state`, `commands`). Plain rows; what is allowed in a configuration is domain/site.
 */
#ifndef PARKMESH_STORE_SITE_H
#define PARKMESH_STORE_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "seal/auth.h"
#include "wire/message.h"

struct db;

#define HOST_SIZE 254   /* a host name or address and NUL */
#define MESH_SIZE 64
#define SECRET_SIZE 129
#define PEERS_MAX 100

struct identity {
	char id[CENTRAL_ID_SIZE];
	char ip[HOST_SIZE];
	int p2p_port, api_port;
	char mesh[MESH_SIZE];
	char mesh_secret[SECRET_SIZE];              /* "" none: then only loopback peers */
	unsigned char mesh_key[MESH_KEY_BYTES];     /* auth_mesh_key of the two above, computed when they were set */
	struct key_pair keys;
};
enum err identity_read(struct db *db, struct identity *out);  /* ERR_NOT_FOUND: a new database */
enum err identity_write(struct db *db, const struct identity *row);

struct peer_row {
	char id[CENTRAL_ID_SIZE];
	char ip[HOST_SIZE];
	int p2p_port;
	int weight;           /* default 1 */
	char dialect[12];     /* "native", "legacy", "legacy-http" */
	bool tls;
};
/* Configured peers sorted by id; at most max, *count of them. */
enum err peer_list(struct db *db, struct peer_row *out, size_t max, size_t *count);
/* The sum of the weights of those of the native dialect, and how many they are. */
enum err peer_weigh(struct db *db, int64_t *weight, int64_t *count);
enum err peer_upsert(struct db *db, const struct peer_row *row);
enum err peer_delete(struct db *db, const char *id);

/* The key a central's id is pinned to. ERR_NOT_FOUND: not pinned yet. */
enum err pin_find(struct db *db, const char *id, unsigned char public_key[KEY_BYTES]);
enum err pin_insert(struct db *db, const char *id, const unsigned char public_key[KEY_BYTES], int64_t now_ms);
enum err pin_delete(struct db *db, const char *id);
/* The one key that an id without a pin may be pinned to, by its fingerprint. ERR_NOT_FOUND: any. */
enum err expected_key_find(struct db *db, const char *id, char fingerprint[FINGERPRINT_SIZE]);
enum err expected_key_write(struct db *db, const char *id, const char *fingerprint);
enum err expected_key_delete(struct db *db, const char *id);

/* Why something is not as it should be: for pages a word of domain/cause.h ("" none) with what goes into its text, and for everybody
 * else an English sentence ("" none). Written by an earlier version it has the sentence alone. */
struct reason {
	char cause[24];
	char about[160];
	int64_t number;
	char sentence[160];
};

struct peer_status {
	char id[CENTRAL_ID_SIZE];
	char ip[HOST_SIZE];
	int port;
	bool configured;
	char state[16];            /* "connected", "connecting", "waiting", "refused" */
	bool connected;
	int64_t last_ping_ms;      /* Unix ms of the last sign of life, 0 never */
	double rtt_ms;             /* -1 unknown */
	int64_t clock_offset_ms;
	bool clock_known;
	int64_t behind, ahead;     /* records it lacks, records we lack; -1 nobody knows (a central of the older system) */
	struct reason why;         /* of the last error */
	unsigned char public_key[KEY_BYTES];
	bool key_known;
	bool tls;                  /* of the connection there is */
};
enum err peer_status_list(struct db *db, struct peer_status *out, size_t max, size_t *count);
enum err peer_status_write(struct db *db, const struct peer_status *row, int64_t now_ms);
enum err peer_status_delete(struct db *db, const char *id);

struct mesh_status {
	bool listening;
	int64_t messages_sent, messages_received, updated_ms;
	char error[160];
	int64_t started_ms, cpu_us, resident_bytes; /* of the process; 0 not known */
	char certificate[96];        /* shown to those who dial by TLS: its fingerprint, "AB:CD:…" of SHA-256; "" none */
	char certificate_error[256]; /* why the site's own is not it, a sentence; "" all is well */
};
enum err mesh_status_read(struct db *db, struct mesh_status *out); /* ERR_NOT_FOUND: p2pd never ran */
enum err mesh_status_write(struct db *db, const struct mesh_status *row);
/* Does p2pd run, by its row? One older than this says no; so does one as far ahead of now, for the clock was set back since then. A
 * p2pd that runs writes a new one within 5 s. */
#define MESH_STALE_MS 10000
bool mesh_running(const struct mesh_status *row, int64_t now_ms);

/* When records were last exchanged with a peer. The texts are local time and filled by sync_state_list. */
struct sync_state { char peer[CENTRAL_ID_SIZE]; int64_t last_sync_ms, updated_ms; char last_sync_time[20], updated_at[20]; };
enum err sync_state_write(struct db *db, const struct sync_state *row);
enum err sync_state_list(struct db *db, struct sync_state *out, size_t max, size_t *count);

/* What a page or an API call asks p2pd to do; answered in the same row. Rows older than an hour are dropped on insert. */
struct command {
	int64_t id;
	char peer[CENTRAL_ID_SIZE];
	int64_t created_ms;
	bool done, ok;
	double rtt_ms;
	struct reason why;         /* the answer */
};
enum err command_insert(struct db *db, const char *peer, int64_t now_ms, int64_t *id);
enum err command_next(struct db *db, int64_t after_id, struct command *out); /* oldest not done above after_id. ERR_NOT_FOUND */
enum err command_finish(struct db *db, int64_t id, bool ok, double rtt_ms, const struct reason *why);
enum err command_find(struct db *db, int64_t id, struct command *out);

#endif
