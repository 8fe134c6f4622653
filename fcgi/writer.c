#include "writer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/journal.h"
#include "domain/ledger.h"
#include "domain/site.h"
#include "first_config.h"
#include "notify.h"
#include "store/db.h"

#define TRY_AGAIN_US 1000000

struct job {
	writer_job_fn *run;
	void *arg;
	enum err result;
	bool done;
	pthread_cond_t wake;
	struct job *next;
};

struct writer {
	const struct world *world;
	struct db *db;
	struct ledger *ledger;
	int bell;
	bool checkpoint_failing;
	_Atomic int64_t busy_since_us; /* 0: it waits for work */
	struct writer_counts counts;
	pthread_t thread;
	pthread_mutex_t mutex;      /* guards all below */
	pthread_cond_t work;
	struct job *first, **last;
	bool stopping, failing, try_now;
};

/* --- one batch, on the writer's thread ------------------------------------------------------------------------------- */

static enum err run_job(struct writer *w, struct job *j)
{
	enum err e = ledger_savepoint(w->ledger);

	if (e != ERR_NONE)
		return ERR_UNAVAILABLE;
	j->result = j->run(w->ledger, j->arg);
	if (j->result == ERR_UNAVAILABLE || j->result == ERR_MEMORY || !db_in_transaction(w->db))
		return ERR_UNAVAILABLE;
	if (j->result == ERR_NONE)
		return ledger_savepoint_keep(w->ledger);
	ledger_savepoint_undo(w->ledger);
	return ERR_NONE;
}

static enum err run_batch(struct writer *w, struct job *batch)
{
	enum err e = ledger_begin(w->ledger);

	if (e != ERR_NONE)
		return e;
	for (struct job *j = batch; e == ERR_NONE && j; j = j->next)
		e = run_job(w, j);
	if (e == ERR_NONE)
		return ledger_commit(w->ledger);
	ledger_rollback(w->ledger);
	return e;
}

static void fail_batch(struct job *batch)
{
	for (; batch; batch = batch->next)
		batch->result = ERR_UNAVAILABLE;
}

/* Tell a change of state once, not every batch. */
static void note_failing(struct writer *w, bool failing)
{
	bool was;

	pthread_mutex_lock(&w->mutex);
	was = w->failing;
	w->failing = failing;
	pthread_mutex_unlock(&w->mutex);
	if (failing && !was)
		journal_error("event=write_failed reason=\"%s\"", db_last_error(w->db));
	if (was && !failing)
		journal_info("event=write_works_again");
}

static void count_batch(struct writer *w, const struct job *batch, enum err e, int64_t took_us)
{
	int64_t jobs = 0;

	for (; batch; batch = batch->next)
		jobs++;
	atomic_fetch_sub(&w->counts.waiting, (int)jobs);
	if (e != ERR_NONE) {
		atomic_fetch_add(&w->counts.failed, 1);
		return;
	}
	histogram_add(&w->counts.jobs, histogram_sizes, jobs);
	histogram_add(&w->counts.took_us, histogram_times, took_us);
}

static void do_batch(struct writer *w, struct job *batch)
{
	enum err e = run_batch(w, batch);

	count_batch(w, batch, e, world_mono_us(w->world) - w->busy_since_us);
	if (e != ERR_NONE)
		fail_batch(batch);
	note_failing(w, e != ERR_NONE);
	if (e == ERR_NONE && w->bell >= 0)
		notify_ring(w->bell);
}

/* p2pd checkpoints; this only comes in when it is down or stuck. It runs after the waiters were woken: none waits for it. */
static void checkpoint(struct writer *w)
{
	bool failed = db_checkpoint(w->db, DB_CHECKPOINT_LATE) != ERR_NONE;

	if (failed && !w->checkpoint_failing)
		journal_warning("event=checkpoint_failed reason=\"%s\"", db_last_error(w->db));
	w->checkpoint_failing = failed;
}

/* Nobody may come for long after the last failure, so whether it still holds is found out without them. */
static void try_again(struct writer *w)
{
	note_failing(w, db_try_write(w->db) != ERR_NONE);
}

/* --- the queue ------------------------------------------------------------------------------------------------------- */

/* With the mutex. While the database cannot be written not for long. */
static void wait_for_work(struct writer *w)
{
	int64_t until_us;
	struct timespec until;

	if (!w->failing) {
		pthread_cond_wait(&w->work, &w->mutex);
		return;
	}
	until_us = world_mono_us(w->world) + TRY_AGAIN_US;
	until = (struct timespec){until_us / 1000000, until_us % 1000000 * 1000};
	w->try_now = pthread_cond_timedwait(&w->work, &w->mutex, &until) == ETIMEDOUT;
}

/* At most WRITER_BATCH of what waits, once there is work or something to try (try_now). */
static struct job *take_batch(struct writer *w)
{
	struct job *batch, **cut;
	int count = 0;

