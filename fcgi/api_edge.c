#include "api.h"

#include <string.h>

#include "answer.h"
#include "base/text.h"
#include "domain/camera.h"
#include "domain/gate.h"
#include "domain/ledger.h"
#include "domain/quorum.h"
#include "edges.h"
#include "idempotency.h"
#include "quorum_wait.h"
#include "serve.h"
#include "store/marks.h"

#define EDGE_ID {"edge_id", FIELD_TEXT, FROM_BODY, true, 1, NAME_SIZE - 1, NULL}
/* Its real limits are those of the reduced plate, which have sentences of their own. */
#define PLATE_ID {"plate_id", FIELD_TEXT, FROM_BODY, true, 0, REQUEST_BODY_MAX, NULL}
#define PLATE_VIEW(required) {"plate_view", FIELD_TEXT, FROM_BODY, required, 0, PLATE_VIEW_SIZE - 1, NULL}
#define DIRECTION(required) {"direction", FIELD_CHOICE, FROM_BODY, required, 0, 0, "ENTRY|EXIT"}
#define TIMES \
	{"timestamp", FIELD_REAL, FROM_BODY, false, 0, INTEGER_MAX, NULL}, \
	{"sent_at", FIELD_REAL, FROM_BODY, false, 0, INTEGER_MAX, NULL}

const struct field edge_detection_fields[8] = {
	EDGE_ID,
	PLATE_ID,
	PLATE_VIEW(true),
	{"camera_type", FIELD_CHOICE, FROM_BODY, true, 0, 0, "car|moto"},
	DIRECTION(true),
	{"confidence", FIELD_REAL, FROM_BODY, true, 0, 1, NULL},
	TIMES,
};

const struct field edge_open_fields[10] = {
	EDGE_ID,
	PLATE_ID,
	{"action", FIELD_CHOICE, FROM_BODY, false, 0, 0, "open"},
	PLATE_VIEW(false),
	DIRECTION(false),
	{"force", FIELD_BOOL, FROM_BODY, false, 0, 0, NULL},
	TIMES,
	{"wait", FIELD_CHOICE, FROM_QUERY, false, 0, 0, "quorum"},
	{"timeout_ms", FIELD_INTEGER, FROM_QUERY, false, 0, QUORUM_WAIT_MOST_MS, NULL},
};

const struct field edge_close_fields[4] = {
	EDGE_ID,
	PLATE_ID,
	{"action", FIELD_CHOICE, FROM_BODY, false, 0, 0, "close"},
	{"event_id", FIELD_TEXT, FROM_BODY, false, 0, EVENT_ID_SIZE - 1, NULL},
};

/* --- what the three share -------------------------------------------------------------------------------------------- */

static enum direction read_direction(const struct params *p)
{
	const char *text = params_text(p, "direction");

	if (!text)
		return DIRECTION_ANY;
	return strcmp(text, "ENTRY") == 0 ? DIRECTION_ENTRY : DIRECTION_EXIT;
}

/* When it happened, if the edge's time counts; what its heartbeats say of its clock is only looked up where that matters. */
static enum err read_time(struct call *c, int64_t *out, struct fault *fault)
{
	const struct params *p = &c->params;
	struct edge_time time = {.timestamp = params_real(p, "timestamp", -1), .sent_at = params_real(p, "sent_at", -1)};
	enum err e = ERR_NONE;

	if (time.timestamp >= 0 && time.sent_at < 0) {
		e = call_read(c, fault);
		if (e == ERR_NONE)
			e = camera_edge_clock_known(c->desk->db, params_text(p, "edge_id"), call_now(c), &time.clock_known);
	}
	*out = edge_time_counts(&time, call_now(c));
	return e;
}

/* Fields that both detection and barrier/open have. */
static enum err read_ask(struct call *c, struct gate_ask *out, struct fault *fault)
{
	const struct params *p = &c->params;
	const char *view = params_text(p, "plate_view");
	enum err e;

