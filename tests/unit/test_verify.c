/* Verifying a database: at the borders of its pages, and while it grows. What it finds is in tests/flow/test_ctl.py. */
#include "test.h"

#include <sqlite3.h>

#include "author.h"
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

static enum err verify_with(struct ground *g, unsigned threads, struct verify_counts *counts, struct verify_finding *finding)
{
	const struct verify_watch watch = { grow, g, threads };
	struct fault fault;
	struct db *db = NULL;
	enum err e = db_open(g->path, DB_READ, &db, &fault);

	if (e == ERR_NONE)
		e = verify_run(db, &watch, counts, finding);
	db_close(db);
	return e;
}

/* Alone and with threads it says the same (of counts only where nobody writes meanwhile), else ERR_SYSTEM. */
static enum err verify(struct ground *g, struct verify_counts *counts, struct verify_finding *finding)
{
	struct verify_finding again = { .seq = 0 };
	struct verify_counts n = { 0 };
	bool grows = g->growing > 0, same;
	enum err e = verify_with(g, 0, counts, finding);

	same = verify_with(g, 2, &n, &again) == e && strcmp(again.log, finding->log) == 0 && again.seq == finding->seq
		&& strcmp(again.what, finding->what) == 0;
	if (e == ERR_NONE && !grows)
		same = same && n.logs == counts->logs && n.records == counts->records && n.seals == counts->seals && n.rows == counts->rows;
	return same ? e : ERR_SYSTEM;
}

/* A record is not as it was written. */
static bool spoil(struct ground *g, const char *log, int64_t seq)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	bool done = sqlite3_open(g->path, &db) == SQLITE_OK
		&& sqlite3_prepare_v2(db, "UPDATE record_rows SET payload = replace(payload, '29A', '30A')"
			" WHERE log = (SELECT number FROM logs WHERE log = ?1) AND seq = ?2", -1, &st, NULL)
			== SQLITE_OK;

	if (done) {
		sqlite3_bind_text(st, 1, log, -1, SQLITE_STATIC);
		sqlite3_bind_int64(st, 2, seq);
		done = sqlite3_step(st) == SQLITE_DONE && sqlite3_changes(db) == 1;
	}
	sqlite3_finalize(st);
	sqlite3_close(db);
	return done;
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

/* Something is wrong in each of many logs, in the first of them early on and late: that which comes first by log and number is told,
 * whatever was written first and looked at first. */
TEST(the_first_of_many_things)
{
	struct verify_finding finding = { .seq = 0 };
	struct verify_counts n = { 0 };
	struct log_row log = { 0 };
	char first[LOG_ID_SIZE] = "";
	struct ground g;

	CHECK(ground_make(&g));
	for (int i = 0; i < 12; i++) {
		CHECK_INT(central_enter_many(&g.c, 3 * PAGE + i), ERR_NONE);
		CHECK_INT(central_restart(&g.c), ERR_NONE);
	}
	while (log_next(g.c.db, log.log, &log) == ERR_NONE) {
		bool least = first[0] == '\0';

		if (least)
			text_copy(first, sizeof(first), log.log);
		CHECK(spoil(&g, log.log, least ? 2 * PAGE : 3));
		CHECK(spoil(&g, log.log, log.head_seq));
	}
	CHECK_INT(verify(&g, &n, &finding), ERR_CONFLICT);
	CHECK_STR(finding.log, first);
	CHECK_INT(finding.seq, 2 * PAGE);
	ground_remove(&g);
}

/* An author's log of a stay told again and again, each time earlier, and left each time. */
static enum err tell_often(struct ground *g, const char *id, unsigned char number, int times)
{
	struct author a;
	enum err e;

	author_begin(&a, id, number, AUTHOR_TIME, NULL, 0);
	for (int i = 0; i < times; i++) {
		struct record in = { .type = RECORD_ENTRY, .event_id = "much-told", .at = AUTHOR_TIME - 1000 * (2 * i + number) };
		struct record out = { .type = RECORD_EXIT, .event_id = "much-told", .at = in.at + 500 };

		in.data.entry = (struct entry_data){ .plate_id = "29A12345", .plate_view = "29A-123.45", .edge_id = "edge-1", .entry_ts = -1,
			.confidence = -1 };
		out.data.exit = (struct exit_data){ .plate_id = "29A12345", .exit_edge = "edge-1", .exit_ts = -1, .edge_fee = -1 };
		author_say(&a, &in);
		author_say(&a, &out);
	}
	e = author_give(&a, g->c.ledger);
	author_free(&a);
	return e;
}

/* More than are looked at to see whether there are others, in two logs: which of them count by then depends on how far each log has come. */
TEST(a_name_with_many_records)
{
	struct verify_finding finding = { .seq = 0 };
	struct verify_counts n = { 0 };
	struct stay_row stay;
	struct ground g;

	CHECK(ground_make(&g));
	CHECK_INT(tell_often(&g, "central-7", 7, 20), ERR_NONE);
	CHECK_INT(tell_often(&g, "central-8", 8, 30), ERR_NONE);
	CHECK_INT(verify(&g, &n, &finding), ERR_NONE);
	CHECK_INT(n.records, 2 * 50 + 2);
	CHECK_INT(stay_find(g.c.db, "much-told", &stay), ERR_NONE);
	CHECK_INT(stay.entry.at, AUTHOR_TIME - 1000 * (2 * 29 + 8));
	ground_remove(&g);
}

TEST_MAIN
