/* lib/notify: the bell. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "notify.h"
#include "test.h"

static char dir[64], path[96];

static void place(void)
{
	const char *tmp = getenv("TMPDIR");

	CHECK(text_format(dir, sizeof dir, "%.40s/notify-XXXXXX", tmp ? tmp : "/tmp"));
	CHECK(mkdtemp(dir) != NULL);
	CHECK(text_format(path, sizeof path, "%s/notify", dir));
}

static void clear(void)
{
	unlink(path);
	rmdir(dir);
}

TEST(one_side_rings_and_the_other_hears)
{
	int ringer, hearer;

	place();
	CHECK_INT(notify_open(path, &hearer), ERR_NONE);
	CHECK_INT(notify_open(path, &ringer), ERR_NONE);
	CHECK_INT(notify_drain(hearer), 0);
	notify_ring(ringer);
	notify_ring(ringer);
	CHECK_INT(notify_drain(hearer), 1);
	CHECK_INT(notify_drain(hearer), 0);
	close(ringer);
	CHECK_INT(notify_drain(hearer), 0);
	close(hearer);
	clear();
}

TEST(a_full_pipe_does_not_block)
{
	int fd;

	place();
	CHECK_INT(notify_open(path, &fd), ERR_NONE);
	for (int i = 0; i < 70000; i++)
		notify_ring(fd);
	CHECK_INT(notify_drain(fd), 1);
	CHECK_INT(notify_drain(fd), 0);
	close(fd);
	clear();
}

TEST(only_its_owner_may_ring)
{
	struct stat status;
	int fd;

	place();
	CHECK_INT(notify_open(path, &fd), ERR_NONE);
	CHECK_INT(stat(path, &status), 0);
	CHECK_INT(status.st_mode & 0777, 0600);
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	clear();
}

TEST(something_else_there_is_refused)
{
	int fd = -1, file;

	place();
	file = open(path, O_CREAT | O_WRONLY, 0600);
	CHECK(file >= 0);
	close(file);
	CHECK_INT(notify_open(path, &fd), ERR_SYSTEM);
	unlink(path);
	CHECK_INT(symlink("elsewhere", path), 0);
	CHECK_INT(notify_open(path, &fd), ERR_SYSTEM);
	clear();
	CHECK_INT(notify_open(path, &fd), ERR_SYSTEM);
	CHECK_INT(fd, -1);
}

TEST_MAIN
