/* The writer with a real database in a folder of its own: batches, results, failures, the end. */
#include "fcgi/writer.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/text.h"
#include "domain/gate.h"
#include "domain/ledger.h"
#include "notify.h"
#include "seal/seal.h"
#include "store/db.h"
#include "store/history.h"
#include "test.h"

#define THREADS 8
#define JOBS 40

static char folder[64], path[96], fifo[96];
static struct world world;
static struct writer *writer;
static int bell;

static bool start(void)
{
	struct writer_setup setup = {.db_path = path, .world = &world, .bell = -1};
	struct fault fault = {0};

	if (!seal_start())
		return false;
	world = world_real();
	text_copy(folder, sizeof folder, "/tmp/test_writer.XXXXXX");
	if (!mkdtemp(folder))
		return false;
	text_format(path, sizeof path, "%s/parkmesh.db", folder);
	text_format(fifo, sizeof fifo, "%s/notify", folder);
	if (notify_open(fifo, &bell) != ERR_NONE)
		return false;
	setup.bell = bell;
	if (writer_start(&setup, &writer, &fault) == ERR_NONE)
		return true;
	printf("# %s\n", fault.sentence);
	return false;
}

static void end(void)
{
	static const char *const left[] = {"parkmesh.db", "parkmesh.db-wal", "parkmesh.db-shm", "parkmesh.db-lock", "notify"};
	char file[128];

	writer_stop(writer);
	close(bell);
	for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
		text_format(file, sizeof file, "%s/%s", folder, left[i]);
		unlink(file);
	}
	rmdir(folder);
}

/* --- jobs ------------------------------------------------------------------------------------------------------------ */

struct gate_job { struct gate_ask ask; struct gate_answer answer; enum err fails; };

/* Opens the gate, and then perhaps fails all the same. */
static enum err open_gate(struct ledger *l, void *arg)
{
	struct gate_job *j = arg;
	struct fault fault;
	enum err e = gate_open(l, &j->ask, &j->answer, &fault);

	return e != ERR_NONE ? e : j->fails;
}

static struct gate_job entry_of(int number)
{
	struct gate_job j = {.ask = {.edge_id = "edge-1", .confidence = -1, .direction = DIRECTION_ENTRY, .reported_at = -1}};

	text_format(j.ask.plate_id, sizeof j.ask.plate_id, "29A%05d", number);
	return j;
}

static int64_t rows(void)
{
	struct history_filter all = {0};
	struct fault fault;
	struct db *db;
	int64_t count = -1;

	if (db_open(path, DB_READ, &db, &fault) != ERR_NONE)
		return -1;
	if (history_count(db, &all, &count) != ERR_NONE)
		count = -1;
	db_close(db);
	return count;
}

/* --- tests ----------------------------------------------------------------------------------------------------------- */

TEST(a_job_is_on_disk_when_it_is_answered)
{
	struct gate_job j = entry_of(1);

	CHECK(start());
	CHECK_INT(rows(), 0);
	CHECK_INT(writer_run(writer, open_gate, &j), ERR_NONE);
	CHECK(j.answer.event_id[0]);
	CHECK_INT(rows(), 1);
	CHECK_INT(notify_drain(bell), 1);
	end();
}

TEST(a_failing_job_is_undone_alone)
{
	struct gate_job good = entry_of(1), bad = entry_of(2), again = entry_of(1);

	CHECK(start());
	bad.fails = ERR_INVALID;
	CHECK_INT(writer_run(writer, open_gate, &bad), ERR_INVALID);
	CHECK_INT(rows(), 0);
	CHECK_INT(writer_run(writer, open_gate, &good), ERR_NONE);
	CHECK_INT(writer_run(writer, open_gate, &again), ERR_CONFLICT);
	CHECK_INT(rows(), 1);
	CHECK(!writer_failing(writer));
	end();
}

struct runner { pthread_t thread; int first, good, undone; };

static void *run_many(void *arg)
{
	struct runner *r = arg;

	for (int i = 0; i < JOBS; i++) {
		struct gate_job j = entry_of(r->first + i);
		enum err e;

		j.fails = i % 4 == 3 ? ERR_INVALID : ERR_NONE;
		e = writer_run(writer, open_gate, &j);
		r->good += e == ERR_NONE;
		r->undone += e == ERR_INVALID;
	}
	return NULL;
}

