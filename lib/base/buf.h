/*
 * A growing run of bytes with an upper limit.
 *
 * A failure (limit or memory) sticks: further additions do nothing, and the writer looks once, at the end, at `failed`.
 */
#ifndef PARKMESH_BASE_BUF_H
#define PARKMESH_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data;   /* NUL-terminated once anything was added; NULL before */
	size_t len;
	size_t cap;
	size_t limit; /* len never exceeds it */
	bool failed;
};

/* An empty buffer that may grow to limit bytes. Owns nothing until something is added; free with buf_free. */
void buf_init(struct buf *b, size_t limit);
void buf_free(struct buf *b);
/* The same, and overwrite what it held. What was left behind while it grew is not found. */
void buf_wipe(struct buf *b);
/* Empty it, keep its memory, forget a failure. */
void buf_reset(struct buf *b);

void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_str(struct buf *b, const char *text);
void buf_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_int(struct buf *b, int64_t number);
/* As "%.15g" has it. */
void buf_real(struct buf *b, double number);
/* A JSON string with its quotes; bytes are taken as UTF-8, control characters escaped. */
void buf_json_str(struct buf *b, const char *text);
/* The text, or "" if nothing was added. Owned by b. */
const char *buf_text(const struct buf *b);

#endif
