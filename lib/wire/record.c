#include "wire/record.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "wire/json.h"

#define EVENT_ID_MAX 127 /* bytes */
#define PLATE_ID_MAX 63  /* bytes a plate_id may have; which plates are valid is the gate's matter */

/* Fields of data that are read and written alike, in the order in which they are written. */
enum field_kind {
	FIELD_TEXT,         /* const char *, left out when NULL */
	FIELD_TEXT_OR_NULL, /* const char *, null when NULL */
	FIELD_INTEGER,      /* int64_t, left out when -1 */
	FIELD_RATIO         /* double ≥ 0, left out when -1 */
};
struct field {
	const char *name;
	enum field_kind kind;
	size_t offset; /* in struct record */
};

#define FIELD(kind, member, name) { #name, kind, offsetof(struct record, data.member.name) }
#define END { NULL, FIELD_TEXT, 0 }

static const struct field entry_fields[] = {
	FIELD(FIELD_TEXT, entry, plate_id),
	FIELD(FIELD_TEXT, entry, plate_view),
	FIELD(FIELD_TEXT, entry, edge_id),
	FIELD(FIELD_TEXT, entry, camera_type),
	FIELD(FIELD_TEXT, entry, camera_id),
	FIELD(FIELD_TEXT, entry, camera_name),
	FIELD(FIELD_TEXT, entry, direction),
	FIELD(FIELD_TEXT, entry, entry_time),
	FIELD(FIELD_INTEGER, entry, entry_ts),
	FIELD(FIELD_RATIO, entry, confidence),
	FIELD(FIELD_TEXT, entry, source),
	FIELD(FIELD_TEXT, entry, by),
	FIELD(FIELD_TEXT, entry, why),
	END
};
static const struct field confirmed_fields[] = {
	FIELD(FIELD_TEXT, confirmed, confirmed_time),
	FIELD(FIELD_INTEGER, confirmed, confirmed_ts),
	END
};
static const struct field exit_fields[] = {
	FIELD(FIELD_TEXT, exit, plate_id),
	FIELD(FIELD_TEXT, exit, exit_central),
	FIELD(FIELD_TEXT, exit, exit_edge),
	FIELD(FIELD_TEXT, exit, camera_id),
	FIELD(FIELD_TEXT, exit, camera_name),
	FIELD(FIELD_TEXT, exit, exit_time),
	FIELD(FIELD_INTEGER, exit, exit_ts),
	FIELD(FIELD_INTEGER, exit, fee),
	FIELD(FIELD_TEXT, exit, duration),
	FIELD(FIELD_TEXT_OR_NULL, exit, tariff),
	FIELD(FIELD_TEXT, exit, reason),
	FIELD(FIELD_TEXT, exit, edge_event_id),
	FIELD(FIELD_INTEGER, exit, edge_fee),
	FIELD(FIELD_TEXT, exit, by),
	FIELD(FIELD_TEXT, exit, why),
	END
};
static const struct field correction_fields[] = {
	FIELD(FIELD_TEXT, correction, plate_id),
	FIELD(FIELD_TEXT, correction, plate_view),
	FIELD(FIELD_TEXT, correction, by),
	FIELD(FIELD_TEXT, correction, why),
	END
};
static const struct field void_fields[] = {
	FIELD(FIELD_TEXT, correction, by),
	FIELD(FIELD_TEXT, correction, why),
	END
};
static const struct field no_fields[] = { END };

static const struct {
	const char *name;
	const struct field *fields;
} types[] = {
	[RECORD_UNKNOWN] = { NULL, no_fields },
	[RECORD_LOG_OPEN] = { "LOG_OPEN", no_fields },
	[RECORD_ENTRY] = { "VEHICLE_ENTRY_PENDING", entry_fields },
	[RECORD_CONFIRMED] = { "VEHICLE_ENTRY_CONFIRMED", confirmed_fields },
	[RECORD_EXIT] = { "VEHICLE_EXIT", exit_fields },
	[RECORD_CORRECTION] = { "HISTORY_UPDATE", correction_fields },
	[RECORD_VOID] = { "HISTORY_DELETE", void_fields },
	[RECORD_CONFIG] = { "CONFIG_UPDATE", no_fields },
};
#define TYPE_COUNT (sizeof types / sizeof types[0])

const char *record_type_name(enum record_type type)
{
	return types[type].name;
}

static enum record_type type_of(const char *name)
{
	for (size_t i = RECORD_UNKNOWN + 1; i < TYPE_COUNT; i++)
		if (strcmp(types[i].name, name) == 0)
			return (enum record_type)i;
	return RECORD_UNKNOWN;
}

void exit_name_make(const char *log, int64_t seq, char out[EXIT_NAME_SIZE])
{
	text_format(out, EXIT_NAME_SIZE, "exit_%s_%" PRId64, log, seq);
}

