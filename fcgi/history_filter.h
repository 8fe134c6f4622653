/* Which rows of history a request asks for: the same words for the API and for the page. */
#ifndef PARKMESH_FCGI_HISTORY_FILTER_H
#define PARKMESH_FCGI_HISTORY_FILTER_H

#include "app.h"
#include "domain/plate.h"
#include "store/history.h"

#define HISTORY_LIST_USUAL 100

/* The fields limit, offset, after, search, status, in_parking_only, entries_only, today_only, from, to, central, edge and flagged, which
 * the route has to declare. out points into c->params and to search. ERR_INVALID with fault. */
enum err history_filter_read(const struct call *c, char search[PLATE_SIZE], struct history_filter *out, struct fault *fault);

#endif
