#include "domain/names.h"

#include <search.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* The tree holds pointers to the texts. */
static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static struct name *name_of(void *node)
{
	char *text = *(char **)node;

	return (struct name *)(void *)(text - offsetof(struct name, text));
}

struct name *names_find(const struct names *n, const char *text)
{
	void *node = n->first == NULL ? NULL : tfind(text, &n->tree, compare);

	return node == NULL ? NULL : name_of(node);
}

struct name *names_add(struct names *n, const char *text)
{
	struct name *held = names_find(n, text), *more;
	size_t len = strlen(text) + 1;

	if (held != NULL)
		return held;
	more = calloc(1, sizeof(*more) + len);
	if (more == NULL)
		return NULL;
	memcpy(more->text, text, len);
	if (tsearch(more->text, &n->tree, compare) == NULL) {
		free(more);
		return NULL;
	}
	if (n->last != NULL)
		n->last->next = more;
	else
		n->first = more;
	n->last = more;
	return more;
}

static void keep(void *text)
{
	(void)text; /* the list frees it */
}

void names_free(struct names *n)
{
	if (n->tree != NULL)
		tdestroy(n->tree, keep);
	while (n->first != NULL) {
		struct name *next = n->first->next;

		free(n->first);
		n->first = next;
	}
	*n = (struct names){ 0 };
}
