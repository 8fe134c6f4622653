/* p2pd/batch: pages of one transaction, with rows that fail as they are told to. */
#include "test.h"

#include "p2pd/batch.h"
#include "p2pd/mesh_io.h"

#define PAGES 5

struct failing { enum err error; bool wrote; int times; };  /* the page's first takes, so many */

static struct failing fails[PAGES];
static char calls[64];          /* a letter each: b begin, 0-4 take of that page, c commit, r rollback */
static struct page pages[PAGES];
static struct waiting_page waiting[PAGES];

static void note(char what)
{
	const char text[] = {what, '\0'};
	strncat(calls, text, sizeof(calls) - strlen(calls) - 1);
}

static enum err begin(void *self)
{
	(void)self;
	note('b');
	return ERR_NONE;
}

static enum err take(void *self, const struct page *page, struct incoming *read, struct take_result *out, struct fault *fault)
{
	struct failing *f = &fails[page - pages];
	(void)self, (void)read, (void)fault;
	note((char)('0' + (page - pages)));
	*out = (struct take_result){.taken = TAKEN_NEW, .records = 1, .wrote = !f->times || f->wrote};
	return f->times && f->times-- ? f->error : ERR_NONE;
}

static enum err commit(void *self)
{
	(void)self;
	note('c');
	return ERR_NONE;
}

static void rollback(void *self)
{
	(void)self;
	note('r');
}

static bool wanted(void *self)
{
	(void)self;
	return false;
}

static bool checkpoint(void *self, bool beside_gates)
{
	(void)self, (void)beside_gates;
	return false;
}

static int64_t now(void *self)
{
	(void)self;
	return 1000000;
}

static struct batch work(void)
{
	static const struct mesh_rows rows = {.begin = begin, .take = take, .commit = commit, .rollback = rollback, .wanted = wanted,
		.checkpoint = checkpoint};
	static const struct world world = {.mono_us = now, .wall_ms = now};
	struct batch b = {.rows = &rows, .world = &world, .count = PAGES};
	calls[0] = '\0';
	for (int i = 0; i < PAGES; i++) {
		waiting[i].message.page = &pages[i];
		b.page[i].page = &waiting[i];
		if (pages[i].count == 0)
			pages[i].count = 1;
	}
	batch_work(&b);
	memset(fails, 0, sizeof(fails));
	return b;
}

TEST(pages_share_a_transaction)
{
	struct batch b = work();
	CHECK_STR(calls, "b01234c");
	CHECK_INT(b.done, PAGES);
	CHECK_INT(b.page[PAGES - 1].verdict, VERDICT_TAKEN);
}

TEST(a_page_whose_fault_is_found_before_it_wrote_leaves_the_others_alone)
{
	fails[2] = (struct failing){ERR_DENIED, false, 1};
	struct batch b = work();
	CHECK_STR(calls, "b01234c");
	CHECK_INT(b.page[2].verdict, VERDICT_FAULT);
	CHECK_INT(b.page[1].verdict, VERDICT_TAKEN);
	CHECK_INT(b.page[3].verdict, VERDICT_TAKEN);
}

TEST(a_page_that_fails_after_it_wrote_is_undone_and_those_before_it_are_taken_again)
{
	fails[0] = (struct failing){ERR_SYNTAX, false, 1};
	fails[3] = (struct failing){ERR_CORRUPT, true, 1};
	struct batch b = work();
	CHECK_STR(calls, "b0123rb12c");
	CHECK_INT(b.page[0].verdict, VERDICT_FAULT);
	CHECK_INT(b.page[1].verdict, VERDICT_TAKEN);
	CHECK_INT(b.page[2].verdict, VERDICT_TAKEN);
	CHECK_INT(b.page[3].verdict, VERDICT_HOLD);
	CHECK_INT(b.done, 4);
}

TEST(where_the_database_fails_nothing_is_taken)
{
	fails[1] = (struct failing){ERR_UNAVAILABLE, true, 1};
	struct batch b = work();
	CHECK_STR(calls, "b01r");
	CHECK_INT(b.page[0].verdict, VERDICT_HOLD);
	CHECK_INT(b.page[1].verdict, VERDICT_HOLD);
}

TEST(half_of_what_one_peer_may_send_is_enough_for_a_transaction)
{
	for (int i = 0; i < PAGES; i++)
		pages[i].count = APPLY_RECORDS / 4;
	struct batch b = work();
	CHECK_STR(calls, "b0123c");
	CHECK_INT(b.done, 4);
}

TEST_MAIN
