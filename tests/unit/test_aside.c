/* p2pd/aside: what is begun is done once in another thread, told once, and waited for at the end. */
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "p2pd/aside.h"
#include "test.h"

static int done;
static pthread_t worker;

static void work(void *arg)
{
	usleep(1000);
	worker = pthread_self();
	done += *(int *)arg;
}

static bool told_within_5_s(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	return poll(&p, 1, 5000) == 1;
}

TEST(what_is_begun_is_done_in_another_thread_and_told_once)
{
	struct aside *a = NULL;
	struct mesh_aside table;
	int fd = -1, two = 2;
	done = 0;
	CHECK_INT(aside_open(&a, &fd), ERR_NONE);
	aside_table(a, &table);
	for (int i = 1; i <= 20; i++) {
		CHECK(!aside_done(a));
		CHECK(table.begin(table.self, ASIDE_RECORDS, work, &two));
		CHECK(told_within_5_s(fd));
		CHECK(aside_done(a));
		CHECK_INT(done, 2 * i);
		CHECK(!pthread_equal(worker, pthread_self()));
	}
	CHECK(!aside_done(a));
	aside_close(a);
	close(fd);
}

TEST(little_is_left_to_the_caller)
{
	struct aside *a = NULL;
	struct mesh_aside table;
	int fd = -1, one = 1;
	done = 0;
	CHECK_INT(aside_open(&a, &fd), ERR_NONE);
	aside_table(a, &table);
	CHECK(!table.begin(table.self, ASIDE_RECORDS - 1, work, &one));
	aside_close(a);
	close(fd);
	CHECK_INT(done, 0);
}

TEST(who_stops_it_waits_for_the_work_and_is_told_no_more)
{
	struct aside *a = NULL;
	struct mesh_aside table;
	int fd = -1, one = 1;
	done = 0;
	CHECK_INT(aside_open(&a, &fd), ERR_NONE);
	aside_table(a, &table);
	CHECK(table.begin(table.self, ASIDE_RECORDS, work, &one));
	table.stop(table.self);
	CHECK_INT(done, 1);
	CHECK(!aside_done(a));
	CHECK(table.begin(table.self, ASIDE_RECORDS, work, &one));
	aside_close(a); /* waits, too */
	close(fd);
	CHECK_INT(done, 2);
}

TEST_MAIN
