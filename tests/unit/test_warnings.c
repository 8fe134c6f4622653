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

/* That two centrals use our id is what others tell, and they could tell it at any time. */
TEST(what_others_tell_hides_no_roll_back_of_our_own)
{
	struct central c;
	struct warning w[WARNINGS_MAX];
	struct happening rolled = {.code = WARNING_ROLLED_BACK, .central = "central-1", .records = 4, .add = true};
	struct happening two = {.code = WARNING_TWO_CENTRALS, .central = "central-1", .place = "central-2"};

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	raise_at(&c, &rolled, NOW);
	raise_at(&c, &two, NOW + 1);
	CHECK_INT(list(&c, w), 2);
	CHECK_INT(w[1].code, WARNING_ROLLED_BACK);
	CHECK_INT(see(&c, w[1].id, NOW + 2), ERR_NONE);
	raise_at(&c, &rolled, NOW + 3);
	CHECK_INT(list(&c, w), 2);
	CHECK_INT(w[0].code, WARNING_ROLLED_BACK);
	central_close(&c);
}

TEST(what_was_seen_by_a_clock_that_was_ahead_comes_back)
{
	struct central c;
	struct warning w[WARNINGS_MAX];
	struct happening now = {.code = WARNING_TWO_CENTRALS, .central = "central-2"};
	struct happening told = {.code = WARNING_ROLLED_BACK, .central = "central-3", .records = 4, .at_ms = NOW + 1000};

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	raise_at(&c, &now, NOW);
	raise_at(&c, &told, NOW);
	CHECK_INT(list(&c, w), 2);
	CHECK_INT(see(&c, w[0].id, NOW + 9000000), ERR_NONE);
	CHECK_INT(see(&c, w[1].id, NOW + 9000000), ERR_NONE);
	raise_at(&c, &now, NOW + 2000);
	raise_at(&c, &told, NOW + 2000);
	CHECK_INT(list(&c, w), 2);
	central_close(&c);
}

/* One fork of a log of this author's choice. */
static void fork_at(struct central *c, const char *author, int log, int64_t now_ms)
{
	char id[LOG_ID_SIZE];
	struct happening what = {.code = WARNING_FORK, .central = author, .log = id};

	text_format(id, sizeof(id), "%032d", log);
	raise_at(c, &what, now_ms);
}

static size_t count_of(const struct warning *w, size_t count, enum warning_code code, const char *central)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += w[i].code == code && (central == NULL || strcmp(w[i].central, central) == 0);
	return found;
}

TEST(who_forks_many_logs_hides_nothing_else)
{
	struct central c;
	struct warning w[WARNINGS_MAX];
	struct happening rolled = {.code = WARNING_ROLLED_BACK, .central = "central-3", .records = 4};
	size_t count;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	raise_at(&c, &rolled, NOW);
	for (int i = 0; i < 3 * WARNING_ROWS_MAX; i++)
		fork_at(&c, "central-2", i, NOW + 1 + i);
	fork_at(&c, "central-4", 9000, NOW + 1000);
	count = list(&c, w);
	CHECK_INT(count_of(w, count, WARNING_ROLLED_BACK, "central-3"), 1);
	CHECK_INT(count_of(w, count, WARNING_FORK, "central-2"), WARNING_SAME_MAX);
	CHECK_INT(count_of(w, count, WARNING_FORK, "central-4"), 1);
	for (size_t i = 0; i < count; i++)
		CHECK_INT(see(&c, w[i].id, NOW + 2000), ERR_NONE);
	fork_at(&c, "central-2", 9001, NOW + 3000); /* an operator has seen the first ones: there is room again */
	count = list(&c, w);
	CHECK_INT(count, 1);
	CHECK_INT(w[0].since_ms, NOW + 3000);
	central_close(&c);
}

TEST(they_do_not_fill_the_disk)
{
	struct central c;
	struct warning w[WARNINGS_MAX];
	struct happening rolled = {.code = WARNING_ROLLED_BACK, .central = "central-3", .records = 4};
	char author[CENTRAL_ID_SIZE];
	size_t count;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	raise_at(&c, &rolled, NOW);
	for (int i = 0; i < 3 * WARNING_ROWS_MAX; i++) {
		text_format(author, sizeof(author), "central-%d", 10 + i);
		fork_at(&c, author, i, NOW + 1 + i);
	}
	count = list(&c, w);
	CHECK_INT(count_of(w, count, WARNING_FORK, NULL), WARNING_KIND_MAX);
	CHECK_INT(count_of(w, count, WARNING_ROLLED_BACK, "central-3"), 1);
	central_close(&c);
}

/* Seen rows, too, are kept no longer than there is room, and they go first. */
TEST(what_was_seen_makes_room_for_what_was_not)
{
	struct central c;
	struct warning w[WARNINGS_MAX];
	struct happening rolled = {.code = WARNING_ROLLED_BACK, .central = "central-3", .records = 4};
	size_t count;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	raise_at(&c, &rolled, NOW);
	for (int i = 0; i < 2 * WARNING_ROWS_MAX; i++) {
		fork_at(&c, "central-2", i, NOW + 1 + i);
		count = list(&c, w);
		CHECK_INT(count, 2);
		CHECK_INT(see(&c, w[0].id, NOW + 2 + i), ERR_NONE);
	}
	CHECK_INT(list(&c, w), 1);
	CHECK_STR(w[0].central, "central-3");
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
