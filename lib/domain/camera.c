#include "domain/camera.h"

#include <string.h>

#include "base/text.h"
#include "domain/ledger.h"
#include "domain/stay.h"

#define ONLINE_MS (60 * 1000)
#define CLOCK_KNOWN_MS (2 * 60 * 1000)
#define PAYLOAD_KEPT 2048           /* bytes of an event that the log keeps */
#define NAME_HASH_DIGITS 32

/* ---- what heartbeats say ---- */

bool camera_online(const struct camera_row *camera, int64_t now_ms)
{
	int64_t last = camera->heartbeat_ms > camera->event_ms ? camera->heartbeat_ms : camera->event_ms;

	return now_ms - last <= ONLINE_MS;
}

bool camera_clock_known(const struct camera_row *camera, int64_t now_ms)
{
	return camera->clock_good && now_ms - camera->heartbeat_ms <= CLOCK_KNOWN_MS;
}

enum err camera_edge_clock_known(struct db *db, const char *edge_id, int64_t now_ms, bool *out)
{
	struct camera_row camera;
	enum err e = camera_find_of_edge(db, edge_id, &camera);

	*out = e == ERR_NONE && camera_clock_known(&camera, now_ms);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

void camera_edge(const char *camera_id, char out[EDGE_ID_SIZE])
{
	text_format(out, EDGE_ID_SIZE, "edge-%s", camera_id);
}

enum err camera_heartbeat(struct db *db, struct camera_row *row, double timestamp, int64_t now_ms)
{
	enum err e;

	row->heartbeat_ms = now_ms;
	row->clock_good = edge_clock_good(timestamp, now_ms);
	e = camera_heard(db, row);
	return e == ERR_NONE ? edge_seen(db, row->edge_id, now_ms) : e;
}

/* ---- names ---- */

void camera_event_name(const char *event_id, char out[EVENT_ID_SIZE])
{
	unsigned char hash[DIGEST_BYTES];
	char digits[2 * DIGEST_BYTES + 1];
	bool plain = !exit_name_is(event_id) && strlen(event_id) < EVENT_ID_SIZE;

	for (const char *c = event_id; plain && *c != '\0'; c++)
		plain = (unsigned char)*c >= ' ' && *c != 127;
	if (plain) {
		text_copy(out, EVENT_ID_SIZE, event_id);
		return;
	}
	digest_make(NULL, 0, event_id, strlen(event_id), hash);
	hex_encode(digits, hash, sizeof(hash));
	text_format(out, EVENT_ID_SIZE, "edge_%.*s", NAME_HASH_DIGITS, digits);
}

/* The event with what is worked out of it. */
struct event {
	const struct camera_event *told;
	char name[EVENT_ID_SIZE];           /* "" it has none */
	int64_t now_ms, reported_at;        /* reported_at: -1 if the box's time does not count */
	struct moment when;
	struct camera_answer *out;
};

static enum err is_repeat(struct db *db, const struct event *ev, bool *out)
{
	*out = false;
	if (ev->name[0] == '\0')
		return ERR_NONE;
	return ev->told->direction == DIRECTION_ENTRY ? entry_was_told(db, ev->name, out) : exit_was_told(db, ev->name, out);
}

/* An entry that was refused because the car is inside stays refused when it is told again: by then the car may have left, and the
 * repeat of an old sighting must not let it in anew. */
static enum err was_refused(struct db *db, const struct event *ev, bool *out)
{
	*out = false;
	if (ev->name[0] == '\0' || ev->told->direction != DIRECTION_ENTRY)
		return ERR_NONE;
	return event_was_refused(db, ev->name, ev->told->type, "already_inside", out);
}

static void answer_stay(struct camera_answer *out, const struct stay_row *stay)
{
	out->history_id = stay->id;
	text_copy(out->event_id, sizeof(out->event_id), stay->event_id);
	text_copy(out->entry_time, sizeof(out->entry_time), stay->entry_time);
}

/* ---- coming in ---- */

static enum err enter(struct ledger *l, const struct event *ev)
{
	const struct camera_event *told = ev->told;
	struct entry_write w = { .plate_id = told->plate_id, .plate_view = told->plate_view, .edge_id = told->edge_id,
		.camera_id = told->camera_id, .camera_name = told->camera_name, .camera_type = told->camera_type, .source = told->source,
		.confidence = told->confidence, .event_id = ev->name, .when = ev->when };
	struct stay_row stay;
	enum err e = stay_inside(ledger_db(l), told->plate_id, ev->when.as_of, &stay);

