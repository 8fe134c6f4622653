#include "csv.h"

#include <inttypes.h>
#include <string.h>

static void separate(struct buf *out, bool first)
{
	if (!first)
		buf_char(out, ',');
}

void csv_text(struct buf *out, bool first, const char *text)
{
	const char *quote = text && text[strcspn(text, "\",\r\n")] ? "\"" : "";

	separate(out, first);
	if (!text)
		return;
	buf_str(out, quote);
	if (*text && strchr("=+-@\t\r\n", *text))
		buf_char(out, '\'');
	for (const char *c = text; *c; c++) {
		if (*c == '"')
			buf_char(out, '"');
		buf_char(out, *c);
	}
	buf_str(out, quote);
}

void csv_integer(struct buf *out, bool first, int64_t value)
{
	separate(out, first);
	buf_printf(out, "%" PRId64, value);
}

void csv_real(struct buf *out, bool first, double value)
{
	separate(out, first);
	buf_printf(out, "%.15g", value);
}

void csv_end_row(struct buf *out)
{
	buf_str(out, "\r\n");
}
