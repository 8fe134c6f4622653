/*
 * Pages. First line: a mustache template, which may be any text; the rest is JSON, the data. Nothing of the data gets into a page
 * unescaped, unless a template asks for that with {{{ or {{&, and our own templates are rendered with hostile data, too.
 */
#include "fuzz.h"

#include <cjson/cJSON.h>

#include "base/text.h"
#include "fcgi/view.h"
#include "fcgi/pages.h"
#include "wire/json.h"

#define PAGE_MAX (1024 * 1024)
#define MARK "zq<>\"'&zq" /* laid into the data below; in no template */

/* All kinds of tags, in text and attributes, without a character that would have to be escaped. */
static const char plain[] = "{{a}} {{a.b.c}} {{.}}{{#list}}\n  {{.}} {{name}}{{#list}}{{a}}{{/list}}\n{{/list}}{{^list}}{{b}}{{/list}}"
	"{{> part}}\n  {{> part}}\n{{=| |=}}|a|{{a}}|! {{{ |";
static const char part[] = "[{{a}}{{#a}}{{b}}{{> part}}{{/a}}]\n{{name}}";

static struct views *make(const char *template, const char *second)
{
	struct fault fault = {0};
	struct views *v = NULL;
	enum err e;

	MUST(views_open(&v) == ERR_NONE);
	e = views_add(v, "t", template, strlen(template), &fault);
	MUST(e == ERR_NONE || (e == ERR_SYNTAX && fault.sentence[0]));
	if (e == ERR_NONE && views_add(v, "part", second, strlen(second), &fault) == ERR_NONE)
		return v;
	views_close(v);
	return NULL;
}

static void render(const struct views *v, const char *name, const cJSON *data, bool is_plain)
{
	struct buf out;
	enum err e;

	buf_init(&out, PAGE_MAX);
	e = views_render(v, NULL, name, data, &out);
	MUST(e == ERR_NONE || e == ERR_TOO_LARGE || e == ERR_MEMORY);
	if (is_plain)
		MUST(!strpbrk(buf_text(&out), "<>\"'"));
	MUST(!strstr(buf_text(&out), MARK));
	MUST(out.failed || strlen(buf_text(&out)) == out.len);
	buf_free(&out);
}

/* It asked for what it gets; it must come to an end all the same. */
static void render_raw(const struct views *v, const cJSON *data)
{
	struct buf out;

	buf_init(&out, PAGE_MAX);
	(void)views_render(v, NULL, "t", data, &out);
	buf_free(&out);
}

/* Every text of the data ends with something that must never be seen as it is. */
static void poison(cJSON *item)
{
	for (; item; item = item->next) {
		if (cJSON_IsString(item)) {
			size_t size = strlen(item->valuestring) + sizeof MARK;
			char *longer = malloc(size);

			MUST(longer && text_format(longer, size, "%s%s", item->valuestring, MARK));
			cJSON_SetValuestring(item, longer);
			free(longer);
		}
		poison(item->child);
	}
}

static void render_own(const cJSON *data)
{
	static struct views *own;
	struct fault fault = {0};
	const char *source = getenv("PARKMESH_SOURCE");
	char dir[4096];

	if (!own) {
		text_format(dir, sizeof dir, "%s/templates", source ? source : ".");
		MUST(views_open(&own) == ERR_NONE);
		MUST(views_load(own, dir, page_views, &fault) == ERR_NONE);
	}
	for (size_t i = 0; page_views[i]; i++)
		render(own, page_views[i], data, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct feed feed = {bytes, bytes + len};
	char *template = feed_line(&feed);
	cJSON *data = NULL;
	struct views *v;

	for (char *c = template; *c; c++)
		*c = *c == '\x01' ? '\n' : *c;
	if (json_read((const char *)feed.at, (size_t)(feed.end - feed.at), &data) != ERR_NONE)
		data = cJSON_CreateObject();
	poison(data);
	v = make(plain, part);
	MUST(v);
	render(v, "t", data, true);
	views_close(v);
	v = make(template, part);
	if (v && !strstr(template, "&") && !strstr(template, "{{{") && !strchr(template, '='))
		render(v, "t", data, false);
	else if (v)
		render_raw(v, data);
	views_close(v);
	render_own(data);
	cJSON_Delete(data);
	free(template);
	return 0;
}
