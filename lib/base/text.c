#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* Length of the UTF-8 character at s, which has left ≥ 1 bytes; 0 if it is not well-formed (RFC 3629, table of section 4). */
static size_t utf8_length(const unsigned char *s, size_t left)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t len;

	if (s[0] < 0x80)
		return s[0] != 0;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (len > left)
		return 0;
	if (s[0] == 0xe0)
		low = 0xa0; /* shorter forms exist */
	else if (s[0] == 0xed)
		high = 0x9f; /* surrogates */
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f; /* beyond U+10FFFF */
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++) {
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	}
	return len;
}

/* How many bytes are ASCII for sure, eight at a time: nearly all of a record is, and each is looked at when it is taken. */
static size_t ascii_length(const char *bytes, size_t len)
{
	uint64_t eight;
	size_t pos = 0;

	for (; len - pos >= sizeof(eight); pos += sizeof(eight)) {
		memcpy(&eight, bytes + pos, sizeof(eight));
		if ((eight & 0x8080808080808080) != 0)
			break;
	}
	return pos;
}

bool utf8_valid(const char *bytes, size_t len)
{
	size_t pos = 0;

	if (len > 0 && memchr(bytes, '\0', len) != NULL)
		return false;
	while ((pos += ascii_length(bytes + pos, len - pos)) < len) {
		size_t step = utf8_length((const unsigned char *)bytes + pos, len - pos);

		if (step == 0)
			return false;
		pos += step;
	}
	return true;
}

/* Drop what a cut at len left of a character. */
static void utf8_trim(char *text, size_t len)
{
	size_t start = len;

	while (start > 0 && len - start < 3 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
		start--;
	if (start > 0 && (unsigned char)text[start - 1] >= 0xc0
		&& utf8_length((const unsigned char *)text + start - 1, len - start + 1) == 0)
		text[start - 1] = '\0';
}

bool text_copy(char *dst, size_t size, const char *text)
{
	size_t len = strnlen(text, size);

	if (len < size) {
		memcpy(dst, text, len + 1);
		return true;
	}
	memcpy(dst, text, size - 1);
	dst[size - 1] = '\0';
	utf8_trim(dst, size - 1);
	return false;
}

bool text_vformat(char *dst, size_t size, const char *format, va_list args)
{
	int len = vsnprintf(dst, size, format, args);

	if (len < 0) {
		dst[0] = '\0';
		return false;
	}
	if ((size_t)len < size)
		return true;
	utf8_trim(dst, size - 1);
	return false;
}

bool text_format(char *dst, size_t size, const char *format, ...)
{
	va_list args;
	bool whole;

	va_start(args, format);
	whole = text_vformat(dst, size, format, args);
	va_end(args);
	return whole;
}

void text_tame(char *text)
{
	for (; *text; text++) {
		if (*text < ' ' || *text > '~')
			*text = '?';
		else if (*text == '"')
			*text = '\'';
	}
}

void hex_encode(char *out, const void *bytes, size_t len)
{
	static const char digit[] = "0123456789abcdef";
	const unsigned char *in = bytes;

	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digit[in[i] >> 4];
		out[2 * i + 1] = digit[in[i] & 15];
	}
	out[2 * len] = '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool hex_is(const char *text, size_t digits)
{
	for (size_t i = 0; i < digits; i++) {
		if (hex_value(text[i]) < 0)
			return false;
	}
	return text[digits] == '\0';
}

bool hex_decode(void *out, size_t len, const char *hex)
{
	unsigned char *to = out;

	if (!hex_is(hex, 2 * len))
		return false;
	for (size_t i = 0; i < len; i++)
		to[i] = (unsigned char)(16 * hex_value(hex[2 * i]) + hex_value(hex[2 * i + 1]));
	return true;
}

bool number_parse(const char *text, int64_t max, int64_t *out)
{
	int64_t value = 0;

	if (*text == '\0')
		return false;
	for (; *text; text++) {
		int digit = *text - '0';

		if (digit < 0 || digit > 9 || value > (INT64_MAX - digit) / 10)
			return false;
		value = 10 * value + digit;
	}
	if (value > max)
		return false;
	*out = value;
	return true;
}

bool central_id_valid(const char *text)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len >= 1 && len <= 32 && text[len] == '\0' && text[0] != '-';
}
