/* lib/domain/shared and subscription: lists of settings, whom they let out for nothing, and the order in which words about them count. */
#include "test.h"

#include <sqlite3.h>

#include "base/zone.h"
#include "central.h"
#include "domain/gate.h"
#include "domain/shared.h"
#include "domain/stay.h"
#include "domain/subscription.h"
#include "store/settings.h"

#define HOUR (3600 * 1000LL)
#define DAY (24 * HOUR)
#define MIDNIGHT (CENTRAL_TIME - 19 * HOUR) /* 2024-12-02 00:00 in Ho Chi Minh City */
#define PLATE "\"plate_number\":\"29a-123.45\""
#define ACTIVE "{" PLATE ",\"status\":\"active\",\"owner_name\":\"An\"}"

TEST(days)
{
	static const char *const good[] = { "2025-01-01", "2024-02-29", "2000-02-29", "2025-12-31", "9999-12-31", "1000-01-01" };
	static const char *const bad[] = { "", "2025-02-29", "1900-02-29", "2025-04-31", "2025-00-01", "2025-13-01", "2025-01-00", "2025-1-01",
		"2025-01-1", "2025/01/01", "2025-01-01 ", "2025-01-011", "-025-01-01", "0999-01-01", "2o25-01-01", "20250101--", "2025-01-0:" };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (!day_valid(good[i]))
			test_fail(__FILE__, __LINE__, "%s is a day", good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (day_valid(bad[i]))
			test_fail(__FILE__, __LINE__, "%s is no day", bad[i]);
	}
}

