/* lib/base/zone: expected values are those of tzdata, checked with `date -d @… ` in the zone. */
#include <pthread.h>
#include <stdlib.h>

#include "base/zone.h"
#include "test.h"

#define HOUR 3600000LL

TEST(zones_that_tzdata_does_not_know)
{
	const char *const wrong[] = {"", "Nowhere/Else", "/usr/share/zoneinfo/UTC", "../zoneinfo/UTC", "Asia/../UTC", "Asia",
		"zone.tab", "right/UTC", "posix/UTC", "UTC\n", "<+07>-7", "UTC;x", "Asia/Ho_Chi_Minh/"};
	char text[ZONE_TEXT];

	CHECK(zone_set("Asia/Ho_Chi_Minh"));
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		CHECK(!zone_set(wrong[i]));
	zone_text(0, text);
	CHECK_STR(text, "1970-01-01 08:00:00");
}

TEST(text_of_a_time)
{
	char text[ZONE_TEXT];

	CHECK(zone_set(ZONE_DEFAULT));
	zone_text(1764646200000, text);
	CHECK_STR(text, "2025-12-02 10:30:00");
	zone_text(1764646200999, text);
	CHECK_STR(text, "2025-12-02 10:30:00");
	CHECK(zone_set("UTC"));
	zone_text(1764646200000, text);
	CHECK_STR(text, "2025-12-02 03:30:00");
}

TEST(times_out_of_bounds_are_clamped)
{
	char text[ZONE_TEXT];

	CHECK(zone_set("UTC"));
	zone_text(INT64_MIN, text);
	CHECK_STR(text, "1970-01-01 00:00:00");
	zone_text(INT64_MAX, text);
	CHECK_STR(text, "9999-12-31 23:59:59");
	CHECK(zone_set("Pacific/Kiritimati"));
	zone_text(INT64_MAX, text);
	CHECK_STR(text, "9999-12-31 23:59:59");
	CHECK(zone_set("America/Los_Angeles"));
	zone_text(0, text);
	CHECK_STR(text, "1970-01-01 00:00:00");
}

TEST(text_back_to_times)
{
	int64_t first = -1, last = -1;

	CHECK(zone_set(ZONE_DEFAULT));
	CHECK(zone_parse("2025-12-02 10:30:00", &first, &last));
	CHECK_INT(first, 1764646200000);
	CHECK_INT(last, 1764646200999);
	CHECK(zone_parse("2025-12-02T10:30", &first, &last));
	CHECK_INT(first, 1764646200000);
	CHECK_INT(last, 1764646259999);
	CHECK(zone_parse("2025-12-02", &first, &last));
	CHECK_INT(first, 1764608400000);
	CHECK_INT(last, 1764608400000 + 24 * HOUR - 1);
	CHECK(zone_parse("2024-02-29", &first, &last));
	CHECK(zone_set("Europe/Berlin"));
	CHECK(zone_parse("2025-03-30", &first, &last));
	CHECK_INT(last + 1 - first, 23 * HOUR);
	CHECK(zone_parse("2025-10-26", &first, &last));
	CHECK_INT(last + 1 - first, 25 * HOUR);
}

TEST(texts_that_are_no_times)
{
	const char *const wrong[] = {"", "2025", "2025-12", "2025-12-2", "2025-12-32", "2025-02-29", "2025-13-01", "2025-00-01",
		"2025-01-00", "1969-12-31", "2025-12-02 ", "2025-12-02 1", "2025-12-02 24:00", "2025-12-02 10:60", "2025-12-02 10:30:60",
		"2025-12-02 10:30:00Z", "2025/12/02", "2025-12-02_10:30", "aaaa-bb-cc", "-025-12-02", " 2025-12-02", "1764646200",
		"2025-03-30 02:30"};
	int64_t first = 7, last = 8;

	CHECK(zone_set("Europe/Berlin"));
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		if (zone_parse(wrong[i], &first, &last))
			test_fail(__FILE__, __LINE__, "%s", wrong[i]);
	}
	CHECK_INT(first, 7);
	CHECK_INT(last, 8);
}

TEST(a_day_starts_at_midnight)
{
	CHECK(zone_set(ZONE_DEFAULT));
	CHECK_INT(zone_day_start(1764646200000), 1764608400000);
	CHECK_INT(zone_day_start(1764608400000), 1764608400000);
	CHECK_INT(zone_day_start(1764608399999), 1764608400000 - 24 * HOUR);
}

