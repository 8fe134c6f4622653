/* What parkmeshctl shows while something takes long. */
#include "test.h"

#include <fcntl.h>
#include <unistd.h>

#include "ctl/output.h"

static int64_t now_us;

static int64_t mono(void *self)
{
	(void)self;
	return now_us;
}

/* Show "n" at each of the seconds given, and read back what reached stderr. */
static void show_at(const int *second, int count, bool terminal, char *out, size_t size)
{
	const struct world world = { .mono_us = mono };
	int pipes[2], before = dup(STDERR_FILENO);
	struct progress p;
	ssize_t len;

	out[0] = '\0';
	CHECK(before >= 0 && pipe2(pipes, O_NONBLOCK) == 0 && dup2(pipes[1], STDERR_FILENO) >= 0);
	now_us = 1000000;
	progress_begin(&p, &world);
	p.terminal = terminal;
	for (int i = 0; i < count; i++) {
		now_us = 1000000 + second[i] * 1000000LL;
		progress_show(&p, "%d", second[i]);
	}
	progress_end(&p);
	dup2(before, STDERR_FILENO);
	len = read(pipes[0], out, size - 1);
	out[len > 0 ? len : 0] = '\0';
	close(before);
	close(pipes[0]);
	close(pipes[1]);
}

TEST(nothing_within_two_seconds)
{
	const int seconds[] = { 0, 1, 1 };
	char seen[100];

	show_at(seconds, 3, false, seen, sizeof(seen));
	CHECK_STR(seen, "");
	show_at(seconds, 3, true, seen, sizeof(seen));
	CHECK_STR(seen, "");
}

TEST(a_line_every_five_seconds)
{
	const int seconds[] = { 1, 2, 3, 6, 7, 8, 11, 12 };
	char seen[100];

	show_at(seconds, 8, false, seen, sizeof(seen));
	CHECK_STR(seen, "2\n7\n12\n");
}

TEST(in_place_on_a_terminal)
{
	const int seconds[] = { 1, 2, 2, 3 };
	char seen[100];

	show_at(seconds, 4, true, seen, sizeof(seen));
	CHECK_STR(seen, "\r\033[K2\r\033[K3\r\033[K");
}

TEST_MAIN