TEST(what_a_subscription_may_say)
{
	static const struct { const char *json; enum err e; const char *field; } cases[] = {
		{ ACTIVE, ERR_NONE, "" },
		{ "{" PLATE "}", ERR_NONE, "" },
		{ "{" PLATE ",\"start_date\":null,\"end_date\":\"\"}", ERR_NONE, "" },
		{ "{" PLATE ",\"start_date\":\"2025-01-01\",\"end_date\":\"2025-01-01\"}", ERR_NONE, "" },
		{ "{" PLATE ",\"start_date\":\"2025-01-02\",\"end_date\":\"2025-01-01\"}", ERR_INVALID, "s[0].end_date" },
		{ "{" PLATE ",\"start_date\":\"2025-01-32\"}", ERR_INVALID, "s[0].start_date" },
		{ "{" PLATE ",\"end_date\":\"2025-01-01T00:00\"}", ERR_INVALID, "s[0].end_date" },
		{ "{\"plate_number\":\"29A12\"}", ERR_INVALID, "s[0].plate_number" },
		{ "{\"plate_number\":\"29A12345678901234\"}", ERR_INVALID, "s[0].plate_number" },
		{ "{}", ERR_INVALID, "s[0].plate_number" },
		{ "{\"plate_number\":5}", ERR_FIELD, "" },
		{ "{" PLATE ",\"status\":{}}", ERR_FIELD, "" },
		{ "[]", ERR_FIELD, "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fault fault = { 0 };
		enum err e = subscription_check(cases[i].json, "s[0].", &fault);

		if (e != cases[i].e || strcmp(fault.field, cases[i].field) != 0)
			test_fail(__FILE__, __LINE__, "%s: %s, field %s", cases[i].json, err_name(e), fault.field);
	}
}

/* ---- by plate ---- */

static enum err append(struct central *c, const char *key, const char *json)
{
	struct record r = { .type = RECORD_CONFIG, .at = -1, .data.config = { .key = key, .value = json, .by = "test" } };
	enum err e = ledger_begin(c->ledger);

	if (e != ERR_NONE)
		return e;
	e = ledger_append(c->ledger, &r);
	if (e == ERR_NONE)
		return ledger_commit(c->ledger);
	ledger_rollback(c->ledger);
	return e;
}

static bool owner_is(struct central *c, int64_t at, const char *expected)
{
	char owner[OWNER_SIZE];
	enum err e = subscription_owner(c->db, "29A12345", at, owner);

	if (e != ERR_NONE || strcmp(owner, expected) != 0)
		printf("# owner \"%s\" (%s), expected \"%s\"\n", owner, err_name(e), expected);
	return e == ERR_NONE && strcmp(owner, expected) == 0;
}

TEST(a_subscription_counts_on_its_local_days)
{
	struct central c;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	CHECK(owner_is(&c, CENTRAL_TIME, ""));
	CHECK_INT(append(&c, "subscription/1", "{" PLATE ",\"status\":\"active\",\"start_date\":\"2024-12-02\",\"end_date\":\"2024-12-03\"}"), ERR_NONE);
	CHECK(owner_is(&c, MIDNIGHT - 1, ""));
	CHECK(owner_is(&c, MIDNIGHT, "1"));
	CHECK(owner_is(&c, MIDNIGHT + 2 * DAY - 1, "1"));
	CHECK(owner_is(&c, MIDNIGHT + 2 * DAY, ""));
	CHECK(zone_set("UTC")); /* seven hours behind: the days begin and end later */
	CHECK(owner_is(&c, MIDNIGHT, ""));
	CHECK(owner_is(&c, MIDNIGHT + 7 * HOUR, "1"));
	CHECK(owner_is(&c, MIDNIGHT + 2 * DAY, "1"));
	CHECK(zone_set(ZONE_DEFAULT));
	CHECK_INT(append(&c, "subscription/1", "{" PLATE ",\"status\":\"active\",\"start_date\":\"2024-12-02\"}"), ERR_NONE);
	CHECK(owner_is(&c, MIDNIGHT + 9000 * DAY, "1"));
	CHECK(owner_is(&c, MIDNIGHT - 1, ""));
	central_close(&c);
}

TEST(of_several_any_active_one_counts)
{
	struct central c;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 2), ERR_NONE);
	CHECK_INT(append(&c, "subscription/a", "{" PLATE ",\"status\":\"ended\",\"owner_name\":\"Ended\"}"), ERR_NONE);
	CHECK_INT(append(&c, "subscription/c", "{" PLATE ",\"status\":\"active\",\"owner_name\":\"Second\"}"), ERR_NONE);
	CHECK(owner_is(&c, CENTRAL_TIME, "Second"));
	CHECK_INT(append(&c, "subscription/b", ACTIVE), ERR_NONE);
	CHECK(owner_is(&c, CENTRAL_TIME, "An"));
	CHECK_INT(append(&c, "staff/b", ACTIVE), ERR_NONE);
	CHECK_INT(append(&c, "subscription/b", NULL), ERR_NONE);
	CHECK(owner_is(&c, CENTRAL_TIME, "Second"));
	CHECK_INT(append(&c, "subscription/c", "{\"plate_number\":\"30E-999.99\",\"status\":\"active\"}"), ERR_NONE);
	CHECK(owner_is(&c, CENTRAL_TIME, ""));
	central_close(&c);
}

/* Records can come from any program: what makes no sense lets nobody out, and stops nothing. */
TEST(what_a_peer_wrote_badly_counts_for_no_plate)
{
	static const char *const bad[] = { "5", "\"x\"", "[]", "{}", "{\"plate_number\":5}", "{" PLATE ",\"status\":7}", "{" PLATE "}",
		"{" PLATE ",\"status\":\"active\",\"end_date\":\"soon\"}", "{" PLATE ",\"status\":\"Active\"}" };
	struct central c;
	struct shared_change none = { .kind = SHARED_SUBSCRIPTIONS };
	struct fault fault;
	struct setting_row held = { 0 };

	CHECK_INT(central_open(&c, ":memory:", "central-1", 3), ERR_NONE);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_INT(append(&c, "subscription/1", ACTIVE), ERR_NONE);
		CHECK(owner_is(&c, CENTRAL_TIME, "An"));
		CHECK_INT(append(&c, "subscription/1", bad[i]), ERR_NONE);
		CHECK(owner_is(&c, CENTRAL_TIME, ""));
	}
	CHECK_INT(append(&c, "subscription/2", "5"), ERR_NONE);
	CHECK_INT(ledger_begin(c.ledger), ERR_NONE); /* and the next whole list takes it away */
	CHECK_INT(shared_replace(c.ledger, &none, &fault), ERR_NONE);
	CHECK_INT(ledger_commit(c.ledger), ERR_NONE);
	CHECK_INT(setting_find(c.db, "subscription/2", &held), ERR_NONE);
	CHECK(held.value == NULL);
	central_close(&c);
}

