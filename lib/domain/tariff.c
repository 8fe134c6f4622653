#include "domain/tariff.h"

#include <inttypes.h>
#include <math.h>

#include "base/text.h"
#include "wire/json.h"

#define HOUR 3600
#define DAY (24 * HOUR)

struct tariff tariff_default(void)
{
	return (struct tariff){ .fee_base = 0.5, .fee_per_hour = 25000, .fee_daily_max = 0, .fee_overnight = 0 };
}

static bool money_valid(double amount)
{
	return amount >= 0 && amount <= (double)TARIFF_MONEY_MAX && amount == floor(amount);
}

enum err tariff_parse(const char *json, struct tariff *out)
{
	struct tariff t = tariff_default();
	struct json_number field[] = {
		{ "fee_base", t.fee_base },
		{ "fee_per_hour", (double)t.fee_per_hour },
		{ "fee_daily_max", (double)t.fee_daily_max },
		{ "fee_overnight", (double)t.fee_overnight },
	};
	enum err e = json_numbers(json, field, sizeof field / sizeof field[0]);

	if (e == ERR_MEMORY)
		return e;
	if (e != ERR_NONE || field[0].value < 0 || field[0].value > TARIFF_HOURS_MAX || !money_valid(field[1].value) ||
		!money_valid(field[2].value) || !money_valid(field[3].value))
		return ERR_INVALID;
	out->fee_base = field[0].value;
	out->fee_per_hour = (int64_t)field[1].value;
	out->fee_daily_max = (int64_t)field[2].value;
	out->fee_overnight = (int64_t)field[3].value;
	return ERR_NONE;
}

/* How many parts of size each seconds begin. */
static int64_t started(int64_t seconds, int64_t size)
{
	return seconds / size + (seconds % size > 0);
}

static int64_t product(int64_t count, int64_t price)
{
	int64_t result;

	return __builtin_mul_overflow(count, price, &result) || result > INTEGER_MAX ? INTEGER_MAX : result;
}

int64_t tariff_fee(const struct tariff *t, int64_t seconds)
{
	int64_t free_seconds = llround(t->fee_base * HOUR), fee, most;

	if (seconds <= free_seconds)
		return 0;
	fee = product(started(seconds - free_seconds, HOUR), t->fee_per_hour);
	if (t->fee_daily_max <= 0)
		return fee;
	most = product(started(seconds, DAY), t->fee_daily_max);
	return fee < most ? fee : most;
}

int64_t stay_seconds(int64_t entry_ts, int64_t exit_ts)
{
	return exit_ts > entry_ts ? (exit_ts - entry_ts) / 1000 : 0;
}

void duration_text(int64_t seconds, char out[DURATION_SIZE])
{
	int64_t minutes = seconds > 0 ? seconds / 60 : 0;

	text_format(out, DURATION_SIZE, "%" PRId64 " giờ %" PRId64 " phút", minutes / 60, minutes % 60);
}
