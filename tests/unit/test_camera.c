#include "test.h"

#include "central.h"
#include "domain/camera.h"
#include "domain/camera_told.h"
#include "domain/stay.h"
#include "store/db_internal.h"
#include "store/kept.h"
#include "wire/json.h"

#define SECOND 1000LL
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

/* ---- clocks and silence ---- */

TEST(a_camera_is_offline_after_60_s_of_silence)
{
	const int64_t now = CENTRAL_TIME;

	CHECK(camera_online(&(struct camera_row){ .heartbeat_ms = now - 60 * SECOND }, now));
	CHECK(!camera_online(&(struct camera_row){ .heartbeat_ms = now - 60 * SECOND - 1 }, now));
	CHECK(camera_online(&(struct camera_row){ .heartbeat_ms = 0, .event_ms = now - 60 * SECOND }, now));
	CHECK(!camera_online(&(struct camera_row){ 0 }, now));
}

TEST(a_heartbeat_speaks_for_its_clock_for_two_minutes)
{
	const int64_t now = CENTRAL_TIME;

	CHECK(camera_clock_known(&(struct camera_row){ .heartbeat_ms = now - 2 * MINUTE, .clock_good = true }, now));
	CHECK(!camera_clock_known(&(struct camera_row){ .heartbeat_ms = now - 2 * MINUTE - 1, .clock_good = true }, now));
	CHECK(!camera_clock_known(&(struct camera_row){ .heartbeat_ms = now }, now));
	CHECK(edge_clock_good((double)(now + 60 * SECOND), now));
	CHECK(edge_clock_good((double)(now - 60 * SECOND) / 1000, now));
	CHECK(!edge_clock_good((double)(now + 60 * SECOND + 1), now));
	CHECK(!edge_clock_good((double)(now - 60 * SECOND - 1), now));
	CHECK(!edge_clock_good(-1, now));
}

TEST(a_known_clock_counts_where_nothing_was_sent_of_it)
{
	const int64_t now = CENTRAL_TIME, at = now - HOUR;
	const struct { double sent_at; bool known; int64_t counts; } cases[] = {
		{ -1, true, at }, { -1, false, -1 },
		{ (double)now, false, at },
		{ (double)(now - 61 * SECOND), true, -1 },   /* what the request itself says is newer */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct edge_time t = { .timestamp = (double)at, .sent_at = cases[i].sent_at, .clock_known = cases[i].known };

		if (edge_time_counts(&t, now) != cases[i].counts)
			test_fail(__FILE__, __LINE__, "case %zu", i);
	}
}

TEST(of_an_edges_cameras_the_one_heard_of_last_counts)
{
	struct central c;
	struct camera_row a = { .camera_id = "a", .edge_id = "gate" }, b = { .camera_id = "b", .edge_id = "gate" };
	bool known = false;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	CHECK_INT(camera_edge_clock_known(c.db, "gate", CENTRAL_TIME, &known), ERR_NONE);
	CHECK(!known);
	CHECK_INT(db_begin(c.db), ERR_NONE);
	CHECK_INT(camera_heartbeat(c.db, &a, (double)CENTRAL_TIME, CENTRAL_TIME), ERR_NONE);
	CHECK_INT(camera_edge_clock_known(c.db, "gate", CENTRAL_TIME, &known), ERR_NONE);
	CHECK(known);
	CHECK_INT(camera_heartbeat(c.db, &b, (double)CENTRAL_TIME, CENTRAL_TIME + 2 * MINUTE), ERR_NONE);
	CHECK_INT(camera_edge_clock_known(c.db, "gate", CENTRAL_TIME + 2 * MINUTE, &known), ERR_NONE);
	CHECK(!known);
	CHECK_INT(db_commit(c.db), ERR_NONE);
	central_close(&c);
}

/* ---- names ---- */

