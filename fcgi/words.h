/*
 * What pages say: one catalogue file a language, templates/vi.json and so on, groups of texts: {"p2p": {"title": "…"}}. A text's name
 * is "p2p.title"; a template says it by {{t.p2p.title}} (view.h).
 *
 * A text is plain text, escaped where it goes into a page. It may use {{name}} and {{#name}}…{{/name}}, {{^name}}…{{/name}} of what the
 * template has around it, and nothing else of Mustache.
 *
 * Read once, at start; after that only read, by any number of threads.
 */
#ifndef PARKMESH_FCGI_WORDS_H
#define PARKMESH_FCGI_WORDS_H

#include <stddef.h>

#include "base/err.h"
#include "language.h"

struct template;
struct words;

#define WORDS_NAME_SIZE 80

/* Read dir/CODE.json. ERR_SYSTEM: it cannot be read; ERR_SYNTAX: what is in it cannot, or a name comes twice. fault names file and text. */
enum err words_load(const char *dir, enum language l, struct words **out, struct fault *fault);
/* The same from a catalogue's bytes. */
enum err words_parse(const char *json, size_t len, enum language l, struct words **out, struct fault *fault);
void words_close(struct words *w);
enum language words_language(const struct words *w);

/* NULL: there is no text of that name. */
const struct template *words_find(const struct words *w, const char *name);
/* ERR_NOT_FOUND with fault naming the first text that one of them has and the other lacks. */
enum err words_compare(const struct words *a, const struct words *b, struct fault *fault);

/* All of them. */
struct catalogue { struct words *of[LANGUAGES]; };
/* Load every language and compare them. Close with catalogue_close on any result. */
enum err catalogue_load(const char *dir, struct catalogue *out, struct fault *fault);
void catalogue_close(struct catalogue *c);

#endif
