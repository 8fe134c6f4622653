#include "test.h"

#include <math.h>

#include "central.h"
#include "domain/gate.h"
#include "domain/stay.h"
#include "store/history.h"

#define MINUTE 60000LL
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

TEST(an_edges_time_counts_only_when_its_clock_is_good)
{
	const int64_t now = CENTRAL_TIME;
	const struct { double timestamp, sent_at; int64_t counts; } cases[] = {
		{ now - HOUR, now, now - HOUR },                          /* ms */
		{ (now - HOUR) / 1000.0, now / 1000.0, now - HOUR },      /* seconds */
		{ (now - HOUR) / 1000.0 + 0.25, now, now - HOUR + 250 },  /* fractional seconds */
		{ now - HOUR, now + 60000, now - HOUR },
		{ now - HOUR, now - 60000, now - HOUR },
		{ now - HOUR, now + 60001, -1 },                          /* its clock is off */
		{ now - HOUR, now - 60001, -1 },
		{ now - HOUR, -1, -1 },                                   /* no word of its clock */
		{ -1, now, -1 },
		{ now, now, now },
		{ now + 1, now, -1 },                                     /* ahead of now counts as now */
		{ now - 30 * DAY, now, now - 30 * DAY },
		{ now - 30 * DAY - 1, now, -1 },
		{ 0, now, -1 }, { -5e12, now, -1 }, { NAN, now, -1 }, { INFINITY, now, -1 }, { 1e300, now, -1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct edge_time t = { .timestamp = cases[i].timestamp, .sent_at = cases[i].sent_at };

		if (edge_time_counts(&t, now) != cases[i].counts)
			test_fail(__FILE__, __LINE__, "case %zu", i);
	}
}

/* One request in a transaction of its own. at: reported, -1 for now. */
static enum err open_at(struct central *c, const char *plate, enum direction direction, bool force, int64_t at, struct gate_answer *out)
{
	struct gate_ask ask = { .edge_id = "edge-1", .camera_type = "car", .confidence = 0.9, .direction = direction, .force = force,
		.reported_at = at };
	struct fault fault;
	enum err e = ledger_begin(c->ledger);

	text_copy(ask.plate_id, sizeof(ask.plate_id), plate);
	if (e != ERR_NONE)
		return e;
	e = gate_open(c->ledger, &ask, out, &fault);
	if (e != ERR_NONE) {
		ledger_rollback(c->ledger);
		return e;
	}
	return ledger_commit(c->ledger);
}

static enum err open_now(struct central *c, const char *plate, enum direction direction, struct gate_answer *out)
{
	return open_at(c, plate, direction, false, -1, out);
}

static bool status_is(struct central *c, const char *event_id, enum stay_status status)
{
	struct stay_row row;

	return stay_find(c->db, event_id, &row) == ERR_NONE && row.status == status;
}

TEST(in_out_and_the_fee_between)
{
	struct central c;
	struct gate_answer in = { 0 }, out = { 0 };

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	CHECK_INT(open_now(&c, "29A12345", DIRECTION_ANY, &in), ERR_NONE);
	CHECK_INT(in.action, DIRECTION_ENTRY);
	CHECK_STR(in.event_id, "central-1_1733140800000_29A12345");
	CHECK_INT(in.history_id, 1);
	c.fake.wall_ms += 2 * HOUR;
	CHECK_INT(open_now(&c, "29A12345", DIRECTION_ANY, &out), ERR_NONE);
	CHECK_INT(out.action, DIRECTION_EXIT);
	CHECK_STR(out.event_id, in.event_id);
	CHECK_INT(out.fee, 50000); /* 1.5 h beyond the free half hour: two begun hours */
	CHECK_STR(out.duration, "2 giờ 0 phút");
	CHECK(status_is(&c, in.event_id, STAY_OUT));
	central_close(&c);
}

TEST(a_direction_that_does_not_fit_is_a_conflict_and_writes_nothing)
{
	struct central c;
	struct gate_answer a = { 0 }, b = { 0 };
	struct clock_row before, after;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 2), ERR_NONE);
	CHECK_INT(open_now(&c, "29A12345", DIRECTION_EXIT, &a), ERR_CONFLICT);
	CHECK(!a.has_entry);
	CHECK_INT(open_now(&c, "29A12345", DIRECTION_ENTRY, &a), ERR_NONE);
	CHECK_INT(clock_read(c.db, &before), ERR_NONE);
	c.fake.wall_ms += HOUR;
	CHECK_INT(open_now(&c, "29A12345", DIRECTION_ENTRY, &b), ERR_CONFLICT);
	CHECK(b.already_inside);
	CHECK_STR(b.event_id, a.event_id);
	CHECK_STR(b.entry_time, "2024-12-02 19:00:00");
	CHECK_INT(clock_read(c.db, &after), ERR_NONE);
	CHECK_INT(after.change, before.change);
	central_close(&c);
}

