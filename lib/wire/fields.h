/*
 * Declared fields -> checked values: of the type and within the limits that a table names. Unknown members are ignored.
 *
 * Failures: ERR_FIELD a field missing or of the wrong type; ERR_INVALID a value outside its limits. fault names the field.
 */
#ifndef PARKMESH_WIRE_FIELDS_H
#define PARKMESH_WIRE_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct cJSON;

enum field_kind {
	FIELD_TEXT,     /* min … max bytes, without control characters */
	FIELD_LINES,    /* the same with line ends and tabs */
	FIELD_CHOICE,   /* one of choices, "A|B" */
	FIELD_INTEGER,  /* min … max */
	FIELD_REAL,     /* min … max */
	FIELD_BOOL,     /* true or false; in a query also 1, 0, on, off */
	FIELD_OBJECT,   /* JSON only; read its members with fields_read */
	FIELD_LIST,     /* JSON only */
	FIELD_TEXTS     /* query and form only: a name that may come several times, each as FIELD_TEXT */
};

enum field_from { FROM_BODY, FROM_QUERY };

struct field {
	const char *name;
	enum field_kind kind;
	enum field_from from;
	bool required;
	int64_t min, max;
	const char *choices;
};

struct value {
	bool given;
	bool truth;
	int64_t integer;
	double real;
	const char *text;
	const struct cJSON *json;
};

/* Read an object's members, which may be NULL: it has none then. out: one value a field, pointing into object. prefix
 * ("peer_centrals[2].") goes before their names in fault. */
enum err fields_read(const struct field *fields, size_t count, const struct cJSON *object, const char *prefix, struct value *out,
	struct fault *fault);
/* The value of that name. Asking for one that is not declared is a bug and aborts. */
const struct value *fields_value(const struct field *fields, size_t count, const struct value *values, const char *name);

/* ---- one field, for those who read them from something else, too ---- */

struct field_reading { const char *prefix; struct fault *fault; };
/* A member, which may be missing: then out is left as it is. */
enum err field_take_member(const struct field_reading *r, const struct field *f, const struct cJSON *object, struct value *out);
enum err field_take_text(const struct field_reading *r, const struct field *f, const char *text, struct value *out);
enum err field_take_number(const struct field_reading *r, const struct field *f, double number, struct value *out);
/* These fill fault and return ERR_FIELD. */
enum err field_wrong_type(const struct field_reading *r, const struct field *f);
enum err field_lacking(const struct field_reading *r, const struct field *f);

#endif