/* ---- order ---- */

static enum err merge_word(struct central *c, int64_t ms, const char *json)
{
	struct merge m = { .db = c->db, .now_ms = CENTRAL_TIME };
	struct record r = { .type = RECORD_CONFIG, .at = ms, .has_hlc = true, .hlc = { ms, 0 }, .seq = 1, .readable = true,
		.log = "0123456789abcdef0123456789abcdef", .data.config = { .key = "subscription/1", .value = json } };

	return stay_merge(&m, &r);
}

TEST(the_last_word_counts_in_whatever_order_they_come)
{
	static const struct { int64_t ms; const char *json; } words[] = { { 1, ACTIVE }, { 2, NULL },
		{ 3, "{" PLATE ",\"status\":\"active\",\"owner_name\":\"Last\"}" } };
	static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };

	for (int o = 0; o < 6; o++) {
		struct central c;

		CHECK_INT(central_open(&c, ":memory:", "central-1", 4), ERR_NONE);
		CHECK_INT(ledger_begin(c.ledger), ERR_NONE);
		for (int i = 0; i < 3; i++)
			CHECK_INT(merge_word(&c, words[orders[o][i]].ms, words[orders[o][i]].json), ERR_NONE);
		CHECK(owner_is(&c, CENTRAL_TIME, "Last"));
		CHECK_INT(merge_word(&c, 5, NULL), ERR_NONE);
		CHECK_INT(merge_word(&c, 4, ACTIVE), ERR_NONE); /* older than the removal: does not raise it from the dead */
		CHECK(owner_is(&c, CENTRAL_TIME, ""));
		CHECK_INT(ledger_commit(c.ledger), ERR_NONE);
		central_close(&c);
	}
}

static bool run_sql(const char *path, const char *sql)
{
	sqlite3 *handle = NULL;
	bool done = sqlite3_open(path, &handle) == SQLITE_OK && sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK;

	sqlite3_close(handle);
	return done;
}

/* Version 1 kept settings, but not by plate. */
TEST(settings_of_version_1_are_merged_again)
{
	char folder[] = "/tmp/parkmesh-shared-XXXXXX", path[64];
	struct central c;

	CHECK(mkdtemp(folder) != NULL);
	text_format(path, sizeof(path), "%s/p.db", folder);
	CHECK_INT(central_open(&c, path, "central-1", 5), ERR_NONE);
	CHECK_INT(append(&c, "subscription/1", "{" PLATE ",\"status\":\"ended\"}"), ERR_NONE);
	CHECK_INT(append(&c, "subscription/1", ACTIVE), ERR_NONE);
	CHECK(run_sql(path, "DELETE FROM subscriptions; UPDATE record_rows SET unread = 1 WHERE type = 7"));
	CHECK(owner_is(&c, CENTRAL_TIME, ""));
	CHECK_INT(central_restart(&c), ERR_NONE);
	CHECK(owner_is(&c, CENTRAL_TIME, "An"));
	central_close(&c);
	text_format(path, sizeof(path), "rm -r %s", folder);
	CHECK_INT(system(path), 0);
}

/* ---- lists ---- */

static enum err replace(struct central *c, const char *ids, const char *note, const char *if_match)
{
	struct shared_item items[8];
	char json[8][64];
	struct shared_change change = { .kind = SHARED_STAFF, .items = items, .if_match = if_match, .by = "test" };
	struct fault fault;
	enum err e;

	for (; ids[change.count] != '\0'; change.count++) {
		struct shared_item *item = &items[change.count];

		*item = (struct shared_item){ .json = json[change.count], .place = change.count };
		text_format(item->id, sizeof(item->id), "%c", ids[change.count]);
		text_format(item->json, sizeof(json[0]), "{\"id\":\"%c\",\"note\":\"%s\"}", ids[change.count], note);
	}
	e = shared_check(&change, &fault);
	if (e == ERR_NONE)
		e = ledger_begin(c->ledger);
	if (e != ERR_NONE)
		return e;
	e = shared_replace(c->ledger, &change, &fault);
	if (e == ERR_NONE)
		return ledger_commit(c->ledger);
	ledger_rollback(c->ledger);
	return e;
}

