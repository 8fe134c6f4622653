/* Catalogues of texts, what templates make of them, and how the languages write numbers, money and times. */
#include "fcgi/words.h"

#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/zone.h"
#include "fcgi/format.h"
#include "fcgi/url.h"
#include "fcgi/view.h"
#include "test.h"

static struct words *words;
static struct fault fault;

static enum err parse(const char *json)
{
	words_close(words);
	words = NULL;
	fault = (struct fault){0};
	return words_parse(json, strlen(json), LANGUAGE_EN, &words, &fault);
}

static void renders(const char *template, const char *context, const char *expected)
{
	cJSON *data = cJSON_Parse(context);
	struct views *v = NULL;
	struct buf out;

	buf_init(&out, 4096);
	if (views_open(&v) != ERR_NONE || views_add(v, "page", template, strlen(template), &fault) != ERR_NONE
		|| views_render(v, words, "page", data, &out) != ERR_NONE)
		test_fail(__FILE__, __LINE__, "%s: not rendered", template);
	else if (strcmp(buf_text(&out), expected) != 0)
		test_fail(__FILE__, __LINE__, "%s: got \"%s\", not \"%s\"", template, buf_text(&out), expected);
	buf_free(&out);
	views_close(v);
	cJSON_Delete(data);
}

TEST(texts_stand_in_templates)
{
	CHECK_INT(parse("{\"a\":{\"one\":\"a < b & {{n}}\",\"two\":\"{{#n}}has {{n}}{{/n}}{{^n}}none{{/n}}\\nmore\"}}"), ERR_NONE);
	renders("<p>{{t.a.one}}</p>", "{\"n\":\"<i>\"}", "<p>a &lt; b &amp; &lt;i&gt;</p>");
	renders("{{#x}}{{t.a.two}}{{/x}}", "{\"x\":{\"n\":5}}", "has 5\nmore");
	renders("{{t.a.two}}", "{}", "none\nmore");
	renders("[{{t.a.three}}{{t.a}}{{t}}]", "{\"t\":{\"a\":{\"three\":\"no\"}}}", "[]");
	words_close(words);
	words = NULL;
	renders("[{{t.a.one}}]", "{}", "[]");
}

TEST(texts_that_are_no_html)
{
	cJSON *values = cJSON_Parse("{\"n\":\"<i>\"}");
	struct buf out;

	CHECK_INT(parse("{\"a\":{\"one\":\"a < b & {{n}}\"}}"), ERR_NONE);
	buf_init(&out, 100);
	CHECK_INT(view_words(words, "a.one", values, &out), ERR_NONE);
	CHECK_STR(buf_text(&out), "a < b & <i>");
	CHECK_INT(view_words(words, "a.two", values, &out), ERR_NOT_FOUND);
	buf_free(&out);
	cJSON_Delete(values);
}

TEST(catalogues_that_cannot_be)
{
	static const char *const bad[] = {"", "[]", "{", "{\"a\":\"text\"}", "{\"a\":{\"b\":7}}", "{\"a\":{\"b\":\"{{>part}}\"}}",
		"{\"a\":{\"b\":\"{{{raw}}}\"}}", "{\"a\":{\"b\":\"{{&raw}}\"}}", "{\"a\":{\"b\":\"{{#open}}\"}}", "{\"a\":{\"b\":\"{{t.a.c}}\"}}",
		"{\"a\":{\"b\":\"1\",\"b\":\"2\"}}", "{\"a\":{\"b\":\"1\"},\"a\":{\"b\":\"2\"}}"};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (parse(bad[i]) != ERR_SYNTAX || words || !fault.sentence[0])
			test_fail(__FILE__, __LINE__, "%s: %s", bad[i], fault.sentence);
	}
	CHECK_INT(parse("{}"), ERR_NONE);
	words_close(words);
	words = NULL;
}

TEST(the_first_text_that_is_missing_is_named)
{
	struct words *other = NULL;

	CHECK_INT(parse("{\"a\":{\"b\":\"1\",\"c\":\"2\"}}"), ERR_NONE);
	CHECK_INT(words_parse("{\"a\":{\"b\":\"1\"}}", 15, LANGUAGE_VI, &other, &fault), ERR_NONE);
	CHECK_INT(words_compare(words, other, &fault), ERR_NOT_FOUND);
	CHECK(strstr(fault.sentence, "vi.json") && strstr(fault.sentence, "a.c"));
	CHECK_INT(words_compare(other, words, &fault), ERR_NOT_FOUND);
	CHECK(strstr(fault.sentence, "vi.json") && strstr(fault.sentence, "a.c"));
	CHECK_INT(words_compare(words, words, &fault), ERR_NONE);
	words_close(other);
	words_close(words);
	words = NULL;
}

