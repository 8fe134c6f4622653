/* The lists of subscriptions and staff: adding, changing and removing one item. */
#include "list_page.h"

#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "base/buf.h"
#include "base/text.h"
#include "caller.h"
#include "domain/ledger.h"
#include "page.h"
#include "pages.h"
#include "serve.h"
#include "shared_page.h"
#include "wire/json.h"

#define TYPED_MAX 4000
#define MADE_ID_BYTES 8
#define VERSION_SIZE 40
#define COUNT(list) (sizeof list / sizeof *list)

#define ID(from) {"id", FIELD_TEXT, from, false, 1, SHARED_ID_SIZE - 1, NULL}
#define ITEM_VERSION(from) {"version", FIELD_TEXT, from, false, 0, VERSION_SIZE, NULL}
#define TYPED(name) {name, FIELD_LINES, FROM_BODY, false, 0, TYPED_MAX, NULL}

const struct field page_list_edit_fields[1] = {ID(FROM_QUERY)};
const struct field page_list_removing_fields[2] = {ID(FROM_BODY), ITEM_VERSION(FROM_QUERY)};
const struct field page_subscription_save_fields[10] = {ID(FROM_BODY), ITEM_VERSION(FROM_BODY), TYPED("plate_number"), TYPED("owner_name"),
	TYPED("type"), TYPED("status"), TYPED("start_date"), TYPED("end_date"), TYPED("phone"), TYPED("note")};
const struct field page_staff_save_fields[7] = {ID(FROM_BODY), ITEM_VERSION(FROM_BODY), TYPED("name"), TYPED("role"), TYPED("phone"),
	TYPED("status"), TYPED("note")};

#define STATUS {.name = "status", .label = "list.status", .required = true, .options = "active|inactive", .words = "list_status"}
#define PHONE {.name = "phone", .label = "list.phone", .inputmode = "tel", .max = 64}
#define NOTE {.name = "note", .label = "list.note", .max = 1000, .area = true}

static const struct form_field subscription_form[] = {
	{.name = "plate_number", .label = "subscriptions.plate", .help = "subscriptions.plate_help", .required = true, .max = 64},
	{.name = "owner_name", .label = "subscriptions.owner", .max = 200},
	{.name = "type", .label = "subscriptions.type", .help = "subscriptions.type_help", .max = 64},
	STATUS,
	{.name = "start_date", .label = "subscriptions.start", .help = "subscriptions.start_help", .type = "date"},
	{.name = "end_date", .label = "subscriptions.end", .help = "subscriptions.end_help", .type = "date"},
	PHONE,
	NOTE,
};
static const int subscription_bytes[] = {64, 200, 64, 32, 10, 10, 64, 3000};

static const struct form_field staff_form[] = {
	{.name = "name", .label = "staff.name", .required = true, .max = 200},
	{.name = "role", .label = "staff.role", .help = "staff.role_help", .max = 64},
	PHONE,
	STATUS,
	NOTE,
};
static const int staff_bytes[] = {200, 64, 64, 32, 3000};

const struct list_kind list_subscriptions = {
	.kind = SHARED_SUBSCRIPTIONS, .path = "/settings/subscriptions", .list_view = "subscriptions", .edit_view = "subscription_edit",
	.form = subscription_form, .bytes = subscription_bytes, .fields = COUNT(subscription_form), .title_member = "plate_number",
	.new_title = "subscriptions.new", .edit_title = "subscriptions.edit", .added = "subscriptions.added", .saved = "subscriptions.saved",
	.removed = "subscriptions.removed", .remove_title = "subscriptions.remove_title",
	.remove_text = "subscriptions.remove_text", .remove_button = "subscriptions.remove",
};
const struct list_kind list_staff = {
	.kind = SHARED_STAFF, .path = "/settings/staff", .list_view = "staff", .edit_view = "staff_edit", .form = staff_form,
	.bytes = staff_bytes, .fields = COUNT(staff_form), .title_member = "name", .new_title = "staff.new", .edit_title = "staff.edit",
	.added = "staff.added", .saved = "staff.saved", .removed = "staff.removed",
	.remove_title = "staff.remove_title", .remove_text = "staff.remove_text", .remove_button = "staff.remove",
};