TEST(what_cannot_name_a_stay_gets_a_name_of_ours)
{
	char longest[EVENT_ID_SIZE], too_long[EVENT_ID_SIZE + 1], name[EVENT_ID_SIZE];
	const char *const plain[] = { "edge-1_1733140800000_29A12345", "1", "xe vào", "exit_7", longest };
	const char *const hostile[] = { "exit_0123456789abcdef0123456789abcdef_7", "a\nb", "a\x7f", too_long };

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	text_format(too_long, sizeof(too_long), "%sx", longest);
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		camera_event_name(plain[i], name);
		CHECK_STR(name, plain[i]);
	}
	for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		camera_event_name(hostile[i], name);
		CHECK_INT(strncmp(name, "edge_", 5), 0);
		CHECK(hex_is(name + 5, 32));
	}
	camera_event_name("a\nb", name);
	CHECK_STR(name, "edge_7e18f737311b2dc3b2f269dd78396b03");
}

/* ---- events ---- */

/* One event in a transaction of its own. at: when it happened, -1 for now. */
static enum err tell(struct central *c, enum direction direction, const char *plate, const char *id, int64_t at,
	struct camera_answer *out)
{
	struct camera_event ev = { .type = direction == DIRECTION_ENTRY ? "ENTRY" : "EXIT", .direction = direction, .event_id = id,
		.camera_id = "7", .edge_id = "edge-7", .confidence = -1, .arrived_ms = c->fake.wall_ms, .payload = "{}", .payload_len = 2,
		.time = { .timestamp = (double)at, .sent_at = (double)c->fake.wall_ms } };
	enum err e = ledger_begin(c->ledger);

	text_copy(ev.plate_id, sizeof(ev.plate_id), plate);
	if (e != ERR_NONE)
		return e;
	e = camera_event(c->ledger, &ev, out);
	if (e == ERR_NONE)
		return ledger_commit(c->ledger);
	ledger_rollback(c->ledger);
	return e;
}

static void take(struct central *c, enum direction direction, const char *plate, const char *id, int64_t at,
	enum camera_outcome expected, struct camera_answer *out)
{
	CHECK_INT(tell(c, direction, plate, id, at, out), ERR_NONE);
	CHECK_INT(out->outcome, expected);
}

