/*
 * What the fuzz targets share. A target is one fuzz_NAME.c with LLVMFuzzerTestOneInput: it gives bytes that anybody may have
 * made to a part of the product and says with MUST what has to hold whatever they are. The same bytes always go the same way.
 *
 * Linked with libFuzzer (tests/fuzz/run) it searches; linked with replay.c (make check) it goes through its kept corpus.
 */
#ifndef PARKMESH_FUZZ_H
#define PARKMESH_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* A promise of the product; where it does not hold the input is kept as a finding. */
#define MUST(promise) \
	do { \
		if (!(promise)) { \
			fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #promise); \
			abort(); \
		} \
	} while (0)

/* Where a target that needs files makes them: in memory, if there is such a place. tests/fuzz/run clears what libFuzzer leaves. */
static inline const char *fuzz_folder(void)
{
	const char *told = getenv("TMPDIR");

	return told ? told : access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

/* A copy of exactly its size, so that the sanitizer sees a byte read too far. Freed by the caller. */
static inline char *fuzz_copy(const void *bytes, size_t len)
{
	char *copy = calloc(1, len > 0 ? len : 1);

	if (!copy)
		abort();
	if (len > 0)
		memcpy(copy, bytes, len);
	return copy;
}

/* The same as a text: with a NUL, and without those inside. */
static inline char *fuzz_text(const void *bytes, size_t len)
{
	char *text = malloc(len + 1);
	size_t kept = 0;

	if (!text)
		abort();
	for (size_t i = 0; i < len; i++) {
		char c = ((const char *)bytes)[i];

		if (c)
			text[kept++] = c;
	}
	text[kept] = '\0';
	return text;
}

/* Takes an input apart. Behind its end there are zeros and empty lines. */
struct feed { const uint8_t *at, *end; };

static inline bool feed_left(const struct feed *f)
{
	return f->at < f->end;
}

static inline uint8_t feed_byte(struct feed *f)
{
	return f->at < f->end ? *f->at++ : 0;
}

/* The next line as a text of its own; freed by the caller. */
static inline char *feed_line(struct feed *f)
{
	const uint8_t *from = f->at, *newline = feed_left(f) ? memchr(f->at, '\n', (size_t)(f->end - f->at)) : NULL;
	const uint8_t *to = newline ? newline : f->end;

	f->at = newline ? newline + 1 : f->end;
	return fuzz_text(from, (size_t)(to - from));
}

#endif
