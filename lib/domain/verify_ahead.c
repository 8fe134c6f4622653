#include "domain/verify_ahead.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "domain/verify_page.h"
#include "store/db.h"

#define PAGES_A_THREAD 4 /* so many are ahead; each may take a megabyte */
#define PAGES_MAX (AHEAD_THREADS_MAX * PAGES_A_THREAD + 1)

struct helper { struct ahead *ahead; struct db *db; pthread_t thread; };

/* The n-th page that is pushed is page[n % pages]. */
struct ahead {
	struct db *db;
	struct verify_page *page[PAGES_MAX];
	size_t pages, popped;
	struct helper helper[AHEAD_THREADS_MAX];
	unsigned helpers;
	pthread_mutex_t lock;                 /* of what follows */
	pthread_cond_t more, done;
	size_t pushed, taken;                 /* taken: somebody checks them, or has */
	bool checked[PAGES_MAX];
	bool end;
};

/* With the lock held: check the oldest page that nobody has taken, with the lock given up meanwhile. */
static void check_one(struct ahead *a, struct db *db)
{
	size_t i = a->taken++ % a->pages;

	pthread_mutex_unlock(&a->lock);
	verify_page_check(a->page[i], db, true);
	pthread_mutex_lock(&a->lock);
	a->checked[i] = true;
	pthread_cond_signal(&a->done);
}

static void *help(void *arg)
{
	struct helper *h = arg;
	struct ahead *a = h->ahead;

	pthread_mutex_lock(&a->lock);
	while (!a->end) {
		if (a->taken < a->pushed)
			check_one(a, h->db);
		else
			pthread_cond_wait(&a->more, &a->lock);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

/* Signals are for the thread that has the terminal. */
static bool start(struct ahead *a, struct helper *h)
{
	sigset_t all, before;
	struct fault fault;
	bool started;

	h->ahead = a;
	if (db_open_beside(a->db, &h->db, &fault) != ERR_NONE)
		return false;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(&h->thread, NULL, help, h) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!started)
		db_close(h->db);
	return started;
}

enum err ahead_open(struct db *db, unsigned threads, struct ahead **out)
{
	struct ahead *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return ERR_MEMORY;
	a->db = db;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->more, NULL);
	pthread_cond_init(&a->done, NULL);
	threads = threads < AHEAD_THREADS_MAX ? threads : AHEAD_THREADS_MAX;
	for (; a->pages < threads * PAGES_A_THREAD + 1; a->pages++) {
		a->page[a->pages] = calloc(1, sizeof(struct verify_page));
		if (a->page[a->pages] == NULL) {
			ahead_close(a);
			return ERR_MEMORY;
		}
	}
	while (a->helpers < threads && start(a, &a->helper[a->helpers]))
		a->helpers++;
	*out = a;
	return ERR_NONE;
}

static void end_helpers(struct ahead *a)
{
	pthread_mutex_lock(&a->lock);
	a->end = true;
	pthread_cond_broadcast(&a->more);
	pthread_mutex_unlock(&a->lock);
	for (unsigned i = 0; i < a->helpers; i++) {
		pthread_join(a->helper[i].thread, NULL);
		db_close(a->helper[i].db);
	}
}

void ahead_close(struct ahead *a)
{
	if (a == NULL)
		return;
	end_helpers(a);
	for (size_t i = 0; i < a->pages; i++) {
		verify_page_free(a->page[i]);
		free(a->page[i]);
	}
	pthread_cond_destroy(&a->done);
	pthread_cond_destroy(&a->more);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

struct verify_page *ahead_room(struct ahead *a, bool own)
{
	size_t count = a->pushed - a->popped;

	return count < (own ? a->pages : 1) ? a->page[a->pushed % a->pages] : NULL;
}

void ahead_push(struct ahead *a, bool own)
{
	size_t i = a->pushed % a->pages;

	if (!own)
		verify_page_check(a->page[i], a->db, false);
	pthread_mutex_lock(&a->lock);
	a->pushed++;
	a->taken += own ? 0 : 1;
	a->checked[i] = !own;
	pthread_cond_signal(&a->more);
	pthread_mutex_unlock(&a->lock);
}

struct verify_page *ahead_next(struct ahead *a)
{
	size_t i = a->popped % a->pages;

	if (a->popped == a->pushed)
		return NULL;
	pthread_mutex_lock(&a->lock);
	while (!a->checked[i]) {
		if (a->taken < a->pushed)
			check_one(a, a->db);
		else
			pthread_cond_wait(&a->done, &a->lock);
	}
	pthread_mutex_unlock(&a->lock);
	return a->page[i];
}

void ahead_pop(struct ahead *a)
{
	a->popped++;
}
