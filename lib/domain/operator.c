#include "domain/operator.h"

#include <string.h>

#include "base/text.h"
#include "domain/deed.h"
#include "domain/ledger.h"
#include "domain/stay.h"

static enum err find(struct ledger *l, int64_t history_id, struct stay_row *out, struct fault *fault)
{
	enum err e = stay_find_row(ledger_db(l), history_id, out);

	if (e == ERR_NONE && out->status == STAY_BOUND)
		e = ERR_NOT_FOUND;
	return e == ERR_NOT_FOUND ? fault_set(fault, e, "unknown_row", "", "There is no such row in the history.") : e;
}

static enum err conflict_void(struct fault *fault)
{
	return fault_set(fault, ERR_CONFLICT, "void", "", "This row is void; correct its plate to make it count again.");
}

/* The row as it is now, after its record was merged. */
static enum err look_again(struct ledger *l, struct stay_row *row)
{
	enum err e = stay_find_row(ledger_db(l), row->id, row);

	return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
}

/* ---- entering ---- */

/* The two records of a forced entry share one `at`, the exit first: nothing can come between them. */
static enum err end_missed(struct ledger *l, const struct operator_entry *ask, const struct operator_word *word,
	const struct stay_row *held, const struct moment *when)
{
	struct exit_write w = { .plate_id = ask->plate_id, .edge_id = ask->edge_id, .stay = held, .reason = "missed", .fee = 0,
		.edge_fee = -1, .by = word->by, .why = word->why, .when = *when };
	struct exit_written unused;

	return gate_write_exit(l, &w, &unused);
}

enum err operator_enter(struct ledger *l, const struct operator_entry *ask, const struct operator_word *word,
	struct stay_row *out, struct fault *fault)
{
	struct entry_write w = { .plate_id = ask->plate_id, .plate_view = ask->plate_view, .edge_id = ask->edge_id,
		.camera_type = ask->camera_type, .source = "operator", .confidence = -1, .by = word->by, .why = word->why };
	int64_t now = world_wall_ms(ledger_world(l));
	enum err e;

	if (ask->entry_ms > now)
		return fault_set(fault, ERR_INVALID, "invalid_value", "entry_time", "entry_time is still to come.");
	e = moment_of(ledger_db(l), ask->plate_id, NULL, ask->entry_ms, now, &w.when);
	if (e == ERR_NONE)
		e = stay_inside(ledger_db(l), ask->plate_id, w.when.as_of, out);
	if (e == ERR_NONE && !ask->force)
		return fault_set(fault, ERR_CONFLICT, "already_inside", "", "%s is inside already, since %s.", ask->plate_id,
			out->entry_time);
	if (e == ERR_NONE)
		e = end_missed(l, ask, word, out, &w.when);
	if (e == ERR_NONE || e == ERR_NOT_FOUND)
		e = gate_write_entry(l, &w, out);
	return e == ERR_NONE ? deed_note(ledger_db(l), word->actor, "stay_entered", out->plate_id, NULL, word->why) : e;
}

/* ---- leaving ---- */

static enum err refuse_exit(const struct stay_row *held, struct fault *fault)
{
	switch (held->status) {
	case STAY_VOID:
		return conflict_void(fault);
	case STAY_SUPERSEDED:
		return fault_set(fault, ERR_CONFLICT, "superseded", "", "This is the same car as %.100s; end that stay.",
			held->superseded_by);
	case STAY_IN:
	case STAY_OUT:
	case STAY_BOUND:
		break;
	}
	return fault_set(fault, ERR_CONFLICT, "already_out", "", "%s has left already.", held->plate_id);
}

enum err operator_leave(struct ledger *l, const struct operator_exit *ask, const struct operator_word *word, struct stay_row *out,
	struct exit_written *exit, struct fault *fault)
{
	struct exit_write w = { .reason = ask->reason, .fee = ask->fee, .edge_fee = -1, .by = word->by, .why = word->why };
	struct stay_row held;
	enum err e = find(l, ask->history_id, &held, fault);

	if (e == ERR_NONE && held.status != STAY_IN)
		return refuse_exit(&held, fault);
	if (e == ERR_NONE && ask->fee > 0 && strcmp(ask->reason, "missed") == 0)
		return fault_set(fault, ERR_INVALID, "invalid_value", "fee", "A missed exit took no money; its fee is 0.");
	if (e == ERR_NONE)
		e = moment_of(ledger_db(l), held.plate_id, NULL, -1, world_wall_ms(ledger_world(l)), &w.when);
	if (e != ERR_NONE)
		return e;
	w.plate_id = held.plate_id;
	w.stay = &held;
	*out = held;
	e = gate_write_exit(l, &w, exit);
	if (e == ERR_NONE)
		e = deed_note(ledger_db(l), word->actor, "stay_ended", held.plate_id, ask->reason, word->why);
	return e == ERR_NONE ? look_again(l, out) : e;
}

/* ---- correcting ---- */

enum err operator_correct(struct ledger *l, int64_t history_id, const char *plate_id, const char *plate_view,
	const struct operator_word *word, struct stay_row *out, struct fault *fault)
{
	struct record r = { .type = RECORD_CORRECTION, .at = -1 };
	char made[PLATE_VIEW_SIZE], event_id[STAY_NAME_SIZE];
	enum err e = find(l, history_id, out, fault);

	if (e != ERR_NONE)
		return e;
	if (plate_view == NULL || plate_view[0] == '\0') {
		plate_view_make(plate_id, made);
		plate_view = made;
	}
	if (out->status != STAY_VOID && strcmp(out->plate_id, plate_id) == 0 && strcmp(out->plate_view, plate_view) == 0)
		return ERR_NONE;
	text_copy(event_id, sizeof(event_id), out->event_id);
	r.event_id = event_id;
	r.data.correction = (struct correction_data){ .plate_id = plate_id, .plate_view = plate_view, .by = word->by, .why = word->why };
	e = deed_note(ledger_db(l), word->actor, "stay_corrected", event_id, out->plate_view, plate_view);
	if (e == ERR_NONE)
		e = ledger_append(l, &r);
	return e == ERR_NONE ? look_again(l, out) : e;
}

enum err operator_void(struct ledger *l, int64_t history_id, const struct operator_word *word, struct stay_row *out,
	struct fault *fault)
{
	struct record r = { .type = RECORD_VOID, .at = -1 };
	char event_id[STAY_NAME_SIZE];
	enum err e = find(l, history_id, out, fault);

	if (e != ERR_NONE)
		return e;
	if (out->status == STAY_VOID)
		return conflict_void(fault);
	text_copy(event_id, sizeof(event_id), out->event_id);
	r.event_id = event_id;
	r.data.correction = (struct correction_data){ .by = word->by, .why = word->why };
	e = ledger_append(l, &r);
	if (e == ERR_NONE)
		e = deed_note(ledger_db(l), word->actor, "stay_voided", out->plate_id, NULL, word->why);
	return e == ERR_NONE ? look_again(l, out) : e;
}
