/* Merging a page costs what it changes, at worst as much as is held of the plate or stay it is about, and not that for each of
 * its records: else one peer could hold up the gates for minutes. Work is counted in steps of SQLite's virtual machine, so that
 * the test says the same on any machine. */
#include "test.h"

#include "long_line.h"
#include "store/db_internal.h"

#define HELD 3000
#define STEPS_A_RECORD 400 /* about three times what the dearest kind takes */

static int count_steps(void *arg)
{
	*(int64_t *)arg += 100;
	return 0;
}

TEST(a_page_of_late_records_costs_a_walk_at_most)
{
	static struct author a;

	for (size_t i = 0; i < LONG_LINE_COUNT; i++) {
		struct central c;
		int64_t steps = 0;

		CHECK_INT(long_line_open(&c, &a, &LONG_LINES[i], HELD), ERR_NONE);
		sqlite3_progress_handler(c.db->handle, 100, count_steps, &steps);
		CHECK_INT(long_line_late(&c, &a, &LONG_LINES[i]), ERR_NONE);
		sqlite3_progress_handler(c.db->handle, 0, NULL, NULL);
		printf("# %s: %lld steps a record\n", LONG_LINES[i].name, (long long)(steps / (HELD + AUTHOR_PAGE)));
		CHECK(steps < (int64_t)(HELD + AUTHOR_PAGE) * STEPS_A_RECORD);
		long_line_close(&c, &a);
	}
}

/* Late entries between others alter nothing behind them: that does not even cost a walk. */
TEST(what_is_not_altered_is_not_walked)
{
	static struct author a;
	int64_t steps[2] = { 0 };

	for (int i = 0; i < 2; i++) {
		struct central c;

		CHECK_INT(long_line_open(&c, &a, &LONG_LINES[1], (i + 1) * HELD), ERR_NONE);
		sqlite3_progress_handler(c.db->handle, 100, count_steps, &steps[i]);
		CHECK_INT(long_line_late(&c, &a, &LONG_LINES[1]), ERR_NONE);
		sqlite3_progress_handler(c.db->handle, 0, NULL, NULL);
		long_line_close(&c, &a);
	}
	CHECK(steps[1] < steps[0] * 5 / 4);
}

int main(int argc, char **argv)
{
	return test_run_all(argc, argv);
}
