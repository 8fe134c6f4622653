#include "wire/old_message.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <string.h>

#include "wire/json.h"

#define TYPE_SIZE 32

static const struct { const char *name; enum old_message_type type; } TYPE[] = {
	{ "VEHICLE_ENTRY_PENDING", OLD_MESSAGE_ENTRY }, { "VEHICLE_ENTRY_CONFIRMED", OLD_MESSAGE_CONFIRMED },
	{ "VEHICLE_EXIT", OLD_MESSAGE_EXIT }, { "HEARTBEAT", OLD_MESSAGE_HEARTBEAT }, { "SYNC_REQUEST", OLD_MESSAGE_SYNC_REQUEST },
	{ "SYNC_RESPONSE", OLD_MESSAGE_SYNC_RESPONSE }, { "HISTORY_UPDATE", OLD_MESSAGE_CHANGE },
	{ "HISTORY_DELETE", OLD_MESSAGE_CHANGE }, { "ERROR", OLD_MESSAGE_ERROR },
};

static enum old_message_type type_of(const char *name)
{
	for (size_t i = 0; i < sizeof(TYPE) / sizeof(TYPE[0]); i++) {
		if (strcmp(TYPE[i].name, name) == 0)
			return TYPE[i].type;
	}
	return OLD_MESSAGE_UNKNOWN;
}

/* ---- going over JSON without reading it ---- */

struct span { const char *at, *end; };

static void skip_space(struct span *s)
{
	while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\r' || *s->at == '\n'))
		s->at++;
}

