#include "params.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "wire/json.h"

/* Values of a JSON body: read, each takes some 80 bytes, however short it is. */
#define VALUES_MAX 500000

/* --- from a query or a form ------------------------------------------------------------------------------------------ */

static enum err take_bool(const struct field_reading *r, const struct field *f, const char *text, struct value *out)
{
	static const char *const yes[] = {"true", "1", "on"}, *const no[] = {"false", "0", "off"};

	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
		bool truth = strcmp(text, yes[i]) == 0;

		if (truth || strcmp(text, no[i]) == 0) {
			out->given = true;
			out->truth = truth;
			return ERR_NONE;
		}
	}
	return field_wrong_type(r, f);
}

static enum err take_digits(const struct field_reading *r, const struct field *f, const char *text, struct value *out)
{
	char *end;
	double number = strtod(text, &end);

	if (end == text || *end || strspn(text, "0123456789+-.eE") != strlen(text))
		return field_wrong_type(r, f);
	return field_take_number(r, f, number, out);
}

static enum err read_texts(const struct field_reading *r, const struct field *f, const struct pairs *pairs, struct value *out)
{
	enum err e = ERR_NONE;

	for (size_t i = 0; e == ERR_NONE && i < pairs->count; i++) {
		if (strcmp(pairs->pair[i].name, f->name) == 0)
			e = field_take_text(r, f, pairs->pair[i].value, out);
	}
	return e;
}

static enum err read_pair(const struct field_reading *r, const struct field *f, const struct pairs *pairs, struct value *out)
{
	const char *text = pairs_find(pairs, f->name);

	if (f->kind == FIELD_TEXTS)
		return read_texts(r, f, pairs, out);
	if (!text || !*text)
		return ERR_NONE;
	switch (f->kind) {
	case FIELD_TEXT:
	case FIELD_LINES:
	case FIELD_CHOICE: return field_take_text(r, f, text, out);
	case FIELD_INTEGER:
	case FIELD_REAL: return take_digits(r, f, text, out);
	case FIELD_BOOL: return take_bool(r, f, text, out);
	case FIELD_OBJECT:
	case FIELD_LIST:
	case FIELD_TEXTS: break;
	}
	return field_wrong_type(r, f);
}

/* --- all of a route -------------------------------------------------------------------------------------------------- */

static enum err read_field(const struct field_reading *r, const struct field *f, const struct params *p, enum body_kind kind,
	struct value *out)
{
	enum err e;

	if (f->from == FROM_QUERY)
		e = read_pair(r, f, &p->query, out);
	else if (kind == BODY_FORM)
		e = read_pair(r, f, &p->form, out);
	else
		e = field_take_member(r, f, p->document, out);
	if (e == ERR_NONE && f->required && !out->given)
		e = field_lacking(r, f);
	return e;
}

static bool has_body_field(const struct field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (fields[i].from == FROM_BODY)
			return true;
	}
	return false;
}

static bool has_required(const struct field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (fields[i].from == FROM_BODY && fields[i].required)
			return true;
	}
	return false;
}

/* Each value but the first follows one of these; brackets and commas in texts are counted too, which honest lists can afford. */
static bool too_many_values(const char *body, size_t len)
{
	size_t values = 0;

	for (size_t i = 0; i < len; i++)
		values += body[i] == ',' || body[i] == '[' || body[i] == '{';
	return values > VALUES_MAX;
}

static enum err read_body(struct params *p, enum body_kind kind, const char *body, size_t len, struct fault *fault)
{
	enum err e;

	if (kind == BODY_JSON && too_many_values(body, len))
		return fault_set(fault, ERR_TOO_LARGE, "too_many_values", "", "The body has more than %d values; send less.", VALUES_MAX);
	e = kind == BODY_FORM ? pairs_parse(body, len, &p->form) : json_read(body, len, &p->document);
	if (e == ERR_SYNTAX && kind == BODY_FORM)
		return fault_set(fault, e, "malformed_form", "", "The form cannot be read.");
	if (e == ERR_SYNTAX)
		return fault_set(fault, e, "malformed_json", "", "The body has to be one JSON object in UTF-8.");
	return e;
}

enum err params_read(const struct field *fields, size_t count, const char *query, enum body_kind kind, const char *body,
	size_t body_len, struct params *out, struct fault *fault)
{
	struct field_reading r = {.prefix = "", .fault = fault};
	enum err e;

	*out = (struct params){.fields = fields, .count = count};
	e = pairs_parse(query, strlen(query), &out->query);
	if (e == ERR_SYNTAX)
		fault_set(fault, e, "malformed_query", "", "The query in the address cannot be read.");
	if (e == ERR_NONE && has_body_field(fields, count) && (body_len > 0 || has_required(fields, count)))
		e = read_body(out, kind, body, body_len, fault);
	for (size_t i = 0; e == ERR_NONE && i < count; i++)
		e = read_field(&r, &fields[i], out, kind, &out->value[i]);
	return e;
}

enum err params_from_object(const struct field *fields, size_t count, const struct cJSON *object, const char *prefix,
	struct params *out, struct fault *fault)
{
	*out = (struct params){.fields = fields, .count = count};
	return fields_read(fields, count, object, prefix, out->value, fault);
}

void params_free(struct params *p)
{
	cJSON_Delete(p->document);
	pairs_free(&p->query);
	pairs_free(&p->form);
	*p = (struct params){0};
}

/* --- values ---------------------------------------------------------------------------------------------------------- */

static const struct value *value_of(const struct params *p, const char *name)
{
	return fields_value(p->fields, p->count, p->value, name);
}

bool params_given(const struct params *p, const char *name)
{
	return value_of(p, name)->given;
}

const char *params_text(const struct params *p, const char *name)
{
	return value_of(p, name)->text;
}

const char *params_typed(const struct params *p, const char *name)
{
	const char *text = params_text(p, name);

	return text ? text : "";
}

int64_t params_integer(const struct params *p, const char *name, int64_t missing)
{
	const struct value *v = value_of(p, name);

	return v->given ? v->integer : missing;
}

double params_real(const struct params *p, const char *name, double missing)
{
	const struct value *v = value_of(p, name);

	return v->given ? v->real : missing;
}

bool params_truth(const struct params *p, const char *name)
{
	return value_of(p, name)->truth;
}

const struct cJSON *params_json(const struct params *p, const char *name)
{
	return value_of(p, name)->json;
}

const char *params_nth(const struct params *p, const char *name, size_t n)
{
	for (size_t i = 0; i < p->form.count; i++) {
		if (strcmp(p->form.pair[i].name, name) == 0 && n-- == 0)
			return p->form.pair[i].value;
	}
	return NULL;
}
