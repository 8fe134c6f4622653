#include "view.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "view_parse.h"
#include "words.h"

#define TEMPLATE_MAX (256 * 1024)
#define SUFFIX ".html"
#define CONTEXTS_MAX 64
#define PARTIALS_MAX 32
#define INDENT_MAX 256
#define NAME_PART_SIZE 64
#define OF_WORDS "t."

struct views {
	struct template *templates;
	size_t count;
};

enum err views_open(struct views **out)
{
	*out = calloc(1, sizeof **out);
	return *out ? ERR_NONE : ERR_MEMORY;
}

void views_close(struct views *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->count; i++)
		template_free(&v->templates[i]);
	free(v->templates);
	free(v);
}

static const struct template *find(const struct views *v, const char *name)
{
	for (size_t i = 0; i < v->count; i++) {
		if (strcmp(v->templates[i].name, name) == 0)
			return &v->templates[i];
	}
	return NULL;
}

enum err views_add(struct views *v, const char *name, const char *text, size_t len, struct fault *fault)
{
	struct template *bigger = realloc(v->templates, (v->count + 1) * sizeof *bigger);
	struct template t = {0};
	enum err e = ERR_MEMORY;

	if (!bigger)
		return ERR_MEMORY;
	v->templates = bigger;
	t.name = strdup(name);
	t.source = malloc(len + 1);
	if (!t.name || !t.source)
		goto out;
	memcpy(t.source, text, len);
	t.source[len] = '\0';
	e = template_parse(&t, len, fault);
	if (e != ERR_NONE)
		goto out;
	v->templates[v->count++] = t;
	return ERR_NONE;
out:
	template_free(&t);
	return e;
}

static enum err add_file(struct views *v, const char *dir, const char *file, struct fault *fault)
{
	char path[4096], name[256];
	char *text = malloc(TEMPLATE_MAX);
	FILE *in = NULL;
	size_t len;
	enum err e = ERR_MEMORY;

	if (!text)
		return e;
	e = fault_set(fault, ERR_SYSTEM, "template_unreadable", "", "Template %s/%s cannot be read.", dir, file);
	if (!text_format(path, sizeof path, "%s/%s", dir, file)
		|| !text_format(name, sizeof name, "%.*s", (int)(strlen(file) - strlen(SUFFIX)), file))
		goto out;
	in = fopen(path, "re");
	if (!in)
		goto out;
	len = fread(text, 1, TEMPLATE_MAX, in);
	if (ferror(in) || len == TEMPLATE_MAX)
		goto out;
	e = views_add(v, name, text, len, fault);
out:
	if (in)
		fclose(in);
	free(text);
	return e;
}

static bool is_template(const char *file)
{
	size_t len = strlen(file);

	return len > strlen(SUFFIX) && file[0] != '.' && strcmp(file + len - strlen(SUFFIX), SUFFIX) == 0;
}

static enum err add_all(struct views *v, const char *dir, struct fault *fault)
{
	DIR *d = opendir(dir);
	const struct dirent *entry;
	enum err e = ERR_NONE;

	if (!d)
		return fault_set(fault, ERR_SYSTEM, "templates_unreadable", "", "The templates in %s cannot be read: %s.", dir,
			strerror(errno));
	while (e == ERR_NONE && (entry = readdir(d)) != NULL) {
		if (is_template(entry->d_name))
			e = add_file(v, dir, entry->d_name, fault);
	}
	closedir(d);
	return e;
}

static enum err need(const struct views *v, const char *dir, const char *name, struct fault *fault)
{
	if (find(v, name))
		return ERR_NONE;
	return fault_set(fault, ERR_NOT_FOUND, "template_missing", "", "Template %s/%s%s is missing.", dir, name, SUFFIX);
}

static enum err need_partials(const struct views *v, const char *dir, const struct template *t, struct fault *fault)
{
	enum err e = ERR_NONE;

	for (size_t i = 0; e == ERR_NONE && i < t->count; i++) {
		if (t->nodes[i].kind == NODE_PARTIAL)
			e = need(v, dir, t->nodes[i].text, fault);
	}
	return e;
}

enum err views_load(struct views *v, const char *dir, const char *const *wanted, struct fault *fault)
{
	enum err e = add_all(v, dir, fault);

	for (; e == ERR_NONE && *wanted; wanted++)
		e = need(v, dir, *wanted, fault);
	for (size_t i = 0; e == ERR_NONE && i < v->count; i++)
		e = need_partials(v, dir, &v->templates[i], fault);
	return e;
}

