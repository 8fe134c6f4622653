/* Rows of the older system's history: what is made out of them. */
#include "test.h"

#include "domain/old_row.h"

#define SEVEN 1733140800000LL /* 2024-12-02 19:00:00 in Ho Chi Minh City */

static struct old_facts read_row(const struct old_row *row)
{
	struct old_facts f;

	zone_set(ZONE_DEFAULT);
	old_facts_read(row, &f);
	return f;
}

TEST(times)
{
	static const struct { const char *text; int64_t ms; } good[] = {
		{ "2024-12-02 19:00:00", SEVEN }, { "2024-12-02T19:00:00", SEVEN }, { "2024-12-02 19:00:00.987654", SEVEN },
		{ "2024-12-02T12:00:00Z", SEVEN }, { "2024-12-02 12:00:00.5+00:00", SEVEN }, { "2024-12-02 19:00:00+0700", SEVEN },
		{ "2024-12-02 05:00:00-07", SEVEN }, { "1733140800", SEVEN }, { "1733140800.25", SEVEN + 250 }, { "1733140800000", SEVEN },
		{ "2024-12-02 19:00", SEVEN }, { "1733140800.123456789", SEVEN + 123 },
	};
	static const char *const bad[] = {
		"", "yesterday", "2024-13-02 19:00:00", "2024-12-02 19:00:00 ", "2024-12-02 19:00:00+7", "2024-12-02 19:00:00+07:00x",
		"12", "-1733140800", "nan", "inf", "1e300", "2024-02-30T12:00:00Z", "2024-12-02T25:00:00Z", "1733140800x",
	};

	zone_set(ZONE_DEFAULT);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		int64_t ms = -1;

		if (!old_time_parse(good[i].text, &ms) || ms != good[i].ms)
			test_fail(__FILE__, __LINE__, "\"%s\" is %" PRId64, good[i].text, ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int64_t ms = -1;

		if (old_time_parse(bad[i], &ms))
			test_fail(__FILE__, __LINE__, "\"%s\" is %" PRId64, bad[i], ms);
	}
}

TEST(an_ordinary_stay)
{
	const struct old_row row = { .row = 7, .text = { [OLD_EVENT_ID] = "central-2_1_29A12345", [OLD_SOURCE_CENTRAL] = "central-2",
		[OLD_PLATE_ID] = "29a-123.45", [OLD_ENTRY_TIME] = "2024-12-02 19:00:00", [OLD_EXIT_TIME] = "2024-12-02 20:30:00",
		[OLD_FEE] = "25000.0", [OLD_STATUS] = "OUT", [OLD_ENTRY_CONFIDENCE] = "0.93", [OLD_DURATION] = "1 giờ 30 phút" } };
	struct old_facts f = read_row(&row);

	CHECK_STR(f.note, "");
	CHECK_STR(f.event_id, "central-2_1_29A12345");
	CHECK_STR(f.source_central, "central-2");
	CHECK_STR(f.plate_id, "29A12345");
	CHECK(f.entered && f.left && !f.lost);
	CHECK_INT(f.entry_ms, SEVEN);
	CHECK_INT(f.exit_ms, SEVEN + 90 * 60 * 1000);
	CHECK_INT(f.fee, 25000);
	CHECK_STR(f.reason, "normal");
	CHECK_STR(f.duration, "1 giờ 30 phút");
	CHECK(f.confidence == 0.93);
}

TEST(what_is_inside)
{
	struct old_row row = { .row = 1, .text = { [OLD_PLATE_ID] = "29A12345", [OLD_ENTRY_TIME] = "2024-12-02 19:00:00",
		[OLD_STATUS] = "IN" } };
	struct old_facts f = read_row(&row);

	CHECK(f.entered && !f.left && !f.lost);
	CHECK_STR(f.note, "");
	row.text[OLD_FEE] = "5000";
	CHECK(read_row(&row).lost);
	row.text[OLD_EXIT_TIME] = "2024-12-02 19:10:00";
	f = read_row(&row);
	CHECK(f.left && !f.lost && f.fee == 5000);
	CHECK(f.note[0] != '\0');
}

