#include "form.h"

#include <string.h>

#include "base/text.h"
#include "page.h"
#include "params.h"

#define ID_SIZE 80
#define OPTION_SIZE 64

static bool is_password(const struct form_field *f)
{
	return f->type && strcmp(f->type, "password") == 0;
}

static void add_option(cJSON *field, const char *value, const char *text)
{
	cJSON *options = cJSON_GetObjectItemCaseSensitive(field, "options"), *option = cJSON_CreateObject();
	const char *chosen = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(field, "value"));

	cJSON_AddItemToArray(options, option);
	cJSON_AddStringToObject(option, "option", value);
	cJSON_AddStringToObject(option, "text", text);
	cJSON_AddBoolToObject(option, "chosen", chosen && strcmp(chosen, value) == 0);
}

static void add_options(struct call *c, cJSON *field, const struct form_field *f)
{
	char option[OPTION_SIZE], name[WORDS_NAME_SIZE];

	cJSON_AddArrayToObject(field, "options");
	for (const char *at = f->options; *at; at += strcspn(at, "|"), at += *at == '|') {
		cJSON *words = cJSON_CreateObject();

		text_format(option, sizeof option, "%.*s", (int)strcspn(at, "|"), at);
		text_format(name, sizeof name, "%s.%s", f->words, option);
		page_words(c, words, "text", name, NULL);
		add_option(field, option, cJSON_GetStringValue(words->child));
		cJSON_Delete(words);
	}
}

/* Which of the shapes of field.html. */
static const char *shape(const struct form_field *f)
{
	if (f->options)
		return "select";
	if (f->check)
		return "check";
	return f->area ? "area" : "input";
}

/* aria-describedby: what is wrong, then the help, those of them that are there. */
static void describe(cJSON *field)
{
	const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(field, "id"));
	bool wrong = cJSON_IsString(cJSON_GetObjectItemCaseSensitive(field, "wrong"));
	bool help = cJSON_IsString(cJSON_GetObjectItemCaseSensitive(field, "help"));
	char ids[2 * ID_SIZE + 32] = "";

	if (wrong || help)
		text_format(ids, sizeof ids, "%s%s%s%s%s", wrong ? id : "", wrong ? "_wrong" : "", wrong && help ? " " : "",
			help ? id : "", help ? "_help" : "");
	cJSON_DeleteItemFromObjectCaseSensitive(field, "described");
	cJSON_AddStringToObject(field, "described", ids);
}

cJSON *form_add(struct call *c, cJSON *parent, const struct form_field *f, const char *suffix, const char *value)
{
	cJSON *field = cJSON_AddObjectToObject(parent, f->name);
	char id[ID_SIZE];

	text_format(id, sizeof id, "%s%s", f->name, suffix);
	cJSON_AddStringToObject(field, "name", f->name);
	cJSON_AddStringToObject(field, "id", id);
	cJSON_AddTrueToObject(field, shape(f));
	page_words(c, field, "label", f->label, NULL);
	if (f->help)
		page_words(c, field, "help", f->help, NULL);
	else
		cJSON_AddNullToObject(field, "help");
	cJSON_AddStringToObject(field, "type", f->type ? f->type : "text");
	cJSON_AddStringToObject(field, "inputmode", f->inputmode ? f->inputmode : "");
	cJSON_AddStringToObject(field, "autocomplete", f->autocomplete ? f->autocomplete : "off");
	cJSON_AddBoolToObject(field, "required", f->required);
	if (f->max > 0)
		cJSON_AddNumberToObject(field, "max", f->max);
	else
		cJSON_AddNullToObject(field, "max");
	cJSON_AddNullToObject(field, "wrong");
	describe(field);
	cJSON_AddStringToObject(field, "value", value && !is_password(f) ? value : "");
	if (f->check)
		cJSON_AddBoolToObject(field, "ticked", value && strcmp(value, "1") == 0);
	if (f->options)
		add_options(c, field, f);
	return field;
}

cJSON *form_make(struct call *c, const struct form_field *fields, size_t count, const struct params *typed)
{
	cJSON *form = cJSON_CreateObject();

	for (size_t i = 0; i < count; i++)
		form_add(c, form, &fields[i], "", typed ? params_text(typed, fields[i].name) : NULL);
	cJSON_AddNullToObject(form, "alert");
	return form;
}

static cJSON *find(cJSON *form, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(form, name);
}

void form_value(cJSON *form, const char *name, const char *value)
{
	cJSON *field = find(form, name), *options = find(field, "options"), *option;

	cJSON_ReplaceItemInObjectCaseSensitive(field, "value", cJSON_CreateString(value));
	if (find(field, "check"))
		cJSON_ReplaceItemInObjectCaseSensitive(field, "ticked", cJSON_CreateBool(strcmp(value, "1") == 0));
	cJSON_ArrayForEach(option, options) {
		bool chosen = strcmp(cJSON_GetStringValue(find(option, "option")), value) == 0;

		cJSON_ReplaceItemInObjectCaseSensitive(option, "chosen", cJSON_CreateBool(chosen));
	}
}

void form_option(cJSON *form, const char *name, const char *value, const char *text)
{
	add_option(find(form, name), value, text);
}

/* --- what is wrong --------------------------------------------------------------------------------------------------- */

/* Replace a member that is there as null. */
static void set_words(struct call *c, cJSON *object, const char *name, const char *text, const cJSON *values)
{
	cJSON_DeleteItemFromObjectCaseSensitive(object, name);
	page_words(c, object, name, text, values);
}

static cJSON *first_marked(cJSON *form)
{
	cJSON *field;

	cJSON_ArrayForEach(field, form) {
		if (cJSON_IsString(find(field, "wrong")))
			return field;
	}
	return NULL;
}

static void focus_first(cJSON *form, cJSON *field)
{
	if (!first_marked(form))
		cJSON_AddTrueToObject(field, "focus");
}

void form_mark(struct call *c, cJSON *field, const char *text, const cJSON *values)
{
	set_words(c, field, "wrong", text, values);
	describe(field);
}

bool form_focus(cJSON *fields)
{
	cJSON *field = first_marked(fields);

	if (field)
		cJSON_AddTrueToObject(field, "focus");
	return field != NULL;
}

void form_wrong(struct call *c, cJSON *form, const char *name, const char *text, const cJSON *values)
{
	focus_first(form, find(form, name));
	form_mark(c, find(form, name), text, values);
}

void form_alert(struct call *c, cJSON *form, const char *text, const cJSON *values)
{
	set_words(c, form, "alert", text, values);
}

void form_fault(struct call *c, cJSON *form, enum err e, const struct fault *fault)
{
	cJSON *field = fault->field[0] && e != ERR_UNAVAILABLE ? find(form, fault->field) : NULL;

	if (field)
		focus_first(form, field);
	cJSON_DeleteItemFromObjectCaseSensitive(field ? field : form, field ? "wrong" : "alert");
	page_fault(c, field ? field : form, field ? "wrong" : "alert", e, fault);
	if (field)
		describe(field);
}
