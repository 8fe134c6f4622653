#include "domain/camera_change.h"

#include <string.h>

#include "base/text.h"
#include "domain/ledger.h"
#include "domain/operator.h"
#include "store/history.h"

static enum err refuse(struct camera_answer *out, enum err e, const char *code, const char *field, const char *sentence)
{
	out->outcome = CAMERA_REFUSED;
	fault_set(&out->fault, e, code, field, "%s", sentence);
	return ERR_NONE;
}

/* Which edge let the car in, "" none: the row that merging reads does not know. */
static enum err note_edge(void *arg, const struct history_row *row)
{
	text_copy(arg, EDGE_ID_SIZE, row->edge_id != NULL ? row->edge_id : "");
	return ERR_NONE;
}

static enum err is_own(struct ledger *l, const struct camera_event *ev, const struct stay_row *stay, bool *out)
{
	char edge_id[EDGE_ID_SIZE] = "";
	enum err e = history_find(ledger_db(l), stay->id, note_edge, edge_id);

	*out = strcmp(stay->source_central, ledger_central(l)) == 0 && strcmp(edge_id, ev->edge_id) == 0;
	return e;
}

static bool is_so_already(const struct camera_event *ev, const struct stay_row *stay)
{
	if (ev->change == CHANGE_VOID)
		return stay->status == STAY_VOID;
	return stay->status == STAY_IN && strcmp(stay->plate_id, ev->plate_id) == 0 && strcmp(stay->plate_view, ev->plate_view) == 0;
}

static enum err write(struct ledger *l, const struct camera_event *ev, int64_t history_id, struct camera_answer *out)
{
	const struct operator_word word = { .by = ev->edge_id, .why = ev->type };
	struct stay_row row;
	enum err e = ev->change == CHANGE_VOID ? operator_void(l, history_id, &word, &row, &out->fault) :
		operator_correct(l, history_id, ev->plate_id, ev->plate_view, &word, &row, &out->fault);

	out->history_id = history_id;
	return e;
}

static enum err change(struct ledger *l, const struct camera_event *ev, const char *name, struct camera_answer *out)
{
	struct stay_row stay;
	bool own = false;
	enum err e = stay_find(ledger_db(l), name, &stay);

	if (e == ERR_NOT_FOUND || (e == ERR_NONE && (!stay.has_entry || stay.status == STAY_BOUND)))
		return refuse(out, ERR_NOT_FOUND, "unknown_event", "event_id", "No entry is known by this event_id.");
	if (e == ERR_NONE)
		e = is_own(l, ev, &stay, &own);
	if (e != ERR_NONE)
		return e;
	if (!own)
		return refuse(out, ERR_DENIED, "edge_mismatch", "event_id",
			"A box changes only what came in by its own edge at this central.");
	if (is_so_already(ev, &stay)) {
		out->outcome = CAMERA_REPEATED;
		return ERR_NONE;
	}
	if (stay.status != STAY_IN)
		return refuse(out, ERR_CONFLICT, "not_inside", "event_id",
			"This car is not inside any more; an operator can change its stay.");
	return write(l, ev, stay.id, out);
}

enum err camera_change(struct ledger *l, const struct camera_event *ev, struct camera_answer *out)
{
	char name[EVENT_ID_SIZE];
	enum err e = ERR_NONE;

	*out = (struct camera_answer){ .outcome = CAMERA_ACCEPTED };
	camera_event_name(ev->event_id, name);
	text_copy(out->event_id, sizeof(out->event_id), name);
	if (ev->change != CHANGE_LOCATION)
		e = change(l, ev, name, out);
	return e == ERR_NONE ? camera_note(l, ev, out) : e;
}
