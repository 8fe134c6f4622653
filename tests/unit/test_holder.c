/* store/holder: only who holds the lock and is stopped is ended. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "store/holder.h"
#include "test.h"

static char folder[32], database[64], lock[80];

static void place(void)
{
	CHECK(text_format(folder, sizeof folder, "/tmp/holder-XXXXXX"));
	CHECK(mkdtemp(folder) != NULL);
	CHECK(text_format(database, sizeof database, "%s/a.db", folder));
	CHECK(text_format(lock, sizeof lock, "%s-lock", database));
	close(open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
}

static void clear(void)
{
	unlink(lock);
	rmdir(folder);
}

/* A child that opens the lock file, holds it or not, and then waits. -> its pid once it is so far */
static pid_t child(bool holds)
{
	int ready[2];
	char byte = 0;
	pid_t pid = pipe(ready) == 0 ? fork() : -1;

	if (pid == 0) {
		int fd = open(lock, O_RDWR | O_CLOEXEC);

		if (fd < 0 || (holds && flock(fd, LOCK_EX) != 0) || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		pid = -1;
	close(ready[0]);
	return pid;
}

static bool stop(pid_t pid)
{
	int status = 0;

	return kill(pid, SIGSTOP) == 0 && waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status);
}

/* -> the signal it ends by */
static int ended_by(pid_t pid)
{
	int status = 0;

	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST(a_stopped_holder_is_ended)
{
	pid_t pid;

	place();
	pid = child(true);
	CHECK(pid > 0);
	CHECK(stop(pid));
	CHECK_INT(holder_end_stopped(database), pid);
	CHECK_INT(ended_by(pid), SIGKILL);
	CHECK_INT(holder_end_stopped(database), 0);
	clear();
}

TEST(a_holder_that_goes_on_is_left_alone)
{
	pid_t pid;

	place();
	pid = child(true);
	CHECK(pid > 0);
	CHECK_INT(holder_end_stopped(database), 0);
	CHECK_INT(kill(pid, SIGTERM), 0);
	CHECK_INT(ended_by(pid), SIGTERM);
	clear();
}

TEST(who_is_stopped_without_the_lock_is_left_alone)
{
	pid_t pid;

	place();
	pid = child(false);
	CHECK(pid > 0);
	CHECK(stop(pid));
	CHECK_INT(holder_end_stopped(database), 0);
	CHECK_INT(kill(pid, SIGTERM), 0);
	CHECK_INT(kill(pid, SIGCONT), 0);
	CHECK_INT(ended_by(pid), SIGTERM);
	clear();
}

TEST(a_database_without_a_lock_file_has_no_holder)
{
	CHECK_INT(holder_end_stopped("/nowhere/a.db"), 0);
}

TEST_MAIN
