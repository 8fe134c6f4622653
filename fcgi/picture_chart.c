#include "picture_chart.h"

#include "base/text.h"
#include "format.h"

#define HEIGHT 180
#define LEFT 46     /* of the columns */
#define RIGHT 356
#define TOP 12
#define BOTTOM 156
#define LABEL_Y 172
#define TENTHS 10   /* places are whole tenths of a unit, so that no locale writes them in its way */

/* a · b / c without overflow for what comes from pictures: a up to INTEGER_MAX, b up to 10000, c ≥ a. */
static int share(int64_t a, int64_t b, int64_t c)
{
	return (int)((double)a / (double)c * (double)b + 0.5);
}

static void place(struct buf *out, const char *attribute, int tenths)
{
	buf_printf(out, " %s=\"%d.%d\"", attribute, tenths / TENTHS, tenths % TENTHS);
}

static int64_t value_of(const struct chart_column *k, size_t series)
{
	return k->value[series] > INTEGER_MAX ? INTEGER_MAX : k->value[series];
}

static int64_t highest(const struct chart *c)
{
	int64_t most = 0;

	for (size_t i = 0; i < c->count; i++) {
		for (size_t s = 0; s < c->series; s++) {
			int64_t v = value_of(&c->column[i], s);

			most = v > most ? v : most;
		}
	}
	return most;
}

static void draw_marks(struct buf *out, const struct chart *c, const struct scale *scale)
{
	for (int64_t at = 0; at <= scale->top; at += scale->step) {
		int y = BOTTOM * TENTHS - share(at, (int64_t)(BOTTOM - TOP) * TENTHS, scale->top);
		char number[PICTURE_NUMBER_SIZE];

		buf_printf(out, "<line class=\"%s\" x1=\"%d\" x2=\"%d\"", at == 0 ? "axis" : "mark", LEFT, RIGHT);
		place(out, "y1", y);
		place(out, "y2", y);
		buf_printf(out, "/>\n<text class=\"number\" x=\"%d\"", LEFT - 5);
		place(out, "y", y + 4 * TENTHS);
		picture_number(c->language, at, number);
		buf_str(out, ">");
		picture_text(out, number);
		buf_str(out, "</text>\n");
	}
}

/* What a pointer that rests on a column is told. */
static void say_column(struct buf *out, const struct chart *c, const struct chart_column *k, size_t series)
{
	char number[FORMAT_SIZE];

	buf_str(out, "><title>");
	picture_text(out, k->name);
	if (c->said[series][0]) {
		buf_str(out, " · ");
		picture_text(out, c->said[series]);
	}
	format_number(c->language, value_of(k, series), number);
	buf_printf(out, ": %s", number);
	picture_text(out, c->unit);
	buf_str(out, "</title></rect>\n");
}

/* A value above 0 is never drawn so low that it cannot be seen. */
static void draw_column(struct buf *out, const struct chart *c, size_t i, size_t series, const struct scale *scale)
{
	const struct chart_column *k = &c->column[i];
	int room = (RIGHT - LEFT) * TENTHS, left = LEFT * TENTHS + (int)((size_t)room * i / c->count);
	int right = LEFT * TENTHS + (int)((size_t)room * (i + 1) / c->count), wide = (right - left) * 4 / 5 / (int)c->series;
	int high = share(value_of(k, series), (int64_t)(BOTTOM - TOP) * TENTHS, scale->top);

	if (k->value[series] <= 0)
		return;
	if (high < TENTHS)
		high = TENTHS;
	buf_printf(out, "<rect class=\"column %s\"", series == 0 ? "first" : "second");
	place(out, "x", left + (right - left) / 10 + wide * (int)series);
	place(out, "y", BOTTOM * TENTHS - high);
	place(out, "width", wide);
	place(out, "height", high);
	say_column(out, c, k, series);
}

static void draw_label(struct buf *out, const struct chart *c, size_t i)
{
	int middle = LEFT * TENTHS + (int)((size_t)(RIGHT - LEFT) * TENTHS * (2 * i + 1) / (2 * c->count));

	buf_str(out, "<text class=\"label\"");
	place(out, "x", middle);
	buf_printf(out, " y=\"%d\">", LABEL_Y);
	picture_text(out, c->column[i].label);
	buf_str(out, "</text>\n");
}

void picture_chart(struct buf *out, const struct chart *c)
{
	struct scale scale = scale_for(highest(c));

	picture_begin(out, "chart", HEIGHT, c->title, c->desc);
	draw_marks(out, c, &scale);
	for (size_t i = 0; i < c->count; i++) {
		for (size_t s = 0; s < c->series; s++)
			draw_column(out, c, i, s, &scale);
		if (i % c->every == 0)
			draw_label(out, c, i);
	}
	picture_end(out);
}
