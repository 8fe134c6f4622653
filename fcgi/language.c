#include "language.h"

#include <string.h>

static const char *const codes[LANGUAGES] = {[LANGUAGE_VI] = "vi", [LANGUAGE_EN] = "en"};

const char *language_code(enum language l)
{
	return codes[l];
}

bool language_parse(const char *code, enum language *out)
{
	for (int i = 0; i < LANGUAGES; i++) {
		if (strcmp(codes[i], code) == 0) {
			*out = (enum language)i;
			return true;
		}
	}
	return false;
}
