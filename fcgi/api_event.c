#include "api.h"

#include <string.h>

#include "answer.h"
#include "base/text.h"
#include "caller.h"
#include "domain/camera_told.h"
#include "domain/ledger.h"
#include "idempotency.h"
#include "serve.h"

#define CAMERA(name, size) {name, FIELD_TEXT, FROM_BODY, false, 0, (size) - 1, NULL}

const struct field edge_heartbeat_fields[6] = {
	CAMERA("camera_name", CAMERA_NAME_SIZE),
	CAMERA("camera_type", CAMERA_TYPE_SIZE),
	CAMERA("status", CAMERA_STATUS_SIZE),
	{"events_sent", FIELD_INTEGER, FROM_BODY, false, 0, INTEGER_MAX, NULL},
	{"events_failed", FIELD_INTEGER, FROM_BODY, false, 0, INTEGER_MAX, NULL},
	{"timestamp", FIELD_REAL, FROM_BODY, false, 0, INTEGER_MAX, NULL},
};

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
	enum err e = camera_id_read(p->document, j.camera.camera_id, fault);

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

/* --- event ----------------------------------------------------------------------------------------------------------- */

static enum err take_event(struct ledger *l, void *arg)
{
	return camera_told_decide(l, arg);
}

/* These boxes repeat anything but a 200 for ever, so a refusal is one, too. */
static void answer_event(struct call *c, const void *arg)
{
	response_reset(&c->response);
	c->response.status = 200;
	camera_told_answer(arg, &c->response.body);
	buf_char(&c->response.body, '\n');
}

static enum err check_edge(struct call *c, const struct camera_told *t, struct fault *fault)
{
	enum err e = t->event.edge_id && c->caller.edge_id[0] ? call_read(c, fault) : ERR_NONE;

	if (e != ERR_NONE || !t->event.edge_id || !c->caller.edge_id[0])
		return e;
	return camera_told_by(c->desk->db, t, c->caller.edge_id, fault);
}

enum err api_edge_event(struct call *c, struct fault *fault)
{
	const struct buf *body = &c->request.body;
	struct camera_told told;
	enum err e = camera_told_read(buf_text(body), body->len, NULL, &told);

	told.event.arrived_ms = call_now(c);
	/* Only what was found wrong with the event itself is a refusal. */
	if (e == ERR_NONE || told.fault.code[0])
		e = check_edge(c, &told, fault);
	if (e == ERR_NONE)
		e = call_write(c, take_event, answer_event, &told, fault);
	camera_told_free(&told);
	return e;
}