/* --- one item ---------------------------------------------------------------------------------------------------------- */

struct item { cJSON *document; char tag[TAG_SIZE]; };

/* ERR_NOT_FOUND: it is not there; the tag is that of nothing. */
static enum err find(struct call *c, const struct list_kind *k, const char *id, struct item *out, struct fault *fault)
{
	char *json = NULL;
	enum err e = call_read(c, fault);

	*out = (struct item){.document = NULL};
	if (e == ERR_NONE)
		e = shared_find(c->desk->db, k->kind, id, &json, out->tag, fault);
	if (e == ERR_NONE)
		e = json_read(json, strlen(json), &out->document);
	free(json);
	return e;
}

static const char *title_of(const struct list_kind *k, const cJSON *document)
{
	const char *title = json_text(document, k->title_member);

	return title ? title : "";
}

/* A list shows what it has no choice for as it is. */
static void set_value(const struct list_kind *k, size_t field, cJSON *form, const char *value)
{
	const struct form_field *f = &k->form[field];

	if (f->options && *value && strcmp(value, "active") != 0 && strcmp(value, "inactive") != 0)
		form_option(form, f->name, value, value);
	form_value(form, f->name, value);
}

static cJSON *form_of(struct call *c, const struct list_kind *k, const cJSON *document)
{
	cJSON *form = form_make(c, k->form, k->fields, NULL);

	for (size_t i = 0; i < k->fields; i++) {
		const char *value = json_text(document, k->form[i].name);

		set_value(k, i, form, value ? value : "");
	}
	return form;
}

static const char *status_text(const struct form_field *f, const char *value)
{
	if (f->options && strcmp(value, "active") == 0)
		return "list_status.active";
	return f->options && strcmp(value, "inactive") == 0 ? "list_status.inactive" : NULL;
}

/* What is held now, beside what was typed. */
static void add_held(struct call *c, cJSON *page, const struct list_kind *k, const cJSON *held)
{
	cJSON *facts = cJSON_AddArrayToObject(page, "held");

	for (size_t i = 0; held && i < k->fields; i++) {
		const char *value = json_text(held, k->form[i].name), *text = value ? status_text(&k->form[i], value) : NULL;
		cJSON *fact = cJSON_CreateObject();

		cJSON_AddItemToArray(facts, fact);
		page_words(c, fact, "fact", k->form[i].label, NULL);
		if (text)
			page_words(c, fact, "is", text, NULL);
		else
			cJSON_AddStringToObject(fact, "is", value ? value : "");
	}
	cJSON_AddBoolToObject(page, "has_held", held != NULL);
}

/* form is taken over. tag NULL: a new one. held: NULL: what it is now is not told. */
static enum err show(struct call *c, int status, const struct list_kind *k, cJSON *form, const char *id, const char *tag,
	const cJSON *held)
{
	cJSON *page = cJSON_CreateObject();

	cJSON_AddItemToObject(page, "form", form);
	page_words(c, page, "title", tag ? k->edit_title : k->new_title, NULL);
	cJSON_AddStringToObject(page, "id", id);
	if (tag)
		shared_page_version(page, tag);
	add_held(c, page, k, held);
	return page_show(c, status, k->edit_view, page);
}

static enum err edit(struct call *c, const struct list_kind *k, struct fault *fault)
{
	const char *id = params_text(&c->params, "id");
	struct item item;
	enum err e;

	if (!id) {
		cJSON *form = form_make(c, k->form, k->fields, NULL);

		form_value(form, "status", "active");
		return show(c, 200, k, form, "", NULL, NULL);
	}
	e = find(c, k, id, &item, fault);
	if (e == ERR_NONE)
		e = show(c, 200, k, form_of(c, k, item.document), id, item.tag, NULL);
	cJSON_Delete(item.document);
	return e;
}

enum err page_subscription_edit(struct call *c, struct fault *fault)
{
	return edit(c, &list_subscriptions, fault);
}

enum err page_staff_edit(struct call *c, struct fault *fault)
{
	return edit(c, &list_staff, fault);
}