TEST(many_threads_share_batches)
{
	struct runner r[THREADS] = {0};
	int good = 0, undone = 0;

	CHECK(start());
	for (int i = 0; i < THREADS; i++) {
		r[i].first = i * JOBS;
		CHECK_INT(pthread_create(&r[i].thread, NULL, run_many, &r[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(r[i].thread, NULL);
		good += r[i].good;
		undone += r[i].undone;
	}
	CHECK_INT(good, THREADS * JOBS * 3 / 4);
	CHECK_INT(undone, THREADS * JOBS / 4);
	CHECK_INT(rows(), good);
	end();
}

/* The first job holds the writer until the others are about to wait. If one comes late it makes a batch of its own; what is
 * checked holds either way. */
static atomic_int waiting;

static enum err hold_writer(struct ledger *l, void *arg)
{
	(void)l;
	(void)arg;
	while (atomic_load(&waiting) < 2)
		sched_yield();
	return ERR_NONE;
}

struct one { pthread_t thread; struct gate_job job; enum err result; };

static void *run_one(void *arg)
{
	struct one *o = arg;

	atomic_fetch_add(&waiting, 1);
	o->result = writer_run(writer, open_gate, &o->job);
	return NULL;
}

static void *run_hold(void *arg)
{
	(void)arg;
	writer_run(writer, hold_writer, NULL);
	return NULL;
}

TEST(an_unwritable_database_fails_the_batch_and_heals)
{
	struct one a = {.job = entry_of(1)}, b = {.job = entry_of(2)};
	struct gate_job later = entry_of(3);
	pthread_t holder;

	CHECK(start());
	atomic_store(&waiting, 0);
	a.job.fails = ERR_UNAVAILABLE;
	CHECK_INT(pthread_create(&holder, NULL, run_hold, NULL), 0);
	CHECK_INT(pthread_create(&a.thread, NULL, run_one, &a), 0);
	CHECK_INT(pthread_create(&b.thread, NULL, run_one, &b), 0);
	pthread_join(holder, NULL);
	pthread_join(a.thread, NULL);
	pthread_join(b.thread, NULL);
	CHECK_INT(a.result, ERR_UNAVAILABLE);
	CHECK(b.result == ERR_NONE || b.result == ERR_UNAVAILABLE);
	CHECK_INT(rows(), b.result == ERR_NONE ? 1 : 0);
	CHECK_INT(writer_run(writer, open_gate, &later), ERR_NONE);
	CHECK(!writer_failing(writer));
	CHECK_INT(rows(), b.result == ERR_NONE ? 2 : 1);
	end();
}

/* A full disk, made by a limit on the size of files. */
TEST(a_full_disk)
{
	struct gate_job before = entry_of(1), during = entry_of(2), after = entry_of(3);
	struct rlimit limit, small;

	CHECK(start());
	CHECK_INT(writer_run(writer, open_gate, &before), ERR_NONE);
	getrlimit(RLIMIT_FSIZE, &limit);
	small = limit;
	small.rlim_cur = 4096;
	signal(SIGXFSZ, SIG_IGN);
	CHECK_INT(setrlimit(RLIMIT_FSIZE, &small), 0);
	CHECK_INT(writer_run(writer, open_gate, &during), ERR_UNAVAILABLE);
	CHECK(writer_failing(writer));
	CHECK_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
	CHECK_INT(rows(), 1);
	CHECK_INT(writer_run(writer, open_gate, &after), ERR_NONE);
	CHECK(!writer_failing(writer));
	CHECK_INT(rows(), 2);
	end();
}

/* Whoever asks whether all is well must not have to wait until a gate tries. */
TEST(that_there_is_room_again_is_seen_without_a_job)
{
	struct gate_job during = entry_of(1);
	struct rlimit limit, small;

	CHECK(start());
	getrlimit(RLIMIT_FSIZE, &limit);
	small = limit;
	small.rlim_cur = 4096;
	signal(SIGXFSZ, SIG_IGN);
	CHECK_INT(setrlimit(RLIMIT_FSIZE, &small), 0);
	CHECK_INT(writer_run(writer, open_gate, &during), ERR_UNAVAILABLE);
	usleep(1200 * 1000); /* at least one trial, which has to fail */
	CHECK(writer_failing(writer));
	CHECK_INT(setrlimit(RLIMIT_FSIZE, &limit), 0);
	for (int i = 0; i < 600 && writer_failing(writer); i++)
		usleep(100 * 1000);
	CHECK(!writer_failing(writer));
	CHECK_INT(rows(), 0);
	end();
}

TEST(a_database_that_cannot_be_opened)
{
	struct writer_setup setup = {.db_path = "/nonexistent/parkmesh.db", .world = &world, .bell = -1};
	struct fault fault = {0};
	struct writer *w = NULL;

	world = world_real();
	CHECK_INT(writer_start(&setup, &w, &fault), ERR_UNAVAILABLE);
	CHECK(!w);
	CHECK(fault.sentence[0]);
}

TEST_MAIN
