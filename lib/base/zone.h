/*
 * The site's time zone: Unix time to local text and back to the start of a day.
 *
 * glibc knows one zone a process (TZ), so changing it takes a lock against every reader here; nothing else in the programs
 * asks for local time.
 */
#ifndef PARKMESH_BASE_ZONE_H
#define PARKMESH_BASE_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#define ZONE_DEFAULT "Asia/Ho_Chi_Minh"
#define ZONE_TEXT 20 /* "YYYY-MM-DD HH:MM:SS" and NUL */

/* Use the IANA zone name from now on. false, and nothing changed, if tzdata does not know it. */
bool zone_set(const char *name);
/* Local time of ms as "YYYY-MM-DD HH:MM:SS". Times outside the years 1970 to 9999 are clamped to them. */
void zone_text(int64_t ms, char out[ZONE_TEXT]);
/* The first and last ms of the local day, minute or second that text names: "YYYY-MM-DD", "YYYY-MM-DD HH:MM" or with ":SS", a T
 * allowed for the space. A time that comes twice is the first of both. false, and nothing set, if it is no such text or there is
 * no such time. */
bool zone_parse(const char *text, int64_t *first, int64_t *last);
/* The same in ZONE_DEFAULT, whatever zone is in force: for what has to be the same text on every central. */
void zone_default_text(int64_t ms, char out[ZONE_TEXT]);
/* The first ms of the local day that ms lies in. */
int64_t zone_day_start(int64_t ms);

#endif
