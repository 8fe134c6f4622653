#include "accept.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/journal.h"
#include "base/text.h"
#include "serve.h"

#define STACK_BYTES (2 * 1024 * 1024)   /* JSON 1000 deep is read by recursion */
#define SYSTEMD_FIRST_FD 3
#define PAUSE_MS 20                     /* when descriptors or memory have run out */

struct worker {
	struct accepting *all;
	pthread_t thread;
	struct desk desk;
	int epoll_fd;
};

struct accepting {
	struct app *app;
	int listen_fd;
	size_t count;                       /* of workers that run */
	atomic_bool failing;                /* no connection could be accepted just now */
	struct worker worker[];
};

/* --- the socket ------------------------------------------------------------------------------------------------------ */

/* LISTEN_PID says whom the sockets are for: not for us if we inherited another's environment. */
static bool from_systemd(void)
{
	const char *fds = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	int64_t number;

	if (!fds || strcmp(fds, "1") != 0)
		return false;
	return !pid || (number_parse(pid, INTEGER_MAX, &number) && number == getpid());
}

enum err accept_find_socket(int *listen_fd, struct fault *fault)
{
	int fd = from_systemd() ? SYSTEMD_FIRST_FD : STDIN_FILENO, listening = 0;
	socklen_t len = sizeof listening;

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) != 0 || !listening)
		return fault_set(fault, ERR_SYSTEM, "no_socket", "",
			"There is no listening socket on descriptor %d; start this by systemd or parkmesh-central.", fd);
	/* Several threads may be woken for one connection; those that come late must not block in accept. */
	if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return fault_set(fault, ERR_SYSTEM, "no_socket", "", "The listening socket cannot be used: %s.", strerror(errno));
	*listen_fd = fd;
	return ERR_NONE;
}

/* --- one thread ------------------------------------------------------------------------------------------------------ */

static void pause_until_stop(const struct worker *w)
{
	struct pollfd stop = {.fd = w->desk.app->stop_fd, .events = POLLIN};

	poll(&stop, 1, PAUSE_MS);
}

/* All threads see the same failure again and again: told once. */
static void note_failing(struct accepting *a, int error)
{
	bool failing = error != 0;

	if (atomic_load(&a->failing) == failing || atomic_exchange(&a->failing, failing) == failing)
		return;
	if (failing)
		journal_error("event=accept_failed reason=\"%s\"", strerrordesc_np(error));
	else
		journal_info("event=accept_works_again");
}

static void accept_one(struct worker *w)
{
	int fd = accept4(w->all->listen_fd, NULL, NULL, SOCK_CLOEXEC);

	if (fd >= 0) {
		note_failing(w->all, 0);
		serve(&w->desk, fd);
		return;
	}
	if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ECONNABORTED)
		return;
	note_failing(w->all, errno);
	pause_until_stop(w);
}

static bool told_to_stop(const struct worker *w, const struct epoll_event *events, int count)
{
	for (int i = 0; i < count; i++) {
		if (events[i].data.fd == w->desk.app->stop_fd)
			return true;
	}
	return false;
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct epoll_event events[2];

	for (;;) {
		int count = epoll_wait(w->epoll_fd, events, 2, -1);

		if (told_to_stop(w, events, count))
			break;
		if (count > 0)
			accept_one(w);
	}
	return NULL;
}

static bool watch(int epoll_fd, int fd, uint32_t events)
{
	struct epoll_event e = {.events = events, .data.fd = fd};

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e) == 0;
}

static bool start_worker(struct accepting *a, struct worker *w, const pthread_attr_t *attr)
{
	w->all = a;
	w->desk.app = a->app;
	w->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (w->epoll_fd < 0)
		return false;
	if (watch(w->epoll_fd, a->listen_fd, EPOLLIN | EPOLLEXCLUSIVE) && watch(w->epoll_fd, a->app->stop_fd, EPOLLIN)
		&& pthread_create(&w->thread, attr, work, w) == 0)
		return true;
	close(w->epoll_fd);
	return false;
}

/* --- all ------------------------------------------------------------------------------------------------------------- */

enum err accept_start(struct app *app, int listen_fd, struct accepting **out, struct fault *fault)
{
	size_t wanted = (size_t)app->threads;
	struct accepting *a = calloc(1, sizeof *a + wanted * sizeof *a->worker);
	pthread_attr_t attr;

	if (!a)
		return fault_set(fault, ERR_MEMORY, "memory", "", "There is not enough memory to start.");
	a->app = app;
	a->listen_fd = listen_fd;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	while (a->count < wanted && start_worker(a, &a->worker[a->count], &attr))
		a->count++;
	pthread_attr_destroy(&attr);
	if (a->count == wanted) {
		*out = a;
		return ERR_NONE;
	}
	accept_stop(a);
	return fault_set(fault, ERR_SYSTEM, "system", "", "%zu request threads cannot be started; lower --threads.", wanted);
}

void accept_stop(struct accepting *a)
{
	if (!a)
		return;
	eventfd_write(a->app->stop_fd, 1);
	for (size_t i = 0; i < a->count; i++) {
		pthread_join(a->worker[i].thread, NULL);
		close(a->worker[i].epoll_fd);
		desk_close(&a->worker[i].desk);
	}
	free(a);
}
