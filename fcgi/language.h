/* The languages that pages speak. Vietnamese is the first: whoever has not chosen gets it. */
#ifndef PARKMESH_FCGI_LANGUAGE_H
#define PARKMESH_FCGI_LANGUAGE_H

#include <stdbool.h>

enum language { LANGUAGE_VI, LANGUAGE_EN, LANGUAGES };

/* "vi", "en": in <html lang>, in the cookie, and the name of the catalogue's file. */
const char *language_code(enum language l);
/* false, and out untouched, if code is none of them. */
bool language_parse(const char *code, enum language *out);

#endif
