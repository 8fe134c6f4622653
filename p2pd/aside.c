#include "aside.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct aside {
	int fd;
	pthread_t thread;
	pthread_mutex_t mutex; /* guards all below */
	pthread_cond_t changed;
	void (*work)(void *arg);
	void *arg;
	bool done, ending;
};

static void *work_on(void *self)
{
	struct aside *a = self;
	pthread_mutex_lock(&a->mutex);
	for (;;) {
		while (!a->work && !a->ending)
			pthread_cond_wait(&a->changed, &a->mutex);
		if (!a->work)
			break;
		pthread_mutex_unlock(&a->mutex);
		a->work(a->arg); /* neither changes before it is done */
		pthread_mutex_lock(&a->mutex);
		a->work = NULL;
		a->done = true;
		pthread_cond_signal(&a->changed);
		(void)eventfd_write(a->fd, 1);
	}
	pthread_mutex_unlock(&a->mutex);
	return NULL;
}

/* Signals are the loop's. */
static int start(struct aside *a)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	int failed = pthread_create(&a->thread, NULL, work_on, a);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed;
}

enum err aside_open(struct aside **out, int *fd)
{
	struct aside *a = calloc(1, sizeof(*a));
	if (!a)
		return ERR_MEMORY;
	pthread_mutex_init(&a->mutex, NULL);
	pthread_cond_init(&a->changed, NULL);
	a->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	*fd = a->fd < 0 ? -1 : fcntl(a->fd, F_DUPFD_CLOEXEC, 0);
	if (*fd >= 0 && start(a) == 0) {
		*out = a;
		return ERR_NONE;
	}
	if (*fd >= 0)
		close(*fd);
	if (a->fd >= 0)
		close(a->fd);
	free(a);
	return ERR_SYSTEM;
}

static bool begin(void *self, size_t records, void (*work)(void *arg), void *arg)
{
	struct aside *a = self;
	if (records < ASIDE_RECORDS)
		return false;
	pthread_mutex_lock(&a->mutex);
	a->work = work;
	a->arg = arg;
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->mutex);
	return true;
}

static void stop(void *self)
{
	struct aside *a = self;
	pthread_mutex_lock(&a->mutex);
	while (a->work)
		pthread_cond_wait(&a->changed, &a->mutex);
	a->done = false;
	pthread_mutex_unlock(&a->mutex);
}

bool aside_done(struct aside *a)
{
	eventfd_t count;
	(void)eventfd_read(a->fd, &count);
	pthread_mutex_lock(&a->mutex);
	bool done = a->done;
	a->done = false;
	pthread_mutex_unlock(&a->mutex);
	return done;
}

void aside_table(struct aside *a, struct mesh_aside *out)
{
	*out = (struct mesh_aside){.self = a, .begin = begin, .stop = stop};
}

void aside_close(struct aside *a)
{
	if (!a)
		return;
	pthread_mutex_lock(&a->mutex);
	a->ending = true;
	pthread_cond_signal(&a->changed);
	pthread_mutex_unlock(&a->mutex);
	pthread_join(a->thread, NULL);
	pthread_cond_destroy(&a->changed);
	pthread_mutex_destroy(&a->mutex);
	close(a->fd);
	free(a);
}