bool exit_name_is(const char *event_id)
{
	char log[LOG_ID_SIZE];
	const char *digits;

	if (strncmp(event_id, "exit_", 5) != 0 || strnlen(event_id + 5, LOG_ID_SIZE) < LOG_ID_SIZE)
		return false;
	memcpy(log, event_id + 5, LOG_ID_SIZE - 1);
	log[LOG_ID_SIZE - 1] = '\0';
	digits = event_id + 5 + LOG_ID_SIZE;
	/* one name an exit: no leading zeros, so that "…_01" does not name what "…_1" names */
	return hex_is(log, LOG_ID_SIZE - 1) && digits[-1] == '_' && *digits >= '1' && *digits <= '9'
		&& digits[strspn(digits, "0123456789")] == '\0';
}

static const char *text_or_empty(const char *text)
{
	return text ? text : "";
}

static bool text_within(const char *text, size_t max)
{
	return text && *text && strlen(text) <= max;
}

/* --- reading --- */

static void read_fields(const struct cJSON *data, const struct field *f, struct record *r)
{
	for (; f->name; f++) {
		void *to = (char *)r + f->offset;
		const struct cJSON *item = json_member(data, f->name);

		switch (f->kind) {
		case FIELD_TEXT:
		case FIELD_TEXT_OR_NULL:
			*(const char **)to = cJSON_IsString(item) ? item->valuestring : NULL;
			break;
		case FIELD_INTEGER:
			if (!json_is_integer(item, 0, INTEGER_MAX, to))
				*(int64_t *)to = -1;
			break;
		case FIELD_RATIO:
			*(double *)to = cJSON_IsNumber(item) && isfinite(item->valuedouble) && item->valuedouble >= 0 ?
				item->valuedouble : -1;
			break;
		}
	}
}

static bool read_log_open(const struct cJSON *data, struct log_open_data *out)
{
	const struct cJSON *previous = json_member(data, "previous");
	bool good = true;

	out->id = json_text(data, "id");
	out->writer = json_text(data, "writer");
	if (previous && !cJSON_IsNull(previous)) {
		out->previous_log = json_text(previous, "log");
		out->previous_seq = json_integer(previous, "seq", 1, INTEGER_MAX, 0);
		good = json_hex(previous, "chain", out->previous_chain.byte, CHAIN_BYTES) && out->previous_seq > 0 &&
			out->previous_log && hex_is(out->previous_log, LOG_ID_SIZE - 1);
	}
	if (!good)
		out->previous_log = NULL;
	return json_hex(data, "public_key", out->public_key, KEY_BYTES) && json_hex(data, "random", out->random, LOG_RANDOM_BYTES) &&
		out->id && central_id_valid(out->id) && text_within(out->writer, RECORD_MAX) && good;
}

/* ERR_MEMORY apart, because a record must not count as unreadable for that. */
static enum err read_config(const struct cJSON *data, struct record *r, bool *good)
{
	const struct cJSON *value = json_member(data, "value");
	struct config_data *out = &r->data.config;

	out->key = json_text(data, "key");
	out->by = json_text(data, "by");
	*good = text_within(out->key, RECORD_MAX);
	if (!value || cJSON_IsNull(value))
		return ERR_NONE;
	r->config_value = cJSON_PrintUnformatted(value);
	out->value = r->config_value;
	return out->value ? ERR_NONE : ERR_MEMORY;
}

/* data by type; good says whether the merge has what it needs. */
static enum err read_data(const struct cJSON *data, struct record *r, bool *good)
{
	read_fields(data, types[r->type].fields, r);
	*good = text_within(r->event_id, EVENT_ID_MAX);
	switch (r->type) {
	case RECORD_UNKNOWN:
		*good = false;
		break;
	case RECORD_LOG_OPEN:
		*good = read_log_open(data, &r->data.log_open);
		break;
	case RECORD_ENTRY:
		*good = *good && !exit_name_is(r->event_id) && text_within(r->data.entry.plate_id, PLATE_ID_MAX);
		break;
	case RECORD_EXIT:
		*good = r->data.exit.fee >= 0 && text_within(r->data.exit.plate_id, PLATE_ID_MAX);
		break;
	case RECORD_CORRECTION:
		*good = *good && text_within(r->data.correction.plate_id, PLATE_ID_MAX);
		break;
	case RECORD_CONFIRMED:
	case RECORD_VOID:
		break;
	case RECORD_CONFIG:
		return read_config(data, r, good);
	}
	return ERR_NONE;
}

/* "ms.counter", each as a number is written: no sign, no leading zero. */
static bool read_hlc(const char *text, struct hlc *out)
{
	char ms[17];
	size_t len = text ? strcspn(text, ".") : 0;

	if (len == 0 || len >= sizeof ms || text[len] != '.' || (text[0] == '0' && len > 1))
		return false;
	memcpy(ms, text, len);
	ms[len] = '\0';
	text += len + 1;
	return (text[0] != '0' || text[1] == '\0') && number_parse(ms, INTEGER_MAX, &out->ms) &&
		number_parse(text, INTEGER_MAX, &out->counter);
}

static enum err read_document(struct record *r)
{
	const struct cJSON *data = json_member(r->document, "data");
	const char *log = json_text(r->document, "log"), *via = json_text(data, "via");
	bool good;
	enum err e;

