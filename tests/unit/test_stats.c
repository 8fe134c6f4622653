/* "Today" in the figures and in the list: the local day of the site, around midnight and when the zone changes. */
#include "test.h"

#include "base/zone.h"
#include "central.h"
#include "domain/gate.h"
#include "store/history.h"

#define MINUTE (60 * 1000LL)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define MIDNIGHT (CENTRAL_TIME + 5 * HOUR) /* 2024-12-03 00:00 in Ho Chi Minh City */

static enum err pass(struct central *c, const char *plate, struct gate_answer *out)
{
	struct gate_ask ask = { .edge_id = "edge-1", .confidence = -1, .reported_at = -1 };
	struct fault fault;
	enum err e = ledger_begin(c->ledger);

	text_copy(ask.plate_id, sizeof(ask.plate_id), plate);
	if (e == ERR_NONE)
		e = gate_open(c->ledger, &ask, out, &fault);
	return e == ERR_NONE ? ledger_commit(c->ledger) : e;
}

static enum err set_zone(struct central *c, const char *json)
{
	struct record r = { .type = RECORD_CONFIG, .at = -1, .data.config = { .key = "timezone", .value = json } };
	enum err e = ledger_begin(c->ledger);

	if (e == ERR_NONE)
		e = ledger_append(c->ledger, &r);
	if (e == ERR_NONE)
		e = ledger_commit(c->ledger);
	return e == ERR_NONE ? site_zone_use(c->db) : e;
}

/* What the figures are at the clock's time: inside, entries, exits, revenue. */
static bool stats_are(struct central *c, int64_t inside, int64_t entries, int64_t exits, int64_t revenue)
{
	struct site_stats s = { 0 };

	if (history_stats(c->db, zone_day_start(c->fake.wall_ms), &s) != ERR_NONE)
		return false;
	printf("# inside %lld, entries %lld, exits %lld, revenue %lld\n", (long long)s.vehicles_in_parking, (long long)s.entries_today,
		(long long)s.exits_today, (long long)s.revenue_today);
	return s.vehicles_in_parking == inside && s.entries_today == entries && s.exits_today == exits && s.revenue_today == revenue;
}

static enum err count_row(void *arg, const struct history_row *row)
{
	(void)row;
	++*(int *)arg;
	return ERR_NONE;
}

/* Rows of the list with today_only. */
static int rows_today(struct central *c)
{
	struct history_filter today = { .from_ts = zone_day_start(c->fake.wall_ms), .limit = 100 };
	int count = 0;

	return history_list(c->db, &today, count_row, &count) == ERR_NONE ? count : -1;
}

TEST(today_ends_at_the_sites_midnight)
{
	struct gate_answer a = { 0 };
	struct central c;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	c.fake.wall_ms = MIDNIGHT - HOUR;
	CHECK_INT(pass(&c, "29A00001", &a), ERR_NONE);
	CHECK_INT(pass(&c, "29A00002", &a), ERR_NONE);
	c.fake.wall_ms = MIDNIGHT - 1;
	CHECK_INT(pass(&c, "29A00002", &a), ERR_NONE);
	CHECK_INT(a.fee, 25000);
	CHECK(stats_are(&c, 1, 2, 1, 25000));
	CHECK_INT(rows_today(&c), 2);
	c.fake.wall_ms = MIDNIGHT;
	CHECK(stats_are(&c, 1, 0, 0, 0));
	CHECK_INT(rows_today(&c), 0);
	CHECK_INT(pass(&c, "29A00003", &a), ERR_NONE);
	CHECK(stats_are(&c, 2, 1, 0, 0));
	CHECK_INT(rows_today(&c), 1);
	c.fake.wall_ms = MIDNIGHT + HOUR;
	CHECK_INT(pass(&c, "29A00001", &a), ERR_NONE);
	CHECK_INT(a.fee, 50000);
	CHECK(stats_are(&c, 1, 1, 1, 50000)); /* it came yesterday and left today */
	c.fake.wall_ms = MIDNIGHT + DAY - 1;
	CHECK(stats_are(&c, 1, 1, 1, 50000));
	c.fake.wall_ms = MIDNIGHT + DAY;
	CHECK(stats_are(&c, 1, 0, 0, 0));
	central_close(&c);
}

TEST(a_new_zone_moves_the_day_and_no_row)
{
	struct gate_answer a = { 0 };
	struct stay_row before, after;
	struct central c;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 2), ERR_NONE);
	c.fake.wall_ms = MIDNIGHT - HOUR;
	CHECK_INT(pass(&c, "29A00001", &a), ERR_NONE);
	CHECK_INT(stay_find(c.db, a.event_id, &before), ERR_NONE);
	CHECK_STR(before.entry_time, "2024-12-02 23:00:00");
	c.fake.wall_ms = MIDNIGHT + HOUR;
	CHECK(stats_are(&c, 1, 0, 0, 0));
	CHECK_INT(set_zone(&c, "\"UTC\""), ERR_NONE); /* there it is still 2 December, 18:00 */
	CHECK(stats_are(&c, 1, 1, 0, 0));
	CHECK_INT(rows_today(&c), 1);
	CHECK_INT(stay_find(c.db, a.event_id, &after), ERR_NONE);
	CHECK_STR(after.entry_time, before.entry_time);
	c.fake.wall_ms = MIDNIGHT + 7 * HOUR;
	CHECK(stats_are(&c, 1, 0, 0, 0));
	CHECK_INT(pass(&c, "29A00002", &a), ERR_NONE);
	CHECK_INT(stay_find(c.db, a.event_id, &after), ERR_NONE);
	CHECK_STR(after.entry_time, "2024-12-03 00:00:00");
	CHECK_INT(set_zone(&c, "\"Not/AZone\""), ERR_NONE); /* the default, rather than none */
	CHECK(stats_are(&c, 2, 1, 0, 0));
	CHECK_INT(set_zone(&c, "\"Pacific/Kiritimati\""), ERR_NONE); /* 14 hours ahead: 3 December there since 10:00 UTC */
	CHECK(stats_are(&c, 2, 2, 0, 0));
	CHECK_INT(set_zone(&c, NULL), ERR_NONE);
	CHECK(stats_are(&c, 2, 1, 0, 0));
	central_close(&c);
}

TEST(today_on_the_days_the_clocks_change)
{
	struct gate_answer a = { 0 };
	struct central c;
	const int64_t spring = 1743289200000LL; /* 2025-03-30 00:00 in Berlin, a day of 23 hours */

	CHECK_INT(central_open(&c, ":memory:", "central-1", 3), ERR_NONE);
	CHECK_INT(set_zone(&c, "\"Europe/Berlin\""), ERR_NONE);
	c.fake.wall_ms = spring;
	CHECK_INT(pass(&c, "29A00001", &a), ERR_NONE);
	c.fake.wall_ms = spring + 23 * HOUR - 1;
	CHECK(stats_are(&c, 1, 1, 0, 0));
	c.fake.wall_ms = spring + 23 * HOUR;
	CHECK(stats_are(&c, 1, 0, 0, 0));
	CHECK_INT(set_zone(&c, NULL), ERR_NONE);
	central_close(&c);
}

TEST_MAIN
