/*
 * tests/sim/sim: simulated sites, a seed each, as TAP.
 *
 *   sim [--seeds N] [--seed S] [--steps N] [--jobs N] [--verbose] [--records FILE]
 *
 * --seeds N: seeds S … S+N-1. --seed S alone: that one. Neither: what a run of the tests does. A failing seed prints a line
 * that replays it. Jobs are processes, each with its own seeds; so a seed that crashes is named as well. --records FILE: what
 * each site held in the end, for tests/sim/test_model.py. That, and --verbose, with one job.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/journal.h"
#include "base/text.h"
#include "check.h"
#include "program.h"
#include "sim.h"
#include "vfs.h"

/* Freed memory of many small transactions is what a sanitizer's build spends its time on: keep less of it. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=1:malloc_context_size=4";
}

#define JOBS_MAX 16
#define SEEDS 250 /* of a run of the tests */
#define LIARS 20
#define TWICE 20 /* one seed in so many is run twice, and has to go the same way */

struct options { int64_t seeds, seed, steps, jobs; bool verbose, lying_disks; FILE *records; };

/* Told by a job after each seed. */
struct report {
	uint64_t seed, hash;
	bool begun, failed;
	int64_t converged_us;
	size_t told, refused, kills, power_cuts, records, sent;
	char failure[600];
};

static struct report run_one(const struct options *o, uint64_t seed, const char *folder, bool verbose)
{
	const struct sim_options options = {.seed = seed, .steps = (int)o->steps, .verbose = verbose, .lying_disks = o->lying_disks,
		.folder = folder};
	struct sim *s = sim_run(&options);
	struct report r = {.seed = seed, .hash = s->hash, .failed = s->failed, .converged_us = s->converged_us, .told = s->told,
		.refused = s->refused, .kills = s->kills, .power_cuts = s->power_cuts, .records = s->records, .sent = s->net.sent};
	(void)text_copy(r.failure, sizeof(r.failure), s->failure);
	if (o->records && !s->failed)
		check_write(s, o->records);
	sim_free(s);
	return r;
}

static struct report run_seed(const struct options *o, uint64_t seed, const char *folder)
{
	struct report r = run_one(o, seed, folder, o->verbose);
	if (!r.failed && seed % TWICE == 0 && run_one(o, seed, folder, false).hash != r.hash) {
		r.failed = true;
		(void)text_copy(r.failure, sizeof(r.failure), "it goes another way when it is run again");
	}
	return r;
}

/* One job's seeds, each told before and after. */
static void job(const struct options *o, int64_t first, int out)
{
	char folder[] = "/tmp/parkmesh-sim-XXXXXX";
	if (!mkdtemp(folder))
		abort();
	for (int64_t k = first; k < o->seeds; k += o->jobs) {
		struct report r = {.seed = (uint64_t)(o->seed + k), .begun = true};
		if (write(out, &r, sizeof(r)) < 0)
			break;
		r = run_seed(o, r.seed, folder);
		fflush(stdout);
		if (write(out, &r, sizeof(r)) < 0)
			break;
	}
	program_end();
	program_clear(folder);
}

struct sum { int64_t seeds, failed, longest_us; size_t told, refused, kills, power_cuts, records, sent; };

static void tell_failure(const struct report *r, const struct options *o)
{
	printf("# seed %" PRIu64 ": %s\n", r->seed, r->failure);
	if (o->steps)
		printf("# again: tests/sim/run --seed %" PRIu64 " --steps %" PRId64 " --verbose\n", r->seed, o->steps);
	else
		printf("# again: tests/sim/run --seed %" PRIu64 " --verbose\n", r->seed);
	fflush(stdout);
}

static void add(struct sum *sum, const struct report *r, const struct options *o)
{
	sum->seeds++;
	sum->failed += r->failed;
	sum->told += r->told;
	sum->refused += r->refused;
	sum->kills += r->kills;
	sum->power_cuts += r->power_cuts;
	sum->records += r->records;
	sum->sent += r->sent;
	if (r->converged_us > sum->longest_us)
		sum->longest_us = r->converged_us;
	if (r->failed && !o->lying_disks)
		tell_failure(r, o);
	if (o->verbose)
		printf("# seed %" PRIu64 ": hash %016" PRIx64 "\n", r->seed, r->hash);
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r%" PRId64 " of %" PRId64 " ", sum->seeds, o->seeds);
}

/* What a job says next; false: it has ended. */
static bool hear(const struct options *o, int from, struct report *last, struct sum *sum)
{
	struct report r;
	ssize_t got = read(from, &r, sizeof(r));
	if (got < 0 && errno == EINTR)
		return true;
	if (got != (ssize_t)sizeof(r))
		return false;
	if (!r.begun)
		add(sum, &r, o);
	*last = r;
	return true;
}

