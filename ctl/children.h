/*
 * The programs that parkmesh-central runs.
 *
 *   waiting --(its time has come)--> running --(it ended)--> waiting, longer each time up to a second
 *   running --(told to stop)--> stopping --(it ended, or was killed after 5 s)--> gone
 *   waiting --(told to stop)--> gone
 *
 * A child has its own process group, so that what it leaves behind when it dies (nginx: its workers) is ended before it is
 * started again, and so that Ctrl-C on the terminal reaches parkmesh-central alone. It gets SIGTERM from the kernel when
 * parkmesh-central dies.
 */
#ifndef PARKMESH_CTL_CHILDREN_H
#define PARKMESH_CTL_CHILDREN_H

#include <stdbool.h>
#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

enum child_state { CHILD_WAITING, CHILD_RUNNING, CHILD_STOPPING, CHILD_GONE };

struct child {
	const char *name;           /* for the journal */
	const char *const *command; /* argv, the program's path first, ends with NULL */
	int stdin_fd;               /* becomes its descriptor 0; -1: /dev/null */
	int stop_signal;
	enum child_state state;
	pid_t pid;                  /* while running or stopping */
	int64_t due_ms;             /* waiting: when to start it; running: when it was started (both monotonic) */
	int delay_ms;               /* before the next start */
	int ended;                  /* how often it ended by itself */
};

/* waiting: start it if it is time. signals is the mask the program gets. */
void child_start_if_due(struct child *c, int64_t now_ms, const sigset_t *signals);
/* running: send its stop signal. */
void child_stop(struct child *c);
void child_kill(struct child *c);
/* It ended with this status of waitpid(2). */
void child_ended(struct child *c, int status, int64_t now_ms);

#endif
