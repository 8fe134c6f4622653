#include "base/fold.h"

#include <stdint.h>

/* Letters with marks, by ranges of Unicode, and what is left of each without its mark; 0: a mark alone. */
static const struct { uint32_t first, last; char letter; } folds[] = {
	{ 0xc0, 0xc5, 'a' }, { 0xc8, 0xcb, 'e' }, { 0xcc, 0xcf, 'i' }, { 0xd2, 0xd6, 'o' }, { 0xd9, 0xdc, 'u' }, { 0xdd, 0xdd, 'y' },
	{ 0xe0, 0xe5, 'a' }, { 0xe8, 0xeb, 'e' }, { 0xec, 0xef, 'i' }, { 0xf2, 0xf6, 'o' }, { 0xf9, 0xfc, 'u' }, { 0xfd, 0xfd, 'y' },
	{ 0x102, 0x103, 'a' }, { 0x110, 0x111, 'd' }, { 0x128, 0x129, 'i' }, { 0x168, 0x169, 'u' }, { 0x1a0, 0x1a1, 'o' },
	{ 0x1af, 0x1b0, 'u' }, { 0x300, 0x36f, 0 }, { 0x1ea0, 0x1eb7, 'a' }, { 0x1eb8, 0x1ec7, 'e' }, { 0x1ec8, 0x1ecb, 'i' },
	{ 0x1ecc, 0x1ee3, 'o' }, { 0x1ee4, 0x1ef1, 'u' }, { 0x1ef2, 0x1ef9, 'y' },
};

#define BROKEN 0xfffd

/* The character at text and how many bytes it has; what begins like one and is none counts as BROKEN. */
static uint32_t character(const unsigned char *text, size_t *len)
{
	size_t more = text[0] >= 0xf0 ? 3 : text[0] >= 0xe0 ? 2 : text[0] >= 0xc0 ? 1 : 0;
	uint32_t c = more == 0 ? text[0] : text[0] & (0x3fu >> more);

	for (*len = 1; *len <= more; ++*len) {
		if ((text[*len] & 0xc0) != 0x80)
			return BROKEN;
		c = c << 6 | (text[*len] & 0x3fu);
	}
	return c;
}

/* The letter, 0 for a mark alone, -1 for any other character. */
static int letter_of(uint32_t c)
{
	if (c >= 'A' && c <= 'Z')
		return (int)c + ('a' - 'A');
	for (size_t i = 0; c >= 0xc0 && i < sizeof(folds) / sizeof(folds[0]); i++) {
		if (c >= folds[i].first && c <= folds[i].last)
			return folds[i].letter;
	}
	return -1;
}

void text_fold(const char *text, char *out, size_t size)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t used = 0, len;

	for (; *at != '\0'; at += len) {
		int letter = letter_of(character(at, &len));

		if (letter == 0)
			continue;
		if (used + (letter < 0 ? len : 1) >= size)
			break;
		for (size_t i = 0; i < len && (letter < 0 || i == 0); i++)
			out[used++] = letter < 0 ? (char)at[i] : (char)letter;
	}
	out[used] = '\0';
}
