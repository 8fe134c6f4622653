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
/* The first ms of the local day that ms lies in. */
int64_t zone_day_start(int64_t ms);

#endif
