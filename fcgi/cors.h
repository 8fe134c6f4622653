/*
 * Pages of other origins that were allowed by --cors-origin: what their browsers ask before and want to read beside the answers.
 * Any other origin gets no such header, and 403 (session.h).
 */
#ifndef PARKMESH_FCGI_CORS_H
#define PARKMESH_FCGI_CORS_H

#include <stdbool.h>

#include "app.h"

/* Is this a browser's question whether it may send a request to a path that takes the methods allow? Then it is answered: 204, or
 * 403 if the origin is not allowed. */
bool cors_preflight(struct call *c, const char *allow);
/* Add what a browser needs to let an allowed origin's page read the answer. */
void cors_add_headers(struct call *c);

#endif
