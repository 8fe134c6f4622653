#include "api.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "answer.h"
#include "base/text.h"
#include "caller.h"
#include "domain/camera.h"
#include "domain/ledger.h"
#include "idempotency.h"
#include "serve.h"
#include "wire/json.h"

#define FIELDS(list) list, sizeof list / sizeof *list
#define SOURCE_BYTES 63
#define CAMERA(name, size) {name, FIELD_TEXT, FROM_BODY, false, 0, (size) - 1, NULL}

const struct field edge_heartbeat_fields[6] = {
	CAMERA("camera_name", CAMERA_NAME_SIZE),
	CAMERA("camera_type", CAMERA_TYPE_SIZE),
	CAMERA("status", CAMERA_STATUS_SIZE),
	{"events_sent", FIELD_INTEGER, FROM_BODY, false, 0, INTEGER_MAX, NULL},
	{"events_failed", FIELD_INTEGER, FROM_BODY, false, 0, INTEGER_MAX, NULL},
	{"timestamp", FIELD_REAL, FROM_BODY, false, 0, INTEGER_MAX, NULL},
};

/* Beside type, event_id and camera_id, which are read first: a refusal is logged with them. */
static const struct field event_fields[] = {
	CAMERA("camera_name", CAMERA_NAME_SIZE),
	CAMERA("camera_type", CAMERA_TYPE_SIZE),
	{"timestamp", FIELD_REAL, FROM_BODY, false, 0, INTEGER_MAX, NULL},
	{"sent_at", FIELD_REAL, FROM_BODY, false, 0, INTEGER_MAX, NULL},
};

static const struct field data_fields[] = {
	{"plate_text", FIELD_TEXT, FROM_BODY, true, 0, REQUEST_BODY_MAX, NULL},
	{"confidence", FIELD_REAL, FROM_BODY, false, 0, 1, NULL},
	{"source", FIELD_TEXT, FROM_BODY, false, 0, SOURCE_BYTES, NULL},
	{"edge_id", FIELD_TEXT, FROM_BODY, false, 1, EDGE_ID_SIZE - 1, NULL},
	{"plate_view", FIELD_TEXT, FROM_BODY, false, 0, PLATE_VIEW_SIZE - 1, NULL},
};

/* --- what both read -------------------------------------------------------------------------------------------------- */

/* Boxes in the field send a number or a text. */
static enum err read_camera_id(const cJSON *document, char out[CAMERA_ID_SIZE], struct fault *fault)
{
	const char *text = json_text(document, "camera_id");
	int64_t number = json_integer(document, "camera_id", 0, INTEGER_MAX, -1);
	bool fits = true;

	out[0] = '\0';
	if (number >= 0)
		text_format(out, CAMERA_ID_SIZE, "%lld", (long long)number);
	else if (text)
		fits = text_copy(out, CAMERA_ID_SIZE, text);
	for (const char *c = out; *c; c++)
		fits = fits && (unsigned char)*c >= ' ' && *c != 127;
	if (!fits || (text && !*text))
		return fault_set(fault, ERR_INVALID, "invalid_value", "camera_id", "camera_id has to have 1 to %d plain bytes.",
			CAMERA_ID_SIZE - 1);
	if (!out[0])
		return fault_set(fault, ERR_FIELD, json_member(document, "camera_id") ? "wrong_type" : "missing_field", "camera_id",
			"camera_id has to be given, as a text or a whole number.");
	return ERR_NONE;
}

static void copy_text(char *out, size_t size, const char *text)
{
	text_copy(out, size, text ? text : "");
}

/* --- heartbeat ------------------------------------------------------------------------------------------------------- */

struct heartbeat_job { struct camera_row camera; double timestamp; int64_t now_ms; };

static enum err take_heartbeat(struct ledger *l, void *arg)
{
	struct heartbeat_job *j = arg;

	return camera_heartbeat(ledger_db(l), &j->camera, j->timestamp, j->now_ms);
}

static void answer_heartbeat(struct call *c, const void *arg)
{
	(void)arg;
	answer_begin(&c->response, 200);
	answer_end(&c->response);
}

/* The edge that events of this camera said, if there were any; before, a token tells whose it is. */
static enum err heartbeat_edge(struct call *c, struct camera_row *camera, struct fault *fault)
{
	struct camera_row known;
	enum err e = call_read(c, fault);

	if (e != ERR_NONE)
		return e;
	e = camera_find(c->desk->db, camera->camera_id, &known);
	if (e == ERR_NONE)
		text_copy(camera->edge_id, sizeof camera->edge_id, known.edge_id);
	else if (e == ERR_NOT_FOUND && c->caller.edge_id[0])
		text_copy(camera->edge_id, sizeof camera->edge_id, c->caller.edge_id);
	else if (e == ERR_NOT_FOUND)
		camera_edge(camera->camera_id, camera->edge_id);
	else
		return e;
	return caller_speaks_for(c, camera->edge_id, fault);
}