TEST(a_template_that_uses_a_missing_text_is_named)
{
	static const char template[] = "<p>{{#x}}{{t.a.b}}{{/x}}{{t.a.c}}</p>";
	struct catalogue all = {{NULL}};
	struct views *v = NULL;

	CHECK_INT(words_parse("{\"a\":{\"b\":\"1\",\"c\":\"2\"}}", 23, LANGUAGE_VI, &all.of[LANGUAGE_VI], &fault), ERR_NONE);
	CHECK_INT(words_parse("{\"a\":{\"b\":\"1\"}}", 15, LANGUAGE_EN, &all.of[LANGUAGE_EN], &fault), ERR_NONE);
	CHECK_INT(views_open(&v), ERR_NONE);
	CHECK_INT(views_add(v, "page", template, strlen(template), &fault), ERR_NONE);
	CHECK_INT(views_check_words(v, &all, &fault), ERR_NOT_FOUND);
	CHECK(strstr(fault.sentence, "page.html") && strstr(fault.sentence, "a.c") && strstr(fault.sentence, "en.json"));
	views_close(v);
	catalogue_close(&all);
}

/* --- numbers and times ----------------------------------------------------------------------------------------------- */

static char text[FORMAT_SIZE];

static const char *number(enum language l, int64_t n)
{
	format_number(l, n, text);
	return text;
}

static const char *duration(enum language l, int64_t seconds)
{
	format_duration(l, seconds, text);
	return text;
}

TEST(numbers_and_money)
{
	CHECK_STR(number(LANGUAGE_VI, 0), "0");
	CHECK_STR(number(LANGUAGE_VI, 999), "999");
	CHECK_STR(number(LANGUAGE_VI, 1000), "1.000");
	CHECK_STR(number(LANGUAGE_VI, -1234567), "-1.234.567");
	CHECK_STR(number(LANGUAGE_EN, 1234567), "1,234,567");
	CHECK_STR(number(LANGUAGE_EN, -100), "-100");
	CHECK_STR(number(LANGUAGE_VI, INT64_MIN), "-9.223.372.036.854.775.808");
	format_money(LANGUAGE_VI, 25000, text);
	CHECK_STR(text, "25.000 ₫");
	format_money(LANGUAGE_EN, 25000, text);
	CHECK_STR(text, "25,000 ₫");
}

TEST(times)
{
	const int64_t ms = 1764646245000; /* 2025-12-02 03:30:45 UTC */

	CHECK(zone_set(ZONE_DEFAULT));
	format_time(LANGUAGE_VI, ms, text);
	CHECK_STR(text, "02/12/2025 10:30");
	format_time(LANGUAGE_EN, ms, text);
	CHECK_STR(text, "2 Dec 2025 10:30");
	format_date(LANGUAGE_VI, ms, text);
	CHECK_STR(text, "02/12/2025");
	format_date(LANGUAGE_EN, ms + 9 * 86400000LL, text);
	CHECK_STR(text, "11 Dec 2025");
	format_exact_time(ms, text);
	CHECK_STR(text, "2025-12-02 10:30:45");
}

TEST(durations)
{
	CHECK_STR(duration(LANGUAGE_VI, -5), "0 giây");
	CHECK_STR(duration(LANGUAGE_VI, 59), "59 giây");
	CHECK_STR(duration(LANGUAGE_VI, 60), "1 phút");
	CHECK_STR(duration(LANGUAGE_VI, 3599), "59 phút");
	CHECK_STR(duration(LANGUAGE_VI, 3600), "1 giờ 0 phút");
	CHECK_STR(duration(LANGUAGE_EN, 86399), "23 h 59 min");
	CHECK_STR(duration(LANGUAGE_EN, 86400), "1 d 0 h");
	CHECK_STR(duration(LANGUAGE_VI, 10 * 86400 + 7200), "10 ngày 2 giờ");
}

TEST(languages)
{
	enum language l = LANGUAGE_EN;

	CHECK(language_parse("vi", &l));
	CHECK_INT(l, LANGUAGE_VI);
	CHECK(!language_parse("fr", &l) && !language_parse("", &l));
	CHECK_INT(l, LANGUAGE_VI);
	CHECK_STR(language_code(LANGUAGE_EN), "en");
}

TEST(paths_that_lead_here)
{
	static const char *const bad[] = {"", "history", "//evil.example", "/\\evil.example", "/a\nb", "/a b", "http://evil.example/", "\\/x"};
	char longest[URL_MAX + 2];
	struct buf out;

	CHECK(url_is_local("/"));
	CHECK(url_is_local("/history?plate=29A&x=%20#top"));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (url_is_local(bad[i]))
			test_fail(__FILE__, __LINE__, "%s", bad[i]);
	}
	memset(longest, '/', sizeof longest);
	longest[1] = 'a';
	longest[URL_MAX + 1] = '\0';
	CHECK(!url_is_local(longest));
	longest[URL_MAX] = '\0';
	CHECK(url_is_local(longest));
	buf_init(&out, 100);
	url_encode(&out, "/a?b=c d&é~");
	CHECK_STR(buf_text(&out), "%2Fa%3Fb%3Dc%20d%26%C3%A9~");
	buf_free(&out);
}

TEST_MAIN
