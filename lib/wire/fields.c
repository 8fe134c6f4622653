#include "wire/fields.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "wire/json.h"

static enum err complain(const struct field_reading *r, enum err e, const char *code, const struct field *f, const char *what)
{
	char name[sizeof r->fault->field];

	text_format(name, sizeof name, "%s%s", r->prefix, f->name);
	return fault_set(r->fault, e, code, name, "%s %s.", name, what);
}

enum err field_wrong_type(const struct field_reading *r, const struct field *f)
{
	static const char *const wanted[] = {
		[FIELD_TEXT] = "has to be a text", [FIELD_LINES] = "has to be a text", [FIELD_CHOICE] = "has to be a text",
		[FIELD_INTEGER] = "has to be a whole number",
		[FIELD_REAL] = "has to be a number", [FIELD_BOOL] = "has to be true or false", [FIELD_OBJECT] = "has to be an object",
		[FIELD_LIST] = "has to be a list", [FIELD_TEXTS] = "has to be a text",
	};

	return complain(r, ERR_FIELD, "wrong_type", f, wanted[f->kind]);
}

static enum err check_text(const struct field_reading *r, const struct field *f, const char *text)
{
	char what[64];
	size_t len = strlen(text);

	for (const char *c = text; *c; c++) {
		if (((unsigned char)*c < ' ' && !(f->kind == FIELD_LINES && strchr("\t\r\n", *c))) || *c == 127)
			return complain(r, ERR_INVALID, "invalid_value", f, "has control characters");
	}
	if (len >= (size_t)f->min && len <= (size_t)f->max)
		return ERR_NONE;
	text_format(what, sizeof what, "has to have %lld to %lld bytes", (long long)f->min, (long long)f->max);
	return complain(r, ERR_INVALID, "invalid_value", f, what);
}

static enum err check_choice(const struct field_reading *r, const struct field *f, const char *text)
{
	char what[96];
	size_t len = strlen(text);

	for (const char *c = strchr(text, '|') ? NULL : f->choices; c; c = strchr(c, '|')) {
		c += *c == '|';
		if (strncmp(c, text, len) == 0 && (c[len] == '|' || c[len] == '\0'))
			return ERR_NONE;
	}
	text_format(what, sizeof what, "has to be one of %s", f->choices);
	return complain(r, ERR_INVALID, "invalid_value", f, what);
}

static enum err check_number(const struct field_reading *r, const struct field *f, double number)
{
	char what[96];

	if (number >= (double)f->min && number <= (double)f->max)
		return ERR_NONE;
	text_format(what, sizeof what, "has to be %lld to %lld", (long long)f->min, (long long)f->max);
	return complain(r, ERR_INVALID, "invalid_value", f, what);
}

enum err field_take_text(const struct field_reading *r, const struct field *f, const char *text, struct value *out)
{
	out->given = true;
	out->text = text;
	return f->kind == FIELD_CHOICE ? check_choice(r, f, text) : check_text(r, f, text);
}

enum err field_take_number(const struct field_reading *r, const struct field *f, double number, struct value *out)
{
	if (!isfinite(number) || (f->kind == FIELD_INTEGER && (trunc(number) != number || fabs(number) > (double)INTEGER_MAX)))
		return field_wrong_type(r, f);
	out->given = true;
	out->real = number;
	out->integer = f->kind == FIELD_INTEGER ? (int64_t)number : 0;
	return check_number(r, f, number);
}

static bool right_type(const struct field *f, const cJSON *item)
{
	switch (f->kind) {
	case FIELD_TEXT:
	case FIELD_LINES:
	case FIELD_CHOICE: return cJSON_IsString(item);
	case FIELD_INTEGER:
	case FIELD_REAL: return cJSON_IsNumber(item);
	case FIELD_BOOL: return cJSON_IsBool(item);
	case FIELD_OBJECT: return cJSON_IsObject(item);
	case FIELD_LIST: return cJSON_IsArray(item);
	case FIELD_TEXTS: return false;
	}
	return false;
}

static enum err take_json(const struct field_reading *r, const struct field *f, const cJSON *item, struct value *out)
{
	if (!right_type(f, item))
		return field_wrong_type(r, f);
	if (cJSON_IsString(item))
		return field_take_text(r, f, item->valuestring, out);
	if (cJSON_IsNumber(item))
		return field_take_number(r, f, item->valuedouble, out);
	out->given = true;
	out->truth = cJSON_IsTrue(item);
	out->json = item;
	return ERR_NONE;
}

enum err field_take_member(const struct field_reading *r, const struct field *f, const cJSON *object, struct value *out)
{
	const cJSON *item = json_member(object, f->name);

	return item && !cJSON_IsNull(item) ? take_json(r, f, item, out) : ERR_NONE;
}

enum err field_lacking(const struct field_reading *r, const struct field *f)
{
	return complain(r, ERR_FIELD, "missing_field", f, "is missing");
}

enum err fields_read(const struct field *fields, size_t count, const struct cJSON *object, const char *prefix, struct value *out,
	struct fault *fault)
{
	struct field_reading r = {.prefix = prefix, .fault = fault};
	enum err e = ERR_NONE;

	for (size_t i = 0; i < count; i++)
		out[i] = (struct value){0};
	for (size_t i = 0; e == ERR_NONE && i < count; i++) {
		e = field_take_member(&r, &fields[i], object, &out[i]);
		if (e == ERR_NONE && fields[i].required && !out[i].given)
			e = field_lacking(&r, &fields[i]);
	}
	return e;
}

const struct value *fields_value(const struct field *fields, size_t count, const struct value *values, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(fields[i].name, name) == 0)
			return &values[i];
	}
	abort();
}