/* --- saving ------------------------------------------------------------------------------------------------------------ */

/* Line ends as browsers send them, made one. */
static void copy_lines(const char *typed, char out[TYPED_MAX + 1])
{
	size_t used = 0;

	for (; *typed && used < TYPED_MAX; typed++) {
		if (*typed != '\r')
			out[used++] = *typed;
	}
	out[used] = '\0';
}

static bool check_typed(struct call *c, const struct list_kind *k, cJSON *form)
{
	bool good = true;

	for (size_t i = 0; i < k->fields; i++) {
		const struct form_field *f = &k->form[i];
		const char *typed = params_text(&c->params, f->name);

		if (f->required && (!typed || strspn(typed, " \t\r\n") == strlen(typed)))
			good = false, form_wrong(c, form, f->name, "wrong.missing", NULL);
		else if (typed && ((int)strlen(typed) > k->bytes[i] || (!f->area && strpbrk(typed, "\t\r\n"))))
			good = false, form_wrong(c, form, f->name, f->type ? "fault.date_invalid" : "wrong.too_long", NULL);
	}
	return good;
}

/* Set what was typed in the document; a member that is not there and has no value is not made. */
static bool put_member(cJSON *document, const char *name, const char *value)
{
	cJSON *text;

	if (!json_member(document, name))
		return !*value || cJSON_AddStringToObject(document, name, value);
	text = cJSON_CreateString(value);
	if (text && cJSON_ReplaceItemInObjectCaseSensitive(document, name, text))
		return true;
	cJSON_Delete(text);
	return false;
}

/* The item as it is to be: what is held with what was typed; further members stay. document is changed. Freed with cJSON_free. */
static char *typed_json(struct call *c, const struct list_kind *k, cJSON *document, const char *id)
{
	char value[TYPED_MAX + 1];
	bool done = put_member(document, "id", id);

	for (size_t i = 0; done && i < k->fields; i++) {
		const char *typed = params_text(&c->params, k->form[i].name);

		copy_lines(typed ? typed : "", value);
		done = put_member(document, k->form[i].name, value);
	}
	return done ? cJSON_PrintUnformatted(document) : NULL;
}

struct item_job { struct item_change change; struct fault *fault; };

static enum err set_item(struct ledger *l, void *arg)
{
	struct item_job *j = arg;

	return shared_set(l, &j->change, j->fault);
}

static enum err write_typed(struct call *c, const struct list_kind *k, struct item *item, const char *id, struct fault *why)
{
	struct actor actor = caller_actor(c);
	char if_match[TAG_SIZE], *json;
	struct item_job j = {.change = {.kind = k->kind, .id = id, .if_match = shared_page_match(c, if_match), .by = caller_name(c),
		.actor = &actor}, .fault = why};
	cJSON *document = item->document ? cJSON_Duplicate(item->document, true) : cJSON_CreateObject();
	enum err e;

	json = typed_json(c, k, document, id);
	cJSON_Delete(document);
	if (!json)
		return ERR_MEMORY;
	j.change.json = json;
	e = page_write(c, set_item, &j, why);
	cJSON_free(json);
	return e;
}

/* What was typed was refused, as the form says. */
static enum err show_refused(struct call *c, const struct list_kind *k, cJSON *form, enum err e, const char *id)
{
	bool conflict = e == ERR_CONFLICT;
	struct fault unused = {0};
	struct item now;
	enum err found, shown;

	if (!id)
		return show(c, answer_status(e), k, form, "", NULL, NULL);
	found = find(c, k, id, &now, &unused);
	if (conflict && found == ERR_NOT_FOUND)
		form_alert(c, form, "list.removed_meanwhile", NULL);
	shown = show(c, answer_status(e), k, form, id, found == ERR_NONE || found == ERR_NOT_FOUND ? now.tag : "\"\"",
		conflict ? now.document : NULL);
	cJSON_Delete(now.document);
	return shown;
}

static enum err said(struct call *c, const struct list_kind *k, const char *text, const char *title)
{
	cJSON *values = cJSON_CreateObject();

	cJSON_AddStringToObject(values, "title", title);
	return page_redirect(c, k->path, text, values);
}

