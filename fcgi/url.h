/* Paths of this central inside pages. Pure. */
#ifndef PARKMESH_FCGI_URL_H
#define PARKMESH_FCGI_URL_H

#include <stdbool.h>

#include "base/buf.h"

#define URL_MAX 1000

/* Does it lead to this central and nowhere else? "/…", but not "//…" or "/\…", without control characters, at most URL_MAX bytes. */
bool url_is_local(const char *path);
/* Append text with all but A-Z a-z 0-9 - . _ ~ as %XX: a value of a query, or one segment of a path. */
void url_encode(struct buf *out, const char *text);
/* The same of a path and its query ("": none), for who is to come back there: without the query, or as "/", where it would be above
 * URL_MAX and so refused. */
void url_encode_here(struct buf *out, const char *path, const char *query);

#endif
