/* What the pages about one stay share: its page (page_stay.c) and what is done to it (page_stay_act.c). */
#ifndef PARKMESH_FCGI_PAGE_STAY_H
#define PARKMESH_FCGI_PAGE_STAY_H

#include <cjson/cJSON.h>

#include "app.h"
#include "store/stays.h"

/* The row that the request's field id names, in a read that is begun. ERR_NOT_FOUND with fault. */
enum err stay_of_call(struct call *c, struct stay_row *out, struct fault *fault);
/* Its row as stay_show has it, as an object. Within a read, as the next. ERR_NOT_FOUND. */
enum err stay_add(struct call *c, cJSON *parent, const char *name, int64_t id);
/* The exits that ended up at it, [{time, where, kind, second, why, money}]. */
enum err stay_add_exits(struct call *c, cJSON *parent, const char *name, const char *event_id);

/* What undoing would do to a row now: give back the plate it had before its last correction, or let a void one count again. Both are
 * done by a correction to this plate. */
enum undo { UNDO_NOTHING, UNDO_CORRECTION, UNDO_VOID };
struct undoing { enum undo what; char plate_id[STAY_PLATE_SIZE], plate_view[STAY_PLATE_SIZE]; };
enum err stay_undoing(struct db *db, const struct stay_row *stay, struct undoing *out);

#endif