static const char *word_name(const struct node *n)
{
	return n->kind == NODE_ESCAPED && strncmp(n->text, OF_WORDS, strlen(OF_WORDS)) == 0 ? n->text + strlen(OF_WORDS) : NULL;
}

static enum err check_words_of(const struct template *t, const struct words *words, struct fault *fault)
{
	for (size_t i = 0; i < t->count; i++) {
		const char *name = word_name(&t->nodes[i]);

		if (name && !words_find(words, name))
			return fault_set(fault, ERR_NOT_FOUND, "text_missing", "", "Template %s%s uses the text %s, which catalogue %s.json lacks.",
				t->name, SUFFIX, name, language_code(words_language(words)));
	}
	return ERR_NONE;
}

enum err views_check_words(const struct views *v, const struct catalogue *c, struct fault *fault)
{
	enum err e = ERR_NONE;

	for (size_t i = 0; i < v->count; i++) {
		for (int l = 0; e == ERR_NONE && l < LANGUAGES; l++)
			e = check_words_of(&v->templates[i], c->of[l], fault);
	}
	return e;
}

/* --- rendering ------------------------------------------------------------------------------------------------------- */

/* What is rendered now: a template's own text is HTML, that of the catalogue is not. */
enum rendering { RENDER_TEMPLATE, RENDER_WORDS, RENDER_PLAIN };

struct render {
	const struct views *views;
	const struct words *words;
	enum rendering now;
	struct buf *out;
	const cJSON *context[CONTEXTS_MAX];
	size_t depth;
	size_t partials;
	char indent[INDENT_MAX];     /* of all partials around */
	size_t indent_from, indent_len; /* what of it goes before a line now */
	enum err e;
};

static void render_nodes(struct render *r, const struct template *t, size_t from, size_t to);

/* One part of a dotted name, copied to part; the rest of the name, NULL behind the last. */
static const char *next_part(const char *name, char part[NAME_PART_SIZE])
{
	size_t len = strcspn(name, ".");

	if (!text_format(part, NAME_PART_SIZE, "%.*s", (int)len, name))
		part[0] = '\0';
	return name[len] ? name + len + 1 : NULL;
}

/* The first part is looked for from the innermost context outwards, the others only inside what it named. */
static const cJSON *lookup(const struct render *r, const char *name)
{
	char part[NAME_PART_SIZE];
	const cJSON *found = NULL;

	if (strcmp(name, ".") == 0)
		return r->context[r->depth - 1];
	name = next_part(name, part);
	for (size_t i = r->depth; i > 0 && !found; i--)
		found = cJSON_IsObject(r->context[i - 1]) ? cJSON_GetObjectItemCaseSensitive(r->context[i - 1], part) : NULL;
	while (found && name) {
		name = next_part(name, part);
		found = cJSON_IsObject(found) ? cJSON_GetObjectItemCaseSensitive(found, part) : NULL;
	}
	return found;
}

static bool is_true(const cJSON *value)
{
	if (!value || cJSON_IsNull(value) || cJSON_IsFalse(value))
		return false;
	if (cJSON_IsArray(value))
		return value->child != NULL;
	return !cJSON_IsString(value) || value->valuestring[0];
}

static void put_escaped(struct buf *out, const char *text, size_t len)
{
	for (const char *c = text; c < text + len; c++) {
		switch (*c) {
		case '&': buf_str(out, "&amp;"); break;
		case '<': buf_str(out, "&lt;"); break;
		case '>': buf_str(out, "&gt;"); break;
		case '"': buf_str(out, "&quot;"); break;
		case '\'': buf_str(out, "&#39;"); break;
		default: buf_char(out, *c); break;
		}
	}
}

static void put_value(struct buf *out, const cJSON *value, bool escape)
{
	if (!value)
		return;
	if (cJSON_IsString(value) && escape)
		put_escaped(out, value->valuestring, strlen(value->valuestring));
	else if (cJSON_IsString(value))
		buf_str(out, value->valuestring);
	else if (cJSON_IsNumber(value) && fabs(value->valuedouble) < 1e15 && trunc(value->valuedouble) == value->valuedouble)
		buf_printf(out, "%.0f", value->valuedouble);
	else if (cJSON_IsNumber(value))
		buf_printf(out, "%.15g", value->valuedouble);
	else if (cJSON_IsBool(value))
		buf_str(out, cJSON_IsTrue(value) ? "true" : "false");
}