static enum err add_json(void *arg, const char *id, const char *json)
{
	(void)id;
	buf_str(arg, json);
	return ERR_NONE;
}

static bool list_is(struct central *c, const char *expected, char tag[TAG_SIZE])
{
	struct buf b;
	bool same;

	buf_init(&b, 10000);
	same = shared_list(c->db, SHARED_STAFF, add_json, &b, tag) == ERR_NONE && strcmp(buf_text(&b), expected) == 0;
	buf_free(&b);
	return same;
}

static int64_t records_written(struct central *c)
{
	struct log_row log;

	return central_log(c, &log) == ERR_NONE ? log.head_seq : 0;
}

TEST(a_list_is_written_item_by_item)
{
	struct central c;
	char tag[TAG_SIZE], other[TAG_SIZE];
	int64_t before;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 6), ERR_NONE);
	CHECK(list_is(&c, "", tag));
	CHECK_INT(replace(&c, "ba", "x", tag), ERR_NONE);
	CHECK(list_is(&c, "{\"id\":\"a\",\"note\":\"x\"}{\"id\":\"b\",\"note\":\"x\"}", other));
	CHECK(strcmp(tag, other) != 0);
	before = records_written(&c);
	CHECK_INT(replace(&c, "ab", "x", NULL), ERR_NONE);
	CHECK_INT(records_written(&c), before);
	CHECK_INT(replace(&c, "bcd", "x", other), ERR_NONE);
	CHECK_INT(records_written(&c), before + 3);
	CHECK_INT(replace(&c, "", "", other), ERR_CONFLICT);
	CHECK_INT(replace(&c, "aa", "x", NULL), ERR_INVALID);
	CHECK_INT(records_written(&c), before + 3);
	CHECK_INT(replace(&c, "", "", "\"no\",*"), ERR_NONE);
	CHECK(list_is(&c, "", other));
	CHECK_STR(tag, other);
	central_close(&c);
}

TEST(the_same_content_has_the_same_tag_everywhere)
{
	struct central a, b;
	char one[TAG_SIZE], two[TAG_SIZE];

	CHECK_INT(central_open(&a, ":memory:", "central-1", 7), ERR_NONE);
	CHECK_INT(central_open(&b, ":memory:", "central-2", 8), ERR_NONE);
	CHECK_INT(replace(&a, "ab", "x", NULL), ERR_NONE);
	CHECK_INT(replace(&b, "bcq", "y", NULL), ERR_NONE);
	CHECK_INT(replace(&b, "ba", "x", NULL), ERR_NONE);
	CHECK(list_is(&a, "{\"id\":\"a\",\"note\":\"x\"}{\"id\":\"b\",\"note\":\"x\"}", one));
	CHECK(list_is(&b, "{\"id\":\"a\",\"note\":\"x\"}{\"id\":\"b\",\"note\":\"x\"}", two));
	CHECK_STR(one, two);
	CHECK_INT(strlen(one), TAG_SIZE - 1);
	central_close(&a);
	central_close(&b);
}

/* ---- one item ---- */

static enum err set(struct central *c, const char *id, const char *json, const char *if_match)
{
	struct item_change change = { .kind = SHARED_SUBSCRIPTIONS, .id = id, .json = json, .if_match = if_match, .by = "anna" };
	struct fault fault = { 0 };
	enum err e = ledger_begin(c->ledger);

	if (e == ERR_NONE)
		e = shared_set(c->ledger, &change, &fault);
	if (e == ERR_NONE)
		return ledger_commit(c->ledger);
	ledger_rollback(c->ledger);
	return e;
}

static enum err find(struct central *c, const char *id, char tag[TAG_SIZE])
{
	struct fault fault;
	char *json = NULL;
	enum err e = shared_find(c->db, SHARED_SUBSCRIPTIONS, id, &json, tag, &fault);

	free(json);
	return e;
}

