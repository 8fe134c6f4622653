/* fcgi/picture*: scales and numbers of axes, charts of nothing, of one value and of huge ones, the mesh, and hostile texts. */
#include "test.h"

#include <stdlib.h>

#include "base/text.h"
#include "fcgi/picture_chart.h"
#include "fcgi/picture_mesh.h"

/* ---- scales ---- */

static bool round_step(int64_t step)
{
	while (step % 10 == 0)
		step /= 10;
	return step == 1 || step == 2 || step == 5;
}

TEST(marks_are_few_and_round)
{
	const int64_t values[] = { INT64_MIN, -1, 0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 19, 20, 21, 49, 50, 51, 99, 100, 101, 999, 1000, 1001,
		123456, 25000, 3650000, 999999999, 1000000001, INTEGER_MAX - 1, INTEGER_MAX, INTEGER_MAX + 1, INT64_MAX };

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct scale s = scale_for(values[i]);
		int64_t shown = values[i] < 1 ? 1 : values[i] > INTEGER_MAX ? INTEGER_MAX : values[i];

		if (!round_step(s.step) || s.top % s.step != 0 || s.top < shown || s.top - s.step >= shown || s.top / s.step > SCALE_MARKS)
			test_fail(__FILE__, __LINE__, "%" PRId64 ": step %" PRId64 ", top %" PRId64, values[i], s.step, s.top);
	}
	CHECK_INT(scale_for(0).top, 1);
	CHECK_INT(scale_for(5).step, 1);
	CHECK_INT(scale_for(6).step, 2);
	CHECK_INT(scale_for(6).top, 6);
	CHECK_INT(scale_for(3650000).step, 1000000);
	CHECK_INT(scale_for(3650000).top, 4000000);
}

TEST(no_smaller_step_would_do)
{
	for (int64_t v = 1; v < 20000; v += 7) {
		int64_t step = scale_for(v).step, smaller = step;

		if (step == 1)
			continue;
		do
			smaller--;
		while (!round_step(smaller));
		if ((v + smaller - 1) / smaller <= SCALE_MARKS)
			test_fail(__FILE__, __LINE__, "%" PRId64 ": step %" PRId64 ", but %" PRId64 " would do", v, step, smaller);
	}
}

static bool number_is(enum language l, int64_t n, const char *expected)
{
	char out[PICTURE_NUMBER_SIZE];

	picture_number(l, n, out);
	if (strcmp(out, expected) != 0)
		printf("# %" PRId64 ": \"%s\", not \"%s\"\n", n, out, expected);
	return strcmp(out, expected) == 0;
}

TEST(numbers_are_short_and_of_the_language)
{
	CHECK(number_is(LANGUAGE_VI, 0, "0"));
	CHECK(number_is(LANGUAGE_VI, 9999, "9.999"));
	CHECK(number_is(LANGUAGE_EN, 9999, "9,999"));
	CHECK(number_is(LANGUAGE_VI, 10000, "10k"));
	CHECK(number_is(LANGUAGE_EN, 12500, "12.5k"));
	CHECK(number_is(LANGUAGE_VI, 999999, "999,9k"));
	CHECK(number_is(LANGUAGE_VI, 1500000, "1,5 tr"));
	CHECK(number_is(LANGUAGE_EN, 1500000, "1.5M"));
	CHECK(number_is(LANGUAGE_VI, 2000000000, "2 tỷ"));
	CHECK(number_is(LANGUAGE_EN, 2000000000, "2bn"));
	CHECK(number_is(LANGUAGE_VI, INTEGER_MAX, "9.007.199,2 tỷ"));
}

/* ---- charts ---- */

static int times(const char *text, const char *part)
{
	int n = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		n++;
	return n;
}

/* Every place of a rectangle or text is within the picture. */
static bool within(const char *svg, int height)
{
	const struct { const char *name; int most; } places[] = { { " x=\"", PICTURE_WIDTH }, { " y=\"", height }, { " height=\"", height },
		{ " width=\"", PICTURE_WIDTH }, { " y1=\"", height }, { " x1=\"", PICTURE_WIDTH }, { " x2=\"", PICTURE_WIDTH },
		{ " cx=\"", PICTURE_WIDTH }, { " cy=\"", height }, { " y2=\"", height } };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		for (const char *at = svg; (at = strstr(at, places[i].name));) {
			char *end;
			double value;

			at += strlen(places[i].name);
			value = strtod(at, &end);
			if (*end != '"' || value < 0 || value > places[i].most) {
				printf("# %s%.12s\n", places[i].name, at);
				return false;
			}
		}
	}
	return true;
}

