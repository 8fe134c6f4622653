/*
 * The one door by which entries and exits are written as records of this central: barriers and camera boxes (domain/gate,
 * domain/camera) and operators (domain/operator) decide, this writes. All in the ledger's transaction.
 */
#ifndef PARKMESH_DOMAIN_GATE_WRITE_H
#define PARKMESH_DOMAIN_GATE_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/zone.h"
#include "domain/site.h"
#include "domain/subscription.h"
#include "domain/tariff.h"
#include "store/stays.h"
#include "wire/record.h"

struct db;
struct ledger;

#define EVENT_ID_SIZE STAY_NAME_SIZE

/* The moment of an event: when it counts (at), what is shown and priced (ts), and as of when is decided (INT64_MAX: now). Unix ms. */
struct moment { int64_t at, ts, as_of; };
/* At the wall clock (reported_at -1) an event is raised above all that is known of its plate, so that causality holds whatever the
 * clocks say; an edge-reported time is kept, and when it is older than what is known, the decision is as of it.
 * other_plate: of the stay an exit ends, where that is not its own; NULL none. db may be read-only. */
enum err moment_of(struct db *db, const char *plate_id, const char *other_plate, int64_t reported_at, int64_t now_ms,
	struct moment *out);

/* Texts that are NULL or "" are not written. */
struct entry_write {
	const char *plate_id;        /* reduced, valid */
	const char *plate_view;
	const char *edge_id, *camera_id, *camera_name, *camera_type;
	const char *source;          /* "edge", "operator" or what a camera box says */
	double confidence;           /* -1: none */
	const char *event_id;        /* the stay's name, unused so far; NULL: one is made of central, at and plate */
	const char *by, *why;        /* an operator who does it by hand */
	struct moment when;
};
/* out: the row the stay got by merging (with a late time it may be OUT or SUPERSEDED at once). */
enum err gate_write_entry(struct ledger *l, const struct entry_write *w, struct stay_row *out);

struct exit_write {
	const char *plate_id;        /* as seen at the exit */
	const char *edge_id, *camera_id, *camera_name;
	const struct stay_row *stay; /* that it names; NULL: no stay is known */
	const char *reason;          /* normal, forced, missed, unmatched */
	int64_t fee;                 /* that was taken; -1: by gate_fee, 0 where there is no stay or its exit was missed */
	const char *edge_event_id;   /* the box's own name for the exit */
	int64_t edge_fee;            /* what the box computed; -1: none */
	const char *by, *why;        /* an operator who does it by hand */
	struct moment when;
};
struct exit_written {
	char name[EXIT_NAME_SIZE];   /* the exit's own, and its row's if it has no stay */
	int64_t fee;
	char exit_time[ZONE_TEXT], duration[DURATION_SIZE];
};
enum err gate_write_exit(struct ledger *l, const struct exit_write *w, struct exit_written *out);

/* What a vehicle owes for having been inside from entry_ts to exit_ts (Unix ms), and by which tariff; a subscriber (by the day it leaves,
 * domain/subscription) owes nothing. db may be read-only. */
struct gate_price { int64_t fee; char tariff[TARIFF_NAME_SIZE]; char subscriber[OWNER_SIZE]; /* "" none */ };
enum err gate_fee(struct db *db, const char *plate_id, int64_t entry_ts, int64_t exit_ts, struct gate_price *out);

#endif
