/*
 * Query, form and JSON body -> declared fields: whatever comes, what a handler gets is of the type and within the limits declared.
 * First line: the query; the rest the body, read both ways.
 */
#include "fuzz.h"

#include <cjson/cJSON.h>
#include <math.h>

#include "base/text.h"
#include "fcgi/params.h"

#define COUNT(list) (sizeof list / sizeof *list)

static const struct field fields[] = {
	{"text", FIELD_TEXT, FROM_BODY, false, 1, 8, NULL},
	{"choice", FIELD_CHOICE, FROM_BODY, false, 0, 0, "ENTRY|EXIT|a"},
	{"integer", FIELD_INTEGER, FROM_BODY, false, -3, 1000, NULL},
	{"big", FIELD_INTEGER, FROM_BODY, false, 0, INTEGER_MAX, NULL},
	{"real", FIELD_REAL, FROM_BODY, false, 0, 1, NULL},
	{"bool", FIELD_BOOL, FROM_BODY, false, 0, 0, NULL},
	{"object", FIELD_OBJECT, FROM_BODY, false, 0, 0, NULL},
	{"list", FIELD_LIST, FROM_BODY, false, 0, 0, NULL},
	{"q", FIELD_TEXT, FROM_QUERY, false, 0, 20, NULL},
	{"limit", FIELD_INTEGER, FROM_QUERY, false, 1, 1000, NULL},
	{"after", FIELD_REAL, FROM_QUERY, false, -5, 5, NULL},
	{"only", FIELD_BOOL, FROM_QUERY, false, 0, 0, NULL},
	{"lines", FIELD_LINES, FROM_BODY, false, 1, 8, NULL},
	{"kind", FIELD_CHOICE, FROM_QUERY, false, 0, 0, "IN|OUT"},
};
static const struct field form_fields[] = {
	{"id", FIELD_TEXTS, FROM_BODY, false, 0, 5, NULL},
	{"port", FIELD_INTEGER, FROM_BODY, true, 1, 65535, NULL},
	{"text", FIELD_TEXT, FROM_BODY, true, 1, 8, NULL},
};

static bool is_plain(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 127)
			return false;
	}
	return true;
}

static bool is_one_of(const char *text, const char *choices)
{
	const char *at = strstr(choices, text);
	size_t len = strlen(text);

	return len > 0 && at && (at == choices || at[-1] == '|') && (at[len] == '\0' || at[len] == '|');
}

static void check(const struct field *f, const struct value *v)
{
	MUST(v->given || (!v->text && !v->json && !v->truth && !f->required));
	if (!v->given)
		return;
	switch (f->kind) {
	case FIELD_TEXT:
	case FIELD_TEXTS:
		MUST(v->text && (int64_t)strlen(v->text) >= f->min && (int64_t)strlen(v->text) <= f->max);
		MUST(is_plain(v->text) && utf8_valid(v->text, strlen(v->text)));
		break;
	case FIELD_LINES:
		MUST(v->text && (int64_t)strlen(v->text) >= f->min && (int64_t)strlen(v->text) <= f->max);
		MUST(utf8_valid(v->text, strlen(v->text)));
		break;
	case FIELD_CHOICE: MUST(is_one_of(v->text, f->choices)); break;
	case FIELD_INTEGER: MUST(v->integer >= f->min && v->integer <= f->max); break;
	case FIELD_REAL: MUST(isfinite(v->real) && v->real >= (double)f->min && v->real <= (double)f->max); break;
	case FIELD_BOOL: break;
	case FIELD_OBJECT: MUST(cJSON_IsObject(v->json)); break;
	case FIELD_LIST: MUST(cJSON_IsArray(v->json)); break;
	}
}

static void check_fault(enum err e, const struct fault *fault)
{
	MUST(e == ERR_SYNTAX || e == ERR_TOO_LARGE || e == ERR_FIELD || e == ERR_INVALID);
	MUST(fault->code[0] && fault->sentence[0] && utf8_valid(fault->sentence, strlen(fault->sentence)));
}

static void check_nested(const struct params *p)
{
	struct params inner = {0};
	struct fault fault = {0};
	enum err e;

	if (!params_json(p, "object"))
		return;
	e = params_from_object(fields, 8, params_json(p, "object"), "peer_centrals[2].", &inner, &fault);
	if (e != ERR_NONE)
		check_fault(e, &fault);
	for (size_t i = 0; e == ERR_NONE && i < 8; i++)
		check(&fields[i], &inner.value[i]);
}

static void read_all(const struct field *list, size_t count, enum body_kind kind, const char *query, const char *body, size_t len)
{
	struct fault fault = {0};
	struct params p;
	enum err e = params_read(list, count, query, kind, body, len, &p, &fault);

	if (e != ERR_NONE)
		check_fault(e, &fault);
	for (size_t i = 0; e == ERR_NONE && i < count; i++)
		check(&list[i], &p.value[i]);
	if (e == ERR_NONE && kind == BODY_JSON)
		check_nested(&p);
	for (size_t n = 0; e == ERR_NONE && kind == BODY_FORM && params_nth(&p, "id", n); n++)
		MUST(strlen(params_nth(&p, "id", n)) <= 5);
	params_free(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct feed feed = {bytes, bytes + len};
	char *query = feed_line(&feed);
	size_t body_len = (size_t)(feed.end - feed.at);
	char *body = fuzz_copy(feed.at, body_len);

	read_all(fields, COUNT(fields), BODY_JSON, query, body, body_len);
	read_all(form_fields, COUNT(form_fields), BODY_FORM, query, body, body_len);
	free(query);
	free(body);
	return 0;
}
