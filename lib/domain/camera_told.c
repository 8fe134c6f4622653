#include "domain/camera_told.h"

#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "domain/camera_change.h"
#include "wire/fields.h"
#include "wire/json.h"

#define SOURCE_BYTES 63
#define TEXT_BYTES 65536            /* of a plate as it was read; what it is reduced to is looked at */
#define COUNT(list) (sizeof(list) / sizeof(*(list)))

/* Beside type, event_id and camera_id, which are read first: a refusal is logged with them. */
enum { CAMERA_NAME, CAMERA_TYPE, TIMESTAMP, SENT_AT, EVENT_FIELDS };
static const struct field event_fields[EVENT_FIELDS] = {
	[CAMERA_NAME] = { "camera_name", FIELD_TEXT, FROM_BODY, false, 0, CAMERA_NAME_SIZE - 1, NULL },
	[CAMERA_TYPE] = { "camera_type", FIELD_TEXT, FROM_BODY, false, 0, CAMERA_TYPE_SIZE - 1, NULL },
	[TIMESTAMP] = { "timestamp", FIELD_REAL, FROM_BODY, false, 0, INTEGER_MAX, NULL },
	[SENT_AT] = { "sent_at", FIELD_REAL, FROM_BODY, false, 0, INTEGER_MAX, NULL },
};

enum { PLATE_TEXT, CONFIDENCE, SOURCE, EDGE, PLATE_VIEW, DATA_FIELDS };
static const struct field data_fields[DATA_FIELDS] = {
	[PLATE_TEXT] = { "plate_text", FIELD_TEXT, FROM_BODY, true, 0, TEXT_BYTES, NULL },
	[CONFIDENCE] = { "confidence", FIELD_REAL, FROM_BODY, false, 0, 1, NULL },
	[SOURCE] = { "source", FIELD_TEXT, FROM_BODY, false, 0, SOURCE_BYTES, NULL },
	[EDGE] = { "edge_id", FIELD_TEXT, FROM_BODY, false, 1, EDGE_ID_SIZE - 1, NULL },
	[PLATE_VIEW] = { "plate_view", FIELD_TEXT, FROM_BODY, false, 0, PLATE_VIEW_SIZE - 1, NULL },
};

/* ---- reading ---- */

static bool is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 127)
			return false;
	return true;
}

enum err camera_id_read(const struct cJSON *document, char out[CAMERA_ID_SIZE], struct fault *fault)
{
	const char *text = json_text(document, "camera_id");
	int64_t number = json_integer(document, "camera_id", 0, INTEGER_MAX, -1);
	bool fits = true;

	out[0] = '\0';
	if (number >= 0)
		text_format(out, CAMERA_ID_SIZE, "%lld", (long long)number);
	else if (text != NULL)
		fits = text_copy(out, CAMERA_ID_SIZE, text);
	if (!fits || !is_plain(out) || (text != NULL && text[0] == '\0')) {
		out[0] = '\0';
		return fault_set(fault, ERR_INVALID, "invalid_value", "camera_id", "camera_id has to have 1 to %d plain bytes.",
			CAMERA_ID_SIZE - 1);
	}
	if (out[0] == '\0')
		return fault_set(fault, ERR_FIELD, json_member(document, "camera_id") != NULL ? "wrong_type" : "missing_field", "camera_id",
			"camera_id has to be given, as a text or a whole number.");
	return ERR_NONE;
}

bool camera_box_read(const char *bytes, size_t len, char edge_id[EDGE_ID_SIZE])
{
	struct cJSON *frame;
	const char *text;
	int64_t number;
	bool good = false;

	if (json_read(bytes, len, &frame) != ERR_NONE)
		return false;
	text = json_text(frame, "edge_id");
	number = json_integer(frame, "edge_id", 0, INTEGER_MAX, -1);
	if (text != NULL)
		good = text[0] != '\0' && text_copy(edge_id, EDGE_ID_SIZE, text) && is_plain(edge_id);
	else if (number >= 0)
		good = text_format(edge_id, EDGE_ID_SIZE, "%lld", (long long)number);
	json_free(frame);
	return good;
}

static enum err read_type(struct camera_told *t, bool by_box)
{
	static const struct { const char *type; enum direction direction; enum camera_change change; } kinds[] = {
		{ "ENTRY", DIRECTION_ENTRY, CHANGE_NONE }, { "DETECTION", DIRECTION_ENTRY, CHANGE_NONE },
		{ "EXIT", DIRECTION_EXIT, CHANGE_NONE },
		{ "UPDATE", DIRECTION_ANY, CHANGE_PLATE }, { "DELETE", DIRECTION_ANY, CHANGE_VOID },
		{ "LOCATION_UPDATE", DIRECTION_ANY, CHANGE_LOCATION },
	};
	struct camera_event *ev = &t->event;