TEST(odd_ends)
{
	struct old_row row = { .row = 1, .text = { [OLD_PLATE_ID] = "29A12345", [OLD_ENTRY_TIME] = "2024-12-02 19:00:00",
		[OLD_STATUS] = "OUT", [OLD_FEE] = "5000" } };
	struct old_facts f = read_row(&row);

	CHECK(f.entered && f.left && !f.lost);
	CHECK_INT(f.exit_ms, SEVEN);
	CHECK_STR(f.reason, "missed");
	row.text[OLD_EXIT_TIME] = "2024-12-02 18:00:00";
	f = read_row(&row);
	CHECK_STR(f.reason, "normal");
	CHECK(f.note[0] != '\0' && !f.lost);
	row.text[OLD_ENTRY_TIME] = NULL;
	f = read_row(&row);
	CHECK(!f.entered && f.left && !f.lost && f.fee == 5000);
	CHECK_STR(f.reason, "unmatched");
	row.text[OLD_EXIT_TIME] = "soon";
	f = read_row(&row);
	CHECK(!f.entered && !f.left && f.lost);
}

TEST(money)
{
	static const struct { const char *text; int64_t fee; bool lost, noted; } fees[] = {
		{ NULL, 0, false, false }, { "", 0, false, false }, { "25000", 25000, false, false }, { "25000.0", 25000, false, false },
		{ "24999.6", 25000, false, true }, { "-5", 0, true, true }, { "25k", 0, true, true }, { "1e300", 0, true, true },
		{ "nan", 0, true, true }, { "2.5e4", 25000, false, false },
	};

	for (size_t i = 0; i < sizeof(fees) / sizeof(fees[0]); i++) {
		struct old_row row = { .row = 1, .text = { [OLD_PLATE_ID] = "29A12345", [OLD_ENTRY_TIME] = "2024-12-02 19:00:00",
			[OLD_EXIT_TIME] = "2024-12-02 20:00:00", [OLD_STATUS] = "OUT", [OLD_FEE] = fees[i].text } };
		struct old_facts f = read_row(&row);

		CHECK_INT(f.fee, fees[i].fee);
		CHECK_INT(f.lost, fees[i].lost);
		CHECK_INT(f.note[0] != '\0', fees[i].noted);
	}
}

TEST(plates)
{
	static const struct { const char *id, *view, *plate; bool noted; } plates[] = {
		{ "29A12345", NULL, "29A12345", false }, { "29-đ1 123.45", NULL, "29D112345", false }, { NULL, "29A-123.45", "29A12345", false },
		{ " ", "29A-123.45", "29A12345", false }, { "29A-1?345", NULL, "29A-1?345", true }, { "51F", NULL, "51F", true },
		{ NULL, NULL, "UNKNOWN9", true }, { "\xff\xfe""29A12345", NULL, "??29A12345", true }, { "ABCDEFGHIJKLMNOPQ", NULL, "ABCDEFGHIJKLMNOPQ", true },
	};

	for (size_t i = 0; i < sizeof(plates) / sizeof(plates[0]); i++) {
		struct old_row row = { .row = 9, .text = { [OLD_PLATE_ID] = plates[i].id, [OLD_PLATE_VIEW] = plates[i].view,
			[OLD_ENTRY_TIME] = "2024-12-02 19:00:00", [OLD_STATUS] = "in" } };
		struct old_facts f = read_row(&row);

		CHECK_STR(f.plate_id, plates[i].plate);
		CHECK_INT(f.note[0] != '\0', plates[i].noted);
		CHECK(!f.lost);
	}
}

TEST(names)
{
	char longest[200];
	struct old_row row = { .row = 1, .text = { [OLD_PLATE_ID] = "29A12345", [OLD_ENTRY_TIME] = "2024-12-02 19:00:00",
		[OLD_STATUS] = "IN", [OLD_EVENT_ID] = "exit_0123456789abcdef0123456789abcdef_7", [OLD_SOURCE_CENTRAL] = "Bãi xe" } };
	struct old_facts f = read_row(&row);

	CHECK_STR(f.event_id, "");
	CHECK_STR(f.source_central, "");
	CHECK(f.note[0] != '\0' && !f.lost);
	memset(longest, 'x', sizeof(longest));
	longest[STAY_NAME_SIZE - 1] = '\0';
	row.text[OLD_EVENT_ID] = longest;
	CHECK_STR(read_row(&row).event_id, longest);
	longest[STAY_NAME_SIZE - 1] = 'x';
	longest[STAY_NAME_SIZE] = '\0';
	CHECK_STR(read_row(&row).event_id, "");
	row.text[OLD_EVENT_ID] = "x\xff";
	CHECK_STR(read_row(&row).event_id, "");
}

TEST_MAIN