	if (e == ERR_NONE) {
		ev->out->outcome = CAMERA_REFUSED;
		ev->out->already_inside = true;
		fault_set(&ev->out->fault, ERR_CONFLICT, "already_inside", "", "%s is inside already, since %s.", told->plate_id,
			stay.entry_time);
	} else if (e == ERR_NOT_FOUND) {
		e = gate_write_entry(l, &w, &stay);
	}
	if (e == ERR_NONE)
		answer_stay(ev->out, &stay);
	return e;
}

/* ---- going out ---- */

/* Which stay an exit ends, and which it names: the same, but for an exit of a stay that has ended already. */
struct ending { struct stay_row stay; bool inside, named; };

/* From a stay that lost, or whose exit was missed, to the one that stands for it now. */
static enum err follow(struct db *db, struct stay_row *stay)
{
	enum err e = ERR_NONE;

	for (int i = 0; e == ERR_NONE && i < 100; i++) {
		const char *next = stay->status == STAY_SUPERSEDED ? stay->superseded_by : stay->missed_by;
		char name[STAY_NAME_SIZE];

		if (stay->status == STAY_IN || next[0] == '\0')
			break;
		text_copy(name, sizeof(name), next);
		e = stay_find(db, name, stay);
	}
	return e;
}

static enum err stay_of_plate(struct db *db, const char *plate_id, int64_t as_of, struct ending *out)
{
	enum err e = stay_inside(db, plate_id, as_of, &out->stay);

	out->inside = out->named = e == ERR_NONE;
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

/* The stay called name, if the exit carries its entry's id: then it is that one, or the one that stands for it, whatever plate was
 * read now. ERR_NOT_FOUND: no stay is called that. */
static enum err stay_called(struct db *db, const char *name, struct stay_row *out)
{
	enum err e = name[0] == '\0' ? ERR_NOT_FOUND : stay_find(db, name, out);

	if (e == ERR_NONE && (!out->has_entry || out->status == STAY_VOID))
		return ERR_NOT_FOUND;
	return e == ERR_NONE ? follow(db, out) : e;
}

static enum err find_ending(struct db *db, struct event *ev, struct ending *out)
{
	struct stay_row then;
	enum err e;

	*out = (struct ending){ 0 };
	e = stay_called(db, ev->name, &out->stay);
	if (e == ERR_NOT_FOUND)
		return stay_of_plate(db, ev->told->plate_id, ev->when.as_of, out);
	/* It counts after all that is known of its stay's plate, too. */
	if (e == ERR_NONE)
		e = moment_of(db, ev->told->plate_id, out->stay.plate_id, ev->reported_at, ev->now_ms, &ev->when);
	if (e != ERR_NONE)
		return e;
	out->named = true;
	out->inside = out->stay.status == STAY_IN;
	if (out->inside || ev->when.as_of == INT64_MAX)
		return ERR_NONE;
	e = stay_inside(db, out->stay.plate_id, ev->when.as_of, &then);
	out->inside = e == ERR_NONE && strcmp(then.event_id, out->stay.event_id) == 0;
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

static enum err leave(struct ledger *l, struct event *ev)
{
	const struct camera_event *told = ev->told;
	struct exit_write w = { .plate_id = told->plate_id, .edge_id = told->edge_id, .camera_id = told->camera_id,
		.camera_name = told->camera_name, .edge_event_id = ev->name, .edge_fee = -1 };
	struct exit_written written;
	struct ending ending;
	enum err e = find_ending(ledger_db(l), ev, &ending);

	if (e != ERR_NONE)
		return e;
	w.stay = ending.named ? &ending.stay : NULL;
	w.reason = ending.inside ? "normal" : "unmatched";
	w.fee = ending.inside ? -1 : 0;
	w.when = ev->when;
	e = gate_write_exit(l, &w, &written);
	if (e != ERR_NONE)
		return e;
	if (!ending.inside) {
		ev->out->outcome = CAMERA_REFUSED;
		fault_set(&ev->out->fault, ERR_CONFLICT, "no_entry", "", "No entry of %s is known.", told->plate_id);
		return ERR_NONE;
	}
	answer_stay(ev->out, &ending.stay);
	ev->out->fee = written.fee;
	text_copy(ev->out->exit_time, sizeof(ev->out->exit_time), written.exit_time);
	text_copy(ev->out->duration, sizeof(ev->out->duration), written.duration);
	return ERR_NONE;
}

/* ---- one event ---- */

static enum err note(struct db *db, const struct camera_event *ev, const char *name, bool accepted, const char *code)
{
	struct event_row row = { .type = ev->type, .event_id = name[0] == '\0' ? NULL : name, .camera_id = ev->camera_id,
		.edge_id = ev->edge_id, .plate_id = ev->plate_id[0] == '\0' ? NULL : ev->plate_id, .accepted = accepted, .code = code,
		.received_ms = ev->arrived_ms };
	char payload[PAYLOAD_KEPT + 1] = "";