	ev->type = json_text(t->document, "type");
	if (ev->type == NULL)
		return fault_set(&t->fault, ERR_FIELD, "missing_field", "type", "type has to be given, as a text.");
	for (size_t i = 0; i < COUNT(kinds); i++) {
		if (strcmp(ev->type, kinds[i].type) != 0 || (kinds[i].change != CHANGE_NONE && !by_box))
			continue;
		ev->direction = kinds[i].direction;
		ev->change = kinds[i].change;
		return ERR_NONE;
	}
	return fault_set(&t->fault, ERR_INVALID, "unknown_type", "type", by_box ?
		"type has to be ENTRY, EXIT, DETECTION, UPDATE, DELETE or LOCATION_UPDATE." : "type has to be ENTRY, EXIT or DETECTION.");
}

static enum err read_event_id(struct camera_told *t)
{
	const char *text = json_text(t->document, "event_id");

	if (text == NULL && !json_is_nothing(json_member(t->document, "event_id")))
		return fault_set(&t->fault, ERR_FIELD, "wrong_type", "event_id", "event_id has to be a text.");
	t->event.event_id = text != NULL && text[0] != '\0' ? text : NULL;
	if (t->event.change != CHANGE_NONE && t->event.event_id == NULL)
		return fault_set(&t->fault, ERR_FIELD, "missing_field", "event_id", "event_id has to say which event is meant.");
	return ERR_NONE;
}

static double real_of(const struct value *value)
{
	return value->given ? value->real : -1;
}

static enum err read_camera(struct camera_told *t, const char *box)
{
	struct camera_event *ev = &t->event;
	struct value values[EVENT_FIELDS];
	bool needed = ev->change == CHANGE_NONE || !json_is_nothing(json_member(t->document, "camera_id"));
	enum err e = needed ? camera_id_read(t->document, t->camera_id, &t->fault) : ERR_NONE;

	if (e != ERR_NONE)
		return e;
	if (box == NULL)
		camera_edge(t->camera_id, t->edge_id);
	ev->camera_id = t->camera_id[0] != '\0' ? t->camera_id : NULL;
	ev->edge_id = t->edge_id;
	e = fields_read(event_fields, EVENT_FIELDS, t->document, "", values, &t->fault);
	ev->camera_name = values[CAMERA_NAME].text;
	ev->camera_type = values[CAMERA_TYPE].text;
	ev->time = (struct edge_time){ .timestamp = real_of(&values[TIMESTAMP]), .sent_at = real_of(&values[SENT_AT]) };
	return e;
}

static enum err read_plate(const struct value values[DATA_FIELDS], struct camera_event *out, struct fault *fault)
{
	const char *view = values[PLATE_VIEW].text;
	size_t len = plate_reduce(values[PLATE_TEXT].text, out->plate_id);

	if (view != NULL && view[0] != '\0')
		text_copy(out->plate_view, sizeof(out->plate_view), view);
	else
		plate_view_make(out->plate_id, out->plate_view);
	if (len < PLATE_MIN)
		return fault_set(fault, ERR_INVALID, "plate_too_short", "data.plate_text", "Invalid plate number (too short)");
	if (len > PLATE_MAX)
		return fault_set(fault, ERR_INVALID, "plate_too_long", "data.plate_text", "Invalid plate number (too long)");
	return ERR_NONE;
}

static enum err read_data(struct camera_told *t)
{
	const struct cJSON *data = json_member(t->document, "data");
	struct value values[DATA_FIELDS];
	enum err e;

	if (!json_is_map(data))
		return fault_set(&t->fault, ERR_FIELD, data != NULL ? "wrong_type" : "missing_field", "data",
			"data has to be an object.");
	e = fields_read(data_fields, DATA_FIELDS, data, "data.", values, &t->fault);
	if (values[EDGE].text != NULL)
		text_copy(t->edge_id, sizeof(t->edge_id), values[EDGE].text);
	t->event.confidence = real_of(&values[CONFIDENCE]);
	t->event.source = values[SOURCE].text;
	return e == ERR_NONE ? read_plate(values, &t->event, &t->fault) : e;
}

enum err camera_told_read(const char *bytes, size_t len, const char *box, struct camera_told *out)
{
	enum err e;

