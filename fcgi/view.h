/*
 * Mustache over cJSON: the required parts of the official spec (variables escaped by default, {{{ }}} and {{& }} raw, sections,
 * inverted sections, comments, partials, set delimiters, the rules for tags alone on a line). Beyond it: an empty text is false
 * in a section, so that a page can say {{#name}}…{{/name}}. And {{t.GROUP.NAME}} is the text of that name in the language of the page
 * (words.h), escaped; what it uses is looked for where it stands.
 *
 * Templates are read and parsed once, at start; after that a struct views is only read, by any number of threads.
 */
#ifndef PARKMESH_FCGI_VIEW_H
#define PARKMESH_FCGI_VIEW_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

struct cJSON;
struct catalogue;
struct views;
struct words;

/* No templates yet. ERR_MEMORY. Free with views_close, which takes NULL. */
enum err views_open(struct views **out);
void views_close(struct views *v);

/* Parse text as the template called name; text is copied. ERR_SYNTAX with fault naming template and line. */
enum err views_add(struct views *v, const char *name, const char *text, size_t len, struct fault *fault);
/* Add every NAME.html of dir. Then each of the wanted names (NULL-terminated), and every partial that a template uses, has to be
 * there: ERR_NOT_FOUND. ERR_SYSTEM if a file cannot be read. fault names the template. */
enum err views_load(struct views *v, const char *dir, const char *const *wanted, struct fault *fault);

/* Has every language each text that a template uses? ERR_NOT_FOUND with fault naming template and text. */
enum err views_check_words(const struct views *v, const struct catalogue *c, struct fault *fault);

/* Append what the template called name makes of context, with the texts of words (NULL: none). Missing values and missing partials
 * are empty, as the spec says. ERR_NOT_FOUND: no such template. ERR_TOO_LARGE: partials or sections nested without end.
 * ERR_MEMORY: out's limit. */
enum err views_render(const struct views *v, const struct words *words, const char *name, const struct cJSON *context,
	struct buf *out);
/* Append the text called name, plain, for what is no HTML or is escaped later. ERR_NOT_FOUND: there is no such text. */
enum err view_words(const struct words *words, const char *name, const struct cJSON *context, struct buf *out);

#endif