TEST(one_item_is_changed_by_its_own_tag)
{
	struct central c;
	char none[TAG_SIZE], first[TAG_SIZE], second[TAG_SIZE];
	int64_t before;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 9), ERR_NONE);
	CHECK_INT(find(&c, "1", none), ERR_NOT_FOUND);
	CHECK_INT(set(&c, "1", ACTIVE, none), ERR_NONE);
	CHECK_INT(find(&c, "1", first), ERR_NONE);
	CHECK(strcmp(none, first) != 0);
	before = records_written(&c);
	CHECK_INT(set(&c, "1", ACTIVE, first), ERR_NONE);
	CHECK_INT(records_written(&c), before); /* nothing new */
	CHECK_INT(set(&c, "2", ACTIVE, NULL), ERR_NONE);
	CHECK_INT(find(&c, "1", second), ERR_NONE);
	CHECK_STR(first, second); /* another item is none of its business */
	CHECK_INT(set(&c, "1", "{" PLATE "}", first), ERR_NONE);
	CHECK_INT(set(&c, "1", ACTIVE, first), ERR_CONFLICT);
	CHECK_INT(set(&c, "1", NULL, first), ERR_CONFLICT);
	CHECK_INT(find(&c, "1", second), ERR_NONE);
	CHECK_INT(set(&c, "1", "{\"plate_number\":\"1\"}", second), ERR_INVALID);
	CHECK_INT(set(&c, "1", NULL, second), ERR_NONE);
	CHECK_INT(set(&c, "1", NULL, NULL), ERR_NOT_FOUND);
	CHECK_INT(find(&c, "1", second), ERR_NOT_FOUND);
	CHECK_STR(none, second);
	central_close(&c);
}

TEST(who_set_a_setting_last_is_known)
{
	struct central c;
	struct setting_said said;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 10), ERR_NONE);
	CHECK_INT(shared_said(c.db, "subscription/1", &said), ERR_NOT_FOUND);
	CHECK_INT(set(&c, "1", ACTIVE, NULL), ERR_NONE);
	CHECK_INT(shared_said(c.db, "subscription/1", &said), ERR_NONE);
	CHECK_STR(said.by, "anna");
	CHECK_STR(said.central, "central-1");
	CHECK(said.at_ms >= CENTRAL_TIME);
	central_close(&c);
}

static enum subscription_state state_on(const char *json, const char *day)
{
	struct subscription_look look;

	return subscription_look(json, day, &look) == ERR_NONE ? look.state : SUBSCRIPTION_UNREADABLE;
}

TEST(what_a_subscription_is_on_a_day)
{
	const char *json = "{" PLATE ",\"status\":\"active\",\"start_date\":\"2025-01-02\",\"end_date\":\"2025-01-03\"}";

	CHECK_INT(state_on(json, "2025-01-01"), SUBSCRIPTION_LATER);
	CHECK_INT(state_on(json, "2025-01-02"), SUBSCRIPTION_IN_FORCE);
	CHECK_INT(state_on(json, "2025-01-03"), SUBSCRIPTION_IN_FORCE);
	CHECK_INT(state_on(json, "2025-01-04"), SUBSCRIPTION_OVER);
	CHECK_INT(state_on(ACTIVE, "2025-01-04"), SUBSCRIPTION_IN_FORCE);
	CHECK_INT(state_on("{" PLATE ",\"status\":\"x\"}", "2025-01-04"), SUBSCRIPTION_OFF);
	CHECK_INT(state_on("{\"plate_number\":\"1\",\"status\":\"active\"}", "2025-01-04"), SUBSCRIPTION_UNREADABLE);
	CHECK_INT(state_on("[]", "2025-01-04"), SUBSCRIPTION_UNREADABLE);
}

/* ---- at the gate ---- */

static enum err pass(struct central *c, enum direction direction, struct gate_answer *out)
{
	struct gate_ask ask = { .edge_id = "edge-1", .plate_id = "29A12345", .confidence = -1, .direction = direction, .reported_at = -1 };
	struct fault fault;
	enum err e = ledger_begin(c->ledger);

	if (e == ERR_NONE)
		e = gate_open(c->ledger, &ask, out, &fault);
	return e == ERR_NONE ? ledger_commit(c->ledger) : e;
}

