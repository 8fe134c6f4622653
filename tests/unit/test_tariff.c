/* lib/domain/tariff: fee and duration. */
#include "base/text.h"
#include "domain/tariff.h"
#include "test.h"

#define H 3600
#define D 86400

TEST(the_built_in_tariff)
{
	struct tariff t = tariff_default();

	CHECK(t.fee_base == 0.5);
	CHECK_INT(t.fee_per_hour, 25000);
	CHECK_INT(t.fee_daily_max, 0);
	CHECK_INT(t.fee_overnight, 0);
}

TEST(fees_at_every_boundary)
{
	static const struct {
		double base;
		int64_t hour, day, seconds, fee;
	} row[] = {
		{ 0.5, 25000, 0, 0, 0 },
		{ 0.5, 25000, 0, 1, 0 },
		{ 0.5, 25000, 0, 1799, 0 },
		{ 0.5, 25000, 0, 1800, 0 },
		{ 0.5, 25000, 0, 1801, 25000 },
		{ 0.5, 25000, 0, 1800 + H - 1, 25000 },
		{ 0.5, 25000, 0, 1800 + H, 25000 },
		{ 0.5, 25000, 0, 1800 + H + 1, 50000 },
		{ 0.5, 25000, 0, 1800 + 2 * H, 50000 },
		{ 0.5, 25000, 0, 1800 + 2 * H + 1, 75000 },
		{ 0.5, 25000, 0, D, 24 * 25000 },
		{ 0.5, 25000, 0, 30 * D, (30 * 24) * 25000 },
		{ 0, 10000, 0, 0, 0 },
		{ 0, 10000, 0, 1, 10000 },
		{ 0, 10000, 0, H, 10000 },
		{ 0, 10000, 0, H + 1, 20000 },
		{ 1, 10000, 0, H, 0 },
		{ 1, 10000, 0, H + 1, 10000 },
		/* 0.1 h and 1/3 h are no whole binary fractions, 1.1 · 3600 is not 3960 in doubles */
		{ 0.1, 10000, 0, 360, 0 },
		{ 0.1, 10000, 0, 361, 10000 },
		{ 0.1, 10000, 0, 360 + H, 10000 },
		{ 0.1, 10000, 0, 360 + H + 1, 20000 },
		{ 1.0 / 3, 10000, 0, 1200, 0 },
		{ 1.0 / 3, 10000, 0, 1201, 10000 },
		{ 1.1, 10000, 0, 3960, 0 },
		{ 1.1, 10000, 0, 3961, 10000 },
		{ 1.1, 10000, 0, 3960 + H, 10000 },
		{ 1.1, 10000, 0, 3960 + H + 1, 20000 },
		{ 1.13, 10000, 0, 4068, 0 }, /* 1.13 · 3600 is a little less in doubles */
		{ 1.13, 10000, 0, 4069, 10000 },
		/* daily maximum: days begun since the entry */
		{ 0.5, 25000, 200000, 1800 + 8 * H, 200000 },
		{ 0.5, 25000, 200000, 1800 + 8 * H + 1, 200000 },
		{ 0.5, 25000, 200000, 1800 + 7 * H, 175000 },
		{ 0.5, 25000, 200000, D - 1, 200000 },
		{ 0.5, 25000, 200000, D, 200000 },
		{ 0.5, 25000, 200000, D + 1, 400000 },
		{ 0.5, 25000, 200000, 2 * D, 400000 },
		{ 0.5, 25000, 200000, 2 * D + 1, 600000 },
		{ 0.5, 25000, 200000, 1800, 0 },
		{ 0.5, 1000, 200000, D + 1, 24 * 1000 },
		{ 0.5, 0, 200000, 10 * D, 0 },
		/* a stay cannot cost money back */
		{ 0.5, 25000, 200000, -1, 0 },
		{ 0, 25000, 0, -D, 0 },
		{ 0, 25000, 0, INT64_MIN, 0 },
		/* nor more than a record can hold */
		{ 0, TARIFF_MONEY_MAX, 0, INTEGER_MAX, INTEGER_MAX },
		{ 0, TARIFF_MONEY_MAX, 0, (int64_t)10000 * H, INTEGER_MAX },
		{ 0, 25000, 0, INT64_MAX, INTEGER_MAX },
		{ 0, 25000, TARIFF_MONEY_MAX, INT64_MAX, INTEGER_MAX },
		{ 0, 1, 0, (int64_t)H * 1000000000, 1000000000 },
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct tariff t = { row[i].base, row[i].hour, row[i].day, 5000 };
		int64_t fee = tariff_fee(&t, row[i].seconds);

		if (fee != row[i].fee)
			test_fail(__FILE__, __LINE__, "row %zu (%" PRId64 " s): %" PRId64 ", not %" PRId64, i, row[i].seconds, fee, row[i].fee);
	}
}

