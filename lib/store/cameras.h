/*
 * Rows of `cameras` (what camera boxes told of themselves) and `events` (what they told of vehicles, raw, with what they were
 * answered). Local to this central. Both are bounded: CAMERAS_MAX cameras, the one silent longest goes first; events for
 * EVENTS_KEPT_MS and at most EVENTS_KEPT of them, a few of the oldest going with each that comes.
 */
#ifndef PARKMESH_STORE_CAMERAS_H
#define PARKMESH_STORE_CAMERAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/edges.h"

struct db;

#define CAMERAS_MAX 1000
#define CAMERA_ID_SIZE (EDGE_ID_SIZE - 5)  /* so that "edge-<camera_id>" is an edge_id */
#define CAMERA_NAME_SIZE 128
#define CAMERA_TYPE_SIZE 32
#define CAMERA_STATUS_SIZE 32
#define EVENTS_KEPT_MS (30LL * 24 * 60 * 60 * 1000)
#define EVENTS_KEPT 100000

struct camera_row {
	char camera_id[CAMERA_ID_SIZE];
	char camera_name[CAMERA_NAME_SIZE];    /* "" not known, as are the other texts */
	char camera_type[CAMERA_TYPE_SIZE];
	char edge_id[EDGE_ID_SIZE];
	char status[CAMERA_STATUS_SIZE];
	int64_t events_sent, events_failed;    /* as the box counts them; -1: not told */
	int64_t heartbeat_ms, event_ms;        /* when the last of each came, 0 none */
	bool clock_good;                       /* at its last heartbeat */
};

/* A heartbeat: all of row but event_ms. A camera known by an event keeps the edge_id that said; a name or type of "" changes
 * nothing. In a transaction, as camera_event. */
enum err camera_heard(struct db *db, const struct camera_row *row);
/* An event: its camera_id, camera_name, camera_type, edge_id and event_ms. */
enum err camera_sent_event(struct db *db, const struct camera_row *row);
/* ERR_NOT_FOUND. db may be read-only, in these three. */
enum err camera_find(struct db *db, const char *camera_id, struct camera_row *out);
/* Of the edge's cameras the one whose heartbeat is the latest. */
enum err camera_find_of_edge(struct db *db, const char *edge_id, struct camera_row *out);
/* By camera_id. Any error of each ends the walk and is returned. */
typedef enum err camera_each_fn(void *arg, const struct camera_row *row);
enum err camera_list(struct db *db, camera_each_fn *each, void *arg);

/* Texts may be NULL: not known. */
struct event_row {
	const char *type, *event_id, *camera_id, *edge_id, *plate_id;
	bool accepted;
	const char *code;                      /* of the refusal, "" when accepted */
	const char *payload;                   /* what came, or its beginning */
	size_t payload_len;
	int64_t received_ms;
};
enum err event_insert(struct db *db, const struct event_row *row);

/* Is an entry with this event_id among the records? Is there an exit with this edge_event_id? */
enum err entry_was_told(struct db *db, const char *event_id, bool *out);
enum err exit_was_told(struct db *db, const char *edge_event_id, bool *out);

/* Was an event of this id and type refused with this code, as far back as events are kept? */
enum err event_was_refused(struct db *db, const char *event_id, const char *type, const char *code, bool *out);

#endif