static void make_id(struct call *c, char out[SHARED_ID_SIZE])
{
	unsigned char chance[MADE_ID_BYTES];

	world_random(&c->app->world, chance, sizeof chance);
	hex_encode(out, chance, sizeof chance);
}

static enum err save(struct call *c, const struct list_kind *k, struct fault *fault)
{
	const char *id = params_text(&c->params, "id"), *status = params_text(&c->params, "status");
	cJSON *form = form_make(c, k->form, k->fields, &c->params);
	struct item item = {.document = NULL};
	struct fault why = {0};
	char made[SHARED_ID_SIZE] = "";
	enum err e = id ? find(c, k, id, &item, fault) : ERR_NONE;

	if (e != ERR_NONE && e != ERR_NOT_FOUND) {
		cJSON_Delete(form);
		return e;
	}
	if (status && strcmp(status, "active") != 0 && strcmp(status, "inactive") != 0)
		form_option(form, "status", status, status);
	if (!check_typed(c, k, form)) {
		cJSON_Delete(item.document);
		return show_refused(c, k, form, ERR_INVALID, id);
	}
	if (!id)
		make_id(c, made);
	e = write_typed(c, k, &item, id ? id : made, &why);
	cJSON_Delete(item.document);
	if (e != ERR_NONE) {
		form_fault(c, form, e, &why);
		return show_refused(c, k, form, e, id);
	}
	cJSON_Delete(form);
	return said(c, k, id ? k->saved : k->added, params_text(&c->params, k->title_member));
}

enum err page_subscription_save(struct call *c, struct fault *fault)
{
	return save(c, &list_subscriptions, fault);
}

enum err page_staff_save(struct call *c, struct fault *fault)
{
	return save(c, &list_staff, fault);
}

/* --- removing ---------------------------------------------------------------------------------------------------------- */

static enum err ask(struct call *c, const struct list_kind *k, const char *id, const struct item *item)
{
	char action[128];
	cJSON *values = cJSON_CreateObject();
	const struct confirm question = {.title = k->remove_title, .text = k->remove_text, .button = k->remove_button, .action = action,
		.back = k->path, .field = "id", .value = id};

	text_format(action, sizeof action, "%s/remove?version=%.*s", k->path, TAG_SIZE - 3, item->tag + 1);
	cJSON_AddStringToObject(values, "title", title_of(k, item->document));
	return page_confirm(c, &question, values);
}

static enum err remove_ask(struct call *c, const struct list_kind *k, struct fault *fault)
{
	const char *id = params_text(&c->params, "id");
	struct item item;
	enum err e = find(c, k, id ? id : "", &item, fault);

	if (e == ERR_NONE)
		e = ask(c, k, id, &item);
	cJSON_Delete(item.document);
	return e;
}

static enum err remove_now(struct call *c, const struct list_kind *k, struct fault *fault)
{
	const char *id = params_text(&c->params, "id");
	struct actor actor = caller_actor(c);
	char if_match[TAG_SIZE];
	struct item_job j = {.change = {.kind = k->kind, .id = id ? id : "", .if_match = shared_page_match(c, if_match),
		.by = caller_name(c), .actor = &actor}, .fault = fault};
	struct item item;
	enum err e = find(c, k, j.change.id, &item, fault);

	if (e == ERR_NONE)
		e = page_write(c, set_item, &j, fault);
	if (e == ERR_NONE)
		e = said(c, k, k->removed, title_of(k, item.document));
	else if (e == ERR_CONFLICT)
		e = page_redirect_failed(c, k->path, "list.changed_meanwhile", NULL);
	cJSON_Delete(item.document);
	return e;
}

enum err page_subscription_remove(struct call *c, struct fault *fault)
{
	return remove_ask(c, &list_subscriptions, fault);
}

enum err page_subscription_removing(struct call *c, struct fault *fault)
{
	return remove_now(c, &list_subscriptions, fault);
}

enum err page_staff_remove(struct call *c, struct fault *fault)
{
	return remove_ask(c, &list_staff, fault);
}

enum err page_staff_removing(struct call *c, struct fault *fault)
{
	return remove_now(c, &list_staff, fault);
}
