#include "quorum_wait.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/journal.h"
#include "base/text.h"
#include "store/db.h"
#include "store/marks.h"

#define LOOK_US 250 /* with 1000 one client was answered a fifth less often */

/* On its thread's stack; in the list, and touched by the watcher, only while that thread waits. */
struct waiter {
	char log[LOG_ID_SIZE];
	int64_t seq;
	enum durability reached;
	pthread_cond_t wake;
	struct waiter *next;
};

struct quorum_wait {
	const char *db_path;
	const struct world *world;
	struct db *db;              /* the watcher's own; NULL until first needed */
	bool unreadable;
	pthread_t thread;
	pthread_condattr_t monotonic;
	pthread_mutex_t mutex;      /* guards all below */
	pthread_cond_t work;
	struct waiter *first;       /* of those who wait; a quarter of the threads at most */
	struct quorum_waits counts;
	bool stopping;
};

/* Monotonic, for pthread_cond_timedwait. */
static struct timespec moment(int64_t us)
{
	return (struct timespec){us / 1000000, us % 1000000 * 1000};
}

/* --- the list of those who wait, with the mutex ------------------------------------------------------------------------- */

static void append(struct quorum_wait *w, struct waiter *x)
{
	struct waiter **end = &w->first;

	while (*end)
		end = &(*end)->next;
	x->next = NULL;
	*end = x;
}

static void take_out(struct quorum_wait *w, const struct waiter *x)
{
	struct waiter **at = &w->first;

	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
}

/* --- the watcher ------------------------------------------------------------------------------------------------------- */

static void note_unreadable(struct quorum_wait *w, enum err e)
{
	if (e != ERR_NONE && !w->unreadable)
		journal_error("event=marks_unreadable error=%s", err_name(e));
	w->unreadable = e != ERR_NONE;
}

/* What p2pd has last said of this log; nothing if that cannot be read. */
static void look(struct quorum_wait *w, const char *log, struct mark *out)
{
	struct fault unused;
	enum err e = w->db ? ERR_NONE : db_open(w->db_path, DB_READ, &w->db, &unused);

	*out = (struct mark){.quorum = 0};
	if (e == ERR_NONE)
		e = mark_find(w->db, log, out);
	note_unreadable(w, e == ERR_NOT_FOUND ? ERR_NONE : e);
}

/* With the mutex. */
static void wake_reached(struct quorum_wait *w, const struct mark *mark)
{
	for (struct waiter *x = w->first; x; x = x->next) {
		if (x->reached != DURABLE_LOCAL || strcmp(x->log, mark->log) != 0 || mark->quorum < x->seq)
			continue;
		x->reached = mark->every >= x->seq ? DURABLE_ALL : DURABLE_QUORUM;
		pthread_cond_signal(&x->wake);
	}
}

/* The log of the one who waits longest; that one goes to the end, so that each log has its turn, should there ever be two. */
static void next_log(struct quorum_wait *w, char log[LOG_ID_SIZE])
{
	struct waiter *first = w->first;

	text_copy(log, LOG_ID_SIZE, first->log);
	take_out(w, first);
	append(w, first);
}

/* With the mutex, which is not held while reading. */
static void look_once(struct quorum_wait *w)
{
	char log[LOG_ID_SIZE];
	struct mark mark;

	next_log(w, log);
	pthread_mutex_unlock(&w->mutex);
	look(w, log, &mark);
	pthread_mutex_lock(&w->mutex);
	wake_reached(w, &mark);
}

static void *watch(void *arg)
{
	struct quorum_wait *w = arg;

	pthread_mutex_lock(&w->mutex);
	while (!w->stopping) {
		struct timespec until = moment(world_mono_us(w->world) + LOOK_US);

		if (!w->first) {
			pthread_cond_wait(&w->work, &w->mutex);
			continue;
		}
		look_once(w);
		if (!w->stopping)
			pthread_cond_timedwait(&w->work, &w->mutex, &until);
	}
	pthread_mutex_unlock(&w->mutex);
	return NULL;
}

/* --- those who wait ---------------------------------------------------------------------------------------------------- */

/* With the mutex. */
static void wait_until(struct quorum_wait *w, struct waiter *x, const struct timespec *until)
{
	append(w, x);
	if (w->first == x)
		pthread_cond_signal(&w->work);
	while (!w->stopping && x->reached == DURABLE_LOCAL && pthread_cond_timedwait(&x->wake, &w->mutex, until) == 0)
		continue;
	take_out(w, x);
}

enum durability quorum_wait_for(struct quorum_wait *w, const char *log, int64_t seq, int64_t timeout_ms)
{
	struct timespec until = moment(world_mono_us(w->world) + timeout_ms * 1000);
	struct waiter x = {.seq = seq, .reached = DURABLE_LOCAL};

	text_copy(x.log, sizeof x.log, log);
	pthread_cond_init(&x.wake, &w->monotonic);
	pthread_mutex_lock(&w->mutex);
	wait_until(w, &x, &until);
	if (x.reached == DURABLE_LOCAL)
		w->counts.timed_out++;
	else
		w->counts.reached++;
	pthread_mutex_unlock(&w->mutex);
	pthread_cond_destroy(&x.wake);
	return x.reached;
}

void quorum_wait_refused(struct quorum_wait *w)
{
	pthread_mutex_lock(&w->mutex);
	w->counts.refused++;
	pthread_mutex_unlock(&w->mutex);
}

struct quorum_waits quorum_wait_counts(struct quorum_wait *w)
{
	struct quorum_waits counts;

	pthread_mutex_lock(&w->mutex);
	counts = w->counts;
	pthread_mutex_unlock(&w->mutex);
	return counts;
}

/* --- start and stop ---------------------------------------------------------------------------------------------------- */

enum err quorum_wait_open(const char *db_path, const struct world *world, struct quorum_wait **out)
{
	struct quorum_wait *w = calloc(1, sizeof *w);

	if (!w)
		return ERR_MEMORY;
	w->db_path = db_path;
	w->world = world;
	pthread_mutex_init(&w->mutex, NULL);
	pthread_condattr_init(&w->monotonic);
	pthread_condattr_setclock(&w->monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->work, &w->monotonic);
	if (pthread_create(&w->thread, NULL, watch, w) != 0) {
		free(w);
		return ERR_SYSTEM;
	}
	*out = w;
	return ERR_NONE;
}

void quorum_wait_stop(struct quorum_wait *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->mutex);
	w->stopping = true;
	pthread_cond_signal(&w->work);
	for (struct waiter *x = w->first; x; x = x->next)
		pthread_cond_signal(&x->wake);
	pthread_mutex_unlock(&w->mutex);
}

void quorum_wait_close(struct quorum_wait *w)
{
	if (!w)
		return;
	quorum_wait_stop(w);
	pthread_join(w->thread, NULL);
	db_close(w->db);
	pthread_condattr_destroy(&w->monotonic);
	free(w);
}
