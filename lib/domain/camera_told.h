/*
 * What a camera box tells, as JSON, and what it is answered (spec/api.md, "Edges": event), the same by either door: POST
 * /api/edge/event (fcgi/api_event) and the WebSocket /ws/edge (p2pd/boxes). Deciding is domain/camera's.
 *
 * The WebSocket is a box's own: its first frame says of which edge it is, which counts where an event does not say, and it takes
 * changes of what was told (UPDATE, DELETE, LOCATION_UPDATE) besides.
 */
#ifndef PARKMESH_DOMAIN_CAMERA_TOLD_H
#define PARKMESH_DOMAIN_CAMERA_TOLD_H

#include <stddef.h>

#include "base/err.h"
#include "domain/camera.h"

struct buf;
struct cJSON;
struct ledger;

struct camera_told {
	struct cJSON *document;
	struct camera_event event;         /* its texts are the document's, or stand below */
	char camera_id[CAMERA_ID_SIZE], edge_id[EDGE_ID_SIZE];
	struct fault fault;                /* why it cannot be taken as an event; code "": it can */
	struct camera_answer answer;       /* after camera_told_decide */
};

/* Read one. box: the edge whose box tells it by its WebSocket, NULL: by HTTP. What was read before something wrong was found is
 * left in out, for the log; what was not even JSON leaves nothing. Fills event but for arrived_ms; bytes are kept as its
 * payload, so they outlive out. ERR_NONE, or with out->fault why it cannot be taken; without a fault (ERR_MEMORY) nothing is
 * known. out points into itself; on any result free with camera_told_free. */
enum err camera_told_read(const char *bytes, size_t len, const char *box, struct camera_told *out);
void camera_told_free(struct camera_told *t);
/* Decide on what was read, or note that it cannot be taken: in the ledger's transaction, as camera_event. */
enum err camera_told_decide(struct ledger *l, struct camera_told *t);
/* A token speaks for its own edge: neither in another's name, nor of a camera that is known to be another's. ERR_DENIED
 * edge_mismatch. db may be read-only. */
enum err camera_told_by(struct db *db, const struct camera_told *t, const char *edge_id, struct fault *fault);
/* What was decided, as a JSON object without a line end. */
void camera_told_answer(const struct camera_told *t, struct buf *out);
/* The same of what was not decided on. */
void camera_told_refusal(const struct fault *fault, struct buf *out);

/* "camera_id" of an object: boxes in the field send a number or a text. ERR_INVALID, ERR_FIELD with fault; out is "" then. */
enum err camera_id_read(const struct cJSON *document, char out[CAMERA_ID_SIZE], struct fault *fault);
/* "edge_id" of a WebSocket's first frame, likewise a number or a text. false: the frame is no such thing. */
bool camera_box_read(const char *bytes, size_t len, char edge_id[EDGE_ID_SIZE]);

#endif