static bool take(struct span *s, char c)
{
	skip_space(s);
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

/* at is on the first quote -> behind the last one. */
static bool skip_string(struct span *s)
{
	for (s->at++; s->at < s->end; s->at++) {
		if (*s->at == '\\')
			s->at++;
		else if (*s->at == '"') {
			s->at++;
			return true;
		}
	}
	s->at = s->end;
	return false;
}

/* at is on a bracket -> behind the one that closes it, whatever stands between. */
static bool skip_brackets(struct span *s)
{
	size_t depth = 0;

	while (s->at < s->end) {
		if (*s->at == '"') {
			if (!skip_string(s))
				return false;
			continue;
		}
		if (*s->at == '{' || *s->at == '[')
			depth++;
		else if (*s->at == '}' || *s->at == ']')
			depth--;
		s->at++;
		if (depth == 0)
			return true;
	}
	return false;
}

static bool skip_value(struct span *s)
{
	const char *begin;

	skip_space(s);
	if (s->at == s->end)
		return false;
	if (*s->at == '"')
		return skip_string(s);
	if (*s->at == '{' || *s->at == '[')
		return skip_brackets(s);
	for (begin = s->at; s->at < s->end && strchr(",]} \t\r\n", *s->at) == NULL; s->at++)
		;
	return s->at > begin;
}

/* The next name of an object and the colon behind it; false at the object's end, and where it is none. */
static bool next_member(struct span *s, struct span *name)
{
	skip_space(s);
	(void)take(s, ',');
	skip_space(s);
	if (s->at == s->end || *s->at != '"')
		return false;
	name->at = s->at + 1;
	if (!skip_string(s))
		return false;
	name->end = s->at - 1;
	return take(s, ':');
}

static bool is(const struct span *s, const char *text)
{
	return (size_t)(s->end - s->at) == strlen(text) && memcmp(s->at, text, strlen(text)) == 0;
}

/* A string's inside, as it stands there; "" if it is none or too long. */
static void copy_string(struct span s, char *out, size_t size)
{
	struct span value = { s.at, s.end };

	out[0] = '\0';
	if (value.at == value.end || *value.at != '"' || !skip_string(&value) || (size_t)(value.at - s.at) - 2 >= size)
		return;
	memcpy(out, s.at + 1, (size_t)(value.at - s.at) - 2);
	out[(value.at - s.at) - 2] = '\0';
	if (strlen(out) != (size_t)(value.at - s.at) - 2)
		out[0] = '\0';
}

/* ---- the head ---- */

struct head { char type[TYPE_SIZE], source[CENTRAL_ID_SIZE], peer_id[CENTRAL_ID_SIZE]; struct span data; };

/* Members of the object until type, source_central and data are known; what comes behind is of no interest. */
static void read_head(const char *bytes, size_t len, struct head *h)
{
	struct span s = { bytes, bytes + len }, name;

	if (!take(&s, '{'))
		return;
	while (!(h->type[0] && h->source[0] && h->data.at) && next_member(&s, &name)) {
		skip_space(&s);
		if (is(&name, "type"))
			copy_string(s, h->type, sizeof(h->type));
		else if (is(&name, "source_central"))
			copy_string(s, h->source, sizeof(h->source));
		else if (is(&name, "peer_id"))
			copy_string(s, h->peer_id, sizeof(h->peer_id));
		else if (is(&name, "data"))
			h->data = s;
		if (!(h->type[0] && h->source[0] && h->data.at) && !skip_value(&s))
			return;
	}
}

static void find_rows(struct span data, struct old_message *out)
{
	struct span name;

	if (!data.at || !take(&data, '{'))
		return;
	while (next_member(&data, &name)) {
		if (is(&name, "events")) {
			if (take(&data, '[')) {
				out->rows = data.at;
				out->rows_len = (size_t)(data.end - data.at);
			}
			return;
		}
		if (!skip_value(&data))
			return;
	}
}

static enum err read_plain(const char *bytes, size_t len, struct old_message *out, struct fault *fault)
{
	enum err e;

	if (len > OLD_MESSAGE_PLAIN)
		return fault_set(fault, ERR_TOO_LARGE, "too_large", "", "A message of this type has at most %u bytes.", OLD_MESSAGE_PLAIN);
	e = json_read(bytes, len, &out->document);
	if (e == ERR_SYNTAX)
		return fault_set(fault, e, "not_json", "", "The message is no JSON object.");
	if (e != ERR_NONE)
		return fault_set(fault, e, "no_memory", "", "There is no memory for the message.");
	out->event_id = json_text(out->document, "event_id");
	out->data = json_member(out->document, "data");
	return ERR_NONE;
}

enum err old_message_read(const char *bytes, size_t len, struct old_message *out, struct fault *fault)
{
	struct head h = { .type = "" };

	*out = (struct old_message){ .type = OLD_MESSAGE_UNKNOWN };
	if (len > OLD_MESSAGE_MAX)
		return fault_set(fault, ERR_TOO_LARGE, "too_large", "", "A message has at most %u bytes.", OLD_MESSAGE_MAX);
	read_head(bytes, len, &h);
	text_copy(out->source_central, sizeof(out->source_central), h.source);
	out->type = type_of(h.type);
	if (out->type == OLD_MESSAGE_SYNC_RESPONSE) {
		find_rows(h.data, out);
		return ERR_NONE;
	}
	if (h.type[0] == '\0' && h.peer_id[0] != '\0') {
		out->type = OLD_MESSAGE_PEER_ID;
		text_copy(out->source_central, sizeof(out->source_central), h.peer_id);
	} else if (h.type[0] == '\0') {
		return fault_set(fault, ERR_SYNTAX, "no_type", "", "The message is no JSON object with a type.");
	}
	return read_plain(bytes, len, out, fault);
}

void old_message_free(struct old_message *m)
{
	cJSON_Delete(m->document);
	*m = (struct old_message){ .type = OLD_MESSAGE_UNKNOWN };
}

enum err old_rows_next(const char **at, size_t *left, const char **row, size_t *len)
{
	struct span s = { *at, *at + *left };
	enum err e = ERR_NONE;

	if (*left == 0)
		return ERR_NOT_FOUND;
	skip_space(&s);
	(void)take(&s, ',');
	skip_space(&s);
	if (s.at == s.end || *s.at == ']')
		return ERR_NOT_FOUND;
	*row = s.at;
	if (*s.at != '{')
		return ERR_SYNTAX;
	if ((size_t)(s.end - s.at) > OLD_ROW_MAX)
		s.end = s.at + OLD_ROW_MAX;
	if (!skip_brackets(&s))
		e = ERR_SYNTAX;
	*len = (size_t)(s.at - *row);
	*left -= (size_t)(s.at - *at);
	*at = s.at;
	return e;
}

void old_message_begin(struct buf *out, const char *type, const char *source_central, int64_t timestamp, const char *event_id)
{
	buf_char(out, '{');
	json_add_text(out, "type", type);
	json_add_text(out, "source_central", source_central);
	json_add_integer(out, "timestamp", timestamp);
	if (event_id)
		json_add_text(out, "event_id", event_id);
	else
		json_add_raw(out, "event_id", "null");
	json_add_raw(out, "data", "{");
}

void old_message_end(struct buf *out)
{
	buf_str(out, "}}");
}