	w->try_now = false;
	while (!w->first && !w->stopping && !w->try_now)
		wait_for_work(w);
	batch = w->first;
	for (cut = &w->first; *cut && count < WRITER_BATCH; count++)
		cut = &(*cut)->next;
	w->first = *cut;
	*cut = NULL;
	if (!w->first)
		w->last = &w->first;
	return count ? batch : NULL;
}

/* false: stopping, and nothing is left to do. */
static bool next_work(struct writer *w, struct job **batch)
{
	bool go_on;

	pthread_mutex_lock(&w->mutex);
	*batch = take_batch(w);
	go_on = *batch || !w->stopping;
	pthread_mutex_unlock(&w->mutex);
	return go_on;
}

/* A job lies on its waiter's stack: it must not be touched any more once the waiter can see done without the mutex. */
static void wake_batch(struct writer *w, struct job *batch)
{
	pthread_mutex_lock(&w->mutex);
	while (batch) {
		struct job *next = batch->next;

		batch->done = true;
		pthread_cond_signal(&batch->wake);
		batch = next;
	}
	pthread_mutex_unlock(&w->mutex);
}

static void do_all(struct writer *w, struct job *batch)
{
	do_batch(w, batch);
	wake_batch(w, batch);
	checkpoint(w);
}

static void *write_all(void *arg)
{
	struct writer *w = arg;
	struct job *batch;

	while (next_work(w, &batch)) {
		w->busy_since_us = world_mono_us(w->world);
		if (batch)
			do_all(w, batch);
		else
			try_again(w);
		w->busy_since_us = 0;
	}
	return NULL;
}

static void add_job(struct writer *w, struct job *j)
{
	atomic_fetch_add(&w->counts.waiting, 1);
	*w->last = j;
	w->last = &j->next;
	pthread_cond_signal(&w->work);
}

enum err writer_run(struct writer *w, writer_job_fn *job, void *arg)
{
	struct job j = {.run = job, .arg = arg, .result = ERR_UNAVAILABLE, .wake = PTHREAD_COND_INITIALIZER};

	pthread_mutex_lock(&w->mutex);
	add_job(w, &j);
	while (!j.done)
		pthread_cond_wait(&j.wake, &w->mutex);
	pthread_mutex_unlock(&w->mutex);
	pthread_cond_destroy(&j.wake);
	return j.result;
}

bool writer_failing(struct writer *w)
{
	bool failing;

	pthread_mutex_lock(&w->mutex);
	failing = w->failing;
	pthread_mutex_unlock(&w->mutex);
	return failing;
}

int64_t writer_busy_ms(const struct writer *w)
{
	int64_t since_us = w->busy_since_us;

	return since_us ? (world_mono_us(w->world) - since_us) / 1000 : 0;
}

const struct writer_counts *writer_counts(const struct writer *w)
{
	return &w->counts;
}

/* --- start and stop -------------------------------------------------------------------------------------------------- */

static enum err first_start(struct db *db, const struct writer_setup *s)
{
	enum err e = db_begin(db);

	if (e != ERR_NONE)
		return e;
	e = first_config_take(db, s->p2p_config, s->world);
	if (e == ERR_NONE)
		return db_commit(db);
	db_rollback(db);
	return e;
}

static enum err open_database(struct writer *w, const struct writer_setup *s, struct fault *fault)
{
	enum err e = db_open(s->db_path, DB_WRITE, &w->db, fault);

	if (e != ERR_NONE)
		return e;
	e = first_start(w->db, s);
	if (e == ERR_NONE)
		e = site_zone_use(w->db);
	if (e == ERR_NONE)
		e = ledger_open(w->db, "fcgi", s->world, &w->ledger);
	if (e != ERR_NONE)
		fault_set(fault, e, err_name(e), "", "The database %s cannot be prepared: %s.", s->db_path, db_last_error(w->db));
	return e;
}

static void writer_free(struct writer *w)
{
	if (w->ledger)
		ledger_close(w->ledger);
	if (w->db)
		db_close(w->db);
	free(w);
}

enum err writer_start(const struct writer_setup *setup, struct writer **out, struct fault *fault)
{
	struct writer *w = calloc(1, sizeof *w);
	pthread_condattr_t monotonic;
	enum err e;

	if (!w)
		return fault_set(fault, ERR_MEMORY, "memory", "", "There is not enough memory to start.");
	w->world = setup->world;
	w->bell = setup->bell;
	w->last = &w->first;
	pthread_mutex_init(&w->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&w->work, &monotonic);
	pthread_condattr_destroy(&monotonic);
	e = open_database(w, setup, fault);
	if (e == ERR_NONE && pthread_create(&w->thread, NULL, write_all, w) != 0)
		e = fault_set(fault, ERR_SYSTEM, "system", "", "The writer thread cannot be started.");
	if (e != ERR_NONE) {
		writer_free(w);
		return e;
	}
	*out = w;
	return ERR_NONE;
}

void writer_stop(struct writer *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->mutex);
	w->stopping = true;
	pthread_cond_signal(&w->work);
	pthread_mutex_unlock(&w->mutex);
	pthread_join(w->thread, NULL);
	writer_free(w);
}