	if (utf8_valid(ev->payload, ev->payload_len))
		text_format(payload, sizeof(payload), "%.*s", (int)ev->payload_len, ev->payload);
	row.payload = payload;
	row.payload_len = strlen(payload);
	return event_insert(db, &row);
}

static enum err heard_of(struct db *db, const struct camera_event *ev, struct event *out)
{
	struct camera_row camera = { 0 };
	struct edge_time time = ev->time;
	enum err e = camera_find(db, ev->camera_id, &camera);

	if (e != ERR_NONE && e != ERR_NOT_FOUND)
		return e;
	time.clock_known = e == ERR_NONE && camera_clock_known(&camera, ev->arrived_ms);
	out->reported_at = edge_time_counts(&time, ev->arrived_ms);
	e = moment_of(db, ev->plate_id, NULL, out->reported_at, out->now_ms, &out->when);
	if (e != ERR_NONE)
		return e;
	camera = (struct camera_row){ .event_ms = ev->arrived_ms };
	text_copy(camera.camera_id, sizeof(camera.camera_id), ev->camera_id);
	text_copy(camera.camera_name, sizeof(camera.camera_name), ev->camera_name == NULL ? "" : ev->camera_name);
	text_copy(camera.camera_type, sizeof(camera.camera_type), ev->camera_type == NULL ? "" : ev->camera_type);
	text_copy(camera.edge_id, sizeof(camera.edge_id), ev->edge_id);
	return camera_sent_event(db, &camera);
}

enum err camera_event(struct ledger *l, const struct camera_event *told, struct camera_answer *out)
{
	struct db *db = ledger_db(l);
	struct event ev = { .told = told, .now_ms = world_wall_ms(ledger_world(l)), .out = out };
	bool repeat = false, refused = false;
	enum err e = heard_of(db, told, &ev);

	*out = (struct camera_answer){ .outcome = CAMERA_ACCEPTED };
	if (told->event_id != NULL)
		camera_event_name(told->event_id, ev.name);
	if (e == ERR_NONE)
		e = is_repeat(db, &ev, &repeat);
	if (e == ERR_NONE && repeat) {
		out->outcome = CAMERA_REPEATED;
		return note(db, told, ev.name, true, "deduped");
	}
	if (e == ERR_NONE)
		e = was_refused(db, &ev, &refused);
	if (e == ERR_NONE && refused) {
		out->outcome = CAMERA_REFUSED;
		fault_set(&out->fault, ERR_CONFLICT, "already_inside", "", "This event was refused before: %s was inside already.", told->plate_id);
	} else if (e == ERR_NONE) {
		e = told->direction == DIRECTION_ENTRY ? enter(l, &ev) : leave(l, &ev);
	}
	return e == ERR_NONE ? note(db, told, ev.name, out->outcome == CAMERA_ACCEPTED, out->fault.code) : e;
}

enum err camera_note(struct ledger *l, const struct camera_event *ev, const struct camera_answer *decided)
{
	static const char *const codes[] = { [CAMERA_ACCEPTED] = "", [CAMERA_REPEATED] = "deduped" };
	bool accepted = decided->outcome != CAMERA_REFUSED;
	char name[EVENT_ID_SIZE] = "";

	if (ev->event_id != NULL)
		camera_event_name(ev->event_id, name);
	return note(ledger_db(l), ev, name, accepted, accepted ? codes[decided->outcome] : decided->fault.code);
}

enum err camera_refuse(struct ledger *l, const struct camera_event *ev, const struct fault *fault)
{
	const struct camera_answer refused = { .outcome = CAMERA_REFUSED, .fault = *fault };

	return camera_note(l, ev, &refused);
}
