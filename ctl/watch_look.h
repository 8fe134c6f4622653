/* All that parkmesh-watch may have to tell: conditions, warnings, and whether this central answers at all. */
#ifndef PARKMESH_CTL_WATCH_LOOK_H
#define PARKMESH_CTL_WATCH_LOOK_H

#include "conf.h"
#include "news.h"

#define WATCH_URL_SIZE (CONF_URL_MAX + 1)

/* Look once. health: the address of /healthz, "" for port api_port of this machine. id gets this central's. Returns how many matters there
 * are; ERR_… with fault if the database cannot be read, and what was found without it. */
enum err watch_look(const char *db_path, const char *health, int64_t now_ms, char id[CENTRAL_ID_SIZE], struct matter out[NEWS_MAX],
	size_t *count, struct fault *fault);

#endif
