/*
 * What many ask again and again while nothing changes: today's figures, and the answer with all vehicles inside (5000 of them are
 * 3.5 MB of JSON and 10 ms to write). They are kept for all request threads as of the change they belong to (clock.change).
 *
 *   nothing kept -> worked out by the first who asks -> kept, until somebody's read transaction knows a later change, or it is
 *   another day in the site's zone
 *
 * Who asks while it is worked out waits for that and takes it, if it is as new as what he would see himself. So nobody is told
 * anything older than his own request, and while history changes all the time it is worked out once for all who wait, not for each.
 */
#ifndef PARKMESH_FCGI_RECENT_H
#define PARKMESH_FCGI_RECENT_H

#include "app.h"
#include "store/history.h"

/* ERR_MEMORY. Close it when no request is served any more; takes NULL. */
enum err recent_open(const struct world *world, struct recent **out);
void recent_close(struct recent *r);

/* Today's figures, as new as the call's read transaction or newer. That is begun by this, anew if it is open already: what was read
 * before may be older. */
enum err recent_stats(struct call *c, struct site_stats *out, struct fault *fault);
/* The same for the answer with the vehicles inside: from make, which fills the response, or as it was made for another call. It may
 * depend on nothing but history and the day. It is given with an ETag; who names that is told, without a body, that nothing has changed. */
enum err recent_inside(struct call *c, handler_fn *make, struct fault *fault);

#endif
