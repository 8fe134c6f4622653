/*
 * One other central, whether connected or not: where it is configured to be, when to dial it next, and what people are shown of
 * it. Its connections (one, for moments two) are struct peer.
 *
 * A configured one: waiting -> (dial_ms) connecting -> connected -> waiting …; or refused instead of waiting, when trying again
 * will not help until somebody changes something (it is tried all the same).
 * The wait is a random part of 1 s, doubled up to 30 s with each attempt, and falls back only after a connection lasted 30 s.
 * One that is not configured exists while it is connected.
 */
#ifndef PARKMESH_P2PD_NEIGHBOUR_H
#define PARKMESH_P2PD_NEIGHBOUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "allowance.h"
#include "peer.h"
#include "store/claims.h"
#include "store/site.h"

struct mesh;

struct neighbour {
	struct peer_row row;              /* of one not configured only the id, weight 0 */
	bool configured, marked;
	unsigned attempts;
	int64_t dial_ms;
	bool refused;
	struct reason why;                /* of the last error */
	int64_t heard_wall_ms;            /* 0: never */
	double rtt_ms;                    /* -1: unknown */
	bool clock_known;
	int64_t clock_offset_ms;          /* its clock minus ours */
	bool key_known;
	unsigned char key[KEY_BYTES];
	int64_t synced_wall_ms;           /* records last exchanged; 0: never */
	bool synced;                      /* since mesh_sync_states was last asked */
	unsigned replaced;                /* connections of it that were alive when a new one came, since … */
	int64_t replaced_ms;
	int64_t other_key_ms;             /* when somebody last proved the secret with another key under its id; 0 never */
	struct peer_log *log;             /* what it held when its last connection ended, for `behind` */
	uint32_t log_count;
	int64_t *acked;                   /* by own log, what it has acknowledged (marks.h) */
	uint32_t acked_count;
	struct allowance told;            /* lines written about it */
};

struct neighbour *neighbour_find(struct mesh *m, const char *id);
/* Make one; NULL: no room or no memory. Those that are not configured leave room for those that are. */
struct neighbour *neighbour_add(struct mesh *m, const char *id, bool configured);
/* Mark, load, sweep. ERR_MEMORY. */
enum err neighbours_load(struct mesh *m, const struct peer_row *rows, size_t count);
void neighbours_free(struct mesh *m);

/* p, proven to be n, is READY. */
void neighbour_joined(struct mesh *m, struct neighbour *n, struct peer *p);
/* p, which dialled n or was proven to be it, has ended. was_ready: it had been READY. */
void neighbour_left(struct mesh *m, struct neighbour *n, struct peer *p, enum peer_end end, const struct reason *why,
	bool was_ready);
/* Dial as soon as possible. */
void neighbour_hurry(struct mesh *m, struct neighbour *n);
/* Dial whoever is due. */
void neighbours_run(struct mesh *m);
/* When the next one is, monotonic ms; INT64_MAX: nobody is to be dialled. */
int64_t neighbours_due(const struct mesh *m);
/* Is its clock off, and known to be? */
bool neighbour_clock_off(const struct neighbour *n, struct reason *out);
void neighbour_status(const struct mesh *m, const struct neighbour *n, struct peer_status *out);
/* What it says to hold of each log, now or when it was last connected; 0 if that is not known, or there is no room for all of it. */
size_t neighbour_claims(const struct mesh *m, const struct neighbour *n, struct claim *out, size_t max);

#endif
