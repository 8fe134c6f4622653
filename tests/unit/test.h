/*
 * Unit tests that print TAP.
 *
 *   #include "test.h"
 *   TEST(fee_is_never_negative)
 *   {
 *       CHECK_INT(tariff_fee(&t, -5), 0);
 *   }
 *   TEST_MAIN
 *
 * TESTs run in the order written. A failing CHECK prints file, line and values, fails its test and returns from it; in a void
 * helper it fails the running test and returns from the helper. Arguments name the tests to run: those whose name contains
 * one of them. Exit status 1 if any failed (or if nothing ran).
 */
#ifndef PARKMESH_TEST_H
#define PARKMESH_TEST_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct test_case {
	const char *name;
	void (*run)(void);
	struct test_case *next;
};

static struct test_case *test_first;
static struct test_case **test_last = &test_first;
static bool test_failed;
static const char *test_skipped; /* why, once the running test has said SKIP */

static inline void test_add(struct test_case *c)
{
	*test_last = c;
	test_last = &c->next;
}

#define TEST(title) \
	static void test_##title(void); \
	static struct test_case case_##title = {#title, test_##title, NULL}; \
	__attribute__((constructor)) static void add_##title(void) \
	{ \
		test_add(&case_##title); \
	} \
	static void test_##title(void)

__attribute__((format(printf, 3, 4))) static inline void test_fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	test_failed = true;
	printf("# %s:%d: ", file, line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static inline bool test_int(const char *file, int line, const char *text, intmax_t got, intmax_t want)
{
	if (got == want)
		return true;
	test_fail(file, line, "%s is %" PRIdMAX ", not %" PRIdMAX, text, got, want);
	return false;
}

static inline bool test_str(const char *file, int line, const char *text, const char *got, const char *want)
{
	if (got == want || (got && want && strcmp(got, want) == 0))
		return true;
	test_fail(file, line, "%s is \"%s\", not \"%s\"", text, got ? got : "(NULL)", want ? want : "(NULL)");
	return false;
}

static inline bool test_mem(const char *file, int line, const char *text, const void *got, const void *want, size_t len)
{
	const unsigned char *a = got, *b = want;

	for (size_t i = 0; i < len; i++) {
		if (a[i] != b[i]) {
			test_fail(file, line, "%s: byte %zu of %zu is %02x, not %02x", text, i, len, a[i], b[i]);
			return false;
		}
	}
	return true;
}

#define CHECK(expression) \
	do { \
		if (!(expression)) { \
			test_fail(__FILE__, __LINE__, "not true: %s", #expression); \
			return; \
		} \
	} while (0)

#define CHECK_INT(got, want) \
	do { \
		if (!test_int(__FILE__, __LINE__, #got, (intmax_t)(got), (intmax_t)(want))) \
			return; \
	} while (0)

#define CHECK_STR(got, want) \
	do { \
		if (!test_str(__FILE__, __LINE__, #got, got, want)) \
			return; \
	} while (0)

#define CHECK_MEM(got, want, len) \
	do { \
		if (!test_mem(__FILE__, __LINE__, #got, got, want, len)) \
			return; \
	} while (0)

static inline bool test_wanted(const struct test_case *c, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strstr(c->name, argv[i]))
			return true;
	}
	return argc < 2;
}

static inline int test_run_all(int argc, char **argv)
{
	int count = 0, failures = 0;

	for (struct test_case *c = test_first; c; c = c->next) {
		if (!test_wanted(c, argc, argv))
			continue;
		test_failed = false;
		test_skipped = NULL;
		c->run();
		printf("%s %d - %s%s%s\n", test_failed ? "not ok" : "ok", ++count, c->name,
			test_skipped ? " # SKIP " : "", test_skipped ? test_skipped : "");
		fflush(stdout);
		failures += test_failed;
	}
	printf("1..%d\n", count);
	return failures > 0 || count == 0;
}

/* What this test needs is not here: it counts as skipped. In the test itself, or in a helper that is its last step. */
#define SKIP(reason) \
	do { \
		test_skipped = (reason); \
		return; \
	} while (0)

#define TEST_MAIN \
	int main(int argc, char **argv) \
	{ \
		return test_run_all(argc, argv); \
	}

#endif