/* Free hours in tenths make ceil((s - free) / 3600) a question of whole numbers, which needs no doubles at all. */
TEST(fees_of_a_day_agree_with_whole_numbers)
{
	for (int tenths = 0; tenths <= 20; tenths++) {
		struct tariff t = { tenths / 10.0, 7000, 50000, 0 };

		for (int64_t s = 0; s <= 2 * D; s += 7) {
			int64_t hours = 0, most = s <= D ? 50000 : 100000, fee;

			while (tenths * 360 + hours * H < s)
				hours++;
			fee = hours * 7000 < most ? hours * 7000 : most;
			CHECK_INT(tariff_fee(&t, s), fee);
		}
	}
}

TEST(reading_a_tariff)
{
	struct tariff t;

	CHECK_INT(tariff_parse("{\"fee_base\":1.5,\"fee_per_hour\":20000,\"fee_overnight\":30000,\"fee_daily_max\":150000}", &t),
		ERR_NONE);
	CHECK(t.fee_base == 1.5);
	CHECK_INT(t.fee_per_hour, 20000);
	CHECK_INT(t.fee_daily_max, 150000);
	CHECK_INT(t.fee_overnight, 30000);
	CHECK_INT(tariff_parse("{}", &t), ERR_NONE);
	CHECK(t.fee_base == 0.5);
	CHECK_INT(t.fee_per_hour, 25000);
	CHECK_INT(tariff_parse(" {\"fee_per_hour\":1,\"fee_per_hour\":2,\"new\":{\"x\":[]}} ", &t), ERR_NONE);
	CHECK_INT(t.fee_per_hour, 1);
	CHECK_INT(tariff_parse("{\"fee_base\":8760,\"fee_per_hour\":1000000000000}", &t), ERR_NONE);
	CHECK_INT(t.fee_per_hour, TARIFF_MONEY_MAX);
}

TEST(tariffs_that_mean_nothing_are_refused)
{
	static const char *const bad[] = {
		"", "null", "[]", "5", "{", "{\"fee_base\":0.5}x", "{\"fee_base\":\"0.5\"}", "{\"fee_base\":null}", "{\"fee_base\":-0.1}",
		"{\"fee_base\":8760.1}", "{\"fee_base\":1e999}", "{\"fee_base\":NaN}", "{\"fee_per_hour\":-1}", "{\"fee_per_hour\":1.5}",
		"{\"fee_per_hour\":1000000000001}", "{\"fee_per_hour\":true}", "{\"fee_daily_max\":-1}", "{\"fee_daily_max\":[]}",
		"{\"fee_daily_max\":0.5}", "{\"fee_overnight\":-5}", "{\"fee_overnight\":\"\"}", "{\"fee_per_hour\":1e400}",
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct tariff t = { 9, 9, 9, 9 };

		if (tariff_parse(bad[i], &t) != ERR_INVALID || t.fee_per_hour != 9)
			test_fail(__FILE__, __LINE__, "taken or half taken: %s", bad[i]);
	}
}

TEST(seconds_of_a_stay)
{
	CHECK_INT(stay_seconds(1000, 1000), 0);
	CHECK_INT(stay_seconds(1000, 1999), 0);
	CHECK_INT(stay_seconds(1000, 2000), 1);
	CHECK_INT(stay_seconds(1999, 2000), 0);
	CHECK_INT(stay_seconds(2000, 1000), 0);
	CHECK_INT(stay_seconds(0, INTEGER_MAX), INTEGER_MAX / 1000);
}

/* Counted up minute by minute, as a clock would, instead of divided. */
TEST(duration_of_every_minute_of_a_day)
{
	int hours = 0, minutes = 0;

	for (int minute = 0; minute < 24 * 60; minute++) {
		char text[DURATION_SIZE], expected[64] = "";

		snprintf(expected, sizeof expected, "%d gi\xe1\xbb\x9d %d ph\xc3\xbat", hours, minutes);
		duration_text(minute * 60, text);
		CHECK_STR(text, expected);
		duration_text(minute * 60 + 59, text);
		CHECK_STR(text, expected);
		if (++minutes == 60) {
			minutes = 0;
			hours++;
		}
	}
}

TEST(duration_has_no_end_and_no_beginning_below_zero)
{
	char text[DURATION_SIZE];

	duration_text(24 * H, text);
	CHECK_STR(text, "24 giờ 0 phút");
	duration_text(24 * H - 1, text);
	CHECK_STR(text, "23 giờ 59 phút");
	duration_text(100 * H + 61, text);
	CHECK_STR(text, "100 giờ 1 phút");
	duration_text(1000000LL * H + 59 * 60, text);
	CHECK_STR(text, "1000000 giờ 59 phút");
	duration_text(-1, text);
	CHECK_STR(text, "0 giờ 0 phút");
	duration_text(INT64_MAX, text);
	CHECK_STR(text, "2562047788015215 giờ 30 phút");
}

TEST_MAIN