enum err api_edge_heartbeat(struct call *c, struct fault *fault)
{
	const struct params *p = &c->params;
	struct heartbeat_job j = {.timestamp = params_real(p, "timestamp", -1), .now_ms = call_now(c)};
	enum err e = read_camera_id(p->document, j.camera.camera_id, fault);

	if (e == ERR_NONE)
		e = heartbeat_edge(c, &j.camera, fault);
	if (e != ERR_NONE)
		return e;
	copy_text(j.camera.camera_name, sizeof j.camera.camera_name, params_text(p, "camera_name"));
	copy_text(j.camera.camera_type, sizeof j.camera.camera_type, params_text(p, "camera_type"));
	copy_text(j.camera.status, sizeof j.camera.status, params_text(p, "status"));
	j.camera.events_sent = params_integer(p, "events_sent", -1);
	j.camera.events_failed = params_integer(p, "events_failed", -1);
	return call_write(c, take_heartbeat, answer_heartbeat, &j, fault);
}

/* --- event: reading -------------------------------------------------------------------------------------------------- */

/* One event, as it is read; texts belong to document. */
struct event_job {
	cJSON *document;
	struct camera_event event;
	char camera_id[CAMERA_ID_SIZE], edge_id[EDGE_ID_SIZE];
	struct fault fault;                /* why it cannot be taken as an event, "" it can */
	struct camera_answer answer;
};

static enum err read_type(struct event_job *j)
{
	struct camera_event *ev = &j->event;

	ev->type = json_text(j->document, "type");
	if (!ev->type)
		return fault_set(&j->fault, ERR_FIELD, "missing_field", "type", "type has to be given, as a text.");
	if (strcmp(ev->type, "EXIT") == 0)
		ev->direction = DIRECTION_EXIT;
	else if (strcmp(ev->type, "ENTRY") == 0 || strcmp(ev->type, "DETECTION") == 0)
		ev->direction = DIRECTION_ENTRY;
	else
		return fault_set(&j->fault, ERR_INVALID, "unknown_type", "type", "type has to be ENTRY, EXIT or DETECTION.");
	return ERR_NONE;
}

static enum err read_event_id(struct event_job *j)
{
	const cJSON *item = json_member(j->document, "event_id");

	if (!item || cJSON_IsNull(item))
		return ERR_NONE;
	if (!cJSON_IsString(item))
		return fault_set(&j->fault, ERR_FIELD, "wrong_type", "event_id", "event_id has to be a text.");
	j->event.event_id = *item->valuestring ? item->valuestring : NULL;
	return ERR_NONE;
}

static enum err read_camera(struct event_job *j)
{
	struct camera_event *ev = &j->event;
	struct params p = {0};
	enum err e = read_camera_id(j->document, j->camera_id, &j->fault);

	if (e != ERR_NONE)
		return e;
	camera_edge(j->camera_id, j->edge_id);
	ev->camera_id = j->camera_id;
	ev->edge_id = j->edge_id;
	e = params_from_object(FIELDS(event_fields), j->document, "", &p, &j->fault);
	ev->camera_name = params_text(&p, "camera_name");
	ev->camera_type = params_text(&p, "camera_type");
	ev->time = (struct edge_time){.timestamp = params_real(&p, "timestamp", -1), .sent_at = params_real(&p, "sent_at", -1)};
	return e;
}

static enum err read_plate(const struct params *data, struct camera_event *out, struct fault *fault)
{
	const char *view = params_text(data, "plate_view");
	size_t len = plate_reduce(params_text(data, "plate_text"), out->plate_id);

	if (view && *view)
		text_copy(out->plate_view, sizeof out->plate_view, view);
	else
		plate_view_make(out->plate_id, out->plate_view);
	if (len < PLATE_MIN)
		return fault_set(fault, ERR_INVALID, "plate_too_short", "data.plate_text", "Invalid plate number (too short)");
	if (len > PLATE_MAX)
		return fault_set(fault, ERR_INVALID, "plate_too_long", "data.plate_text", "Invalid plate number (too long)");
	return ERR_NONE;
}

static enum err read_data(struct event_job *j)
{
	const cJSON *data = json_member(j->document, "data");
	struct params p = {0};
	enum err e;

