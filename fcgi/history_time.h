/* A moment as a caller of the API may say it. */
#ifndef PARKMESH_FCGI_HISTORY_TIME_H
#define PARKMESH_FCGI_HISTORY_TIME_H

#include "params.h"

/* The first and last ms that the field name means: Unix seconds or ms, or a local day, minute or second (base/zone.h). Both are
 * left alone if the field is missing. ERR_INVALID with fault. */
enum err history_time(const struct params *p, const char *name, int64_t *first, int64_t *last, struct fault *fault);

#endif