/* Each element that is opened is closed. */
static bool paired(const char *svg)
{
	int depth = 0;

	for (const char *at = svg; (at = strchr(at, '<')); at++) {
		const char *end = strchr(at, '>');

		if (end == NULL)
			return false;
		if (at[1] == '/')
			depth--;
		else if (end[-1] != '/')
			depth++;
		if (depth < 0)
			return false;
	}
	return depth == 0;
}

static struct chart chart_of(const struct chart_column *columns, size_t count, size_t series)
{
	return (struct chart){ .title = "Title", .desc = "Desc", .language = LANGUAGE_VI, .series = series, .said = { "In", "Out" },
		.unit = " ₫", .every = 3, .column = columns, .count = count };
}

#define CHART_HEIGHT 180

TEST(a_chart_of_nothing)
{
	struct chart_column columns[24];
	struct chart c = chart_of(columns, 24, 2);
	struct buf out;

	for (size_t i = 0; i < 24; i++)
		columns[i] = (struct chart_column){ "09", "09:00", { i < 12 ? 0 : -1, 0 } };
	buf_init(&out, PICTURE_MAX);
	picture_chart(&out, &c);
	CHECK(!out.failed && paired(buf_text(&out)) && within(buf_text(&out), CHART_HEIGHT));
	CHECK_INT(times(buf_text(&out), "<rect"), 0);
	CHECK_INT(times(buf_text(&out), "class=\"label\""), 8);
	CHECK_INT(times(buf_text(&out), "class=\"number\""), 2); /* 0 and 1 */
	c.count = 0;
	buf_reset(&out);
	picture_chart(&out, &c);
	CHECK(!out.failed && paired(buf_text(&out)));
	CHECK_INT(times(buf_text(&out), "class=\"label\""), 0);
	buf_free(&out);
}

TEST(a_chart_of_one_value)
{
	struct chart_column columns[1] = { { "09", "09:00", { 25000, -1 } } };
	struct chart c = chart_of(columns, 1, 2);
	struct buf out;

	buf_init(&out, PICTURE_MAX);
	picture_chart(&out, &c);
	CHECK(!out.failed && paired(buf_text(&out)) && within(buf_text(&out), CHART_HEIGHT));
	CHECK_INT(times(buf_text(&out), "<rect"), 1);
	CHECK(strstr(buf_text(&out), "<title>09:00 · In: 25.000 ₫</title>") != NULL);
	CHECK(strstr(buf_text(&out), ">25k</text>") != NULL);
	CHECK(strstr(buf_text(&out), "height=\"144.0\"") != NULL); /* of an axis that ends at 25 000 */
	buf_free(&out);
}

TEST(a_chart_of_huge_values)
{
	struct chart_column columns[3] = { { "a", "a", { INT64_MAX, INTEGER_MAX } }, { "b", "b", { 1, 0 } }, { "c", "c", { INT64_MIN, -1 } } };
	struct chart c = chart_of(columns, 3, 2);
	struct buf out;

	buf_init(&out, PICTURE_MAX);
	picture_chart(&out, &c);
	CHECK(!out.failed && paired(buf_text(&out)) && within(buf_text(&out), CHART_HEIGHT));
	CHECK_INT(times(buf_text(&out), "<rect"), 3);
	CHECK(strstr(buf_text(&out), "height=\"1.0\"") != NULL); /* 1 beside them can still be seen */
	buf_free(&out);
}

TEST(twice_the_value_is_twice_as_high)
{
	struct chart_column columns[2] = { { "a", "a", { 20, 0 } }, { "b", "b", { 40, 0 } } };
	struct chart c = chart_of(columns, 2, 1);
	struct buf out;

	buf_init(&out, PICTURE_MAX);
	picture_chart(&out, &c);
	CHECK(strstr(buf_text(&out), "height=\"72.0\"") != NULL && strstr(buf_text(&out), "height=\"144.0\"") != NULL);
	buf_free(&out);
}

