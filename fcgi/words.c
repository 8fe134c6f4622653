#include "words.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "view_parse.h"

#define CATALOGUE_MAX (512 * 1024)

struct words {
	enum language language;
	struct template *texts;  /* by name */
	size_t count;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct template *)a)->name, ((const struct template *)b)->name);
}

void words_close(struct words *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->count; i++)
		template_free(&w->texts[i]);
	free(w->texts);
	free(w);
}

enum language words_language(const struct words *w)
{
	return w->language;
}

const struct template *words_find(const struct words *w, const char *name)
{
	const struct template key = {.name = (char *)name};

	return w->count > 0 ? bsearch(&key, w->texts, w->count, sizeof *w->texts, by_name) : NULL;
}

/* --- reading --------------------------------------------------------------------------------------------------------- */

static enum err broken(const struct words *w, const char *name, const char *what, struct fault *fault)
{
	return fault_set(fault, ERR_SYNTAX, "catalogue_broken", "", "Catalogue %s.json, %s: %s", language_code(w->language), name, what);
}

static enum err check_nodes(const struct words *w, const struct template *t, struct fault *fault)
{
	for (size_t i = 0; i < t->count; i++) {
		if (t->nodes[i].kind == NODE_PARTIAL || t->nodes[i].kind == NODE_RAW)
			return broken(w, t->name, "A text has no partials and nothing unescaped.", fault);
		if (t->nodes[i].kind != NODE_TEXT && strncmp(t->nodes[i].text, "t.", 2) == 0)
			return broken(w, t->name, "A text does not use another one.", fault);
	}
	return ERR_NONE;
}

static enum err add_text(struct words *w, const char *group, const cJSON *item, struct fault *fault)
{
	const char *text = cJSON_GetStringValue(item);
	struct template *bigger, t = {0};
	char name[WORDS_NAME_SIZE];
	enum err e;

	if (!text || !text_format(name, sizeof name, "%s.%s", group, item->string))
		return broken(w, item->string, "This is no text, or its name is too long.", fault);
	bigger = realloc(w->texts, (w->count + 1) * sizeof *bigger);
	if (!bigger)
		return ERR_MEMORY;
	w->texts = bigger;
	t.name = strdup(name);
	t.source = strdup(text);
	e = t.name && t.source ? template_parse(&t, strlen(text), fault) : ERR_MEMORY;
	if (e == ERR_NONE)
		e = check_nodes(w, &t, fault);
	if (e == ERR_NONE)
		w->texts[w->count++] = t;
	else
		template_free(&t);
	return e;
}

static enum err add_group(struct words *w, const cJSON *group, struct fault *fault)
{
	const cJSON *item;
	enum err e = ERR_NONE;

	if (!cJSON_IsObject(group))
		return broken(w, group->string, "This is no group of texts.", fault);
	cJSON_ArrayForEach(item, group) {
		e = add_text(w, group->string, item, fault);
		if (e != ERR_NONE)
			break;
	}
	return e;
}

static enum err sort(struct words *w, struct fault *fault)
{
	if (w->count > 0)
		qsort(w->texts, w->count, sizeof *w->texts, by_name);
	for (size_t i = 1; i < w->count; i++) {
		if (strcmp(w->texts[i - 1].name, w->texts[i].name) == 0)
			return broken(w, w->texts[i].name, "This name comes twice.", fault);
	}
	return ERR_NONE;
}

static enum err fill(struct words *w, const char *json, size_t len, struct fault *fault)
{
	cJSON *document = cJSON_ParseWithLength(json, len);
	const cJSON *group;
	enum err e = ERR_NONE;

	if (!cJSON_IsObject(document))
		e = broken(w, "the file", "This is no JSON object.", fault);
	else cJSON_ArrayForEach(group, document) {
		e = add_group(w, group, fault);
		if (e != ERR_NONE)
			break;
	}
	cJSON_Delete(document);
	return e == ERR_NONE ? sort(w, fault) : e;
}

enum err words_parse(const char *json, size_t len, enum language l, struct words **out, struct fault *fault)
{
	struct words *w = calloc(1, sizeof *w);
	enum err e;

	*out = NULL;
	if (!w)
		return ERR_MEMORY;
	w->language = l;
	e = fill(w, json, len, fault);
	if (e == ERR_NONE)
		*out = w;
	else
		words_close(w);
	return e;
}

enum err words_load(const char *dir, enum language l, struct words **out, struct fault *fault)
{
	char path[4096];
	char *text = malloc(CATALOGUE_MAX);
	FILE *in = NULL;
	size_t len;
	enum err e = ERR_MEMORY;

	*out = NULL;
	if (!text)
		return e;
	e = ERR_SYSTEM;
	fault_set(fault, e, "catalogue_unreadable", "", "Catalogue %s/%s.json cannot be read.", dir, language_code(l));
	if (text_format(path, sizeof path, "%s/%s.json", dir, language_code(l)))
		in = fopen(path, "re");
	if (in) {
		len = fread(text, 1, CATALOGUE_MAX, in);
		if (!ferror(in) && len < CATALOGUE_MAX)
			e = words_parse(text, len, l, out, fault);
		fclose(in);
	}
	free(text);
	return e;
}

/* --- all languages --------------------------------------------------------------------------------------------------- */

static enum err lacks(const struct words *w, const char *name, struct fault *fault)
{
	return fault_set(fault, ERR_NOT_FOUND, "text_missing", "", "Catalogue %s.json lacks the text %s.", language_code(w->language), name);
}

enum err words_compare(const struct words *a, const struct words *b, struct fault *fault)
{
	for (size_t i = 0; i < a->count; i++) {
		if (!words_find(b, a->texts[i].name))
			return lacks(b, a->texts[i].name, fault);
	}
	for (size_t i = 0; i < b->count; i++) {
		if (!words_find(a, b->texts[i].name))
			return lacks(a, b->texts[i].name, fault);
	}
	return ERR_NONE;
}

enum err catalogue_load(const char *dir, struct catalogue *out, struct fault *fault)
{
	enum err e = ERR_NONE;

	*out = (struct catalogue){0};
	for (int i = 0; e == ERR_NONE && i < LANGUAGES; i++) {
		e = words_load(dir, (enum language)i, &out->of[i], fault);
		if (e == ERR_NONE && i > 0)
			e = words_compare(out->of[0], out->of[i], fault);
	}
	return e;
}

void catalogue_close(struct catalogue *c)
{
	for (int i = 0; i < LANGUAGES; i++)
		words_close(c->of[i]);
}
