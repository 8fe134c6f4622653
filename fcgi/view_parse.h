/* A template's text -> a flat list of nodes. Used by view.c only. */
#ifndef PARKMESH_FCGI_VIEW_PARSE_H
#define PARKMESH_FCGI_VIEW_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum node_kind { NODE_TEXT, NODE_ESCAPED, NODE_RAW, NODE_SECTION, NODE_INVERTED, NODE_PARTIAL };

struct node {
	enum node_kind kind;
	const char *text;    /* NODE_TEXT: len bytes; else the name, NUL-terminated. Into the template's source. */
	size_t len;
	size_t end;          /* sections: index of the first node behind them */
	bool line_start;     /* begins a line of the source, so that a partial's indentation goes before it */
	const char *indent;  /* NODE_PARTIAL alone on its line: the blanks before it */
	size_t indent_len;
};

struct template {
	char *name;
	char *source;        /* names in it get their NUL written behind them */
	struct node *nodes;
	size_t count;
};

/* Parse t->source (len bytes) into t->nodes. ERR_SYNTAX with fault; ERR_MEMORY. */
enum err template_parse(struct template *t, size_t len, struct fault *fault);
void template_free(struct template *t);

#endif