	r->seq = json_integer(r->document, "seq", 1, INTEGER_MAX, 0);
	if (r->seq < 1 || !log || !hex_is(log, LOG_ID_SIZE - 1))
		return ERR_SYNTAX;
	memcpy(r->log, log, LOG_ID_SIZE);
	r->type_name = text_or_empty(json_text(r->document, "type"));
	r->type = type_of(r->type_name);
	r->source_central = text_or_empty(json_text(r->document, "source_central"));
	r->timestamp = json_integer(r->document, "timestamp", 0, INTEGER_MAX, -1);
	r->event_id = json_text(r->document, "event_id");
	if (r->event_id && !*r->event_id)
		r->event_id = NULL;
	r->has_hlc = read_hlc(json_text(r->document, "hlc"), &r->hlc);
	r->at = json_integer(r->document, "at", 0, INTEGER_MAX, -1);
	r->legacy = via && strcmp(via, "legacy") == 0;
	e = read_data(data, r, &good);
	r->readable = good && r->has_hlc && r->at >= 0 && central_id_valid(r->source_central) &&
		(!r->event_id || text_within(r->event_id, EVENT_ID_MAX));
	return e;
}

enum err record_parse(const char *line, size_t len, struct record *out)
{
	enum err e;

	memset(out, 0, sizeof *out);
	if (len > RECORD_MAX)
		return ERR_TOO_LARGE;
	if (memchr(line, '\n', len))
		return ERR_SYNTAX;
	e = json_read(line, len, &out->document);
	if (e == ERR_NONE)
		e = read_document(out);
	if (e != ERR_NONE)
		record_free(out);
	return e;
}

void record_free(struct record *r)
{
	cJSON_Delete(r->document);
	cJSON_free(r->config_value);
	memset(r, 0, sizeof *r);
}

/* --- writing --- */

static void write_fields(struct buf *out, const struct field *f, const struct record *r)
{
	for (; f->name; f++) {
		const void *from = (const char *)r + f->offset;
		const char *text;

		switch (f->kind) {
		case FIELD_TEXT:
			json_add_text(out, f->name, *(const char *const *)from);
			break;
		case FIELD_TEXT_OR_NULL:
			text = *(const char *const *)from;
			if (text)
				json_add_text(out, f->name, text);
			else
				json_add_raw(out, f->name, "null");
			break;
		case FIELD_INTEGER:
			json_add_integer(out, f->name, *(const int64_t *)from);
			break;
		case FIELD_RATIO:
			if (*(const double *)from >= 0) {
				json_add_name(out, f->name);
				buf_printf(out, "%.4g", *(const double *)from);
			}
			break;
		}
	}
}

static void write_log_open(struct buf *out, const struct log_open_data *d)
{
	json_add_text(out, "id", d->id);
	json_add_text(out, "writer", d->writer);
	json_add_hex(out, "public_key", d->public_key, KEY_BYTES);
	json_add_hex(out, "random", d->random, LOG_RANDOM_BYTES);
	if (!d->previous_log) {
		json_add_raw(out, "previous", "null");
		return;
	}
	json_add_raw(out, "previous", "{");
	json_add_text(out, "log", d->previous_log);
	json_add_integer(out, "seq", d->previous_seq);
	json_add_hex(out, "chain", d->previous_chain.byte, CHAIN_BYTES);
	buf_char(out, '}');
}

static void write_data(struct buf *out, const struct record *r)
{
	json_add_raw(out, "data", "{");
	if (r->type == RECORD_LOG_OPEN)
		write_log_open(out, &r->data.log_open);
	if (r->type == RECORD_CONFIG) {
		json_add_text(out, "key", r->data.config.key);
		json_add_raw(out, "value", r->data.config.value ? r->data.config.value : "null");
		json_add_text(out, "by", r->data.config.by);
	}
	write_fields(out, types[r->type].fields, r);
	if (r->legacy)
		json_add_text(out, "via", "legacy");
	buf_char(out, '}');
}

enum err record_write(const struct record *r, struct buf *out)
{
	size_t start = out->len;

	buf_char(out, '{');
	json_add_text(out, "type", record_type_name(r->type));
	json_add_text(out, "source_central", r->source_central);
	json_add_integer(out, "timestamp", r->timestamp);
	json_add_text(out, "event_id", r->event_id);
	json_add_text(out, "log", r->log);
	json_add_integer(out, "seq", r->seq);
	if (r->has_hlc) {
		json_add_name(out, "hlc");
		buf_printf(out, "\"%" PRId64 ".%" PRId64 "\"", r->hlc.ms, r->hlc.counter);
	}
	json_add_integer(out, "at", r->at);
	write_data(out, r);
	buf_char(out, '}');
	if (out->failed || out->len - start > RECORD_MAX)
		return ERR_TOO_LARGE;
	/* A line that no peer could read would stop this log everywhere, for ever. */
	return r->seq >= 1 && r->seq <= INTEGER_MAX && hex_is(r->log, LOG_ID_SIZE - 1) &&
		!memchr(out->data + start, '\n', out->len - start) && json_is_object(out->data + start, out->len - start) ?
		ERR_NONE : ERR_INVALID;
}
