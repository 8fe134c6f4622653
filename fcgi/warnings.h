/* The warnings that stand (domain/warnings), for the API and the pages; and seeing one. */
#ifndef PARKMESH_FCGI_WARNINGS_H
#define PARKMESH_FCGI_WARNINGS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "domain/warnings.h"

struct cJSON;
struct response;
struct writer;

/* The member "warnings". */
void warnings_answer(struct response *r, const struct warning *list, size_t count);
/* The list "warnings" for templates/p2p_warnings.html, which has the sentences for people. */
void warnings_show(struct cJSON *page, const struct warning *list, size_t count);
/* An operator has seen it. ERR_NOT_FOUND: no such warning stands. */
enum err warnings_seen(struct writer *w, int64_t id, struct fault *fault);

#endif
