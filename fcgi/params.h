/*
 * Declared fields -> typed, checked values. Nothing untyped gets past this: a handler sees only fields that its route (or a
 * nested object's table) names, of the type and within the limits named there. Unknown fields are ignored.
 *
 * Failures: ERR_SYNTAX (400) what cannot be read; ERR_TOO_LARGE (413) a body of very many values; ERR_FIELD (422) a field missing
 * or of the wrong type; ERR_INVALID (400) a value outside its limits. fault names the field.
 */
#ifndef PARKMESH_FCGI_PARAMS_H
#define PARKMESH_FCGI_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "pairs.h"
#include "wire/fields.h"

struct cJSON;

#define FIELDS_MAX 16

/* How the body is to be read. */
enum body_kind { BODY_JSON, BODY_FORM };

struct params {
	const struct field *fields;
	size_t count;
	struct value value[FIELDS_MAX];
	struct cJSON *document;
	struct pairs query, form;
};

/* Read the declared fields from query and body. The body is looked at only if a field comes from it; it may be empty if
 * none of them is required. Of a name given twice the first counts; an empty value in query or form is a missing one, but for
 * FIELD_TEXTS. On any result free with params_free. */
enum err params_read(const struct field *fields, size_t count, const char *query, enum body_kind kind, const char *body,
	size_t body_len, struct params *out, struct fault *fault);
/* Read a nested object's members; prefix ("peer_centrals[2].") goes before their names in fault. Values point into object. */
enum err params_from_object(const struct field *fields, size_t count, const struct cJSON *object, const char *prefix,
	struct params *out, struct fault *fault);
void params_free(struct params *p);

/* Values by name. Asking for a name that is not declared is a bug and aborts. */
bool params_given(const struct params *p, const char *name);
const char *params_text(const struct params *p, const char *name);                      /* NULL if missing */
const char *params_typed(const struct params *p, const char *name);                     /* "" if missing: what a form shows again */
int64_t params_integer(const struct params *p, const char *name, int64_t missing);
double params_real(const struct params *p, const char *name, double missing);
bool params_truth(const struct params *p, const char *name);                            /* false if missing */
const struct cJSON *params_json(const struct params *p, const char *name);              /* NULL if missing */
/* The nth (from 0) value of a FIELD_TEXTS in the form; NULL behind the last. */
const char *params_nth(const struct params *p, const char *name, size_t n);

#endif