	if (!cJSON_IsObject(data))
		return fault_set(&j->fault, ERR_FIELD, data ? "wrong_type" : "missing_field", "data", "data has to be an object.");
	e = params_from_object(FIELDS(data_fields), data, "data.", &p, &j->fault);
	if (params_text(&p, "edge_id"))
		text_copy(j->edge_id, sizeof j->edge_id, params_text(&p, "edge_id"));
	j->event.confidence = params_real(&p, "confidence", -1);
	j->event.source = params_text(&p, "source");
	return e == ERR_NONE ? read_plate(&p, &j->event, &j->fault) : e;
}

/* What was read before something wrong was found is left in j, for the log; what was not even JSON leaves nothing. */
static enum err read_event(const struct buf *body, struct event_job *j)
{
	enum err e = json_read(buf_text(body), body->len, &j->document);

	j->event.payload = buf_text(body);
	j->event.payload_len = body->len;
	if (e == ERR_SYNTAX)
		return fault_set(&j->fault, e, "malformed_json", "", "The body has to be one JSON object in UTF-8.");
	if (e == ERR_NONE)
		e = read_type(j);
	if (e == ERR_NONE)
		e = read_event_id(j);
	if (e == ERR_NONE)
		e = read_camera(j);
	return e == ERR_NONE ? read_data(j) : e;
}

/* --- event: answering ------------------------------------------------------------------------------------------------ */

static enum err take_event(struct ledger *l, void *arg)
{
	struct event_job *j = arg;

	if (!j->fault.code[0])
		return camera_event(l, &j->event, &j->answer);
	j->answer = (struct camera_answer){.outcome = CAMERA_REFUSED, .fault = j->fault};
	return camera_refuse(l, &j->event, &j->fault);
}

/* These boxes repeat anything but a 200 for ever. */
static void answer_refused(struct response *r, const struct camera_answer *a)
{
	answer_begin(r, 400);
	r->status = 200;
	answer_fault(r, ERR_INVALID, &a->fault);
	if (a->already_inside) {
		answer_bool(r, "already_inside", true);
		answer_text(r, "entry_time", a->entry_time);
		answer_text(r, "event_id", a->event_id);
	}
	answer_end(r);
}

static void answer_repeated(struct response *r, const struct camera_event *ev)
{
	answer_begin(r, 200);
	answer_bool(r, "deduped", true);
	answer_text(r, "event_id", ev->event_id);
	answer_end(r);
}

static void answer_accepted(struct response *r, const struct camera_event *ev, const struct camera_answer *a)
{
	bool entry = ev->direction == DIRECTION_ENTRY;
	char message[PLATE_VIEW_SIZE + 32];

	text_format(message, sizeof message, "Xe %s %s bãi", ev->plate_view, entry ? "VÀO" : "RA");
	answer_begin(r, 200);
	answer_text(r, "action", entry ? "ENTRY" : "EXIT");
	answer_text(r, "message", message);
	answer_text(r, "plate_id", ev->plate_id);
	answer_text(r, "plate_view", ev->plate_view);
	answer_integer(r, "history_id", a->history_id);
	answer_text(r, "entry_time", a->entry_time);
	answer_text(r, "event_id", a->event_id);
	if (!entry) {
		answer_text(r, "exit_time", a->exit_time);
		answer_text(r, "duration", a->duration);
		answer_integer(r, "fee", a->fee);
	}
	answer_end(r);
}

static void answer_event(struct call *c, const void *arg)
{
	const struct event_job *j = arg;

	switch (j->answer.outcome) {
	case CAMERA_ACCEPTED: answer_accepted(&c->response, &j->event, &j->answer); return;
	case CAMERA_REPEATED: answer_repeated(&c->response, &j->event); return;
	case CAMERA_REFUSED: answer_refused(&c->response, &j->answer); return;
	}
}

/* A token speaks for its own edge: neither in another's name, nor of a camera that is known to be another's. */
static enum err check_edge(struct call *c, const struct event_job *j, struct fault *fault)
{
	struct camera_row known;
	enum err e = caller_speaks_for(c, j->edge_id, fault);

	if (e != ERR_NONE || !c->caller.edge_id[0])
		return e;
	e = call_read(c, fault);
	if (e == ERR_NONE)
		e = camera_find(c->desk->db, j->camera_id, &known);
	if (e == ERR_NONE)
		return caller_speaks_for(c, known.edge_id, fault);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err api_edge_event(struct call *c, struct fault *fault)
{
	struct event_job j = {.event = {.confidence = -1, .arrived_ms = call_now(c)}};
	enum err e = read_event(&c->request.body, &j);

	/* Only what was found wrong with the event itself is a refusal. */
	if (e == ERR_NONE || j.fault.code[0])
		e = j.event.edge_id ? check_edge(c, &j, fault) : ERR_NONE;
	if (e == ERR_NONE)
		e = call_write(c, take_event, answer_event, &j, fault);
	cJSON_Delete(j.document);
	return e;
}