static int64_t count(struct central *c, const char *sql)
{
	sqlite3_stmt *st = NULL;
	int64_t number = -1;

	if (sqlite3_prepare_v2(c->db->handle, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
		number = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return number;
}

/* What is refused is told with the camera that it came from: by then nothing must be in there that was not looked at. */
TEST(a_camera_that_is_refused_has_no_name)
{
	static const char *const wrong[] = { "{\"camera_id\":\"gate\x7f\"}", "{\"camera_id\":\"gate\\n1\"}", "{\"camera_id\":\"\"}", "{}",
		"{\"camera_id\":\"123456789 123456789 123456789 123456789 123456789 123456789 12345\"}", "{\"camera_id\":1.5}" };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		char name[CAMERA_ID_SIZE] = "before";
		struct fault fault;
		struct cJSON *document = NULL;

		CHECK_INT(json_read(wrong[i], strlen(wrong[i]), &document), ERR_NONE);
		CHECK(camera_id_read(document, name, &fault) != ERR_NONE);
		CHECK_STR(name, "");
		json_free(document);
	}
}

TEST(an_exit_named_as_a_stay_that_lost_ends_the_one_that_stands_for_it)
{
	struct central c;
	struct camera_answer a = { 0 };
	const int64_t now = CENTRAL_TIME;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	c.fake.wall_ms = now + 8 * HOUR;
	take(&c, DIRECTION_ENTRY, "29A12345", "young", now + 5 * MINUTE, CAMERA_ACCEPTED, &a);
	take(&c, DIRECTION_ENTRY, "29A12345", "old", now, CAMERA_ACCEPTED, &a);
	take(&c, DIRECTION_EXIT, "29A12345", "young", now + 2 * HOUR, CAMERA_ACCEPTED, &a);
	CHECK_STR(a.event_id, "old");
	CHECK_INT(a.fee, 50000);
	take(&c, DIRECTION_EXIT, "29A12345", "young", now + 2 * HOUR, CAMERA_REPEATED, &a);
	central_close(&c);
}

TEST(a_late_exit_that_names_its_stay_is_decided_as_of_its_time)
{
	struct central c;
	struct camera_answer a = { 0 };
	const int64_t now = CENTRAL_TIME;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	c.fake.wall_ms = now + 8 * HOUR;
	take(&c, DIRECTION_ENTRY, "29A12345", "stay", now, CAMERA_ACCEPTED, &a);
	take(&c, DIRECTION_EXIT, "29A12345", "late", now + 4 * HOUR, CAMERA_ACCEPTED, &a);
	CHECK_INT(a.fee, 100000);
	take(&c, DIRECTION_EXIT, "29A12345", "stay", now + 2 * HOUR, CAMERA_ACCEPTED, &a);
	CHECK_INT(a.fee, 50000);
	take(&c, DIRECTION_EXIT, "29A12345", "third", now + 6 * HOUR, CAMERA_REFUSED, &a);
	CHECK_STR(a.fault.code, "no_entry");
	central_close(&c);
}

TEST(an_exit_of_another_plate_counts_after_all_of_its_stay)
{
	struct central c;
	struct camera_answer a = { 0 };
	struct stay_row row;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	take(&c, DIRECTION_ENTRY, "29A12345", "stay", -1, CAMERA_ACCEPTED, &a);
	c.fake.wall_ms -= HOUR;              /* our clock was set back */
	take(&c, DIRECTION_EXIT, "29A12346", "stay", -1, CAMERA_ACCEPTED, &a);
	CHECK_INT(a.fee, 0);
	CHECK_INT(stay_find(c.db, "stay", &row), ERR_NONE);
	CHECK_INT(row.status, STAY_OUT);
	CHECK_INT(count(&c, "SELECT at > (SELECT entry_at FROM history WHERE event_id = 'stay') FROM exits"), 1);
	central_close(&c);
}

TEST(an_exit_that_names_its_stay_leaves_the_one_of_the_plate_that_was_read)
{
	struct central c;
	struct camera_answer a = { 0 };
	struct stay_row row;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	take(&c, DIRECTION_ENTRY, "29A12345", "stay", -1, CAMERA_ACCEPTED, &a);
	take(&c, DIRECTION_ENTRY, "29A12346", "other", -1, CAMERA_ACCEPTED, &a);
	c.fake.wall_ms += HOUR;
	take(&c, DIRECTION_EXIT, "29A12346", "stay", -1, CAMERA_ACCEPTED, &a);
	CHECK_STR(a.event_id, "stay");
	CHECK_INT(stay_inside(c.db, "29A12345", INT64_MAX, &row), ERR_NOT_FOUND);
	CHECK_INT(stay_inside(c.db, "29A12346", INT64_MAX, &row), ERR_NONE);
	CHECK_STR(row.event_id, "other");
	central_close(&c);
}

TEST(an_exit_is_no_repeat_of_the_entry_with_its_id)
{
	struct central c;
	struct camera_answer a = { 0 };

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	take(&c, DIRECTION_EXIT, "29A12345", "x", -1, CAMERA_REFUSED, &a);
	c.fake.wall_ms += SECOND;
	take(&c, DIRECTION_ENTRY, "29A12345", "x", -1, CAMERA_ACCEPTED, &a);
	CHECK_INT(count(&c, "SELECT count(*) FROM exits"), 1);
	CHECK_INT(count(&c, "SELECT count(*) FROM history WHERE status = 'IN'"), 1);
	take(&c, DIRECTION_ENTRY, "29A99999", "x", -1, CAMERA_REPEATED, &a);
	central_close(&c);
}

/* ---- bounds ---- */

TEST(events_are_kept_for_a_bounded_time_and_number)
{
	struct central c;
	struct event_row row = { .type = "ENTRY", .code = "", .payload = "{}", .payload_len = 2, .received_ms = CENTRAL_TIME };

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	CHECK_INT(db_begin(c.db), ERR_NONE);
	for (int i = 0; i < 40; i++)
		CHECK_INT(event_insert(c.db, &row), ERR_NONE);
	row.received_ms += EVENTS_KEPT_MS;
	CHECK_INT(event_insert(c.db, &row), ERR_NONE);
	CHECK_INT(count(&c, "SELECT count(*) FROM events"), 41);
	row.received_ms++;
	CHECK_INT(event_insert(c.db, &row), ERR_NONE);
	CHECK_INT(count(&c, "SELECT count(*) FROM events"), 26);
	CHECK_INT(event_insert(c.db, &row), ERR_NONE);
	CHECK_INT(event_insert(c.db, &row), ERR_NONE);
	CHECK_INT(count(&c, "SELECT count(*) FROM events"), 4);
	/* As if so many had come that of the four only the last two are among the newest. */
	CHECK_INT(count(&c, "UPDATE events SET id = id + 99999 WHERE id = (SELECT max(id) FROM events) RETURNING id - 99999"), 44);
	CHECK_INT(event_insert(c.db, &row), ERR_NONE);
	CHECK_INT(count(&c, "SELECT min(id) FROM events"), 44 + 99999);
	CHECK_INT(db_commit(c.db), ERR_NONE);
	central_close(&c);
}

TEST(of_too_many_cameras_the_one_silent_longest_goes)
{
	struct central c;
	struct camera_row row = { .edge_id = "gate" };

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	CHECK_INT(db_begin(c.db), ERR_NONE);
	for (int i = 0; i < CAMERAS_MAX + 5; i++) {
		text_format(row.camera_id, sizeof(row.camera_id), "%d", i);
		CHECK_INT(camera_heartbeat(c.db, &row, -1, CENTRAL_TIME + (i == 0 ? HOUR : i)), ERR_NONE);
	}
	CHECK_INT(count(&c, "SELECT count(*) FROM cameras"), CAMERAS_MAX);
	CHECK_INT(camera_find(c.db, "0", &row), ERR_NONE);
	CHECK_INT(camera_find(c.db, "5", &row), ERR_NOT_FOUND);
	CHECK_INT(camera_find(c.db, "6", &row), ERR_NONE);
	CHECK_INT(db_commit(c.db), ERR_NONE);
	central_close(&c);
}

TEST(an_answer_is_kept_for_a_day)
{
	struct central c;
	char text[] = "{\"success\":true}\n";
	const struct kept_key key = { "address 127.0.0.1", "/api", "k" }, other = { "edge gate", "/api", "k" };
	struct kept_answer in = { .body_hash = { 1, 2, 3 }, .status = 200, .answer = text, .len = strlen(text) }, out;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	CHECK_INT(db_begin(c.db), ERR_NONE);
	CHECK_INT(kept_write(c.db, &key, CENTRAL_TIME, &in), ERR_NONE);
	CHECK_INT(kept_find(c.db, &other, CENTRAL_TIME, &out), ERR_NOT_FOUND);
	CHECK_INT(kept_find(c.db, &key, CENTRAL_TIME + KEPT_MS, &out), ERR_NOT_FOUND);
	CHECK_INT(kept_find(c.db, &key, CENTRAL_TIME + KEPT_MS - 1, &out), ERR_NONE);
	CHECK_STR(out.answer, text);
	CHECK_INT(out.len, in.len);
	CHECK_INT(memcmp(out.body_hash, in.body_hash, sizeof(in.body_hash)), 0);
	free(out.answer);
	CHECK_INT(kept_write(c.db, &other, CENTRAL_TIME + KEPT_MS, &in), ERR_NONE);
	CHECK_INT(count(&c, "SELECT count(*) FROM idempotency"), 1);
	CHECK_INT(db_commit(c.db), ERR_NONE);
	central_close(&c);
}

/* ---- edges and their lanes ---- */

static enum err open_at(struct central *c, enum direction direction, bool force, struct gate_answer *out, struct fault *fault)
{
	struct gate_ask ask = { .edge_id = "gate", .plate_id = "29A12345", .confidence = -1, .direction = direction, .force = force,
		.reported_at = -1 };
	enum err e = gate_open(c->ledger, &ask, out, fault);

	c->fake.wall_ms += HOUR;
	return e;
}

TEST(a_lane_decides_the_direction)
{
	struct central c;
	struct gate_answer a = { 0 };
	struct fault fault = { 0 };

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	CHECK_INT(ledger_begin(c.ledger), ERR_NONE);
	CHECK_INT(edge_upsert(c.db, "gate", "Gate", LANE_EXIT, 1), ERR_NONE);
	CHECK_INT(open_at(&c, DIRECTION_ANY, false, &a, &fault), ERR_CONFLICT);
	CHECK_STR(fault.code, "no_entry");
	CHECK_INT(open_at(&c, DIRECTION_ENTRY, false, &a, &fault), ERR_CONFLICT);
	CHECK_STR(fault.code, "wrong_lane");
	CHECK(!a.already_inside);
	CHECK_INT(open_at(&c, DIRECTION_ENTRY, true, &a, &fault), ERR_NONE);
	CHECK_INT(edge_upsert(c.db, "gate", "Gate", LANE_ENTRY, 2), ERR_NONE);
	CHECK_INT(open_at(&c, DIRECTION_EXIT, false, &a, &fault), ERR_CONFLICT);
	CHECK_STR(fault.code, "wrong_lane");
	CHECK(a.has_entry);
	CHECK_INT(open_at(&c, DIRECTION_ANY, false, &a, &fault), ERR_CONFLICT);
	CHECK_STR(fault.code, "already_inside");
	CHECK_INT(edge_upsert(c.db, "gate", "Gate", LANE_ANY, 3), ERR_NONE);
	CHECK_INT(open_at(&c, DIRECTION_ANY, false, &a, &fault), ERR_NONE);
	CHECK_INT(a.action, DIRECTION_EXIT);
	CHECK_INT(ledger_commit(c.ledger), ERR_NONE);
	central_close(&c);
}

TEST(an_edges_row)
{
	struct central c;
	const unsigned char first[EDGE_TOKEN_BYTES] = { 1 }, second[EDGE_TOKEN_BYTES] = { 2 };
	struct edge_row row;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	CHECK_INT(db_begin(c.db), ERR_NONE);
	CHECK_INT(edge_set_token(c.db, "gate", first), ERR_NOT_FOUND);
	CHECK_INT(edge_upsert(c.db, "gate", "Cổng", LANE_ENTRY, 5), ERR_NONE);
	CHECK_INT(edge_set_token(c.db, "gate", first), ERR_NONE);
	CHECK_INT(edge_upsert(c.db, "gate", "Cổng 1", LANE_EXIT, 6), ERR_NONE);
	CHECK_INT(edge_seen(c.db, "gate", 7), ERR_NONE);
	CHECK_INT(edge_seen(c.db, "unknown", 7), ERR_NONE);
	CHECK_INT(edge_find_by_token(c.db, first, &row), ERR_NONE);
	CHECK_STR(row.name, "Cổng 1");
	CHECK(row.lane == LANE_EXIT && row.has_token && row.created_ms == 5 && row.seen_ms == 7);
	CHECK_INT(edge_set_token(c.db, "gate", second), ERR_NONE);
	CHECK_INT(edge_find_by_token(c.db, first, &row), ERR_NOT_FOUND);
	CHECK_INT(edge_set_token(c.db, "gate", NULL), ERR_NONE);
	CHECK_INT(edge_find_by_token(c.db, second, &row), ERR_NOT_FOUND);
	CHECK_INT(edge_find(c.db, "gate", &row), ERR_NONE);
	CHECK(!row.has_token);
	CHECK_INT(db_commit(c.db), ERR_NONE);
	central_close(&c);
}

TEST_MAIN