TEST(force_goes_through)
{
	struct central c;
	struct gate_answer first = { 0 }, second = { 0 }, lone = { 0 };
	struct stay_row row;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 3), ERR_NONE);
	CHECK_INT(open_now(&c, "29A12345", DIRECTION_ENTRY, &first), ERR_NONE);
	c.fake.wall_ms += 5 * MINUTE; /* within the ten minutes in which an entry without an exit would lose */
	CHECK_INT(open_at(&c, "29A12345", DIRECTION_ENTRY, true, -1, &second), ERR_NONE);
	CHECK(strcmp(second.event_id, first.event_id) != 0);
	CHECK(status_is(&c, first.event_id, STAY_OUT));
	CHECK(status_is(&c, second.event_id, STAY_IN));
	CHECK_INT(stay_find(c.db, second.event_id, &row), ERR_NONE);
	CHECK_INT(row.entry.at, c.fake.wall_ms);
	CHECK_INT(open_at(&c, "30E99999", DIRECTION_EXIT, true, -1, &lone), ERR_NONE);
	CHECK(exit_name_is(lone.event_id));
	CHECK_INT(lone.fee, 0);
	CHECK(status_is(&c, lone.event_id, STAY_OUT));
	central_close(&c);
}

TEST(causality_holds_when_the_wall_clock_goes_back)
{
	struct central c;
	struct gate_answer in = { 0 }, out = { 0 };
	struct flag_facts flags;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 4), ERR_NONE);
	CHECK_INT(open_now(&c, "29A12345", DIRECTION_ENTRY, &in), ERR_NONE);
	c.fake.wall_ms -= 3 * DAY;
	CHECK_INT(open_now(&c, "29A12345", DIRECTION_EXIT, &out), ERR_NONE);
	CHECK_INT(out.fee, 0);
	CHECK_STR(out.duration, "0 giờ 0 phút");
	CHECK(status_is(&c, in.event_id, STAY_OUT));
	CHECK_INT(stay_flag_facts(c.db, in.event_id, &flags), ERR_NONE);
	CHECK(flags.negative);
	CHECK_INT(open_now(&c, "29A12345", DIRECTION_ENTRY, &in), ERR_NONE);
	CHECK(status_is(&c, in.event_id, STAY_IN));
	central_close(&c);
}

/* A record of another central, or of a clock gone mad, may stand at the very last moment there is. */
TEST(at_never_goes_beyond_what_a_record_may_hold)
{
	struct central c;
	struct gate_answer in = { 0 }, out = { 0 };
	struct stay_row row;
	struct record r = { .type = RECORD_ENTRY, .event_id = "central-1_1_29A12345", .at = INTEGER_MAX };

	CHECK_INT(central_open(&c, ":memory:", "central-1", 9), ERR_NONE);
	r.data.entry = (struct entry_data){ .plate_id = "29A12345", .edge_id = "edge-1", .entry_ts = -1, .confidence = -1 };
	CHECK_INT(ledger_begin(c.ledger), ERR_NONE);
	CHECK_INT(ledger_append(c.ledger, &r), ERR_NONE);
	CHECK_INT(ledger_commit(c.ledger), ERR_NONE);
	CHECK_INT(open_now(&c, "29A12345", DIRECTION_EXIT, &out), ERR_NONE);
	CHECK(status_is(&c, "central-1_1_29A12345", STAY_OUT));
	CHECK_INT(open_now(&c, "29A12345", DIRECTION_ENTRY, &in), ERR_NONE);
	CHECK_INT(stay_find(c.db, in.event_id, &row), ERR_NONE);
	CHECK_INT(row.entry.at, INTEGER_MAX);
	CHECK_INT(row.status, STAY_IN);
	central_close(&c);
}

