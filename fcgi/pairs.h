/* A query string or urlencoded form: name=value&… decoded. */
#ifndef PARKMESH_FCGI_PAIRS_H
#define PARKMESH_FCGI_PAIRS_H

#include <stddef.h>

#include "base/err.h"

#define PAIRS_MAX 1024

struct pair { char *name, *value; };
struct pairs {
	char *text;         /* owns what the pairs point to */
	size_t len;         /* of what was read */
	struct pair *pair;
	size_t count;
};

/* ERR_SYNTAX: a broken %xx, NUL, bytes that are not UTF-8, or more than PAIRS_MAX. ERR_MEMORY. Free with pairs_free on any
 * result. */
enum err pairs_parse(const char *text, size_t len, struct pairs *out);
/* Overwrites what it held: passwords come by forms. */
void pairs_free(struct pairs *p);
/* The first value of that name; NULL if there is none. */
const char *pairs_find(const struct pairs *p, const char *name);

#endif
