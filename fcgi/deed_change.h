/* A row of the audit list in words: what was done, to what, and what it was and is. */
#ifndef PARKMESH_FCGI_DEED_CHANGE_H
#define PARKMESH_FCGI_DEED_CHANGE_H

#include <cjson/cJSON.h>

#include "app.h"
#include "store/deeds.h"

/* The text deed.WHAT, or the word itself where there is none (written by a later version). Adds it to parent. */
void deed_word(struct call *c, cJSON *parent, const char *name, const char *what);
/* What it was done to: a setting of the site by its name (a plate, a person), all else as it is. */
void deed_object(struct call *c, cJSON *parent, const char *name, const struct deed_row *deed);
/* A list of {label, was, is}: of objects the members that differ, of all else one without a label. Values are cut to what a row can
 * show. ERR_MEMORY. */
enum err deed_changes(struct call *c, cJSON *parent, const char *name, const struct deed_row *deed);

#endif
