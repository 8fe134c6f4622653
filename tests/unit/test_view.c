/* The official Mustache spec, read in place, and what goes beyond it. */
#include "fcgi/view.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "test.h"

static char *file_text(const char *path)
{
	FILE *in = fopen(path, "re");
	size_t len = 0, cap = 256 * 1024;
	char *text;

	if (!in)
		return NULL;
	text = calloc(1, cap);
	if (text)
		len = fread(text, 1, cap - 1, in);
	if (text)
		text[len] = '\0';
	fclose(in);
	return text;
}

static void render(const struct views *v, const cJSON *data, const char *expected, const char *title)
{
	struct buf out;

	buf_init(&out, 64 * 1024);
	if (views_render(v, NULL, "spec", data, &out) != ERR_NONE)
		test_fail(__FILE__, __LINE__, "%s: not rendered", title);
	else if (strcmp(buf_text(&out), expected) != 0)
		test_fail(__FILE__, __LINE__, "%s: got \"%s\", not \"%s\"", title, buf_text(&out), expected);
	buf_free(&out);
}

static const char *text_of(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void spec_case(const cJSON *test)
{
	const cJSON *partials = cJSON_GetObjectItemCaseSensitive(test, "partials"), *partial;
	const char *text = text_of(test, "template");
	struct fault fault = {0};
	struct views *v = NULL;

	if (views_open(&v) != ERR_NONE || views_add(v, "spec", text, strlen(text), &fault) != ERR_NONE)
		test_fail(__FILE__, __LINE__, "%s: %s", text_of(test, "name"), fault.sentence);
	cJSON_ArrayForEach(partial, partials) {
		if (views_add(v, partial->string, partial->valuestring, strlen(partial->valuestring), &fault) != ERR_NONE)
			test_fail(__FILE__, __LINE__, "%s: %s", text_of(test, "name"), fault.sentence);
	}
	render(v, cJSON_GetObjectItemCaseSensitive(test, "data"), text_of(test, "expected"), text_of(test, "name"));
	views_close(v);
}

/* The folder that a checkout may have beside it, with what all of its makers share. */
static bool spec_path(const char *part, char *path, size_t size)
{
	const char *shared = getenv("PARKMESH_SHARED"), *source = getenv("PARKMESH_SOURCE");

	if (shared && text_format(path, size, "%s/data/mustache-spec/%s", shared, part) && access(path, R_OK) == 0)
		return true;
	return text_format(path, size, "%s/../shared/data/mustache-spec/%s", source ? source : ".", part) && access(path, R_OK) == 0;
}

static void spec_file(const char *name)
{
	char path[4096];
	char *text;
	cJSON *all;
	const cJSON *test;
	int count = 0;

	if (!spec_path(name, path, sizeof path))
		SKIP("the spec's files are not in data/mustache-spec of PARKMESH_SHARED or of ../shared");
	text = file_text(path);
	all = cJSON_Parse(text);
	cJSON_ArrayForEach(test, cJSON_GetObjectItemCaseSensitive(all, "tests")) {
		spec_case(test);
		count++;
	}
	printf("# %s: %d cases\n", name, count);
	if (count == 0)
		test_fail(__FILE__, __LINE__, "%s has no cases", path);
	cJSON_Delete(all);
	free(text);
}

TEST(spec_comments) { spec_file("comments.json"); }
TEST(spec_delimiters) { spec_file("delimiters.json"); }
TEST(spec_interpolation) { spec_file("interpolation.json"); }
TEST(spec_inverted) { spec_file("inverted.json"); }
TEST(spec_partials) { spec_file("partials.json"); }
TEST(spec_sections) { spec_file("sections.json"); }

static void one(const char *template, const char *json, const char *expected)
{
	struct fault fault = {0};
	struct views *v = NULL;
	cJSON *data = cJSON_Parse(json);

	if (views_open(&v) != ERR_NONE || views_add(v, "spec", template, strlen(template), &fault) != ERR_NONE)
		test_fail(__FILE__, __LINE__, "%s: %s", template, fault.sentence);
	else
		render(v, data, expected, template);
	views_close(v);
	cJSON_Delete(data);
}

TEST(beyond_the_spec)
{
	one("{{#a}}yes{{/a}}{{^a}}no{{/a}}", "{\"a\":\"\"}", "no");
	one("<a title='{{a}}'>", "{\"a\":\"'\\\"<&>\"}", "<a title='&#39;&quot;&lt;&amp;&gt;'>");
	one("{{a}} {{b}}", "{\"a\":25000,\"b\":-0.5}", "25000 -0.5");
	one("{{a.b.c.d}}", "{\"a\":{\"b\":1}}", "");
}

static void broken(const char *template, const char *says)
{
	struct fault fault = {0};
	struct views *v = NULL;

	CHECK_INT(views_open(&v), ERR_NONE);
	CHECK_INT(views_add(v, "page", template, strlen(template), &fault), ERR_SYNTAX);
	CHECK(strstr(fault.sentence, "page, line 2"));
	CHECK(strstr(fault.sentence, says));
	views_close(v);
}

TEST(broken_templates_are_named_with_their_line)
{
	broken("\n{{#a}}", "not closed");
	broken("\n{{/a}}", "not opened");
	broken("\n{{#a}}{{/b}}", "another section");
	broken("\n{{a", "not closed");
	broken("\n{{}}", "no name");
	broken("\n{{=<%=}}", "delimiters");
}

TEST(endless_partials_end)
{
	struct fault fault = {0};
	struct views *v = NULL;
	struct buf out;

	CHECK_INT(views_open(&v), ERR_NONE);
	CHECK_INT(views_add(v, "spec", " {{>spec}}\n", 11, &fault), ERR_NONE);
	buf_init(&out, 64 * 1024);
	CHECK_INT(views_render(v, NULL, "spec", NULL, &out), ERR_TOO_LARGE);
	CHECK_INT(views_render(v, NULL, "other", NULL, &out), ERR_NOT_FOUND);
	buf_free(&out);
	views_close(v);
}

static void put_file(const char *dir, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	CHECK(text_format(path, sizeof path, "%s/%s", dir, name));
	f = fopen(path, "we");
	CHECK(f);
	fputs(text, f);
	fclose(f);
}

static enum err load(const char *dir, const char *wanted, struct fault *fault)
{
	struct views *v = NULL;
	enum err e = views_open(&v);

	if (e == ERR_NONE)
		e = views_load(v, dir, (const char *const[]){wanted, NULL}, fault);
	views_close(v);
	return e;
}

TEST(missing_templates_are_named)
{
	char dir[] = "/tmp/test_view.XXXXXX", path[64];
	struct fault fault = {0};

	CHECK(mkdtemp(dir));
	put_file(dir, "one.html", "{{>two}}");
	CHECK_INT(load(dir, "one", &fault), ERR_NOT_FOUND);
	CHECK(strstr(fault.sentence, "two.html"));
	put_file(dir, "two.html", "text");
	CHECK_INT(load(dir, "one", &fault), ERR_NONE);
	CHECK_INT(load(dir, "three", &fault), ERR_NOT_FOUND);
	CHECK(strstr(fault.sentence, "three.html"));
	for (int i = 0; i < 2; i++) {
		CHECK(text_format(path, sizeof path, "%s/%s", dir, i ? "one.html" : "two.html"));
		CHECK_INT(unlink(path), 0);
	}
	CHECK_INT(rmdir(dir), 0);
	CHECK_INT(load(dir, "one", &fault), ERR_SYSTEM);
}

TEST_MAIN
