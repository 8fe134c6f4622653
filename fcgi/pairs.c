#include "pairs.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Decode text in place; false if it cannot be. */
static bool decode(char *text)
{
	char *out = text, *begin = text;

	for (; *text; text++) {
		int high, low;

		if (*text != '%') {
			*out++ = *text == '+' ? ' ' : *text;
			continue;
		}
		high = hex_digit(text[1]);
		low = high < 0 ? -1 : hex_digit(text[2]);
		if (low < 0)
			return false;
		*out++ = (char)(high * 16 + low);
		text += 2;
	}
	*out = '\0';
	return utf8_valid(begin, (size_t)(out - begin));
}

static size_t count_pairs(const char *text)
{
	size_t count = 1;

	for (; *text; text++)
		count += *text == '&';
	return count;
}

static bool add_pair(struct pairs *p, char *text)
{
	char *value = strchr(text, '=');

	if (value)
		*value++ = '\0';
	else
		value = text + strlen(text);
	if (!decode(text) || !decode(value))
		return false;
	p->pair[p->count++] = (struct pair){.name = text, .value = value};
	return true;
}

enum err pairs_parse(const char *text, size_t len, struct pairs *out)
{
	char *rest, *one;
	size_t most;

	*out = (struct pairs){0};
	if (len == 0)
		return ERR_NONE;
	if (memchr(text, '\0', len))
		return ERR_SYNTAX;
	out->len = len;
	out->text = strndup(text, len);
	if (!out->text)
		return ERR_MEMORY;
	most = count_pairs(out->text);
	if (most > PAIRS_MAX)
		return ERR_SYNTAX;
	out->pair = calloc(most, sizeof *out->pair);
	if (!out->pair)
		return ERR_MEMORY;
	rest = out->text;
	while ((one = strsep(&rest, "&")) != NULL) {
		if (*one && !add_pair(out, one))
			return ERR_SYNTAX;
	}
	return ERR_NONE;
}

void pairs_free(struct pairs *p)
{
	free(p->pair);
	if (p->text)
		explicit_bzero(p->text, p->len);
	free(p->text);
	*p = (struct pairs){0};
}

const char *pairs_find(const struct pairs *p, const char *name)
{
	for (size_t i = 0; i < p->count; i++) {
		if (strcmp(p->pair[i].name, name) == 0)
			return p->pair[i].value;
	}
	return NULL;
}