TEST(a_late_time_is_decided_and_priced_as_of_it)
{
	struct central c;
	struct gate_answer late_in = { 0 }, late_out = { 0 }, now_in = { 0 };
	const int64_t morning = CENTRAL_TIME - 10 * HOUR;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 5), ERR_NONE);
	CHECK_INT(open_now(&c, "29A12345", DIRECTION_ENTRY, &now_in), ERR_NONE);
	CHECK_INT(open_at(&c, "29A12345", DIRECTION_EXIT, false, morning, &late_out), ERR_CONFLICT);
	CHECK_INT(open_at(&c, "29A12345", DIRECTION_ENTRY, false, morning, &late_in), ERR_NONE);
	CHECK_STR(late_in.entry_time, "2024-12-02 09:00:00");
	CHECK_INT(open_at(&c, "29A12345", DIRECTION_EXIT, false, morning + HOUR, &late_out), ERR_NONE);
	CHECK_STR(late_out.event_id, late_in.event_id);
	CHECK_INT(late_out.fee, 25000);
	CHECK(status_is(&c, late_in.event_id, STAY_OUT));
	CHECK(status_is(&c, now_in.event_id, STAY_IN));
	central_close(&c);
}

TEST(a_closed_barrier_confirms_the_newest_unconfirmed_entry)
{
	struct central c;
	struct gate_answer in = { 0 }, closed = { 0 };
	struct stay_row row;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 6), ERR_NONE);
	CHECK_INT(open_now(&c, "29A12345", DIRECTION_ENTRY, &in), ERR_NONE);
	CHECK_INT(ledger_begin(c.ledger), ERR_NONE);
	CHECK_INT(gate_close(c.ledger, "edge-2", "29A12345", "", &closed), ERR_NOT_FOUND);
	CHECK_INT(gate_close(c.ledger, "edge-1", "29A12345", "another", &closed), ERR_NOT_FOUND);
	CHECK_INT(gate_close(c.ledger, "edge-1", "29A12345", "", &closed), ERR_NONE);
	CHECK_STR(closed.event_id, in.event_id);
	CHECK_INT(gate_close(c.ledger, "edge-1", "29A12345", "", &closed), ERR_NOT_FOUND);
	CHECK_INT(ledger_commit(c.ledger), ERR_NONE);
	CHECK_INT(stay_find(c.db, in.event_id, &row), ERR_NONE);
	CHECK_INT(row.confirmed_ts, c.fake.wall_ms);
	central_close(&c);
}

TEST(a_look_writes_nothing_and_previews_the_fee)
{
	struct central c;
	struct gate_answer in = { 0 }, look = { 0 };
	struct gate_ask ask = { .direction = DIRECTION_EXIT, .reported_at = -1, .plate_id = "29A12345" };

	CHECK_INT(central_open(&c, ":memory:", "central-1", 7), ERR_NONE);
	CHECK_INT(gate_look(c.db, &ask, c.fake.wall_ms, &look), ERR_NONE);
	CHECK(!look.has_entry);
	CHECK_INT(open_now(&c, "29A12345", DIRECTION_ENTRY, &in), ERR_NONE);
	CHECK_INT(gate_look(c.db, &ask, c.fake.wall_ms + 90 * MINUTE, &look), ERR_NONE);
	CHECK(look.has_entry);
	CHECK_INT(look.fee, 25000);
	CHECK_STR(look.duration, "1 giờ 30 phút");
	CHECK_STR(look.entry_from, "central-1");
	ask.direction = DIRECTION_ENTRY;
	CHECK_INT(gate_look(c.db, &ask, c.fake.wall_ms, &look), ERR_NONE);
	CHECK(look.already_inside && !look.has_entry);
	central_close(&c);
}

TEST_MAIN
