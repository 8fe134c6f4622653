/*
 * Reading JSON strictly, for what comes from outside (spec/records.md, "Record").
 *
 * cJSON takes more than JSON allows (control characters in strings, any byte below a space as white space, a byte order mark,
 * leading zeros), cuts strings at \u0000, and what it takes changes between its versions. Whether a line can be a record must
 * not depend on that, so an own check decides before cJSON sees a byte. What stays of cJSON's ways: numbers are doubles, so
 * 1.0 and 1e0 are the integer 1, and digits beyond a double's precision are rounded off.
 */
#ifndef PARKMESH_WIRE_JSON_H
#define PARKMESH_WIRE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define JSON_DEPTH_MAX 1000  /* objects and arrays inside each other; cJSON's own limit */
#define JSON_NUMBER_MAX 63   /* characters of a number; cJSON's own limit */

struct cJSON;

/* Is it one JSON object (RFC 8259), well-formed UTF-8, without \u0000, unpaired surrogates, and within the limits above? */
bool json_is_object(const char *bytes, size_t len);
/* Read such an object. ERR_SYNTAX if it is none, ERR_MEMORY. Free with cJSON_Delete. */
enum err json_read(const char *bytes, size_t len, struct cJSON **out);
/* The same for those who do not know cJSON. NULL is allowed. */
void json_free(struct cJSON *object);

/* Members of an object; object may be NULL or something else, which has no members. Names are case-sensitive, of duplicates the
 * first counts. */
const struct cJSON *json_member(const struct cJSON *object, const char *name);
/* Of a member: is it an object? Is it missing, or null? */
bool json_is_map(const struct cJSON *value);
bool json_is_nothing(const struct cJSON *value);
/* A text, owned by the object; NULL if missing or no text. */
const char *json_text(const struct cJSON *object, const char *name);
/* A text, or a number as one, cut to size; "" and false if it is missing or anything else. */
bool json_scalar(const struct cJSON *object, const char *name, char *out, size_t size);
/* An integer min … max (min ≥ -1, max ≤ INTEGER_MAX); absent if missing, no number, not whole or out of bounds. */
int64_t json_integer(const struct cJSON *object, const char *name, int64_t min, int64_t max, int64_t absent);
/* The same of a value itself. */
bool json_is_integer(const struct cJSON *value, int64_t min, int64_t max, int64_t *out);
/* Exactly 2·len lower-case hex digits into len bytes. false if missing or anything else. */
bool json_hex(const struct cJSON *object, const char *name, void *out, size_t len);

/* true or false into out, false if missing. Returns false if it is anything else. */
bool json_flag(const struct cJSON *object, const char *name, bool *out);

/* Writing a member of an object, with the comma before it unless the object has just begun. The value follows json_add_name. */
void json_add_name(struct buf *out, const char *name);
/* Nothing is written for NULL. */
void json_add_text(struct buf *out, const char *name, const char *text);
/* Nothing is written for a negative number. */
void json_add_integer(struct buf *out, const char *name, int64_t number);
/* At most JSON_HEX_MAX bytes. */
#define JSON_HEX_MAX 64
void json_add_hex(struct buf *out, const char *name, const void *bytes, size_t len);
void json_add_raw(struct buf *out, const char *name, const char *json);

/* Numbers of a flat object, for readers that know nothing of cJSON. */
struct json_number {
	const char *name;
	double value;    /* left as it was if missing */
};
/* ERR_SYNTAX: text is no JSON object. ERR_FIELD: a named member is there and is no finite number. ERR_MEMORY. */
enum err json_numbers(const char *text, struct json_number *numbers, size_t count);

/* Texts of a flat object, for the same readers. */
struct json_word {
	const char *name;
	char *value;     /* gets the text, cut to size; "" if the member is missing or null */
	size_t size;
};
/* ERR_SYNTAX, ERR_FIELD (a named member is there and neither a text nor null) and ERR_MEMORY as above. */
enum err json_words(const char *text, struct json_word *words, size_t count);

#endif