/* Every half hour of the days around a change of the clocks: the start is the same all day, and it is midnight. */
TEST(days_of_23_and_25_hours)
{
	const int64_t spring = 1743289200000, autumn = 1761429600000; /* 2025-03-30 and 2025-10-26 00:00 in Berlin */

	CHECK(zone_set("Europe/Berlin"));
	for (int64_t t = 0; t < 23 * HOUR; t += HOUR / 2)
		CHECK_INT(zone_day_start(spring + t), spring);
	CHECK_INT(zone_day_start(spring + 23 * HOUR), spring + 23 * HOUR);
	for (int64_t t = 0; t < 25 * HOUR; t += HOUR / 2)
		CHECK_INT(zone_day_start(autumn + t), autumn);
	CHECK_INT(zone_day_start(autumn + 25 * HOUR), autumn + 25 * HOUR);
}

TEST(days_without_a_midnight)
{
	const int64_t day = 1541300400000; /* 2018-11-04 01:00 in Sao Paulo, the first moment of that day */
	char text[ZONE_TEXT];

	CHECK(zone_set("America/Sao_Paulo"));
	zone_text(day, text);
	CHECK_STR(text, "2018-11-04 01:00:00");
	CHECK_INT(zone_day_start(day), day);
	CHECK_INT(zone_day_start(day + 12 * HOUR), day);
	CHECK_INT(zone_day_start(day - 1), day - 24 * HOUR);
}

TEST(days_with_two_midnights)
{
	const int64_t day = 1762056000000; /* 2025-11-02 00:00 in Havana; at 01:00 it is 00:00 again */
	char text[ZONE_TEXT];

	CHECK(zone_set("America/Havana"));
	zone_text(day + HOUR, text);
	CHECK_STR(text, "2025-11-02 00:00:00");
	CHECK_INT(zone_day_start(day), day);
	CHECK_INT(zone_day_start(day + HOUR), day);
	CHECK_INT(zone_day_start(day + 24 * HOUR), day);
	CHECK_INT(zone_day_start(day + 25 * HOUR), day + 25 * HOUR);
}

TEST(the_start_of_a_day_out_of_bounds)
{
	CHECK(zone_set("UTC"));
	CHECK_INT(zone_day_start(INT64_MIN), 0);
	CHECK_INT(zone_day_start(INT64_MAX), 253402214400000);
}

/* East of Greenwich it began before. */
TEST(the_first_day_begins_with_unix_time)
{
	int64_t first = -1, last = -1;

	CHECK(zone_set(ZONE_DEFAULT));
	CHECK(zone_parse("1970-01-01", &first, &last));
	CHECK_INT(first, 0);
	CHECK_INT(last, 16 * HOUR - 1);
	CHECK_INT(zone_day_start(5 * HOUR), 0);
	CHECK_INT(zone_day_start(20 * HOUR), 16 * HOUR);
}

static void *read_zone(void *arg)
{
	bool *wrong = arg;
	char text[ZONE_TEXT];

	for (int i = 0; i < 2000; i++) {
		zone_text(0, text);
		if (strcmp(text, "1970-01-01 00:00:00") != 0 && strcmp(text, "1970-01-01 08:00:00") != 0)
			*wrong = true;
	}
	return NULL;
}

TEST(a_change_is_seen_whole_by_other_threads)
{
	bool wrong = false;
	pthread_t reader;

	CHECK(zone_set("UTC"));
	CHECK_INT(pthread_create(&reader, NULL, read_zone, &wrong), 0);
	for (int i = 0; i < 200; i++)
		zone_set(i % 2 ? "UTC" : ZONE_DEFAULT);
	pthread_join(reader, NULL);
	CHECK(!wrong);
}

TEST(the_default_zones_text_does_not_follow_the_zone_in_force)
{
	char text[ZONE_TEXT];

	CHECK(zone_set("America/New_York"));
	zone_default_text(1733140800000, text);
	CHECK_STR(text, "2024-12-02 19:00:00");
	CHECK(zone_set(ZONE_DEFAULT));
	zone_text(1733140800000, text);
	CHECK_STR(text, "2024-12-02 19:00:00");
}

TEST_MAIN