	*out = (struct gate_ask){.confidence = -1, .direction = read_direction(p)};
	text_copy(out->edge_id, sizeof out->edge_id, params_text(p, "edge_id"));
	text_copy(out->plate_view, sizeof out->plate_view, view ? view : "");
	e = plate_read(params_text(p, "plate_id"), out->plate_id, fault);
	return e == ERR_NONE ? read_time(c, &out->reported_at, fault) : e;
}

static const char *direction_name(enum direction d)
{
	switch (d) {
	case DIRECTION_ENTRY: return "ENTRY";
	case DIRECTION_EXIT: return "EXIT";
	case DIRECTION_ANY: break;
	}
	return NULL;
}

/* --- detection ------------------------------------------------------------------------------------------------------- */

static void answer_entry_look(struct response *r, const struct gate_answer *g)
{
	answer_bool(r, "already_inside", g->already_inside);
	if (!g->already_inside)
		return;
	answer_text(r, "entry_time", g->entry_time);
	answer_text(r, "entry_from", g->entry_from);
}

static void answer_exit_look(struct response *r, const struct gate_answer *g)
{
	answer_bool(r, "has_entry", g->has_entry);
	if (!g->has_entry) {
		answer_text(r, "error", "No entry record found");
		return;
	}
	answer_text(r, "entry_time", g->entry_time);
	answer_text(r, "duration", g->duration);
	answer_integer(r, "fee", g->fee);
}

static void answer_detection(struct response *r, const struct gate_ask *ask, const struct gate_answer *g)
{
	bool entry = ask->direction == DIRECTION_ENTRY;

	answer_begin(r, 200);
	answer_bool(r, "allowed", entry ? !g->already_inside : g->has_entry);
	answer_object(r, "vehicle_info");
	answer_text(r, "plate_id", ask->plate_id);
	answer_text(r, "plate_view", ask->plate_view);
	answer_text(r, "direction", direction_name(ask->direction));
	answer_text(r, "camera_type", ask->camera_type);
	if (g->subscriber[0])
		answer_text(r, "subscriber", g->subscriber);
	if (entry)
		answer_entry_look(r, g);
	else
		answer_exit_look(r, g);
	answer_object_end(r);
	answer_end(r);
}

enum err api_edge_detection(struct call *c, struct fault *fault)
{
	struct gate_ask ask;
	struct gate_answer answer = {0};
	enum err e = read_ask(c, &ask, fault);

	if (e != ERR_NONE)
		return e;
	text_copy(ask.camera_type, sizeof ask.camera_type, params_text(&c->params, "camera_type"));
	ask.confidence = params_real(&c->params, "confidence", -1);
	if (!ask.plate_view[0])
		plate_view_make(ask.plate_id, ask.plate_view);
	edges_remember(c->app->edges, &ask);
	e = call_read(c, fault);
	if (e == ERR_NONE)
		e = gate_look(c->desk->db, &ask, call_now(c), &answer);
	if (e == ERR_NONE)
		answer_detection(&c->response, &ask, &answer);
	return e;
}

/* --- barrier/open ---------------------------------------------------------------------------------------------------- */

/* written: the record that has to be held by a quorum if wait says so, seq 0 while there is none. */
struct open_job {
	struct gate_ask ask;
	struct gate_answer answer;
	bool wait;
	struct mark_wanted written;
	enum durability durability;
	struct fault *fault;
};

/* p2pd is told that somebody waits with the record itself. */
static enum err open_barrier(struct ledger *l, void *arg)
{
	struct open_job *j = arg;
	enum err e = gate_open(l, &j->ask, &j->answer, j->fault);

	if (e != ERR_NONE || !j->wait)
		return e;
	j->written.seq = ledger_written(l, j->written.log);
	e = durability_fresh(ledger_db(l), &j->durability);
	return e == ERR_NONE && j->durability == DURABLE_LOCAL ? mark_wanted_write(ledger_db(l), &j->written) : e;
}

