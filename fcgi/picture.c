#include "picture.h"

#include <inttypes.h>

#include "base/text.h"
#include "format.h"

void picture_text(struct buf *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			buf_str(out, "&amp;");
			break;
		case '<':
			buf_str(out, "&lt;");
			break;
		case '>':
			buf_str(out, "&gt;");
			break;
		case '"':
			buf_str(out, "&quot;");
			break;
		default:
			buf_char(out, *text);
		}
	}
}

void picture_begin(struct buf *out, const char *kind, int height, const char *title, const char *desc)
{
	buf_printf(out, "<svg class=\"picture %s\" viewBox=\"0 0 %d %d\" role=\"img\">\n<title>", kind, PICTURE_WIDTH, height);
	picture_text(out, title);
	buf_str(out, "</title>\n<desc>");
	picture_text(out, desc);
	buf_str(out, "</desc>\n");
}

void picture_end(struct buf *out)
{
	buf_str(out, "</svg>\n");
}

/* --- scales ---------------------------------------------------------------------------------------------------------- */

/* The next of 1, 2, 5, 10, 20, 50 … */
static int64_t next_step(int64_t step)
{
	int64_t power = 1;

	while (step / power >= 10)
		power *= 10;
	return step / power == 2 ? 5 * power : 2 * step;
}

struct scale scale_for(int64_t highest)
{
	struct scale s = {.step = 1};

	if (highest < 1)
		highest = 1;
	if (highest > INTEGER_MAX)
		highest = INTEGER_MAX;
	while ((highest - 1) / s.step >= SCALE_MARKS)
		s.step = next_step(s.step);
	s.top = ((highest - 1) / s.step + 1) * s.step;
	return s;
}

void picture_number(enum language l, int64_t n, char out[PICTURE_NUMBER_SIZE])
{
	static const struct { int64_t one; const char *name[LANGUAGES]; } units[] = {
		{1000000000, {[LANGUAGE_VI] = " tỷ", [LANGUAGE_EN] = "bn"}},
		{1000000, {[LANGUAGE_VI] = " tr", [LANGUAGE_EN] = "M"}},
		{1000, {[LANGUAGE_VI] = "k", [LANGUAGE_EN] = "k"}},
	};
	char whole[FORMAT_SIZE], tenth[8] = "";
	size_t i = 0;

	if (n < 10000) {
		format_number(l, n, out);
		return;
	}
	while (n < units[i].one)
		i++;
	format_number(l, n / units[i].one, whole);
	if (n % units[i].one >= units[i].one / 10)
		text_format(tenth, sizeof tenth, "%c%d", l == LANGUAGE_VI ? ',' : '.', (int)(n % units[i].one / (units[i].one / 10)));
	text_format(out, PICTURE_NUMBER_SIZE, "%s%s%s", whole, tenth, units[i].name[l]);
}
