#include "api.h"

#include <string.h>

#include "answer.h"
#include "base/text.h"
#include "caller.h"
#include "domain/operator.h"
#include "history_time.h"
#include "idempotency.h"
#include "serve.h"

#define WHY_BYTES 500
#define FEE_MAX 1000000000000 /* VND */
#define TIME_BYTES 32
#define NAME_BYTES 63

/* Its real limits are those of the reduced plate, which have sentences of their own. */
#define PLATE_ID {"plate_id", FIELD_TEXT, FROM_BODY, true, 0, 64, NULL}
#define PLATE_VIEW(required) {"plate_view", FIELD_TEXT, FROM_BODY, required, 0, PLATE_VIEW_SIZE - 1, NULL}
#define WHY(required) {"why", FIELD_TEXT, FROM_BODY, required, required, WHY_BYTES, NULL}

const struct field operator_enter_fields[7] = {
	PLATE_ID,
	PLATE_VIEW(false),
	{"camera_type", FIELD_CHOICE, FROM_BODY, false, 0, 0, "car|moto"},
	{"edge_id", FIELD_TEXT, FROM_BODY, false, 0, NAME_BYTES, NULL},
	{"entry_time", FIELD_TEXT, FROM_BODY, false, 1, TIME_BYTES, NULL},
	{"force", FIELD_BOOL, FROM_BODY, false, 0, 0, NULL},
	WHY(false),
};

const struct field operator_exit_fields[3] = {
	{"reason", FIELD_CHOICE, FROM_BODY, true, 0, 0, "normal|forced|missed"},
	{"fee", FIELD_INTEGER, FROM_BODY, false, 0, FEE_MAX, NULL},
	WHY(true),
};

const struct field operator_correct_fields[3] = {PLATE_ID, PLATE_VIEW(true), WHY(false)};
const struct field operator_void_fields[1] = {WHY(false)};

/* --- what the four share --------------------------------------------------------------------------------------------- */

struct job {
	struct operator_entry entry;
	struct operator_exit exit;
	char plate_id[PLATE_SIZE];
	const char *plate_view;
	int64_t history_id;
	struct operator_word word;
	struct actor actor;               /* that word points to */
	struct stay_row row;              /* afterwards, or the one in the way */
	struct exit_written written;
	struct fault *fault;
};

static void read_word(const struct call *c, struct job *j)
{
	j->actor = caller_actor(c);
	j->word = (struct operator_word){.by = caller_name(c), .why = params_text(&c->params, "why"), .actor = &j->actor};
}

/* A segment that is no number names no row. */
static int64_t read_id(const struct call *c)
{
	int64_t id;

	return number_parse(c->segment, INTEGER_MAX, &id) ? id : 0;
}

static const char *status_word(enum stay_status status)
{
	switch (status) {
	case STAY_IN: return "IN";
	case STAY_OUT: return "OUT";
	case STAY_SUPERSEDED: return "SUPERSEDED";
	case STAY_VOID: return "VOID";
	case STAY_BOUND: break;
	}
	return "BOUND";
}

/* Open the answer with what the row is now. */
static void begin_with_row(struct response *r, const struct stay_row *row)
{
	answer_begin(r, 200);
	answer_integer(r, "history_id", row->id);
	answer_text(r, "event_id", row->event_id);
	answer_text(r, "plate_id", row->plate_id);
	answer_text(r, "plate_view", row->plate_view);
	answer_text(r, "status", status_word(row->status));
}

static void answer_row(struct call *c, const void *arg)
{
	const struct job *j = arg;

	begin_with_row(&c->response, &j->row);
	answer_end(&c->response);
}

/* --- entering -------------------------------------------------------------------------------------------------------- */

static enum err enter(struct ledger *l, void *arg)
{
	struct job *j = arg;

	return operator_enter(l, &j->entry, &j->word, &j->row, j->fault);
}

static void answer_entry(struct call *c, const void *arg)
{
	const struct job *j = arg;

	begin_with_row(&c->response, &j->row);
	answer_text(&c->response, "action", "ENTRY");
	answer_text(&c->response, "entry_time", j->row.entry_time);
	answer_end(&c->response);
}

static void answer_inside(struct response *r, const struct job *j)
{
	answer_begin(r, answer_status(ERR_CONFLICT));
	answer_fault(r, ERR_CONFLICT, j->fault);
	answer_bool(r, "already_inside", true);
	answer_text(r, "entry_time", j->row.entry_time);
	answer_text(r, "event_id", j->row.event_id);
	answer_end(r);
}

enum err api_operator_enter(struct call *c, struct fault *fault)
{
	const struct params *p = &c->params;
	struct job j = {.fault = fault, .entry = {.plate_view = params_text(p, "plate_view"), .entry_ms = -1,
		.camera_type = params_text(p, "camera_type"), .edge_id = params_text(p, "edge_id"), .force = params_truth(p, "force")}};
	int64_t unused;
	enum err e = plate_read(params_text(p, "plate_id"), j.entry.plate_id, fault);

	if (e == ERR_NONE)
		e = history_time(p, "entry_time", &j.entry.entry_ms, &unused, fault);
	if (e != ERR_NONE)
		return e;
	read_word(c, &j);
	e = call_write(c, enter, answer_entry, &j, fault);
	if (e != ERR_CONFLICT)
		return e;
	answer_inside(&c->response, &j);
	return ERR_NONE;
}

/* --- ending a stay --------------------------------------------------------------------------------------------------- */

static enum err leave(struct ledger *l, void *arg)
{
	struct job *j = arg;

	return operator_leave(l, &j->exit, &j->word, &j->row, &j->written, j->fault);
}

static void answer_exit(struct call *c, const void *arg)
{
	const struct job *j = arg;

	begin_with_row(&c->response, &j->row);
	answer_text(&c->response, "action", "EXIT");
	answer_text(&c->response, "exit_time", j->written.exit_time);
	answer_text(&c->response, "duration", j->written.duration);
	answer_integer(&c->response, "fee", j->written.fee);
	answer_end(&c->response);
}

enum err api_operator_exit(struct call *c, struct fault *fault)
{
	struct job j = {.fault = fault, .exit = {.history_id = read_id(c), .reason = params_text(&c->params, "reason"),
		.fee = params_integer(&c->params, "fee", -1)}};

	read_word(c, &j);
	return call_write(c, leave, answer_exit, &j, fault);
}

/* --- correcting and voiding ------------------------------------------------------------------------------------------ */

static enum err correct(struct ledger *l, void *arg)
{
	struct job *j = arg;

	return operator_correct(l, j->history_id, j->plate_id, j->plate_view, &j->word, &j->row, j->fault);
}

enum err api_operator_correct(struct call *c, struct fault *fault)
{
	struct job j = {.fault = fault, .history_id = read_id(c), .plate_view = params_text(&c->params, "plate_view")};
	enum err e = plate_read(params_text(&c->params, "plate_id"), j.plate_id, fault);

	if (e != ERR_NONE)
		return e;
	read_word(c, &j);
	return call_write(c, correct, answer_row, &j, fault);
}

static enum err take_out(struct ledger *l, void *arg)
{
	struct job *j = arg;

	return operator_void(l, j->history_id, &j->word, &j->row, j->fault);
}

enum err api_operator_void(struct call *c, struct fault *fault)
{
	struct job j = {.fault = fault, .history_id = read_id(c)};

	read_word(c, &j);
	return call_write(c, take_out, answer_row, &j, fault);
}
