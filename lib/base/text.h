/* Small things about text: copying with a size, hex, UTF-8, whole numbers. */
#ifndef PARKMESH_BASE_TEXT_H
#define PARKMESH_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest integer a record may hold: 2^53 - 1, exact in every JSON reader (spec/records.md). */
#define INTEGER_MAX 9007199254740991LL

/* Copy text with its NUL into dst of size bytes. false, and dst cut short, if it does not fit; never in the middle of a UTF-8
 * character. size ≥ 1. */
bool text_copy(char *dst, size_t size, const char *text);
/* printf into dst; false if it was cut short, as text_copy does it. */
bool text_format(char *dst, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
bool text_vformat(char *dst, size_t size, const char *format, va_list args) __attribute__((format(printf, 3, 0)));
/* Make somebody else's text fit for a quoted part of a journal line: '?' for all that is not printable ASCII, ' for ". */
void text_tame(char *text);

/* len bytes as 2·len lower-case hex digits and a NUL. */
void hex_encode(char *out, const void *bytes, size_t len);
/* Exactly 2·len lower-case hex digits into len bytes; false on any other text. */
bool hex_decode(void *out, size_t len, const char *hex);
/* The value of one hex digit of either case; -1 if it is none. */
int hex_digit(char c);
/* Is text exactly digits lower-case hex digits? */
bool hex_is(const char *text, size_t digits);

/* Well-formed UTF-8 without surrogates, and without NUL bytes. */
bool utf8_valid(const char *bytes, size_t len);

/* A decimal number 0 … max, all of text, no sign or space. */
bool number_parse(const char *text, int64_t max, int64_t *out);
#define CENTRAL_ID_SIZE 33 /* 32 characters and NUL */
/* A central's id: [a-z0-9][a-z0-9-]{0,31} (spec/records.md). */
bool central_id_valid(const char *text);

#endif
