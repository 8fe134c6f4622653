/* Verifying a database: at the borders of its pages, and while it grows. What it finds is in tests/flow/test_ctl.py. */
#include "test.h"

#include "central.h"
#include "domain/verify.h"
#include "store/logs.h"

#define PAGE 256 /* records in one read transaction of verify */

struct ground { char folder[64], path[96]; struct central c; int growing; };

static bool ground_make(struct ground *g)
{
	*g = (struct ground){ .folder = "/tmp/parkmesh-verify-XXXXXX" };
	if (mkdtemp(g->folder) == NULL)
		return false;
	text_format(g->path, sizeof(g->path), "%s/p.db", g->folder);
	return central_open(&g->c, g->path, "central-1", 1) == ERR_NONE;
}

static void ground_remove(struct ground *g)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-lock" };
	char name[128];

	central_close(&g->c);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		text_format(name, sizeof(name), "%s%s", g->path, ends[i]);
		unlink(name);
	}
	rmdir(g->folder);
}

/* Somebody writes after every page. */
static void grow(void *arg, const struct verify_counts *so_far)
{
	struct ground *g = arg;

	(void)so_far;
	if (g->growing-- > 0)
		(void)central_enter_many(&g->c, 3);
}

static enum err verify(struct ground *g, struct verify_counts *counts, struct verify_finding *finding)
{
	const struct verify_watch watch = { grow, g };
	struct fault fault;
	struct db *db = NULL;
	enum err e = db_open(g->path, DB_READ, &db, &fault);

	if (e == ERR_NONE)
		e = verify_run(db, &watch, counts, finding);
	db_close(db);
	return e;
}

TEST(an_empty_database)
{
	struct verify_finding finding = { .seq = 0 };
	struct verify_counts n = { 0 };
	struct ground g;

	CHECK(ground_make(&g));
	CHECK_INT(verify(&g, &n, &finding), ERR_NONE);
	CHECK_INT(n.logs + n.records + n.seals + n.rows, 0);
	ground_remove(&g);
}

/* The log's first record is its LOG_OPEN. */
TEST(pages_that_are_just_full)
{
	static const int counts[] = { 1, PAGE - 2, PAGE - 1, PAGE, 2 * PAGE - 1, 2 * PAGE };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct verify_finding finding = { .seq = 0 };
		struct verify_counts n = { 0 };
		struct ground g;

		CHECK(ground_make(&g));
		CHECK_INT(central_enter_many(&g.c, counts[i]), ERR_NONE);
		CHECK_INT(verify(&g, &n, &finding), ERR_NONE);
		CHECK_INT(n.records, counts[i] + 1);
		CHECK_INT(n.rows, counts[i]);
		CHECK_INT(n.logs, 1);
		ground_remove(&g);
	}
}

TEST(writers_at_work)
{
	struct verify_finding finding = { .seq = 0 };
	struct verify_counts n = { 0 };
	struct log_row log;
	struct ground g;

	CHECK(ground_make(&g));
	CHECK_INT(central_enter_many(&g.c, 600), ERR_NONE);
	CHECK_INT(central_restart(&g.c), ERR_NONE);
	g.growing = 1000; /* longer than it takes */
	CHECK_INT(verify(&g, &n, &finding), ERR_NONE);
	CHECK(g.growing > 0);
	CHECK(n.records > 601);
	CHECK_INT(n.logs, 2);
	CHECK_INT(central_log(&g.c, &log), ERR_NONE);
	ground_remove(&g);
}

TEST(a_head_that_lies)
{
	struct verify_finding finding = { .seq = 0 };
	struct verify_counts n = { 0 };
	struct log_row log;
	struct chain other;
	struct ground g;

	CHECK(ground_make(&g));
	CHECK_INT(central_enter_many(&g.c, PAGE - 1), ERR_NONE);
	CHECK_INT(central_log(&g.c, &log), ERR_NONE);
	CHECK_INT(log.head_seq, PAGE);
	other = log.head;
	other.byte[0] ^= 1;
	CHECK_INT(db_begin(g.c.db), ERR_NONE);
	CHECK_INT(log_move_head(g.c.db, log.log, log.head_seq, &other, log.change), ERR_NONE);
	CHECK_INT(db_commit(g.c.db), ERR_NONE);
	CHECK_INT(verify(&g, &n, &finding), ERR_CONFLICT);
	CHECK_STR(finding.log, log.log);
	CHECK_INT(finding.seq, PAGE);
	CHECK_INT(db_begin(g.c.db), ERR_NONE);
	CHECK_INT(log_move_head(g.c.db, log.log, log.head_seq - 1, &log.head, log.change), ERR_NONE);
	CHECK_INT(db_commit(g.c.db), ERR_NONE);
	CHECK_INT(verify(&g, &n, &finding), ERR_CONFLICT);
	CHECK_INT(finding.seq, PAGE);
	ground_remove(&g);
}

TEST_MAIN
