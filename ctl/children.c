#include "children.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/journal.h"

#define DELAY_FIRST_MS 20
#define DELAY_LAST_MS 1000
#define LASTED_MS 10000 /* after so long a life the delay begins anew */

/* In the child, between fork and exec. */
_Noreturn static void become(const struct child *c, pid_t parent, const sigset_t *signals)
{
	int in = c->stdin_fd >= 0 ? c->stdin_fd : open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	/* The parent may have died before the kernel knew whom to tell. */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent)
		_exit(1);
	/* What it prints is for the journal; parkmesh-central's own output has the ready line alone. */
	if (in < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		_exit(1);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, signals, NULL);
	execv(c->command[0], (char *const *)c->command);
	journal_error("event=cannot_run program=%s reason=\"%s\"", c->command[0], strerror(errno));
	_exit(127);
}

static void wait_longer(struct child *c, int64_t now_ms)
{
	c->state = CHILD_WAITING;
	c->due_ms = now_ms + c->delay_ms;
	c->delay_ms = c->delay_ms ? c->delay_ms * 2 : DELAY_FIRST_MS;
	if (c->delay_ms > DELAY_LAST_MS)
		c->delay_ms = DELAY_LAST_MS;
}

void child_start_if_due(struct child *c, int64_t now_ms, const sigset_t *signals)
{
	pid_t parent = getpid();

	if (c->state != CHILD_WAITING || now_ms < c->due_ms)
		return;
	c->pid = fork();
	if (c->pid == 0)
		become(c, parent, signals);
	if (c->pid < 0) {
		journal_error("event=cannot_fork child=%s reason=\"%s\"", c->name, strerror(errno));
		wait_longer(c, now_ms);
		return;
	}
	setpgid(c->pid, c->pid); /* both do it: whoever comes first, the group is there from now on */
	c->state = CHILD_RUNNING;
	c->due_ms = now_ms;
	journal_info("event=started child=%s pid=%d", c->name, (int)c->pid);
}

void child_stop(struct child *c)
{
	if (c->state == CHILD_WAITING)
		c->state = CHILD_GONE;
	if (c->state != CHILD_RUNNING)
		return;
	kill(c->pid, c->stop_signal);
	c->state = CHILD_STOPPING;
}

void child_kill(struct child *c)
{
	if (c->state == CHILD_RUNNING || c->state == CHILD_STOPPING)
		kill(-c->pid, SIGKILL);
}

void child_ended(struct child *c, int status, int64_t now_ms)
{
	const char *how = WIFSIGNALED(status) ? "signal" : "status";
	int number = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);

	kill(-c->pid, SIGKILL); /* what it left behind */
	if (c->state == CHILD_STOPPING) {
		journal_info("event=stopped child=%s pid=%d %s=%d", c->name, (int)c->pid, how, number);
		c->state = CHILD_GONE;
		return;
	}
	c->ended++;
	if (now_ms - c->due_ms >= LASTED_MS)
		c->delay_ms = 0;
	journal_error("event=ended child=%s pid=%d %s=%d restart_in_ms=%d", c->name, (int)c->pid, how, number, c->delay_ms);
	wait_longer(c, now_ms);
}