/* ---- the mesh ---- */

#define MOST 200

static void draw(struct buf *out, const struct mesh_node *nodes, size_t count)
{
	const struct mesh_picture m = { .title = "Mesh", .desc = "Desc", .own = "central-1", .own_word = "here", .node = nodes,
		.count = count };

	buf_reset(out);
	picture_mesh(out, &m);
}

static int height_of(const char *svg)
{
	const char *box = strstr(svg, "viewBox=\"0 0 360 ");

	return box ? atoi(box + 17) : 0;
}

TEST(any_number_of_centrals_fits)
{
	struct mesh_node *nodes = calloc(MOST, sizeof(*nodes));
	struct buf out;

	buf_init(&out, PICTURE_MAX);
	for (size_t i = 0; nodes && i < MOST; i++)
		nodes[i] = (struct mesh_node){ "central-10", (enum link_state)(i % LINK_STATES), "Mất kết nối", i % 3 ? "" : "↑ 12 ↓ 3" };
	for (size_t count = 0; nodes && count <= MOST; count++) {
		bool named = count <= MESH_NAMED;

		draw(&out, nodes, count);
		if (out.failed || !paired(buf_text(&out)) || !within(buf_text(&out), height_of(buf_text(&out))))
			test_fail(__FILE__, __LINE__, "%zu centrals", count);
		CHECK_INT(times(buf_text(&out), "class=\"link "), count);
		CHECK_INT(times(buf_text(&out), "<circle"), count + 1);
		CHECK_INT(times(buf_text(&out), "class=\"id\""), named ? count + 1 : 1);
	}
	buf_free(&out);
	free(nodes);
}

TEST(each_state_has_a_class_and_a_sign_of_its_own)
{
	struct mesh_node nodes[LINK_STATES];
	struct buf out;

	buf_init(&out, PICTURE_MAX);
	for (int i = 0; i < LINK_STATES; i++) {
		char line[64];

		for (int k = 0; k < LINK_STATES; k++)
			nodes[k] = (struct mesh_node){ "central-2", (enum link_state)i, "word", "" };
		draw(&out, nodes, LINK_STATES);
		text_format(line, sizeof(line), "class=\"link %s\"", link_state_name((enum link_state)i));
		CHECK_INT(times(buf_text(&out), line), LINK_STATES);
		CHECK_INT(times(buf_text(&out), ">✓<") == LINK_STATES, i == LINK_CONNECTED);
		CHECK_INT(times(buf_text(&out), ">✕<") == LINK_STATES, i == LINK_LOST);
	}
	buf_free(&out);
}

TEST(hostile_texts_are_escaped)
{
	const struct mesh_node node = { "\"><script>alert(1)</script>&", LINK_LOST, "<b>", "</svg>" };
	struct chart_column column = { "</text><script>", "<i>\"&", { 1, 1 } };
	struct chart c = chart_of(&column, 1, 1);
	struct buf out;

	buf_init(&out, PICTURE_MAX);
	draw(&out, &node, 1);
	CHECK(strstr(buf_text(&out), "<script") == NULL && strstr(buf_text(&out), "<b>") == NULL);
	CHECK_INT(times(buf_text(&out), "</svg>"), 1);
	CHECK(strstr(buf_text(&out), "&quot;&gt;&lt;script&gt;") != NULL);
	c.title = c.desc = c.said[0] = c.unit = "<script>\"&";
	picture_chart(&out, &c);
	CHECK(strstr(buf_text(&out), "<script") == NULL && strstr(buf_text(&out), "<i>") == NULL);
	CHECK(paired(buf_text(&out)));
	buf_free(&out);
}

TEST(long_names_are_shortened_in_their_middle)
{
	const struct mesh_node node = { "benxe-mien-dong-cong-so-12", LINK_CONNECTED, "word", "" };
	struct buf out;

	buf_init(&out, PICTURE_MAX);
	draw(&out, &node, 1);
	CHECK(strstr(buf_text(&out), ">benx…g-so-12</text>") != NULL);
	CHECK(strstr(buf_text(&out), "<title>benxe-mien-dong-cong-so-12 · word</title>") != NULL);
	buf_free(&out);
}

TEST_MAIN
