/*
 * Camera boxes (spec/api.md, "Edges": event and heartbeat): deciding on what they tell, recognising what they told before, and
 * what their heartbeats say of their clocks.
 *
 * A box repeats anything but a 200 for ever, so a refusal is an outcome here, not an error: it is logged in `events`, and what was
 * decided is kept although the vehicle was not let in or out.
 */
#ifndef PARKMESH_DOMAIN_CAMERA_H
#define PARKMESH_DOMAIN_CAMERA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "domain/gate.h"
#include "store/cameras.h"

struct ledger;

/* Has anything been heard of it in the last 60 s? Pure. */
bool camera_online(const struct camera_row *camera, int64_t now_ms);
/* Is its clock known to be good: a heartbeat within the last 2 minutes, with a timestamp within 60 s of ours? Pure. */
bool camera_clock_known(const struct camera_row *camera, int64_t now_ms);
/* The same of the edge's camera that was heard of last; false if there is none. db may be read-only. */
enum err camera_edge_clock_known(struct db *db, const char *edge_id, int64_t now_ms, bool *out);
/* A camera's edge if no event says another: "edge-<camera_id>". */
void camera_edge(const char *camera_id, char out[EDGE_ID_SIZE]);

/* The name by which a box's own event id is kept and found again: the id itself if it can name a stay, else (too long, the form of
 * an exit's name, control characters) "edge_" and 32 hex digits of its SHA-256, on every central the same. Pure. */
void camera_event_name(const char *event_id, char out[EVENT_ID_SIZE]);

/* What it changes of what was told before (domain/camera_change); CHANGE_NONE: it is an entry or an exit. */
enum camera_change { CHANGE_NONE, CHANGE_PLATE, CHANGE_VOID, CHANGE_LOCATION };

struct camera_event {
	const char *type;                  /* as it came; NULL or any text when refused before it was looked at */
	enum direction direction;          /* ENTRY or EXIT */
	enum camera_change change;
	const char *event_id;              /* the box's own; NULL none */
	const char *camera_id, *camera_name, *camera_type, *edge_id, *source;   /* NULL: not told (camera_id, but for
	                                      changes, and edge_id are) */
	char plate_id[PLATE_SIZE];         /* reduced, valid */
	char plate_view[PLATE_VIEW_SIZE];
	double confidence;                 /* -1: none */
	struct edge_time time;
	int64_t arrived_ms;
	const char *payload;               /* all of it, as it came */
	size_t payload_len;
};

enum camera_outcome { CAMERA_ACCEPTED, CAMERA_REPEATED, CAMERA_REFUSED };
struct camera_answer {
	enum camera_outcome outcome;
	struct fault fault;                /* of a refusal */
	bool already_inside;               /* a refused entry: what follows is the stay it is inside by */
	int64_t history_id;
	char event_id[EVENT_ID_SIZE];      /* the stay's */
	char entry_time[ZONE_TEXT], exit_time[ZONE_TEXT], duration[DURATION_SIZE];
	int64_t fee;
};

/* Decide on the event, write what follows from it, log it. ERR_NONE whatever was decided; else nothing may be kept. In the
 * ledger's transaction. */
enum err camera_event(struct ledger *l, const struct camera_event *told, struct camera_answer *out);
/* Log an event that could not be read as one: only type, event_id, camera_id, edge_id, arrived_ms and the payload count. */
enum err camera_refuse(struct ledger *l, const struct camera_event *ev, const struct fault *fault);
/* Log what was decided on an event elsewhere (domain/camera_change). */
enum err camera_note(struct ledger *l, const struct camera_event *ev, const struct camera_answer *decided);
/* A heartbeat: row's camera_id, camera_name, camera_type, edge_id, status and counts; timestamp is the box's clock, -1 not told. In
 * a transaction. */
enum err camera_heartbeat(struct db *db, struct camera_row *row, double timestamp, int64_t now_ms);

#endif
