#include "base/buf.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 128

void buf_init(struct buf *b, size_t limit)
{
	*b = (struct buf){.limit = limit};
}

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){.limit = b->limit};
}

void buf_wipe(struct buf *b)
{
	if (b->data)
		explicit_bzero(b->data, b->cap);
	buf_free(b);
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data)
		b->data[0] = '\0';
}

/* Room for more bytes and the NUL. */
static bool buf_reserve(struct buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : FIRST_SIZE;
	char *data;

	/* len never exceeds limit; a limit above half the address space could not be doubled towards. */
	if (b->failed || b->limit > SIZE_MAX / 4 || more > b->limit - b->len)
		return false;
	while (cap < b->len + more + 1)
		cap *= 2;
	if (cap == b->cap)
		return true;
	if (cap > b->limit + 1)
		cap = b->limit + 1;
	data = realloc(b->data, cap);
	if (!data)
		return false;
	b->data = data;
	b->cap = cap;
	return true;
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
	/* Answers are made of a hundred thousand short pieces, for nearly all of which there is room. */
	if ((b->failed || len >= b->cap - b->len) && !buf_reserve(b, len)) {
		b->failed = true;
		return;
	}
	if (len > 0)
		memcpy(b->data + b->len, bytes, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_str(struct buf *b, const char *text)
{
	buf_add(b, text, strlen(text));
}

void buf_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0 || !buf_reserve(b, (size_t)len)) {
		b->failed = true;
		return;
	}
	va_start(args, format);
	vsnprintf(b->data + b->len, (size_t)len + 1, format, args);
	va_end(args);
	b->len += (size_t)len;
}

void buf_int(struct buf *b, int64_t number)
{
	uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
	char digits[20];
	size_t first = sizeof digits;

	do {
		digits[--first] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (number < 0)
		digits[--first] = '-';
	buf_add(b, digits + first, sizeof digits - first);
}

/* A number with at most four places, as nearly all are, without vsnprintf, which takes 0.4 us for it. A double has room for 15
 * digits, so two numbers with fewer are the same one when they are the same double. */
void buf_real(struct buf *b, double number)
{
	int64_t parts = number >= 0 && number < 1e9 && !signbit(number) ? (int64_t)(number * 1e4 + 0.5) : -1;
	char places[6] = ".0000";
	size_t len = sizeof places - 1;

	if (parts < 0 || (double)parts / 1e4 != number) {
		buf_printf(b, "%.15g", number);
		return;
	}
	buf_int(b, parts / 10000);
	for (int64_t left = parts % 10000, i = 4; i > 0; i--, left /= 10)
		places[i] = (char)('0' + left % 10);
	while (len > 1 && places[len - 1] == '0')
		len--;
	buf_add(b, places, len > 1 ? len : 0);
}

/* It cannot stand in a JSON string as it is, or ends the text. */
static bool is_special(unsigned char c)
{
	return c < 0x20 || c == '"' || c == '\\' || c == 0x7f;
}

static void add_escaped(struct buf *b, unsigned char c)
{
	static const char plain[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
	const char *found = memchr(plain, c, sizeof plain - 1);

	if (found) {
		buf_char(b, '\\');
		buf_char(b, letter[found - plain]);
	} else {
		buf_printf(b, "\\u%04x", c);
	}
}

void buf_json_str(struct buf *b, const char *text)
{
	const char *begin = text;

	buf_char(b, '"');
	for (;; text++) {
		if (!is_special((unsigned char)*text))
			continue;
		buf_add(b, begin, (size_t)(text - begin));
		if (*text == '\0')
			break;
		add_escaped(b, (unsigned char)*text);
		begin = text + 1;
	}
	buf_char(b, '"');
}

const char *buf_text(const struct buf *b)
{
	return b->data ? b->data : "";
}
