/* A car is entered by hand. */
#include "pages.h"

#include <string.h>

#include "answer.h"
#include "base/zone.h"
#include "caller.h"
#include "domain/ledger.h"
#include "domain/operator.h"
#include "form.h"
#include "format.h"
#include "page.h"
#include "serve.h"
#include "stay_show.h"
#include "stay_typed.h"
#include "store/edges.h"

#define PATH "/history/enter"
#define COUNT(list) (sizeof list / sizeof *list)
#define TYPED(name) {name, FIELD_TEXT, FROM_BODY, false, 0, TYPED_MAX, NULL}

const struct field page_entering_fields[6] = {TYPED("plate_id"), TYPED("camera_type"), TYPED("edge_id"), TYPED("entry_time"),
	TYPED("force"), TYPED("why")};

static const struct form_field enter_form[] = {
	{.name = "plate_id", .label = "stay.plate", .help = "stay.plate_help", .required = true, .max = 20},
	{.name = "camera_type", .label = "stay.vehicle", .options = "car|moto", .words = "stay_vehicle"},
	{.name = "edge_id", .label = "stay.gate", .options = "none", .words = "stay_gate"},
	{.name = "entry_time", .label = "stay.entry_time", .help = "stay.entry_time_help", .type = "datetime-local"},
	{.name = "why", .label = "stay.why", .help = "stay.why_help", .required = true, .max = WHY_BYTES},
};
static const struct form_field force_field = {.name = "force", .label = "stay.force", .help = "stay.force_help", .check = true};

struct job {
	struct operator_entry entry;
	struct plate_typed plate;
	struct operator_word word;
	struct actor actor;
	struct stay_row row;              /* afterwards, or the one in the way */
	struct fault *fault;
};

static enum err enter(struct ledger *l, void *arg)
{
	struct job *j = arg;

	return operator_enter(l, &j->entry, &j->word, &j->row, j->fault);
}

static enum err add_gate(void *arg, const struct edge_row *edge)
{
	form_option(arg, "edge_id", edge->edge_id, edge->name[0] ? edge->name : edge->edge_id);
	return ERR_NONE;
}

/* form is taken over. */
static enum err show(struct call *c, int status, cJSON *form, const struct job *in_the_way, struct fault *fault)
{
	cJSON *page = cJSON_CreateObject();
	char href[STAY_HREF_SIZE];
	enum err e = call_read(c, fault);

	cJSON_AddItemToObject(page, "form", form);
	if (e == ERR_NONE)
		e = edge_list(c->desk->db, add_gate, form);
	if (in_the_way) {
		stay_href(in_the_way->row.id, href);
		cJSON_AddStringToObject(page, "inside", href);
		form_add(c, form, &force_field, "", "");
	}
	if (e == ERR_NONE)
		return page_show(c, status, "enter", page);
	cJSON_Delete(page);
	return e;
}

enum err page_enter(struct call *c, struct fault *fault)
{
	return show(c, 200, form_make(c, enter_form, COUNT(enter_form), NULL), NULL, fault);
}

static bool read_time(struct call *c, cJSON *form, int64_t *out)
{
	const char *text = params_text(&c->params, "entry_time");
	int64_t unused;

	*out = -1;
	if (!text || zone_parse(text, out, &unused))
		return true;
	form_wrong(c, form, "entry_time", "stay.entry_time_wrong", NULL);
	return false;
}

static bool read(struct call *c, cJSON *form, struct job *j)
{
	const char *type = params_text(&c->params, "camera_type"), *edge = params_text(&c->params, "edge_id");
	const char *force = params_text(&c->params, "force");

	j->entry.camera_type = type && strcmp(type, "moto") == 0 ? "moto" : "car";
	j->entry.edge_id = edge && strcmp(edge, "none") != 0 && strlen(edge) < EDGE_ID_SIZE ? edge : NULL;
	j->entry.force = force && strcmp(force, "1") == 0;
	if (!typed_plate(c, form, &j->plate) || !read_time(c, form, &j->entry.entry_ms) || !typed_why(c, form, true, &j->word.why))
		return false;
	memcpy(j->entry.plate_id, j->plate.id, sizeof j->entry.plate_id);
	j->entry.plate_view = j->plate.view;
	return true;
}

static void say_wrong(struct call *c, cJSON *form, enum err e, const struct job *j)
{
	char since[FORMAT_SIZE];
	cJSON *values;

	if (strcmp(j->fault->code, "already_inside") == 0) {
		values = cJSON_CreateObject();
		cJSON_AddStringToObject(values, "plate", j->row.plate_view);
		format_time(c->language, j->row.entry_ts, since);
		cJSON_AddStringToObject(values, "since", since);
		form_alert(c, form, "stay.inside_already", values);
		cJSON_Delete(values);
	} else if (strcmp(j->fault->field, "entry_time") == 0) {
		form_wrong(c, form, "entry_time", "stay.entry_time_ahead", NULL);
	} else {
		form_fault(c, form, e, j->fault);
	}
}

enum err page_entering(struct call *c, struct fault *fault)
{
	cJSON *form = form_make(c, enter_form, COUNT(enter_form), &c->params), *values;
	struct fault why = {0};
	struct job j = {.fault = &why, .actor = caller_actor(c)};
	char href[STAY_HREF_SIZE];
	enum err e = ERR_INVALID;

	j.word = (struct operator_word){.by = caller_name(c), .actor = &j.actor};
	if (read(c, form, &j)) {
		e = page_write(c, enter, &j, &why);
		if (e != ERR_NONE)
			say_wrong(c, form, e, &j);
	}
	if (e != ERR_NONE)
		return show(c, answer_status(e), form, e == ERR_CONFLICT ? &j : NULL, fault);
	cJSON_Delete(form);
	values = cJSON_CreateObject();
	cJSON_AddStringToObject(values, "plate", j.row.plate_view);
	stay_href(j.row.id, href);
	return page_redirect(c, href, "stay.entered_by_hand", values);
}
