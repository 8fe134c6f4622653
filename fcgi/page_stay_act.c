#include "page_stay.h"

#include <inttypes.h>
#include <string.h>

#include "answer.h"
#include "base/text.h"
#include "caller.h"
#include "domain/ledger.h"
#include "domain/operator.h"
#include "form.h"
#include "page.h"
#include "pages.h"
#include "serve.h"
#include "stay_show.h"
#include "stay_typed.h"
#include "store/history.h"

#define SEEN_SIZE (STAY_PLATE_SIZE + 8)
#define COUNT(list) (sizeof list / sizeof *list)
#define TYPED(name) {name, FIELD_TEXT, FROM_BODY, false, 0, TYPED_MAX, NULL}
#define ID(from) {"id", FIELD_INTEGER, from, true, 1, INTEGER_MAX, NULL}

const struct field page_stay_ask_fields[1] = {ID(FROM_QUERY)};
const struct field page_stay_act_fields[6] = {ID(FROM_BODY), TYPED("seen"), TYPED("plate_id"), TYPED("reason"), TYPED("fee"),
	TYPED("why")};

#define WHY {.name = "why", .label = "stay.why", .help = "stay.why_help", .required = true, .max = WHY_BYTES}
static const struct form_field correct_form[] = {
	{.name = "plate_id", .label = "stay.plate", .help = "stay.plate_help", .required = true, .max = 20},
	WHY,
};
static const struct form_field void_form[] = {WHY};
static const struct form_field undo_form[] = {{.name = "why", .label = "stay.why", .max = WHY_BYTES}};
static const struct form_field end_form[] = {
	{.name = "reason", .label = "stay.end_reason", .options = "missed|forced|normal", .words = "end_reason"},
	{.name = "fee", .label = "stay.fee_taken", .help = "stay.fee_help", .inputmode = "numeric", .max = 20},
	WHY,
};

/* --- what is asked for ----------------------------------------------------------------------------------------------- */

struct job {
	const struct act *act;
	int64_t id;
	const char *seen;                 /* what the person had before the eyes */
	struct plate_typed plate;
	struct operator_exit exit;
	struct operator_word word;
	struct actor actor;
	struct stay_row row;
	struct exit_written written;
	struct undoing undo;              /* done, if that was it */
	struct fault *fault;
};

/* One thing that can be done to a stay. */
struct act {
	const char *path, *title, *text, *button, *done;   /* names of texts but for path */
	bool danger;
	const struct form_field *form;
	size_t count;
	bool (*read)(struct call *c, cJSON *form, struct job *j);
	enum err (*run)(struct ledger *l, struct job *j);
};

static bool read_correct(struct call *c, cJSON *form, struct job *j)
{
	return typed_plate(c, form, &j->plate) && typed_why(c, form, true, &j->word.why);
}

static bool read_void(struct call *c, cJSON *form, struct job *j)
{
	return typed_why(c, form, true, &j->word.why);
}

static bool read_undo(struct call *c, cJSON *form, struct job *j)
{
	return typed_why(c, form, false, &j->word.why);
}

static bool read_end(struct call *c, cJSON *form, struct job *j)
{
	const char *reason = params_text(&c->params, "reason");

	j->exit = (struct operator_exit){.history_id = j->id, .fee = -1};
	for (size_t i = 0; i < COUNT(exit_reasons); i++) {
		if (reason && strcmp(reason, exit_reasons[i]) == 0)
			j->exit.reason = exit_reasons[i];
	}
	if (!j->exit.reason) {
		form_wrong(c, form, "reason", "stay.reason_needed", NULL);
		return false;
	}
	return typed_fee(c, form, strcmp(j->exit.reason, "missed") == 0, &j->exit.fee) && typed_why(c, form, true, &j->word.why);
}

/* --- doing it -------------------------------------------------------------------------------------------------------- */

/* What a person sees of a row and decides by. */
static void seen_of(const struct stay_row *row, char out[SEEN_SIZE])
{
	static const char *const words[] = {[STAY_IN] = "IN", [STAY_OUT] = "OUT", [STAY_SUPERSEDED] = "SUPERSEDED", [STAY_VOID] = "VOID",
		[STAY_BOUND] = "BOUND"};

	text_format(out, SEEN_SIZE, "%s %s", words[row->status], row->plate_view);
}

/* Two people may have the same row open: whoever comes second decides anew. */
static enum err check_seen(struct ledger *l, struct job *j)
{
	char now[SEEN_SIZE];
	enum err e = stay_find_row(ledger_db(l), j->id, &j->row);

