/* What operators type about stays, read and checked; what is wrong is said beside the field, in form. All return false then. */
#ifndef PARKMESH_FCGI_STAY_TYPED_H
#define PARKMESH_FCGI_STAY_TYPED_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "app.h"
#include "domain/plate.h"

#define TYPED_MAX 1000   /* bytes of a typed value; what it really may be is said beside the field */
#define WHY_BYTES 500
#define EXIT_REASONS 3
extern const char *const exit_reasons[EXIT_REASONS];  /* that an operator may give */

struct plate_typed { char id[PLATE_SIZE], view[PLATE_VIEW_SIZE]; };  /* view "": the usual one */
/* Field plate_id: as people write plates; what has dots or dashes is kept as it was written. */
bool typed_plate(struct call *c, cJSON *form, struct plate_typed *out);
/* Field why. NULL if it is empty, which it may be unless it is required. */
bool typed_why(struct call *c, cJSON *form, bool required, const char **out);
/* Field fee: whole VND, as 25000 or 25.000; -1 if it is empty. missed: such an exit took no money. */
bool typed_fee(struct call *c, cJSON *form, bool missed, int64_t *out);

#endif
