#include "wire/json.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/text.h"

/* Goes over the bytes once. open holds the bracket of each object and array around the place looked at. */
struct scan {
	const unsigned char *at, *end;
	size_t depth;
	unsigned char open[JSON_DEPTH_MAX];
};

enum step { STEP_VALUE, STEP_AFTER, STEP_WRONG };

static void skip_space(struct scan *s)
{
	while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
		s->at++;
}

static bool take(struct scan *s, unsigned char c)
{
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

static bool take_word(struct scan *s, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0)
		return false;
	s->at += len;
	return true;
}

static bool take_digits(struct scan *s)
{
	const unsigned char *first = s->at;

	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	return s->at > first;
}

static bool take_number(struct scan *s)
{
	const unsigned char *first = s->at;

	take(s, '-');
	if (!take(s, '0') && !take_digits(s))
		return false;
	if (take(s, '.') && !take_digits(s))
		return false;
	if (take(s, 'e') || take(s, 'E')) {
		if (!take(s, '+'))
			take(s, '-');
		if (!take_digits(s))
			return false;
	}
	return s->at - first <= JSON_NUMBER_MAX;
}

/* The four digits after \u; -1 if they are none. */
static int take_unit(struct scan *s)
{
	int unit = 0;

	if (s->end - s->at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(*s->at++);

		if (digit < 0)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

/* After a backslash. */
static bool take_escape(struct scan *s)
{
	static const char short_ones[] = { '"', '\\', '/', 'b', 'f', 'n', 'r', 't' };
	int unit, low;

	if (s->at == s->end)
		return false;
	if (*s->at != 'u')
		return memchr(short_ones, *s->at++, sizeof short_ones) != NULL;
	s->at++;
	unit = take_unit(s);
	if (unit <= 0 || (unit >= 0xdc00 && unit <= 0xdfff))
		return false;
	if (unit < 0xd800 || unit > 0xdbff)
		return true;
	if (!take(s, '\\') || !take(s, 'u'))
		return false;
	low = take_unit(s);
	return low >= 0xdc00 && low <= 0xdfff;
}

static bool take_string(struct scan *s)
{
	if (!take(s, '"'))
		return false;
	while (s->at < s->end) {
		unsigned char c = *s->at++;

		if (c == '"')
			return true;
		if (c < 0x20 || (c == '\\' && !take_escape(s)))
			return false;
	}
	return false;
}

static enum step scan_name(struct scan *s)
{
	skip_space(s);
	if (!take_string(s))
		return STEP_WRONG;
	skip_space(s);
	return take(s, ':') ? STEP_VALUE : STEP_WRONG;
}

static bool take_close(struct scan *s)
{
	if (!take(s, s->open[s->depth - 1] == '{' ? '}' : ']'))
		return false;
	s->depth--;
	return true;
}

static enum step scan_open(struct scan *s)
{
	unsigned char bracket = *s->at;

	if (s->depth == JSON_DEPTH_MAX)
		return STEP_WRONG;
	s->open[s->depth++] = bracket;
	s->at++;
	skip_space(s);
	if (take_close(s))
		return STEP_AFTER;
	return bracket == '{' ? scan_name(s) : STEP_VALUE;
}

static enum step scan_value(struct scan *s)
{
	bool good;

	skip_space(s);
	if (s->at == s->end)
		return STEP_WRONG;
	switch (*s->at) {
	case '{':
	case '[':
		return scan_open(s);
	case '"':
		good = take_string(s);
		break;
	case 't':
		good = take_word(s, "true");
		break;
	case 'f':
		good = take_word(s, "false");
		break;
	case 'n':
		good = take_word(s, "null");
		break;
	default:
		good = take_number(s);
		break;
	}
	return good ? STEP_AFTER : STEP_WRONG;
}

/* After a value inside an object or array. */
static enum step scan_after(struct scan *s)
{
	skip_space(s);
	if (take_close(s))
		return STEP_AFTER;
	if (!take(s, ','))
		return STEP_WRONG;
	return s->open[s->depth - 1] == '{' ? scan_name(s) : STEP_VALUE;
}

bool json_is_object(const char *bytes, size_t len)
{
	struct scan s;
	enum step step;

	s.at = (const unsigned char *)bytes;
	s.end = s.at + len;
	s.depth = 0;
	skip_space(&s);
	if (s.at == s.end || *s.at != '{' || !utf8_valid(bytes, len))
		return false;
	step = scan_open(&s);
	while (step != STEP_WRONG && s.depth > 0)
		step = step == STEP_VALUE ? scan_value(&s) : scan_after(&s);
	skip_space(&s);
	return step != STEP_WRONG && s.at == s.end;
}

enum err json_read(const char *bytes, size_t len, struct cJSON **out)
{
	*out = NULL;
	if (!json_is_object(bytes, len))
		return ERR_SYNTAX;
	/* The check leaves it nothing but memory to fail for. */
	*out = cJSON_ParseWithLengthOpts(bytes, len, NULL, 0);
	return *out ? ERR_NONE : ERR_MEMORY;
}

void json_free(struct cJSON *object)
{
	cJSON_Delete(object);
}

const struct cJSON *json_member(const struct cJSON *object, const char *name)
{
	return cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, name) : NULL;
}

bool json_is_map(const struct cJSON *value)
{
	return cJSON_IsObject(value);
}

bool json_is_nothing(const struct cJSON *value)
{
	return value == NULL || cJSON_IsNull(value);
}

const char *json_text(const struct cJSON *object, const char *name)
{
	const struct cJSON *item = json_member(object, name);

	return cJSON_IsString(item) ? item->valuestring : NULL;
}

bool json_scalar(const struct cJSON *object, const char *name, char *out, size_t size)
{
	const struct cJSON *item = json_member(object, name);

	out[0] = '\0';
	if (cJSON_IsString(item))
		(void)text_copy(out, size, item->valuestring);
	else if (cJSON_IsNumber(item) && isfinite(item->valuedouble))
		(void)text_format(out, size, "%.15g", item->valuedouble);
	else
		return false;
	return true;
}

bool json_is_integer(const struct cJSON *value, int64_t min, int64_t max, int64_t *out)
{
	double number;

	if (!cJSON_IsNumber(value))
		return false;
	number = value->valuedouble;
	/* Written so that infinities fail before the cast. */
	if (!(number >= (double)min && number <= (double)max) || (double)(int64_t)number != number)
		return false;
	*out = (int64_t)number;
	return true;
}

int64_t json_integer(const struct cJSON *object, const char *name, int64_t min, int64_t max, int64_t absent)
{
	int64_t number;

	return json_is_integer(json_member(object, name), min, max, &number) ? number : absent;
}

bool json_hex(const struct cJSON *object, const char *name, void *out, size_t len)
{
	const char *text = json_text(object, name);

	return text && hex_decode(out, len, text);
}

bool json_flag(const struct cJSON *object, const char *name, bool *out)
{
	const struct cJSON *item = json_member(object, name);

	*out = cJSON_IsTrue(item);
	return !item || cJSON_IsBool(item);
}

void json_add_name(struct buf *out, const char *name)
{
	if (out->len > 0 && out->data[out->len - 1] != '{')
		buf_char(out, ',');
	buf_json_str(out, name);
	buf_char(out, ':');
}

void json_add_text(struct buf *out, const char *name, const char *text)
{
	if (!text)
		return;
	json_add_name(out, name);
	buf_json_str(out, text);
}

void json_add_integer(struct buf *out, const char *name, int64_t number)
{
	if (number < 0)
		return;
	json_add_name(out, name);
	buf_printf(out, "%" PRId64, number);
}

void json_add_hex(struct buf *out, const char *name, const void *bytes, size_t len)
{
	char hex[2 * JSON_HEX_MAX + 1];

	hex_encode(hex, bytes, len < JSON_HEX_MAX ? len : JSON_HEX_MAX);
	json_add_text(out, name, hex);
}

void json_add_raw(struct buf *out, const char *name, const char *json)
{
	json_add_name(out, name);
	buf_str(out, json);
}

enum err json_numbers(const char *text, struct json_number *numbers, size_t count)
{
	struct cJSON *object;
	enum err e = json_read(text, strlen(text), &object);

	for (size_t i = 0; e == ERR_NONE && i < count; i++) {
		const struct cJSON *item = json_member(object, numbers[i].name);

		if (!item)
			continue;
		if (cJSON_IsNumber(item) && isfinite(item->valuedouble))
			numbers[i].value = item->valuedouble;
		else
			e = ERR_FIELD;
	}
	cJSON_Delete(object);
	return e;
}

enum err json_words(const char *text, struct json_word *words, size_t count)
{
	struct cJSON *object;
	enum err e = json_read(text, strlen(text), &object);

	for (size_t i = 0; e == ERR_NONE && i < count; i++) {
		const struct cJSON *item = json_member(object, words[i].name);
		const char *word = json_text(object, words[i].name);

		text_copy(words[i].value, words[i].size, word ? word : "");
		if (item && !word && !cJSON_IsNull(item))
			e = ERR_FIELD;
	}
	cJSON_Delete(object);
	return e;
}