	if (e != ERR_NONE)
		return e;
	seen_of(&j->row, now);
	return j->seen && strcmp(now, j->seen) == 0 ? ERR_NONE
		: fault_set(j->fault, ERR_CONFLICT, "changed_meanwhile", "", "Somebody else has changed this row meanwhile; look again.");
}

static enum err run(struct ledger *l, void *arg)
{
	struct job *j = arg;
	enum err e = check_seen(l, j);

	return e == ERR_NONE ? j->act->run(l, j) : e;
}

static enum err run_correct(struct ledger *l, struct job *j)
{
	return operator_correct(l, j->id, j->plate.id, j->plate.view, &j->word, &j->row, j->fault);
}

static enum err run_void(struct ledger *l, struct job *j)
{
	return operator_void(l, j->id, &j->word, &j->row, j->fault);
}

static enum err run_end(struct ledger *l, struct job *j)
{
	return operator_leave(l, &j->exit, &j->word, &j->row, &j->written, j->fault);
}

/* The newest change of the plate, as long as it is what the row shows. Changes by hand of other things do not count. */
struct newest { const struct stay_row *stay; struct undoing *out; bool over; };

static enum err look_at(void *arg, const struct change_look *change)
{
	struct newest *n = arg;
	bool correction = change->old_plate_id && change->new_plate_id;

	if (n->over || (!correction && strcmp(change->change_type, "DELETE") != 0))
		return ERR_NONE;
	n->over = true;
	if (!correction || strcmp(change->new_plate_id, n->stay->plate_id) != 0 || !change->old_plate_view || !change->new_plate_view
		|| strcmp(change->new_plate_view, n->stay->plate_view) != 0 || strcmp(change->old_plate_view, n->stay->plate_view) == 0)
		return ERR_NONE;
	n->out->what = UNDO_CORRECTION;
	text_copy(n->out->plate_id, sizeof n->out->plate_id, change->old_plate_id);
	text_copy(n->out->plate_view, sizeof n->out->plate_view, change->old_plate_view);
	return ERR_NONE;
}

enum err stay_undoing(struct db *db, const struct stay_row *stay, struct undoing *out)
{
	struct newest n = {.stay = stay, .out = out};

	*out = (struct undoing){.what = UNDO_NOTHING};
	if (stay->status != STAY_VOID)
		return change_list(db, stay->id, 100, 0, look_at, &n);
	out->what = UNDO_VOID;
	text_copy(out->plate_id, sizeof out->plate_id, stay->plate_id);
	text_copy(out->plate_view, sizeof out->plate_view, stay->plate_view);
	return ERR_NONE;
}

static enum err run_undo(struct ledger *l, struct job *j)
{
	enum err e = stay_undoing(ledger_db(l), &j->row, &j->undo);

	if (e == ERR_NONE && j->undo.what == UNDO_NOTHING)
		e = fault_set(j->fault, ERR_CONFLICT, "nothing_to_undo", "", "There is nothing to undo any more.");
	return e == ERR_NONE ? operator_correct(l, j->id, j->undo.plate_id, j->undo.plate_view, &j->word, &j->row, j->fault) : e;
}

static const struct act correcting = {"/history/stay/correct", "stay.correct_title", "stay.correct_text", "stay.correct", "stay.corrected",
	false, correct_form, COUNT(correct_form), read_correct, run_correct};
static const struct act voiding = {"/history/stay/void", "stay.void_title", "stay.void_text", "stay.void", "stay.voided",
	true, void_form, COUNT(void_form), read_void, run_void};
static const struct act undoing = {"/history/stay/undo", "stay.undo_title", "stay.undo_text", "stay.undo", "stay.undone",
	false, undo_form, COUNT(undo_form), read_undo, run_undo};
static const struct act ending = {"/history/stay/end", "stay.end_title", "stay.end_text", "stay.end", "stay.ended",
	true, end_form, COUNT(end_form), read_end, run_end};

/* --- asking ---------------------------------------------------------------------------------------------------------- */

/* What the stay owes by now, beside the field for the fee. */
static enum err add_due(struct call *c, cJSON *values, const struct stay_row *row)
{
	struct gate_price price;
	enum err e = gate_fee(c->desk->db, row->plate_id, row->entry_ts, call_now(c), &price);

	if (e == ERR_NONE)
		page_money(c, values, "due", price.fee);
	return e;
}

static enum err add_values(struct call *c, cJSON *values, const struct act *a, const struct stay_row *row)
{
	struct undoing undo;
	enum err e = ERR_NONE;

