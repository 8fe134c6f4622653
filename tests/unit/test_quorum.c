/* domain/quorum: what a quorum is, and which record is at one. */
#include "test.h"

#include "chance.h"
#include "domain/quorum.h"

static int64_t of_equals(int64_t centrals)
{
	return quorum_needed(centrals);
}

TEST(quorum_of_equal_centrals)
{
	CHECK_INT(of_equals(1), 1);
	CHECK_INT(of_equals(3), 3);
	CHECK_INT(of_equals(4), 3);
	CHECK_INT(of_equals(10), 7);
	CHECK_INT(of_equals(100), 67);
}

/* How many of so many equal centrals have to hold a record until it is at quorum. */
static size_t holders_needed(size_t centrals)
{
	struct vote votes[101];
	for (size_t holders = 1; holders <= centrals; holders++) {
		for (size_t k = 0; k < centrals; k++)
			votes[k] = (struct vote){.weight = 1, .seq = k < holders ? 7 : 3};
		if (quorum_mark(votes, centrals) == 7)
			return holders;
	}
	return 0;
}

TEST(so_many_equal_centrals_have_to_hold_it)
{
	CHECK_INT(holders_needed(1), 1);
	CHECK_INT(holders_needed(2), 2);
	CHECK_INT(holders_needed(3), 3);
	CHECK_INT(holders_needed(4), 3);
	CHECK_INT(holders_needed(10), 7);
	CHECK_INT(holders_needed(100), 67);
}

TEST(weights_decide_and_a_weight_of_0_counts_nothing)
{
	struct vote heavy[] = {{1, 9}, {5, 8}, {1, 0}};
	struct vote light[] = {{1, 9}, {5, 0}, {1, 9}};
	struct vote watched[] = {{1, 9}, {0, 9}, {1, 4}};
	CHECK_INT(quorum_mark(heavy, 3), 8);
	CHECK_INT(quorum_every(heavy, 3), 0);
	CHECK_INT(quorum_mark(light, 3), 0);
	CHECK_INT(quorum_mark(watched, 3), 4);
	CHECK_INT(quorum_every(watched, 3), 4);
}

static int64_t by_counting(const struct vote *votes, size_t count, int64_t most)
{
	int64_t total = 0;
	for (size_t k = 0; k < count; k++)
		total += votes[k].weight;
	for (int64_t seq = most; seq > 0; seq--) {
		int64_t have = 0;
		for (size_t k = 0; k < count; k++)
			have += votes[k].seq >= seq ? votes[k].weight : 0;
		if (3 * have > 2 * total)
			return seq;
	}
	return 0;
}

/* Against a sum over all holders, for each seq. */
TEST(the_mark_is_what_counting_gives)
{
	struct chance chance = {20261120};
	for (int run = 0; run < 20000; run++) {
		struct vote votes[12];
		size_t count = 1 + chance_below(&chance, 12);
		for (size_t k = 0; k < count; k++)
			votes[k] = (struct vote){.weight = (int64_t)chance_below(&chance, 4), .seq = (int64_t)chance_below(&chance, 9)};
		votes[chance_below(&chance, count)].weight = 1;
		int64_t expected = by_counting(votes, count, 9);
		CHECK_INT(quorum_mark(votes, count), expected);
	}
}

TEST(durability_has_names)
{
	CHECK_STR(durability_name(DURABLE_LOCAL), "local");
	CHECK_STR(durability_name(DURABLE_QUORUM), "quorum");
	CHECK_STR(durability_name(DURABLE_ALL), "all");
}

TEST_MAIN
