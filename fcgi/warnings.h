/* The warnings that stand (domain/warnings), for the API and the pages. */
#ifndef PARKMESH_FCGI_WARNINGS_H
#define PARKMESH_FCGI_WARNINGS_H

#include <stddef.h>
#include <stdint.h>

#include "domain/warnings.h"

struct cJSON;
struct call;
struct response;

/* The member "warnings". */
void warnings_answer(struct response *r, const struct warning *list, size_t count);
/* The list "warnings" for templates/p2p_warnings.html, with what it says in the page's language: the texts warning_title.CODE and
 * warning_text.CODE, with _own behind where one about this central is another. */
void warnings_show(struct call *c, struct cJSON *page, const struct warning *list, size_t count);

#endif
