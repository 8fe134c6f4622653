#include "writer.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
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
	sem_t done;
	struct job *next;
};

struct writer {
	const struct world *world;
	struct db *db;
	struct ledger *ledger;
	int bell;
	bool checkpoint_failing;
	_Atomic int64_t busy_since_us; /* 0: it waits for work */
	atomic_bool failing;
	struct writer_counts counts;
	pthread_t thread;
	pthread_mutex_t mutex;      /* guards all below */
	pthread_cond_t work;        /* for the thread */
	struct job *first, **last;
	bool busy;                  /* somebody writes: db and ledger are theirs */
	bool checkpoint_due, stopping, try_now;
};

/* --- one batch, by whoever is at it ---------------------------------------------------------------------------------- */

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
	bool was = atomic_exchange(&w->failing, failing);

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
	enum err e;

	w->busy_since_us = world_mono_us(w->world);
	e = run_batch(w, batch);
	count_batch(w, batch, e, world_mono_us(w->world) - w->busy_since_us);
	if (e != ERR_NONE)
		fail_batch(batch);
	note_failing(w, e != ERR_NONE);
	if (e == ERR_NONE && w->bell >= 0)
		notify_ring(w->bell);
	w->busy_since_us = 0;
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
	w->busy_since_us = world_mono_us(w->world);
	note_failing(w, db_try_write(w->db) != ERR_NONE);
	w->busy_since_us = 0;
}

/* --- the thread ------------------------------------------------------------------------------------------------------ */

/* With the mutex. While the database cannot be written not for long. */
static void wait_for_work(struct writer *w)
{
	int64_t until_us;
	struct timespec until;

	if (!atomic_load(&w->failing)) {
		pthread_cond_wait(&w->work, &w->mutex);
		return;
	}
	until_us = world_mono_us(w->world) + TRY_AGAIN_US;
	until = (struct timespec){until_us / 1000000, until_us % 1000000 * 1000};
	w->try_now = pthread_cond_timedwait(&w->work, &w->mutex, &until) == ETIMEDOUT;
}

/* With the mutex: at most WRITER_BATCH of what waits. */
static struct job *take_batch(struct writer *w)
{
	struct job *batch = w->first, **cut = &w->first;

	for (int count = 0; *cut && count < WRITER_BATCH; count++)
		cut = &(*cut)->next;
	if (cut == &w->first)
		return NULL;
	w->first = *cut;
	*cut = NULL;
	if (!w->first)
		w->last = &w->first;
	return batch;
}

/* It is the thread's turn once nobody else writes and there is something to do. false: stopping, and nothing is left to do. */
static bool next_work(struct writer *w, struct job **batch)
{
	bool go_on;

	pthread_mutex_lock(&w->mutex);
	w->busy = w->try_now = false;
	while (w->busy || (!w->first && !w->checkpoint_due && !w->try_now && !w->stopping))
		wait_for_work(w);
	*batch = take_batch(w);
	go_on = *batch || !w->stopping;
	w->busy = true;
	w->checkpoint_due = false;
	pthread_mutex_unlock(&w->mutex);
	return go_on;
}

/* A job lies on its waiter's stack: it must not be touched any more once that one goes on. Nor is the mutex held: who was woken would
 * run into it. */
static void wake_batch(struct job *batch)
{
	while (batch) {
		struct job *next = batch->next;

		sem_post(&batch->done);
		batch = next;
	}
}

static void *write_all(void *arg)
{
	struct writer *w = arg;
	struct job *batch;

	while (next_work(w, &batch)) {
		if (batch)
			do_batch(w, batch);
		else if (atomic_load(&w->failing))
			try_again(w);
		wake_batch(batch);
		checkpoint(w);
	}
	return NULL;
}

/* --- those that hand in jobs ----------------------------------------------------------------------------------------- */

/* Who finds nobody writing and nobody waiting does it alone, which spares both two changes of thread: true. Else the job waits. The
 * thread need not be woken then: whoever writes, or has just stopped, sees to that. */
static bool take_turn(struct writer *w, struct job *j)
{
	bool mine;

	pthread_mutex_lock(&w->mutex);
	mine = !w->busy && !w->first;
	if (mine) {
		w->busy = true;
	} else {
		*w->last = j;
		w->last = &j->next;
	}
	pthread_mutex_unlock(&w->mutex);
	return mine;
}

/* What takes long is left to the thread: the one that waits for the answer does not wait for that. */
static void end_turn(struct writer *w)
{
	bool due = db_checkpoint_due(w->db, DB_CHECKPOINT_LATE), work;

	pthread_mutex_lock(&w->mutex);
	w->busy = false;
	w->checkpoint_due = due;
	work = w->first || due || atomic_load(&w->failing);
	pthread_mutex_unlock(&w->mutex);
	if (work)
		pthread_cond_signal(&w->work);
}

static void wait_for_batch(struct job *j)
{
	while (sem_wait(&j->done) != 0)
		;
}

enum err writer_run(struct writer *w, writer_job_fn *job, void *arg)
{
	struct job j = {.run = job, .arg = arg, .result = ERR_UNAVAILABLE};

	atomic_fetch_add(&w->counts.waiting, 1);
	sem_init(&j.done, 0, 0);
	if (take_turn(w, &j)) {
		do_batch(w, &j);
		end_turn(w);
	} else {
		wait_for_batch(&j);
	}
	sem_destroy(&j.done);
	return j.result;
}

bool writer_failing(struct writer *w)
{
	return atomic_load(&w->failing);
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
	w->busy = true; /* until the thread waits for work */
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
