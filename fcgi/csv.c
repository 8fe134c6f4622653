#include "csv.h"

#include <string.h>

static void separate(struct buf *out, bool first)
{
	if (!first)
		buf_char(out, ',');
}

static void add_quoted(struct buf *out, const char *text, bool formula)
{
	buf_str(out, formula ? "\"'" : "\"");
	for (size_t plain; *text; text += plain) {
		plain = *text == '"' ? 1 : strcspn(text, "\"");
		if (*text == '"')
			buf_char(out, '"');
		buf_add(out, text, plain);
	}
	buf_char(out, '"');
}

/* Nearly all texts are added as they are, in one piece. */
void csv_text(struct buf *out, bool first, const char *text)
{
	size_t plain = text ? strcspn(text, "\",\r\n") : 0;
	bool formula = text && *text && strchr("=+-@\t\r\n", *text);

	separate(out, first);
	if (!text)
		return;
	if (!text[plain]) {
		if (formula)
			buf_char(out, '\'');
		buf_add(out, text, plain);
		return;
	}
	add_quoted(out, text, formula);
}

void csv_integer(struct buf *out, bool first, int64_t value)
{
	separate(out, first);
	buf_int(out, value);
}

void csv_real(struct buf *out, bool first, double value)
{
	separate(out, first);
	buf_real(out, value);
}

void csv_end_row(struct buf *out)
{
	buf_str(out, "\r\n");
}
