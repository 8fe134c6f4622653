/*
 * A growing set of names in order of arrival, some with a reach: the first and the last moment of a plate's line that something
 * changed at. Names are a peer's choice, so it is a balanced tree (tsearch) and not a hash table whose collisions could be
 * sought.
 */
#ifndef PARKMESH_DOMAIN_NAMES_H
#define PARKMESH_DOMAIN_NAMES_H

#include "store/stays.h"

struct name { struct name *next; struct key earliest, latest; char text[]; };
struct names { void *tree; struct name *first, *last; };

/* The name in the set, added if it was not there (earliest and latest zero then). NULL: out of memory. */
struct name *names_add(struct names *n, const char *text);
/* NULL: it is not there. */
struct name *names_find(const struct names *n, const char *text);
/* Empty it. */
void names_free(struct names *n);

#endif
