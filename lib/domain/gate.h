/*
 * What happens at a gate: deciding, and writing the records of it (spec/api.md, "Edges").
 *
 * The promise: what a gate was told holds in this central's rows after the commit; for a late time (edge-reported, older than what
 * is known of the plate) in the rows as of that time.
 */
#ifndef PARKMESH_DOMAIN_GATE_H
#define PARKMESH_DOMAIN_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/zone.h"
#include "domain/gate_write.h"
#include "domain/plate.h"
#include "domain/tariff.h"
#include "wire/message.h"

struct db;
struct ledger;

#define NAME_SIZE 64       /* edge ids, camera names and the like */

enum direction { DIRECTION_ANY, DIRECTION_ENTRY, DIRECTION_EXIT };

/* A time an edge gave, and its own clock now; -1 when it did not. Seconds (may be fractional) or ms since 1970: below 1e11 it is
 * seconds. */
struct edge_time {
	double timestamp, sent_at;
	bool clock_known;          /* good by its last heartbeat (domain/camera); only looked at without sent_at */
};
/* Is this, told just now, the time of a clock within 60 s of ours? Pure. */
bool edge_clock_good(double told, int64_t now_ms);
/* The moment (Unix ms) an edge's event happened, if its time counts: its clock is known to be good (by sent_at, else by its
 * heartbeat), at most 30 days old, not ahead of now. -1: the time of arrival counts. Pure. */
int64_t edge_time_counts(const struct edge_time *t, int64_t now_ms);

struct gate_ask {
	char edge_id[NAME_SIZE];
	char plate_id[PLATE_SIZE];       /* reduced, valid */
	char plate_view[PLATE_VIEW_SIZE];/* "": made from plate_id */
	char camera_type[16];            /* "car", "moto" or "" */
	double confidence;               /* -1: none */
	enum direction direction;
	bool force;
	int64_t reported_at;             /* from edge_time_counts; -1: now */
};

struct gate_answer {
	enum direction action;           /* what was done (or, in a conflict, asked for) */
	char event_id[EVENT_ID_SIZE];    /* the stay; of an exit without entry its own name */
	int64_t history_id;
	bool already_inside, has_entry;
	char entry_time[ZONE_TEXT];      /* of the stay known, "" none */
	char entry_from[CENTRAL_ID_SIZE];/* central it came in by */
	int64_t fee;
	char duration[DURATION_SIZE];
	char subscriber[OWNER_SIZE];     /* whose active subscription the plate has, "" none; only gate_look fills it */
};

/* Open the barrier. Without a direction the edge's lane (store/edges) decides it, and without one whether the vehicle is inside.
 * ERR_CONFLICT: direction does not fit what is known or the lane, and it is not forced (fault and out say why). In the ledger's
 * transaction. */
enum err gate_open(struct ledger *l, const struct gate_ask *ask, struct gate_answer *out, struct fault *fault);
/* The barrier has closed: confirm the newest unconfirmed entry of that plate at that edge. event_id: "" any. ERR_NOT_FOUND: none
 * such, nothing written (the caller answers success all the same). */
enum err gate_close(struct ledger *l, const char *edge_id, const char *plate_id, const char *event_id, struct gate_answer *out);
/* What a detection is told; writes nothing. db may be read-only. For EXIT fee and duration are a preview as of now_ms or
 * reported_at. */
enum err gate_look(struct db *db, const struct gate_ask *ask, int64_t now_ms, struct gate_answer *out);

#endif