	cJSON_AddStringToObject(values, "plate", row->plate_view);
	if (a == &ending && row->status == STAY_IN)
		return add_due(c, values, row);
	if (a == &undoing)
		e = stay_undoing(c->desk->db, row, &undo);
	if (e == ERR_NONE && a == &undoing && undo.what == UNDO_CORRECTION)
		cJSON_AddStringToObject(values, "back", undo.plate_view);
	return e;
}

static enum err fill(struct call *c, cJSON *page, const struct act *a, const struct stay_row *row)
{
	cJSON *values = cJSON_CreateObject();
	char seen[SEEN_SIZE], href[STAY_HREF_SIZE];
	enum err e = add_values(c, values, a, row);

	page_words(c, page, "title", a->title, values);
	page_words(c, page, "text", a->text, values);
	page_words(c, page, "button", a->button, values);
	cJSON_Delete(values);
	seen_of(row, seen);
	stay_href(row->id, href);
	cJSON_AddStringToObject(page, "seen", seen);
	cJSON_AddNumberToObject(page, "id", (double)row->id);
	cJSON_AddStringToObject(page, "action", a->path);
	cJSON_AddStringToObject(page, "back", href);
	cJSON_AddBoolToObject(page, "danger", a->danger);
	return e == ERR_NONE ? stay_add(c, page, "stay", row->id) : e;
}

/* form is taken over. */
static enum err show(struct call *c, int status, const struct act *a, cJSON *form, struct fault *fault)
{
	cJSON *page = cJSON_CreateObject();
	struct stay_row row;
	enum err e = stay_of_call(c, &row, fault);

	cJSON_AddItemToObject(page, "form", form);
	if (e == ERR_NONE)
		e = fill(c, page, a, &row);
	if (e == ERR_NONE)
		return page_show(c, status, "stay_form", page);
	cJSON_Delete(page);
	return e;
}

static enum err ask(struct call *c, const struct act *a, struct fault *fault)
{
	cJSON *form = form_make(c, a->form, a->count, NULL);
	struct stay_row row;
	enum err e = stay_of_call(c, &row, fault);

	if (e != ERR_NONE) {
		cJSON_Delete(form);
		return e;
	}
	if (a == &correcting)
		form_value(form, "plate_id", row.plate_view);
	return show(c, 200, a, form, fault);
}

static enum err done(struct call *c, const struct job *j)
{
	cJSON *values = cJSON_CreateObject();
	char href[STAY_HREF_SIZE];

	cJSON_AddStringToObject(values, "plate", j->row.plate_view);
	if (j->act == &ending)
		page_money(c, values, "fee", j->written.fee);
	stay_href(j->id, href);
	return page_redirect(c, j->row.status == STAY_BOUND ? "/history" : href, j->act->done, values);
}

static enum err act(struct call *c, const struct act *a, struct fault *fault)
{
	cJSON *form = form_make(c, a->form, a->count, &c->params);
	struct fault why = {0};
	struct job j = {.act = a, .id = params_integer(&c->params, "id", 0), .seen = params_text(&c->params, "seen"), .fault = &why,
		.actor = caller_actor(c)};
	enum err e = ERR_INVALID;

	j.word = (struct operator_word){.by = caller_name(c), .actor = &j.actor};
	if (a->read(c, form, &j)) {
		e = page_write(c, run, &j, &why);
		if (e != ERR_NONE && e != ERR_NOT_FOUND)
			form_fault(c, form, e, &why);
	}
	if (e != ERR_NONE)
		return show(c, answer_status(e), a, form, fault);
	cJSON_Delete(form);
	return done(c, &j);
}

enum err page_stay_correct(struct call *c, struct fault *fault) { return ask(c, &correcting, fault); }
enum err page_stay_correcting(struct call *c, struct fault *fault) { return act(c, &correcting, fault); }
enum err page_stay_void(struct call *c, struct fault *fault) { return ask(c, &voiding, fault); }
enum err page_stay_voiding(struct call *c, struct fault *fault) { return act(c, &voiding, fault); }
enum err page_stay_undo(struct call *c, struct fault *fault) { return ask(c, &undoing, fault); }
enum err page_stay_undoing(struct call *c, struct fault *fault) { return act(c, &undoing, fault); }
enum err page_stay_end(struct call *c, struct fault *fault) { return ask(c, &ending, fault); }
enum err page_stay_ending(struct call *c, struct fault *fault) { return act(c, &ending, fault); }
