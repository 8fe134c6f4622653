/* What the pages of settings that the whole site shares have in common: who changed a thing last, and which state of it a form is of. */
#ifndef PARKMESH_FCGI_SHARED_PAGE_H
#define PARKMESH_FCGI_SHARED_PAGE_H

#include <cjson/cJSON.h>

#include "app.h"
#include "domain/shared.h"

/* "said" {when, by, central}; nothing if nobody ever set it. */
void shared_page_said(struct call *c, cJSON *page, const struct setting_said *said);
/* "version": the tag without its quotes, for a hidden field or a query. */
void shared_page_version(cJSON *page, const char *tag);
/* The tag that the field "version" of the request names, for if_match; NULL if there is none: whatever is held. */
const char *shared_page_match(const struct call *c, char tag[TAG_SIZE]);

#endif