static void render_within(struct render *r, const struct template *t, size_t section, const cJSON *context)
{
	if (r->depth == CONTEXTS_MAX) {
		r->e = ERR_TOO_LARGE;
		return;
	}
	r->context[r->depth++] = context;
	render_nodes(r, t, section + 1, t->nodes[section].end);
	r->depth--;
}

static void render_section(struct render *r, const struct template *t, size_t section)
{
	const cJSON *value = lookup(r, t->nodes[section].text);
	const cJSON *item;

	if (!is_true(value))
		return;
	if (!cJSON_IsArray(value)) {
		render_within(r, t, section, value);
		return;
	}
	for (item = value->child; item; item = item->next)
		render_within(r, t, section, item);
}

static void render_partial(struct render *r, const struct node *n)
{
	const struct template *t = r->views ? find(r->views, n->text) : NULL;
	size_t indent_from = r->indent_from, indent_len = r->indent_len;

	if (!t)
		return;
	if (r->partials == PARTIALS_MAX || indent_len + n->indent_len > sizeof r->indent) {
		r->e = ERR_TOO_LARGE;
		return;
	}
	if (n->indent) {
		memcpy(r->indent + indent_len, n->indent, n->indent_len);
		r->indent_len += n->indent_len;
	} else {
		r->indent_from = indent_len;
	}
	r->partials++;
	render_nodes(r, t, 0, t->count);
	r->partials--;
	r->indent_from = indent_from;
	r->indent_len = indent_len;
}

static void render_words(struct render *r, const char *name)
{
	const struct template *t = r->words ? words_find(r->words, name) : NULL;
	size_t indent_from = r->indent_from;

	if (!t)
		return;
	r->indent_from = r->indent_len;
	r->now = RENDER_WORDS;
	render_nodes(r, t, 0, t->count);
	r->now = RENDER_TEMPLATE;
	r->indent_from = indent_from;
}

static void render_text(struct render *r, const struct node *n)
{
	if (r->now == RENDER_WORDS)
		put_escaped(r->out, n->text, n->len);
	else
		buf_add(r->out, n->text, n->len);
}

static void render_escaped(struct render *r, const struct node *n)
{
	const char *word = word_name(n);

	if (word && r->now == RENDER_TEMPLATE)
		render_words(r, word);
	else
		put_value(r->out, lookup(r, n->text), r->now != RENDER_PLAIN);
}

static void render_node(struct render *r, const struct template *t, size_t at)
{
	const struct node *n = &t->nodes[at];

	if (n->line_start)
		buf_add(r->out, r->indent + r->indent_from, r->indent_len - r->indent_from);
	switch (n->kind) {
	case NODE_TEXT: render_text(r, n); break;
	case NODE_ESCAPED: render_escaped(r, n); break;
	case NODE_RAW: put_value(r->out, lookup(r, n->text), false); break;
	case NODE_SECTION: render_section(r, t, at); break;
	case NODE_PARTIAL: render_partial(r, n); break;
	case NODE_INVERTED:
		if (!is_true(lookup(r, n->text)))
			render_nodes(r, t, at + 1, n->end);
		break;
	}
}

static void render_nodes(struct render *r, const struct template *t, size_t from, size_t to)
{
	while (from < to && r->e == ERR_NONE) {
		const struct node *n = &t->nodes[from];

		render_node(r, t, from);
		from = n->kind == NODE_SECTION || n->kind == NODE_INVERTED ? n->end : from + 1;
	}
}

static enum err render(struct render *r, const struct template *t)
{
	if (!t)
		return ERR_NOT_FOUND;
	render_nodes(r, t, 0, t->count);
	if (r->e == ERR_NONE && r->out->failed)
		return ERR_MEMORY;
	return r->e;
}

enum err views_render(const struct views *v, const struct words *words, const char *name, const struct cJSON *context,
	struct buf *out)
{
	struct render r = {.views = v, .words = words, .out = out, .context = {context}, .depth = 1};

	return render(&r, find(v, name));
}

enum err view_words(const struct words *words, const char *name, const struct cJSON *context, struct buf *out)
{
	struct render r = {.words = words, .now = RENDER_PLAIN, .out = out, .context = {context}, .depth = 1};

	return render(&r, words_find(words, name));
}