	*out = (struct camera_told){ .event = { .confidence = -1, .payload = bytes, .payload_len = len } };
	if (box != NULL) {
		text_copy(out->edge_id, sizeof(out->edge_id), box);
		out->event.edge_id = out->edge_id;
	}
	e = json_read(bytes, len, &out->document);
	if (e == ERR_SYNTAX)
		return fault_set(&out->fault, e, "malformed_json", "", "The body has to be one JSON object in UTF-8.");
	if (e == ERR_NONE)
		e = read_type(out, box != NULL);
	if (e == ERR_NONE)
		e = read_event_id(out);
	if (e == ERR_NONE)
		e = read_camera(out, box);
	if (e == ERR_NONE && (out->event.change == CHANGE_NONE || out->event.change == CHANGE_PLATE))
		e = read_data(out);
	return e;
}

void camera_told_free(struct camera_told *t)
{
	json_free(t->document);
	t->document = NULL;
}

/* ---- deciding ---- */

enum err camera_told_decide(struct ledger *l, struct camera_told *t)
{
	if (t->fault.code[0] != '\0') {
		t->answer = (struct camera_answer){ .outcome = CAMERA_REFUSED, .fault = t->fault };
		return camera_refuse(l, &t->event, &t->fault);
	}
	return t->event.change == CHANGE_NONE ? camera_event(l, &t->event, &t->answer) : camera_change(l, &t->event, &t->answer);
}

enum err camera_told_by(struct db *db, const struct camera_told *t, const char *edge_id, struct fault *fault)
{
	struct camera_row known;
	bool own = strcmp(t->edge_id, edge_id) == 0;
	enum err e = own && t->camera_id[0] != '\0' ? camera_find(db, t->camera_id, &known) : ERR_NOT_FOUND;

	if (e == ERR_NONE)
		own = strcmp(known.edge_id, edge_id) == 0;
	if (!own)
		return fault_set(fault, ERR_DENIED, "edge_mismatch", "edge_id", "This token is of another edge than the request names.");
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

/* ---- answering ---- */

static void add_fault(const struct fault *fault, struct buf *out)
{
	json_add_text(out, "error", fault->sentence);
	json_add_text(out, "code", fault->code);
	if (fault->field[0] != '\0')
		json_add_text(out, "field", fault->field);
}

void camera_told_refusal(const struct fault *fault, struct buf *out)
{
	buf_str(out, "{\"success\":false");
	add_fault(fault, out);
	buf_char(out, '}');
}

static void add_refused(const struct camera_answer *a, struct buf *out)
{
	add_fault(&a->fault, out);
	if (!a->already_inside)
		return;
	json_add_raw(out, "already_inside", "true");
	json_add_text(out, "entry_time", a->entry_time);
	json_add_text(out, "event_id", a->event_id);
}

static void add_accepted(const struct camera_event *ev, const struct camera_answer *a, struct buf *out)
{
	bool entry = ev->direction == DIRECTION_ENTRY;
	char message[PLATE_VIEW_SIZE + 32];

	text_format(message, sizeof(message), "Xe %s %s bãi", ev->plate_view, entry ? "VÀO" : "RA");
	json_add_text(out, "action", entry ? "ENTRY" : "EXIT");
	json_add_text(out, "message", message);
	json_add_text(out, "plate_id", ev->plate_id);
	json_add_text(out, "plate_view", ev->plate_view);
	json_add_integer(out, "history_id", a->history_id);
	json_add_text(out, "entry_time", a->entry_time);
	json_add_text(out, "event_id", a->event_id);
	if (entry)
		return;
	json_add_text(out, "exit_time", a->exit_time);
	json_add_text(out, "duration", a->duration);
	json_add_integer(out, "fee", a->fee);
}

static void add_changed(const struct camera_event *ev, const struct camera_answer *a, struct buf *out)
{
	json_add_text(out, "action", ev->type);
	if (ev->change == CHANGE_PLATE) {
		json_add_text(out, "plate_id", ev->plate_id);
		json_add_text(out, "plate_view", ev->plate_view);
	}
	if (a->history_id > 0)
		json_add_integer(out, "history_id", a->history_id);
	json_add_text(out, "event_id", a->event_id);
}

void camera_told_answer(const struct camera_told *t, struct buf *out)
{
	const struct camera_answer *a = &t->answer;

	buf_str(out, a->outcome == CAMERA_REFUSED ? "{\"success\":false" : "{\"success\":true");
	if (a->outcome == CAMERA_REFUSED) {
		add_refused(a, out);
	} else if (a->outcome == CAMERA_REPEATED) {
		json_add_raw(out, "deduped", "true");
		json_add_text(out, "event_id", t->event.event_id);
	} else if (t->event.change != CHANGE_NONE) {
		add_changed(&t->event, a, out);
	} else {
		add_accepted(&t->event, a, out);
	}
	buf_char(out, '}');
}
