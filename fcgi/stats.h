/* The four figures that several answers carry. */
#ifndef PARKMESH_FCGI_STATS_H
#define PARKMESH_FCGI_STATS_H

#include "app.h"
#include "store/history.h"

/* Today's figures, today being the day in the site's zone. */
enum err stats_read(struct call *c, struct site_stats *out, struct fault *fault);
/* As members of the object that is open. */
void answer_stats(struct response *r, const struct site_stats *s);

#endif
