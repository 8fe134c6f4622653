/* What logs laid side by side say of their authors, and what others cannot make them say. */
#include "domain/judge.h"

#include "author.h"
#include "base/text.h"
#include "central.h"
#include "domain/warnings.h"
#include "store/logs.h"
#include "test.h"

#define MINUTE 60000

static const struct warning *warnings(struct central *c, size_t *count)
{
	static struct warning w[WARNINGS_MAX];

	if (warnings_list(c->db, w, WARNINGS_MAX, count) != ERR_NONE)
		test_fail(__FILE__, __LINE__, "no list");
	return w;
}

static size_t warnings_count(struct central *c)
{
	size_t count = 0;

	(void)warnings(c, &count);
	return count;
}

static unsigned flags_of(struct central *c, const char *log)
{
	struct log_row row = { 0 };

	if (log_find(c->db, log, &row) != ERR_NONE)
		test_fail(__FILE__, __LINE__, "no log");
	return row.flags;
}

/* Entries up to its clock, a minute apart. */
static void enter(struct author *a, int count)
{
	for (int i = 0; i < count; i++) {
		struct record r = { .type = RECORD_ENTRY };
		char plate[16], event[48];

		a->time_ms += MINUTE;
		text_format(plate, sizeof(plate), "29A%05lld", (long long)a->seq);
		text_format(event, sizeof(event), "%s_%lld_%s", a->id, (long long)a->time_ms, plate);
		r.at = a->time_ms;
		r.event_id = event;
		r.data.entry = (struct entry_data){ .plate_id = plate, .plate_view = plate, .edge_id = "edge-1", .entry_ts = r.at, .confidence = -1 };
		author_say(a, &r);
	}
}

TEST(what_a_stranger_names_as_its_previous_log_ends_nothing)
{
	struct central c;
	struct log_row own, next;
	struct author victim, liar;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 3), ERR_NONE);
	CHECK_INT(central_enter_many(&c, 5), ERR_NONE);
	CHECK_INT(central_log(&c, &own), ERR_NONE);
	author_begin(&victim, "central-7", 7, CENTRAL_TIME, NULL, 0);
	enter(&victim, 5);
	CHECK_INT(author_give(&victim, c.ledger), ERR_NONE);
	author_begin(&liar, "central-8", 8, CENTRAL_TIME, victim.page.log, 1);
	enter(&liar, 1);
	CHECK_INT(author_give(&liar, c.ledger), ERR_NONE);
	author_free(&liar);
	author_begin(&liar, "central-9", 9, CENTRAL_TIME, own.log, 1);
	CHECK_INT(author_give(&liar, c.ledger), ERR_NONE);
	CHECK_INT(flags_of(&c, victim.page.log) & (LOG_CLOSED | LOG_ROLLED_BACK), 0);
	CHECK_INT(flags_of(&c, own.log) & (LOG_CLOSED | LOG_ROLLED_BACK), 0);
	author_begin_page(&victim);
	enter(&victim, 1);
	CHECK_INT(author_give(&victim, c.ledger), ERR_NONE);
	CHECK_INT(flags_of(&c, victim.page.log) & (LOG_CLOSED | LOG_ROLLED_BACK), 0);
	CHECK_INT(warnings_count(&c), 0);
	CHECK_INT(central_restart(&c), ERR_NONE);
	CHECK_INT(central_enter_many(&c, 1), ERR_NONE);
	CHECK_INT(central_log(&c, &next), ERR_NONE);
	CHECK_STR(next.previous, own.log); /* it goes on from its own last log all the same */
	author_free(&liar);
	author_free(&victim);
	central_close(&c);
}

/* The clock of central-7 was an hour ahead, was set right, and its program was started again. */
TEST(a_log_that_comes_after_the_one_that_goes_on_from_it_is_no_second_central)
{
	struct central c;
	struct author first, second;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 3), ERR_NONE);
	c.fake.wall_ms += 100 * MINUTE;
	author_begin(&first, "central-7", 7, CENTRAL_TIME, NULL, 0);
	enter(&first, 90);
	author_begin(&second, "central-7", 7, CENTRAL_TIME + 40 * MINUTE, first.page.log, first.seq);
	enter(&second, 10);
	CHECK_INT(author_give(&second, c.ledger), ERR_NONE);
	CHECK_INT(author_give(&first, c.ledger), ERR_NONE);
	CHECK_INT(flags_of(&c, first.page.log) & (LOG_CLOSED | LOG_ROLLED_BACK), LOG_CLOSED);
	CHECK_INT(warnings_count(&c), 0);
	author_free(&first);
	author_free(&second);
	central_close(&c);
}

TEST(two_logs_of_one_writer_at_one_time_are_two_centrals)
{
	struct central c;
	struct author first, copy, other;
	size_t count = 0;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 3), ERR_NONE);
	c.fake.wall_ms += 100 * MINUTE;
	author_begin(&first, "central-7", 7, CENTRAL_TIME, NULL, 0);
	enter(&first, 5);
	CHECK_INT(author_give(&first, c.ledger), ERR_NONE);
	author_begin(&copy, "central-7", 7, CENTRAL_TIME + 10 * MINUTE, first.page.log, first.seq);
	author_begin(&other, "central-7", 7, CENTRAL_TIME + 11 * MINUTE, first.page.log, first.seq);
	enter(&copy, 9);
	enter(&other, 9);
	CHECK_INT(author_give(&copy, c.ledger), ERR_NONE);
	CHECK_INT(warnings_count(&c), 0);
	CHECK_INT(author_give(&other, c.ledger), ERR_NONE);
	CHECK_INT(warnings(&c, &count)[0].code, WARNING_TWO_CENTRALS);
	CHECK_STR(warnings(&c, &count)[0].central, "central-7");
	CHECK_INT(count, 1);
	author_free(&first);
	author_free(&copy);
	author_free(&other);
	central_close(&c);
}

/* It is nobody's fork: each would be told anew, for as long as somebody sends them. */
TEST(a_first_page_that_goes_on_from_something_is_refused)
{
	struct central c;
	struct author a;
	struct log_row row;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 3), ERR_NONE);
	author_begin(&a, "central-7", 7, CENTRAL_TIME, NULL, 0);
	a.page.before.byte[0] = 1;
	a.chain = a.page.before;
	chain_next(&a.chain, a.lines.data, a.page.line[0].len);
	CHECK_INT(author_give(&a, c.ledger), ERR_DENIED);
	CHECK_INT(log_find(c.db, a.page.log, &row), ERR_NOT_FOUND);
	author_free(&a);
	central_close(&c);
}

TEST_MAIN
