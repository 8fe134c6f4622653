/* On which centrals the records of a stay are held, as far as p2pd knows. */
#ifndef PARKMESH_FCGI_STAY_HELD_H
#define PARKMESH_FCGI_STAY_HELD_H

#include <cjson/cJSON.h>

#include "app.h"

struct mesh_look;
struct stay_held;

/* For the centrals of look, which has to outlive it. ERR_MEMORY. Free with stay_held_free, which takes NULL. */
enum err stay_held_new(const struct mesh_look *look, struct stay_held **out);
void stay_held_free(struct stay_held *h);
/* One more record of the stay. */
enum err stay_held_add(struct call *c, struct stay_held *h, const char *log, int64_t seq);
/* "held": [{central, own, all, some, unknown, away: bool; words}], this central first; "durable": words on what this central wrote. */
void stay_held_show(struct call *c, cJSON *page, const struct stay_held *h);

#endif
