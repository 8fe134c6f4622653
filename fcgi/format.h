/*
 * Numbers, money, times and durations as the language of a page writes them. Pure, but for the site's time zone (base/zone.h).
 *
 *              Vietnamese           English
 *   number     1.234.567            1,234,567
 *   money      25.000 ₫             25,000 ₫
 *   date       02/12/2025           2 Dec 2025
 *   time       02/12/2025 10:30     2 Dec 2025 10:30
 *   duration   1 giờ 5 phút         1 h 5 min
 */
#ifndef PARKMESH_FCGI_FORMAT_H
#define PARKMESH_FCGI_FORMAT_H

#include <stdint.h>

#include "language.h"

#define FORMAT_SIZE 64  /* enough for each of them */

void format_number(enum language l, int64_t n, char out[FORMAT_SIZE]);
/* Whole VND. */
void format_money(enum language l, int64_t vnd, char out[FORMAT_SIZE]);
/* Local time of a Unix time in ms. */
void format_date(enum language l, int64_t ms, char out[FORMAT_SIZE]);
void format_time(enum language l, int64_t ms, char out[FORMAT_SIZE]);
/* The exact value for a title: 2025-12-02 10:30:00. */
void format_exact_time(int64_t ms, char out[FORMAT_SIZE]);
/* Seconds, rounded down to minutes; below 0 counts as 0. From a day on days and hours, below a minute seconds. */
void format_duration(enum language l, int64_t seconds, char out[FORMAT_SIZE]);

#endif
