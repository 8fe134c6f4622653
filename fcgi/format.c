#include "format.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "base/zone.h"

#define GROUP 3
#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

void format_number(enum language l, int64_t n, char out[FORMAT_SIZE])
{
	char digits[32];
	uint64_t size = n < 0 ? -(uint64_t)n : (uint64_t)n;
	size_t len, at = 0;

	text_format(digits, sizeof digits, "%" PRIu64, size);
	len = strlen(digits);
	if (n < 0)
		out[at++] = '-';
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % GROUP == 0)
			out[at++] = l == LANGUAGE_VI ? '.' : ',';
		out[at++] = digits[i];
	}
	out[at] = '\0';
}

void format_money(enum language l, int64_t vnd, char out[FORMAT_SIZE])
{
	char number[FORMAT_SIZE];

	format_number(l, vnd, number);
	text_format(out, FORMAT_SIZE, "%s ₫", number);
}

void format_date(enum language l, int64_t ms, char out[FORMAT_SIZE])
{
	static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	char exact[ZONE_TEXT];
	int month;

	zone_text(ms, exact);
	month = (exact[5] - '0') * 10 + exact[6] - '0';
	if (l == LANGUAGE_VI)
		text_format(out, FORMAT_SIZE, "%.2s/%.2s/%.4s", exact + 8, exact + 5, exact);
	else
		text_format(out, FORMAT_SIZE, "%d %s %.4s", (exact[8] - '0') * 10 + exact[9] - '0', months[month - 1], exact);
}

void format_time(enum language l, int64_t ms, char out[FORMAT_SIZE])
{
	char exact[ZONE_TEXT], date[FORMAT_SIZE];

	zone_text(ms, exact);
	format_date(l, ms, date);
	text_format(out, FORMAT_SIZE, "%s %.5s", date, exact + 11);
}

void format_exact_time(int64_t ms, char out[FORMAT_SIZE])
{
	char exact[ZONE_TEXT];

	zone_text(ms, exact);
	text_copy(out, FORMAT_SIZE, exact);
}

static void two(char out[FORMAT_SIZE], int64_t a, const char *of_a, int64_t b, const char *of_b)
{
	text_format(out, FORMAT_SIZE, "%" PRId64 " %s %" PRId64 " %s", a, of_a, b, of_b);
}

void format_duration(enum language l, int64_t seconds, char out[FORMAT_SIZE])
{
	static const struct { const char *day, *hour, *minute, *second; } unit[LANGUAGES] = {
		[LANGUAGE_VI] = {"ngày", "giờ", "phút", "giây"}, [LANGUAGE_EN] = {"d", "h", "min", "s"},
	};

	if (seconds < 0)
		seconds = 0;
	if (seconds >= DAY)
		two(out, seconds / DAY, unit[l].day, seconds % DAY / HOUR, unit[l].hour);
	else if (seconds >= HOUR)
		two(out, seconds / HOUR, unit[l].hour, seconds % HOUR / MINUTE, unit[l].minute);
	else if (seconds >= MINUTE)
		text_format(out, FORMAT_SIZE, "%" PRId64 " %s", seconds / MINUTE, unit[l].minute);
	else
		text_format(out, FORMAT_SIZE, "%" PRId64 " %s", seconds, unit[l].second);
}