/* A job that ends in the middle of a seed has crashed in it: true, and that seed. */
static bool has_crashed(const struct options *o, struct report *last, struct sum *sum, int64_t *seed)
{
	if (!last->begun)
		return false;
	last->failed = true;
	(void)text_copy(last->failure, sizeof(last->failure), "the program crashed");
	add(sum, last, o);
	*seed = (int64_t)last->seed - o->seed;
	*last = (struct report){0};
	return true;
}

/* A process that runs the seeds from first on, one in o->jobs. Returns where to read what it says. */
static int start_job(const struct options *o, int64_t first)
{
	int ends[2];
	if (pipe(ends) != 0)
		abort();
	fflush(stdout);
	pid_t pid = fork();
	if (pid < 0)
		abort();
	if (pid == 0) {
		close(ends[0]);
		job(o, first, ends[1]);
		exit(0);
	}
	close(ends[1]);
	return ends[0];
}

/* All are listened to: a job whose pipe is full stands still. */
static void run_jobs(const struct options *o, struct sum *sum)
{
	struct pollfd from[JOBS_MAX];
	struct report last[JOBS_MAX] = {{0}};
	int64_t crashed, running = o->jobs;
	for (int64_t k = 0; k < o->jobs; k++)
		from[k] = (struct pollfd){.fd = start_job(o, k), .events = POLLIN};
	while (running > 0) {
		if (poll(from, (nfds_t)o->jobs, -1) < 0)
			continue; /* a signal */
		for (int64_t k = 0; k < o->jobs; k++) {
			if (!from[k].revents || hear(o, from[k].fd, &last[k], sum))
				continue;
			close(from[k].fd);
			from[k].fd = -1;
			if (has_crashed(o, &last[k], sum, &crashed))
				from[k].fd = start_job(o, crashed + o->jobs);
			else
				running--;
		}
	}
	while (wait(NULL) > 0)
		;
}

/* On disks that lie about syncs what was acknowledged gets lost when the power goes: checks that do not notice are worth
 * nothing. */
static bool liars_noticed(int64_t jobs)
{
	const struct options o = {.seeds = LIARS, .seed = 1, .jobs = jobs, .lying_disks = true};
	struct sum sum = {0};
	run_jobs(&o, &sum);
	printf("%s 2 - disks that lie about syncs are noticed (at %" PRId64 " of %d sites)\n", sum.failed ? "ok" : "not ok", sum.failed,
		LIARS);
	return sum.failed > 0;
}

static int usage(void)
{
	fputs("usage: sim [--seeds N] [--seed S] [--steps N] [--jobs N] [--verbose] [--records FILE]\n", stderr);
	return 2;
}

static bool read_options(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {{"seeds", required_argument, NULL, 'n'}, {"seed", required_argument, NULL, 's'},
		{"steps", required_argument, NULL, 't'}, {"jobs", required_argument, NULL, 'j'}, {"verbose", no_argument, NULL, 'v'},
		{"records", required_argument, NULL, 'r'}, {0}};
	int option;
	bool good = true;
	while (good && (option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == 'v')
			o->verbose = true;
		else if (option == 'n')
			good = number_parse(optarg, 1000000000, &o->seeds);
		else if (option == 's')
			good = number_parse(optarg, INTEGER_MAX, &o->seed);
		else if (option == 't')
			good = number_parse(optarg, 100000, &o->steps);
		else if (option == 'j')
			good = number_parse(optarg, JOBS_MAX, &o->jobs) && o->jobs > 0;
		else if (option == 'r')
			good = (o->records = fopen(optarg, "w")) != NULL;
		else
			good = false;
	}
	if (o->records || o->verbose)
		o->jobs = 1;
	return good && optind == argc;
}

int main(int argc, char **argv)
{
	struct options o = {.seeds = -1, .seed = -1, .jobs = 2};
	struct sum sum = {0};
	if (!read_options(argc, argv, &o))
		return usage();
	bool whole = o.seeds < 0 && o.seed < 0;
	if (o.seeds < 0)
		o.seeds = o.seed >= 0 ? 1 : SEEDS;
	if (o.seed < 0)
		o.seed = 1;
	journal_start("sim", o.verbose ? JOURNAL_INFO : (enum journal_level)(JOURNAL_ERROR + 1));
	vfs_start();
	if (!seal_start())
		return 1;
	printf(whole ? "1..2\n" : "1..1\n");
	fflush(stdout);
	run_jobs(&o, &sum);
	printf("%s 1 - %" PRId64 " sites (seeds from %" PRId64 " on): %zu answers told and kept, %zu refused, %zu records, "
		"%zu messages, %zu kills, %zu power cuts; agreed at the latest %.0f s after all faults ended\n",
		sum.failed ? "not ok" : "ok", sum.seeds, o.seed, sum.told, sum.refused, sum.records,
		sum.sent, sum.kills, sum.power_cuts, (double)sum.longest_us / SECOND);
	if (sum.failed)
		printf("# %" PRId64 " of them failed\n", sum.failed);
	if (whole)
		sum.failed += !liars_noticed(o.jobs);
	if (o.records)
		fclose(o.records);
	return sum.failed > 0 || sum.seeds == 0;
}
