/*
 * The history as one CSV file of any length, sent while it is read: a page by key at a time, each in a read transaction of
 * its own that ends before the page is sent. So memory stays that of one page, a slow reader holds up no checkpoint, and rows
 * that are added meanwhile do no harm (store/history.h).
 *
 * At most a quarter of the request threads send one; beyond that it is ERR_UNAVAILABLE with code "busy". A reader that goes
 * away ends it, as does the end of the program or a failure on the way: then the answer is cut off, so that half a file
 * cannot be taken for a whole one.
 */
#ifndef PARKMESH_FCGI_HISTORY_CSV_H
#define PARKMESH_FCGI_HISTORY_CSV_H

#include "app.h"
#include "store/history.h"

/* At most filter->limit rows. */
enum err history_csv(struct call *c, const struct history_filter *filter, struct fault *fault);

#endif
