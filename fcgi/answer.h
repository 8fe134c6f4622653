/*
 * JSON answers: members are written one after another into the response's body. And the one place where an enum err becomes an
 * HTTP status.
 */
#ifndef PARKMESH_FCGI_ANSWER_H
#define PARKMESH_FCGI_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "response.h"

int answer_status(enum err e);

/* {"success":…: true below status 400. Close with answer_end. */
void answer_begin(struct response *r, int status);
void answer_end(struct response *r);

/* Members; name NULL inside a list. A NULL text is null. */
void answer_text(struct response *r, const char *name, const char *value);
void answer_integer(struct response *r, const char *name, int64_t value);
void answer_real(struct response *r, const char *name, double value);
void answer_bool(struct response *r, const char *name, bool value);
void answer_null(struct response *r, const char *name);
/* Only its name; the caller adds the value to the body. */
void answer_name(struct response *r, const char *name);
/* A value that is JSON already. */
void answer_raw(struct response *r, const char *name, const char *json);
void answer_object(struct response *r, const char *name);
void answer_object_end(struct response *r);
void answer_list(struct response *r, const char *name);
void answer_list_end(struct response *r);

/* "error", "code" and, where one is at fault, "field". An empty fault gets the sentence that e has by itself. */
void answer_fault(struct response *r, enum err e, const struct fault *f);
/* The sentence of answer_fault. */
const char *fault_sentence(enum err e, const struct fault *f);

#endif