TEST(what_a_gate_takes_is_by_the_day_of_the_exit)
{
	struct gate_ask ask = { .plate_id = "29A12345", .direction = DIRECTION_EXIT, .reported_at = -1 };
	struct gate_answer in = { 0 }, out = { 0 }, look = { 0 };
	struct central c;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 9), ERR_NONE);
	CHECK_INT(append(&c, "subscription/1", "{" PLATE ",\"status\":\"active\",\"end_date\":\"2024-12-02\"}"), ERR_NONE);
	CHECK_INT(pass(&c, DIRECTION_ENTRY, &in), ERR_NONE);
	CHECK_INT(gate_look(c.db, &ask, MIDNIGHT + DAY - 1, &look), ERR_NONE);
	CHECK_STR(look.subscriber, "1");
	CHECK_INT(look.fee, 0);
	CHECK_INT(gate_look(c.db, &ask, MIDNIGHT + DAY, &look), ERR_NONE);
	CHECK_STR(look.subscriber, "");
	CHECK_INT(look.fee, 5 * 25000); /* 19:00 to 24:00, half an hour free */
	c.fake.wall_ms = MIDNIGHT + DAY - 1;
	CHECK_INT(pass(&c, DIRECTION_EXIT, &out), ERR_NONE);
	CHECK_INT(out.fee, 0);
	CHECK_INT(pass(&c, DIRECTION_ENTRY, &in), ERR_NONE);
	c.fake.wall_ms += 2 * HOUR;
	CHECK_INT(pass(&c, DIRECTION_EXIT, &out), ERR_NONE);
	CHECK_INT(out.fee, 50000);
	central_close(&c);
}

static enum err set_fees(struct central *c, struct tariff to, const char *if_match)
{
	struct fees_change change = { .to = to, .if_match = if_match };
	struct fault fault;
	enum err e = ledger_begin(c->ledger);

	if (e != ERR_NONE)
		return e;
	e = shared_fees_set(c->ledger, &change, &fault);
	if (e == ERR_NONE)
		return ledger_commit(c->ledger);
	ledger_rollback(c->ledger);
	return e;
}

TEST(fees_are_written_when_they_change)
{
	struct tariff t;
	struct central c;
	char first[TAG_SIZE], tag[TAG_SIZE], name[TARIFF_NAME_SIZE];

	CHECK_INT(central_open(&c, ":memory:", "central-1", 10), ERR_NONE);
	CHECK_INT(shared_fees(c.db, &t, first), ERR_NONE);
	CHECK_INT(set_fees(&c, t, first), ERR_NONE);
	CHECK_INT(records_written(&c), 0);
	CHECK_INT(set_fees(&c, (struct tariff){ -1, 10000, -1, -1 }, first), ERR_NONE);
	CHECK_INT(records_written(&c), 2); /* the log's first record, and this */
	CHECK_INT(shared_fees(c.db, &t, tag), ERR_NONE);
	CHECK(strcmp(tag, first) != 0);
	CHECK(t.fee_base == 0.5);
	CHECK_INT(t.fee_per_hour, 10000);
	CHECK_INT(site_tariff(c.db, &t, name), ERR_NONE);
	CHECK(name[0] != '\0');
	CHECK_INT(set_fees(&c, (struct tariff){ -1, 20000, -1, -1 }, first), ERR_CONFLICT);
	CHECK_INT(set_fees(&c, (struct tariff){ 9000, -1, -1, -1 }, NULL), ERR_INVALID);
	CHECK_INT(set_fees(&c, (struct tariff){ -1, TARIFF_MONEY_MAX + 1, -1, -1 }, NULL), ERR_INVALID);
	CHECK_INT(records_written(&c), 2);
	CHECK_INT(set_fees(&c, (struct tariff){ 1.0 / 3, TARIFF_MONEY_MAX, TARIFF_MONEY_MAX, 1 }, tag), ERR_NONE);
	CHECK_INT(shared_fees(c.db, &t, tag), ERR_NONE);
	CHECK_INT(set_fees(&c, t, tag), ERR_NONE);
	CHECK_INT(records_written(&c), 3);
	central_close(&c);
}

TEST_MAIN