static void answer_open(struct call *c, const void *arg)
{
	const struct open_job *j = arg;
	const struct gate_answer *g = &j->answer;
	struct response *r = &c->response;

	answer_begin(r, 200);
	answer_text(r, "action", direction_name(g->action));
	answer_text(r, "event_id", g->event_id);
	if (g->action == DIRECTION_ENTRY) {
		answer_integer(r, "history_id", g->history_id);
	} else {
		answer_integer(r, "fee", g->fee);
		answer_text(r, "duration", g->duration);
	}
	if (j->wait)
		answer_text(r, "durability", durability_name(j->durability));
	answer_end(r);
}

/* The answer stands already; it is made anew if the record got further. One that was kept for this Idempotency-Key stays as it is: no
 * record was written for it now. */
static void wait_for_quorum(struct call *c, struct open_job *j)
{
	int64_t timeout_ms = params_integer(&c->params, "timeout_ms", QUORUM_WAIT_MS);

	if (j->written.seq == 0 || j->durability != DURABLE_LOCAL)
		return;
	if (atomic_fetch_add(&c->app->waiting, 1) < c->app->threads / 4)
		j->durability = quorum_wait_for(c->app->quorum, j->written.log, j->written.seq, timeout_ms);
	else
		quorum_wait_refused(c->app->quorum);
	atomic_fetch_sub(&c->app->waiting, 1);
	if (j->durability == DURABLE_LOCAL)
		return;
	response_reset(&c->response);
	answer_open(c, j);
}

static void answer_mismatch(struct response *r, const struct open_job *j)
{
	const struct gate_answer *g = &j->answer;

	answer_begin(r, answer_status(ERR_CONFLICT));
	answer_fault(r, ERR_CONFLICT, j->fault);
	if (g->action == DIRECTION_ENTRY)
		answer_bool(r, "already_inside", g->already_inside);
	else
		answer_bool(r, "has_entry", g->has_entry);
	if (g->event_id[0]) {
		answer_text(r, "entry_time", g->entry_time);
		answer_text(r, "event_id", g->event_id);
	}
	answer_end(r);
}

enum err api_edge_open(struct call *c, struct fault *fault)
{
	struct open_job j = {.fault = fault};
	enum err e = read_ask(c, &j.ask, fault);

	if (e != ERR_NONE)
		return e;
	j.ask.force = params_truth(&c->params, "force");
	j.wait = params_text(&c->params, "wait") != NULL;
	edges_recall(c->app->edges, &j.ask);
	e = call_write(c, open_barrier, answer_open, &j, fault);
	if (e == ERR_NONE)
		wait_for_quorum(c, &j);
	if (e != ERR_CONFLICT)
		return e;
	answer_mismatch(&c->response, &j);
	return ERR_NONE;
}

/* --- barrier/close --------------------------------------------------------------------------------------------------- */

struct close_job {
	const char *edge_id, *event_id;
	char plate_id[PLATE_SIZE];
	struct gate_answer answer;
	bool found;
};

static enum err close_barrier(struct ledger *l, void *arg)
{
	struct close_job *j = arg;
	enum err e = gate_close(l, j->edge_id, j->plate_id, j->event_id, &j->answer);

	j->found = e == ERR_NONE;
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

static void answer_close(struct call *c, const void *arg)
{
	const struct close_job *j = arg;

	answer_begin(&c->response, 200);
	answer_text(&c->response, "message", "Barrier closed");
	if (j->found)
		answer_text(&c->response, "event_id", j->answer.event_id);
	answer_end(&c->response);
}

enum err api_edge_close(struct call *c, struct fault *fault)
{
	const char *event_id = params_text(&c->params, "event_id");
	struct close_job j = {.edge_id = params_text(&c->params, "edge_id"), .event_id = event_id ? event_id : ""};
	enum err e = plate_read(params_text(&c->params, "plate_id"), j.plate_id, fault);

	return e == ERR_NONE ? call_write(c, close_barrier, answer_close, &j, fault) : e;
}
