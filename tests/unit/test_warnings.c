/* The list of what operators have to be told. */
#include "domain/warnings.h"

#include <string.h>

#include "base/text.h"
#include "central.h"
#include "test.h"

#define NOW 1764000000000

static void raise_at(struct central *c, const struct happening *what, int64_t now_ms)
{
	CHECK_INT(db_begin(c->db), ERR_NONE);
	CHECK_INT(warning_raise(c->db, what, now_ms), ERR_NONE);
	CHECK_INT(db_commit(c->db), ERR_NONE);
}

static size_t list(struct central *c, struct warning *out)
{
	size_t count = 99;

	if (warnings_list(c->db, out, WARNINGS_MAX, &count) != ERR_NONE)
		test_fail(__FILE__, __LINE__, "no list");
	return count;
}

static enum err see(struct central *c, int64_t id, int64_t now_ms)
{
	struct fault fault;
	enum err e;

	e = db_begin(c->db);
	if (e != ERR_NONE)
		return e;
	e = warnings_see(c->db, id, now_ms, &fault);
	(void)db_commit(c->db);
	return e;
}

TEST(events_add_to_the_one_that_stands)
{
	struct central c;
	struct warning w[WARNINGS_MAX];
	struct happening own = {.code = WARNING_ROLLED_BACK, .central = "central-1", .records = 3, .add = true};
	struct happening other = {.code = WARNING_ROLLED_BACK, .central = "central-2", .records = 7};
	bool due;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	CHECK_INT(list(&c, w), 0);
	raise_at(&c, &own, NOW);
	raise_at(&c, &own, NOW + 1000);
	raise_at(&c, &other, NOW + 2000);
	other.records = 5;
	CHECK_INT(warning_due(c.db, &other, NOW + 3000, &due), ERR_NONE);
	CHECK(!due); /* nothing is written for an event that says nothing new … */
	CHECK_INT(warning_due(c.db, &other, NOW + 2000 + WARNING_REST_MS, &due), ERR_NONE);
	CHECK(due); /* … but when it last was, now and then */
	CHECK_INT(list(&c, w), 2);
	CHECK_STR(w[0].central, "central-2");
	CHECK(!w[0].own);
	CHECK_INT(w[0].records, 7);
	CHECK_STR(w[1].central, "central-1");
	CHECK(w[1].own);
	CHECK_INT(w[1].records, 6);
	CHECK_INT(w[1].since_ms, NOW);
	CHECK_INT(w[1].last_ms, NOW + 1000);
	central_close(&c);
}

TEST(seen_until_it_happens_anew)
{
	struct central c;
	struct warning w[WARNINGS_MAX];
	struct happening what = {.code = WARNING_TWO_CENTRALS, .central = "central-2", .at_ms = NOW};

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	raise_at(&c, &what, NOW);
	CHECK_INT(list(&c, w), 1);
	CHECK_INT(see(&c, w[0].id + 1, NOW + 10), ERR_NOT_FOUND);
	CHECK_INT(see(&c, w[0].id, NOW + 10), ERR_NONE);
	CHECK_INT(see(&c, w[0].id, NOW + 10), ERR_NOT_FOUND);
	CHECK_INT(list(&c, w), 0);
	raise_at(&c, &what, NOW + 100000); /* told of late, but it was before */
	CHECK_INT(list(&c, w), 0);
	what.at_ms = NOW + 11;
	raise_at(&c, &what, NOW + 100000);
	CHECK_INT(list(&c, w), 1);
	CHECK_INT(w[0].since_ms, NOW + 100000);
	central_close(&c);
}

TEST(what_was_over_long_ago_concerns_nobody)
{
	struct central c;
	struct warning w[WARNINGS_MAX];
	struct happening what = {.code = WARNING_ROLLED_BACK, .central = "central-2", .records = 4, .at_ms = NOW - WARNING_OLD_MS - 1};

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	raise_at(&c, &what, NOW);
	CHECK_INT(list(&c, w), 0);
	central_close(&c);
}

TEST(a_copy_looks_rolled_back_only_at_first)
{
	struct central c;
	struct warning w[WARNINGS_MAX];
	struct happening rolled = {.code = WARNING_ROLLED_BACK, .central = "central-2", .records = 4};
	struct happening other = {.code = WARNING_ROLLED_BACK, .central = "central-3", .records = 4};
	struct happening two = {.code = WARNING_TWO_CENTRALS, .central = "central-2"};

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	raise_at(&c, &rolled, NOW);
	raise_at(&c, &other, NOW);
	raise_at(&c, &two, NOW + 1);
	raise_at(&c, &rolled, NOW + 2);
	CHECK_INT(list(&c, w), 2);
	CHECK_INT(w[0].code, WARNING_TWO_CENTRALS);
	CHECK_STR(w[1].central, "central-3");
	CHECK_INT(see(&c, w[0].id, NOW + 10), ERR_NONE);
	raise_at(&c, &rolled, NOW + 20); /* after the copy was seen to, a roll-back is one */
	CHECK_INT(list(&c, w), 2);
	CHECK_INT(w[0].code, WARNING_ROLLED_BACK);
	central_close(&c);
}

TEST(they_do_not_fill_the_disk)
{
	struct central c;
	struct warning w[WARNINGS_MAX];
	char log[LOG_ID_SIZE];
	struct happening what = {.code = WARNING_FORK, .central = "central-2", .log = log};

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	for (int i = 0; i < 3 * WARNING_ROWS_MAX; i++) {
		text_format(log, sizeof(log), "%032d", i);
		raise_at(&c, &what, NOW + i);
	}
	CHECK_INT(list(&c, w), WARNING_ROWS_MAX);
	CHECK_INT(w[0].last_ms, NOW + 3 * WARNING_ROWS_MAX - 1);
	central_close(&c);
}

TEST(every_kind_has_its_words)
{
	for (int code = 0; code < WARNING_CODES; code++)
		for (int own = 0; own < 2; own++) {
			struct warning w = {.code = (enum warning_code)code, .own = own == 1, .records = 9007199254740991};
			char sentence[WARNING_SENTENCE_SIZE];

			memset(w.central, 'c', sizeof(w.central) - 1);
			memset(w.place, 'p', sizeof(w.place) - 1);
			memset(w.log, 'l', sizeof(w.log) - 1);
			CHECK(warning_name(w.code)[0] != '\0');
			warning_sentence(&w, sentence);
			CHECK(strlen(sentence) > 100 && sentence[strlen(sentence) - 1] == '.'); /* whole, not cut */
		}
}

TEST_MAIN
