/*
 * Catching up without network: what one central holds is taken page by page by another in the same process, in transactions of so many
 * pages. Beside the figure over the network it says what the mesh adds; under callgrind, what the rest is spent on. On the database of a
 * central that runs it shows what transactions and pauses of this size do to its barriers.
 * usage: apply SOURCE TARGET [PAGES_A_COMMIT [PAUSE_US]]     SOURCE: made by fill; TARGET: of central-1, which holds nothing of it
 * prints an object: records, per_second, cpu_us a record (reading SOURCE is not counted)
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/unit/central.h"

#define PAGE_RECORDS 256
#define PAGE_BYTES (192 * 1024)

struct time { double wall, cpu; };

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct time now(void)
{
	return (struct time){ seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID) };
}

static struct central to;
static struct time reading;     /* was spent on SOURCE */
static int64_t records;

static enum err next_page(struct db *from, const char *log, int64_t seq, struct buf *lines, struct page *page)
{
	struct time began = now(), ended;
	enum err e;

	buf_reset(lines);
	e = ledger_read_page(from, log, seq, PAGE_RECORDS, PAGE_BYTES, lines, page);
	ended = now();
	reading.wall += ended.wall - began.wall;
	reading.cpu += ended.cpu - began.cpu;
	return e;
}

static enum err take(const struct page *page)
{
	struct take_result result;
	struct fault fault = { 0 };
	enum err e = ledger_take(to.ledger, page, &result, &fault);

	records += (int64_t)result.records;
	if (e != ERR_NONE)
		fprintf(stderr, "apply: %s\n", fault.sentence);
	return e;
}

/* *seq goes on; ERR_NOT_FOUND: that was all. */
static enum err take_some(struct db *from, const char *log, int64_t *seq, int pages)
{
	static struct page page;
	struct buf lines;
	enum err e = ledger_begin(to.ledger), got = ERR_NONE;

	buf_init(&lines, MESSAGE_MAX);
	for (int i = 0; e == ERR_NONE && got == ERR_NONE && i < pages; i++) {
		got = next_page(from, log, *seq, &lines, &page);
		if (got == ERR_NONE)
			e = take(&page);
		*seq += got == ERR_NONE ? (int64_t)page.count : 0;
	}
	buf_free(&lines);
	if (e == ERR_NONE)
		e = ledger_commit(to.ledger);
	if (e == ERR_NONE)
		e = db_checkpoint(to.db, DB_CHECKPOINT_USUAL);
	return e == ERR_NONE ? got : e;
}

static enum err take_all(struct db *from, int pages, useconds_t pause_us)
{
	struct log_row log = { 0 };
	enum err e = ERR_NONE;

	while (e == ERR_NONE && log_next(from, log.log, &log) == ERR_NONE) {
		int64_t seq = 1;

		while (e == ERR_NONE) {
			e = take_some(from, log.log, &seq, pages);
			if (pause_us > 0)
				usleep(pause_us);
		}
		e = e == ERR_NOT_FOUND ? ERR_NONE : e;
	}
	return e;
}

int main(int argc, char **argv)
{
	struct fault fault = { 0 };
	struct db *from = NULL;
	struct time began, ended;
	enum err e;

	if (argc < 3 || argc > 5) {
		fputs("usage: apply SOURCE TARGET [PAGES_A_COMMIT [PAUSE_US]]\n", stderr);
		return 2;
	}
	e = db_open(argv[1], DB_READ, &from, &fault);
	if (e == ERR_NONE)
		e = central_open(&to, argv[2], "central-1", 1);
	began = now();
	if (e == ERR_NONE)
		e = take_all(from, argc > 3 ? atoi(argv[3]) : 1, argc > 4 ? (useconds_t)atoi(argv[4]) : 0);
	ended = now();
	if (e != ERR_NONE) {
		fprintf(stderr, "apply: %s %s\n", err_name(e), fault.sentence);
		return 1;
	}
	printf("{\"records\": %lld, \"per_second\": %.1f, \"cpu_us\": %.3f}\n", (long long)records,
		(double)records / (ended.wall - began.wall - reading.wall), (ended.cpu - began.cpu - reading.cpu) * 1e6 / (double)records);
	central_close(&to);
	db_close(from);
	return 0;
}
