/* A row of history as pages show it: the same members wherever a stay stands in a list or alone. */
#ifndef PARKMESH_FCGI_STAY_SHOW_H
#define PARKMESH_FCGI_STAY_SHOW_H

#include <cjson/cJSON.h>

#include "app.h"
#include "store/history.h"

/*
 * Adds to parent, each null where it is not known: id, href (of its page), event, plate, plate_id; status {inside, left, superseded,
 * void: one of them true; text}; entered, left {text, exact}, entry_place, exit_place (edge and central), vehicle, confirmed; fee, paid
 * (false for 0), duration (until now while it is inside), reason; flags [{text, why}], flagged.
 */
void stay_show(struct call *c, cJSON *parent, const struct history_row *h);
/* A list of them: rows (an array) gets at most limit, of which last is the last one; more: there is one beyond. */
struct stay_list { struct call *call; cJSON *rows; int64_t limit, count; struct history_cursor last; bool more; };
/* Add one to the list -> its object, NULL if limit are there. */
cJSON *stay_list_add(struct stay_list *list, const struct history_row *h);
/* The same for history_list; arg is the struct stay_list. */
enum err stay_list_each(void *arg, const struct history_row *h);
/* The path of a row's page. */
#define STAY_HREF_SIZE 48
void stay_href(int64_t id, char out[STAY_HREF_SIZE]);
/* "edge-1 · central-1", or the one of them that is known; null if neither is. */
void stay_add_place(cJSON *parent, const char *name, const char *edge, const char *central);
/* A word that comes from records, as the text GROUP.word; one that there is no text for stands as it is, a missing one is null. */
void stay_add_word(struct call *c, cJSON *parent, const char *name, const char *group, const char *word);

#endif
