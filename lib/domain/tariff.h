/* Fee and duration (spec/api.md, "Fee"). Pure functions. */
#ifndef PARKMESH_DOMAIN_TARIFF_H
#define PARKMESH_DOMAIN_TARIFF_H

#include <stdint.h>

#include "base/err.h"

struct tariff {
	double fee_base;          /* free hours */
	int64_t fee_per_hour;     /* VND */
	int64_t fee_daily_max;    /* VND a started day, 0: none */
	int64_t fee_overnight;    /* kept, not used */
};

#define TARIFF_HOURS_MAX 8760          /* a year */
#define TARIFF_MONEY_MAX 1000000000000 /* VND; far from overflow, far above any fee */

/* 0.5 free hours, 25 000 VND an hour, no daily maximum. */
struct tariff tariff_default(void);
/* Read {"fee_base":…,…}; missing fields take the default. ERR_INVALID if it is no JSON object, or one is no number, negative, not
 * whole (money), or above TARIFF_HOURS_MAX or TARIFF_MONEY_MAX; ERR_MEMORY. On both out is left as it was. */
enum err tariff_parse(const char *json, struct tariff *out);

/* Seconds inside ≤ fee_base·3600: 0; else ceil((seconds - fee_base·3600) / 3600) · fee_per_hour, and at most started days ·
 * fee_daily_max if that is set (a day is 24 hours from the entry). Never negative, never above INTEGER_MAX. fee_base counts to
 * the nearest whole second. */
int64_t tariff_fee(const struct tariff *t, int64_t seconds);

/* floor((exit_ts - entry_ts) / 1000), 0 if negative. */
int64_t stay_seconds(int64_t entry_ts, int64_t exit_ts);
#define DURATION_SIZE 40
/* "<h> giờ <m> phút", minutes rounded down, h unbounded. */
void duration_text(int64_t seconds, char out[DURATION_SIZE]);

#endif
