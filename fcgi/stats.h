/* The four figures that several answers carry. */
#ifndef PARKMESH_FCGI_STATS_H
#define PARKMESH_FCGI_STATS_H

#include "response.h"
#include "store/history.h"

/* As members of the object that is open. */
void answer_stats(struct response *r, const struct site_stats *s);

#endif
