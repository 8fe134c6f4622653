/* The parts of the page `/`, one file each: what it shows, as members of the page's context. Each reads the database of c->desk. */
#ifndef PARKMESH_FCGI_OVERVIEW_PARTS_H
#define PARKMESH_FCGI_OVERVIEW_PARTS_H

#include <cjson/cJSON.h>

#include "app.h"

/* "mesh": picture and table of this central and its links. */
enum err overview_mesh(struct call *c, cJSON *page, struct fault *fault);
/* "conditions": what is not as it should be, and warnings that stand, each with what to do and a link to where, if this person may. */
enum err overview_conditions(struct call *c, cJSON *page);
/* "charts": by hour of the day that begins at day_ms, and by day, the last 30. */
enum err overview_charts(struct call *c, cJSON *page, int64_t day_ms);
/* The first ms of the local day behind (or before) the one that begins at day_ms. */
int64_t overview_next_day(int64_t day_ms);
int64_t overview_day_before(int64_t day_ms);

#endif
