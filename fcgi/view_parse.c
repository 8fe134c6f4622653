#include "view_parse.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define DELIMITER_SIZE 16
#define SECTIONS_MAX 32

struct parser {
	struct template *t;
	const char *start, *end, *pos;
	char open[DELIMITER_SIZE], close[DELIMITER_SIZE];
	size_t section[SECTIONS_MAX];
	size_t depth;
	struct fault *fault;
};

/* One tag as found in the source. */
struct tag {
	char kind;           /* one of # ^ / > ! = & {, or 'v' for an escaped variable */
	char *name;
	size_t name_len;
	const char *begin;
	const char *after;   /* first byte behind the closing delimiter */
};

static enum err complain(const struct parser *p, const char *at, const char *what)
{
	int line = 1;

	for (const char *c = p->start; c < at; c++)
		line += *c == '\n';
	fault_set(p->fault, ERR_SYNTAX, "template_broken", "", "Template %s, line %d: %s.", p->t->name, line, what);
	return ERR_SYNTAX;
}

static void add_node(struct template *t, const struct node *n)
{
	t->nodes[t->count++] = *n;
}

static bool begins_line(const struct parser *p, const char *at)
{
	return at == p->start || at[-1] == '\n';
}

/* A node for each line, because a partial's indentation goes before each. */
static void add_text(struct parser *p, const char *from, const char *to)
{
	while (from < to) {
		const char *newline = memchr(from, '\n', (size_t)(to - from));
		const char *stop = newline ? newline + 1 : to;
		struct node n = {.kind = NODE_TEXT, .text = from, .len = (size_t)(stop - from), .line_start = begins_line(p, from)};

		add_node(p->t, &n);
		from = stop;
	}
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_space(char c)
{
	return is_blank(c) || c == '\r' || c == '\n';
}

/* The begin of the tag's line if there are only blanks before it, else NULL. */
static const char *blank_before(const struct parser *p, const char *tag)
{
	while (tag > p->start && is_blank(tag[-1]))
		tag--;
	return begins_line(p, tag) ? tag : NULL;
}

/* The begin of the next line if there are only blanks behind the tag, else NULL. */
static const char *blank_behind(const struct parser *p, const char *after)
{
	while (after < p->end && is_blank(*after))
		after++;
	if (after < p->end && *after == '\r')
		after++;
	if (after == p->end)
		return after;
	return *after == '\n' ? after + 1 : NULL;
}

static void trim(struct tag *t)
{
	while (t->name_len > 0 && is_space(*t->name)) {
		t->name++;
		t->name_len--;
	}
	while (t->name_len > 0 && is_space(t->name[t->name_len - 1]))
		t->name_len--;
}

/* Where the tag's content ends: at the closing delimiter, which {{{ and {{= have a mark before. */
static const char *find_close(const struct parser *p, const char *from, char kind, size_t *len)
{
	char close[DELIMITER_SIZE + 1];
	const char *mark = "";

	if (kind == '{')
		mark = "}";
	else if (kind == '=')
		mark = "=";
	text_format(close, sizeof close, "%s%s", mark, p->close);
	*len = strlen(close);
	return memmem(from, (size_t)(p->end - from), close, *len);
}

static enum err read_tag(struct parser *p, const char *at, struct tag *out)
{
	const char *inner = at + strlen(p->open), *close;
	size_t close_len;

	*out = (struct tag){.kind = 'v', .begin = at};
	if (inner < p->end && *inner && strchr("#^/>!=&{", *inner))
		out->kind = *inner++;
	close = find_close(p, inner, out->kind, &close_len);
	if (!close)
		return complain(p, at, "a tag is not closed");
	out->name = p->t->source + (inner - p->start);
	out->name_len = (size_t)(close - inner);
	out->after = close + close_len;
	trim(out);
	if (out->name_len == 0 && out->kind != '!')
		return complain(p, at, "a tag has no name");
	out->name[out->name_len] = '\0'; /* still within the tag, which nobody reads again */
	return ERR_NONE;
}

static enum err set_delimiters(struct parser *p, const struct tag *tag)
{
	size_t first = 0, second;

	while (first < tag->name_len && !is_space(tag->name[first]))
		first++;
	second = first;
	while (second < tag->name_len && is_space(tag->name[second]))
		second++;
	if (first == second || first >= DELIMITER_SIZE || tag->name_len - second >= DELIMITER_SIZE
		|| memchr(tag->name, '=', tag->name_len))
		return complain(p, tag->begin, "two delimiters are needed, such as {{=<% %>=}}");
	memcpy(p->open, tag->name, first);
	p->open[first] = '\0';
	memcpy(p->close, tag->name + second, tag->name_len - second);
	p->close[tag->name_len - second] = '\0';
	return ERR_NONE;
}

static enum err open_section(struct parser *p, const struct tag *tag)
{
	if (p->depth == SECTIONS_MAX)
		return complain(p, tag->begin, "sections are nested too deeply");
	p->section[p->depth++] = p->t->count;
	return ERR_NONE;
}

static enum err close_section(struct parser *p, const struct tag *tag)
{
	struct node *n;

	if (p->depth == 0)
		return complain(p, tag->begin, "a section is closed that was not opened");
	n = &p->t->nodes[p->section[--p->depth]];
	if (strcmp(n->text, tag->name) != 0)
		return complain(p, tag->begin, "another section is open here");
	n->end = p->t->count;
	return ERR_NONE;
}

/* Tags that make no node of their own leave an empty text where they begin a line, to carry that line's indentation. */
static void add_line_mark(struct parser *p, const struct tag *tag, bool alone)
{
	struct node n = {.kind = NODE_TEXT, .text = tag->begin, .line_start = true};

	if (!alone && begins_line(p, tag->begin))
		add_node(p->t, &n);
}

static enum node_kind node_kind_of(char kind)
{
	switch (kind) {
	case '#': return NODE_SECTION;
	case '^': return NODE_INVERTED;
	case '>': return NODE_PARTIAL;
	case '&':
	case '{': return NODE_RAW;
	}
	return NODE_ESCAPED;
}

/* line: where the tag's line begins if it stands alone there, else NULL. */
static enum err add_tag(struct parser *p, const struct tag *tag, const char *line)
{
	struct node n = {.kind = node_kind_of(tag->kind), .text = tag->name, .len = tag->name_len};
	enum err e = ERR_NONE;

	if (tag->kind == '!' || tag->kind == '=' || tag->kind == '/') {
		if (tag->kind == '=')
			e = set_delimiters(p, tag);
		else if (tag->kind == '/')
			e = close_section(p, tag);
		add_line_mark(p, tag, line != NULL);
		return e;
	}
	if (tag->kind == '#' || tag->kind == '^')
		e = open_section(p, tag);
	if (e != ERR_NONE)
		return e;
	n.line_start = !line && begins_line(p, tag->begin);
	if (line && tag->kind == '>') {
		n.indent = line;
		n.indent_len = (size_t)(tag->begin - line);
	}
	add_node(p->t, &n);
	return ERR_NONE;
}

static enum err parse_tag(struct parser *p, const char *at)
{
	struct tag tag;
	const char *line = NULL, *next = NULL;
	enum err e = read_tag(p, at, &tag);

	if (e != ERR_NONE)
		return e;
	if (strchr("#^/>!=", tag.kind)) {
		line = blank_before(p, at);
		next = line ? blank_behind(p, tag.after) : NULL;
		if (!next)
			line = NULL;
	}
	add_text(p, p->pos, line ? line : at);
	p->pos = next ? next : tag.after;
	return add_tag(p, &tag, line);
}

enum err template_parse(struct template *t, size_t len, struct fault *fault)
{
	struct parser p = {.t = t, .start = t->source, .end = t->source + len, .pos = t->source, .open = "{{", .close = "}}",
		.fault = fault};
	struct node *fewer;
	enum err e = ERR_NONE;

	/* Each node stands for a byte of the source at least; what was not needed is given back. */
	t->nodes = calloc(len + 1, sizeof *t->nodes);
	if (!t->nodes)
		return ERR_MEMORY;
	while (e == ERR_NONE && p.pos < p.end) {
		const char *tag = memmem(p.pos, (size_t)(p.end - p.pos), p.open, strlen(p.open));

		if (tag) {
			e = parse_tag(&p, tag);
		} else {
			add_text(&p, p.pos, p.end);
			p.pos = p.end;
		}
	}
	if (e == ERR_NONE && p.depth > 0)
		e = complain(&p, p.end, "a section is not closed");
	fewer = realloc(t->nodes, (t->count + 1) * sizeof *fewer);
	if (fewer)
		t->nodes = fewer;
	return e;
}

void template_free(struct template *t)
{
	free(t->name);
	free(t->source);
	free(t->nodes);
	*t = (struct template){0};
}
