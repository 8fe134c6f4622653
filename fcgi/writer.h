/*
 * The one place that writes: the DB_WRITE connection and the ledger, which one thread at a time has. Request threads hand in jobs and wait.
 *
 * What waits (at most WRITER_BATCH) goes into one transaction, so that many gates share one fdatasync: ledger_begin, each job
 * under its own savepoint, ledger_commit. Then the bell is rung, and each waiter gets its job's result. Nobody gets ERR_NONE
 * before the commit is on disk.
 *
 * A request thread that finds nobody writing and nobody waiting writes its job by itself, which spares it two changes of thread;
 * all others are left to the writer's thread, and so are checkpoints and trials, which no request waits for.
 *
 * States      idle -> running a batch -> idle; failing: the last batch could not be written; stopping (writer_stop): what waits
 *             is still done, then the thread ends.
 * Inputs      jobs, from any thread but the writer's own; writer_stop, after every thread that hands in jobs has been joined.
 * Failures    A job that returns an error is undone alone (its savepoint); the others are committed. A job that finds the
 *             database unwritable (ERR_UNAVAILABLE), or after which the transaction is gone, fails the whole batch; so does a
 *             failed begin or commit: each of its jobs gets ERR_UNAVAILABLE and nothing of it is kept. The next batch tries
 *             afresh, so the writer goes on by itself once there is room again. While failing and idle it tries once a
 *             second by itself, with a page that changes nothing, so that writer_failing tells how things are now.
 */
#ifndef PARKMESH_FCGI_WRITER_H
#define PARKMESH_FCGI_WRITER_H

#include <stdbool.h>

#include "base/err.h"
#include "base/world.h"
#include "histogram.h"

struct ledger;
struct writer;

#define WRITER_BATCH 128

struct writer_setup {
	const char *db_path;
	const char *p2p_config;      /* what a new database is told (first_config.h); NULL nothing */
	const struct world *world;   /* outlives the writer; its monotonic clock is the system's */
	int bell;                    /* from notify_open; -1 none */
};

/* One request's writing, in the ledger's transaction. What it tells its caller it leaves in arg, which counts only if writer_run
 * returned what the job did. */
typedef enum err writer_job_fn(struct ledger *l, void *arg);

/* Open the database (made, migrated and given an identity if it is new) and start the thread. End with writer_stop. */
enum err writer_start(const struct writer_setup *setup, struct writer **out, struct fault *fault);
/* Run the job in a batch and wait until that is committed. Returns the job's result, or ERR_UNAVAILABLE. */
enum err writer_run(struct writer *w, writer_job_fn *job, void *arg);
/* Can the database not be written at present? (Known from the last batch or trial, so at most a second old once it failed.) */
bool writer_failing(struct writer *w);
/* How long it has been at what it does now, the wait for the database's lock included; 0 while it has nothing to do. From any thread. */
int64_t writer_busy_ms(const struct writer *w);
/* What it counts since its start; the numbers move while they are read. */
struct writer_counts {
	struct histogram jobs;      /* of each batch that was committed */
	struct histogram took_us;   /* from taking the batch up to its commit, the wait for the database's lock included */
	_Atomic uint64_t failed;    /* batches that could not be written */
	atomic_int waiting;         /* jobs that are not done yet */
};
const struct writer_counts *writer_counts(const struct writer *w);
/* Finish what waits, end the thread, close the database. Takes NULL. */
void writer_stop(struct writer *w);

#endif
