/* ctl/news: what is told, once, when it has settled; and that nothing is lost when it cannot be. */
#include "ctl/news.h"

#include "base/text.h"
#include "test.h"

static struct news n;
static const struct matter down = {.code = "peer_down", .central = "central-2"}, other = {.code = "peer_down", .central = "central-3"},
	fork = {.warning = true, .code = "fork", .central = "central-2", .log = "ab"};

/* What a post at that time would say of m. */
static enum news_state state(const struct matter *m, int64_t now)
{
	for (size_t i = 0; i < n.count; i++) {
		if (strcmp(n.entry[i].matter.code, m->code) == 0 && strcmp(n.entry[i].matter.central, m->central) == 0)
			return news_state(&n, &n.entry[i], now);
	}
	return NEWS_SETTLING;
}

TEST(what_holds_is_told_once_and_so_is_that_it_is_over)
{
	news_init(&n, 30, 300, 0);
	news_look(&n, &down, 1, 1000);
	CHECK(!news_due(&n, 1029));
	CHECK(news_due(&n, 1030));
	CHECK_INT(state(&down, 1030), NEWS_NEW);
	news_told(&n, 1030);
	CHECK_INT(state(&down, 1030), NEWS_STANDING);
	CHECK(!news_due(&n, 9999));
	news_look(&n, NULL, 0, 10000);
	CHECK(!news_due(&n, 10029));
	CHECK_INT(state(&down, 10029), NEWS_STANDING);
	CHECK(news_due(&n, 10030));
	CHECK_INT(state(&down, 10030), NEWS_OVER);
	news_told(&n, 10030);
	CHECK_INT(n.count, 0);
}

TEST(what_comes_and_goes_at_once_concerns_nobody)
{
	news_init(&n, 30, 0, 0);
	news_look(&n, &down, 1, 100);
	news_look(&n, NULL, 0, 129);
	CHECK_INT(n.count, 0);
	news_look(&n, &down, 1, 200);
	news_told(&n, 230);
	news_look(&n, NULL, 0, 300);
	news_look(&n, &down, 1, 329);
	CHECK(!news_due(&n, 5000));
	CHECK_INT(state(&down, 5000), NEWS_STANDING);
}

TEST(matters_are_told_apart_by_central_and_kind)
{
	struct matter three[3] = {down, other, fork};

	news_init(&n, 0, 0, 0);
	news_look(&n, three, 3, 1);
	CHECK_INT(n.count, 3);
	news_told(&n, 1);
	news_look(&n, three + 1, 2, 2);
	CHECK_INT(state(&down, 2), NEWS_OVER);
	CHECK_INT(state(&other, 2), NEWS_STANDING);
	CHECK_INT(state(&fork, 2), NEWS_STANDING);
}

TEST(posts_keep_their_distance_and_what_happens_meanwhile_is_told_together)
{
	struct matter two[2] = {down, other};

	news_init(&n, 10, 300, 0);
	news_look(&n, two, 1, 0);
	news_told(&n, 10);
	news_look(&n, two, 2, 20);
	CHECK(!news_due(&n, 309));
	CHECK(news_due(&n, 310));
	news_look(&n, two + 1, 1, 200);
	CHECK_INT(state(&down, 310), NEWS_OVER);
	CHECK_INT(state(&other, 310), NEWS_NEW);
}

TEST(a_failed_post_changes_nothing_but_when_the_next_one_is)
{
	static const int64_t waits[] = {10000, 20000, 40000, 80000, 160000, 320000, 600000, 600000};
	int64_t now = 0;

	news_init(&n, 0, 0, 0);
	news_look(&n, &down, 1, now);
	for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
		CHECK(news_due(&n, now));
		CHECK_INT(state(&down, now), NEWS_NEW);
		news_failed(&n, now);
		CHECK(!news_due(&n, now + waits[i] - 1));
		now += waits[i];
	}
	news_look(&n, NULL, 0, now);
	CHECK(!news_due(&n, now));
	news_look(&n, &other, 1, now);
	news_told(&n, now);
	news_look(&n, NULL, 0, now);
	news_failed(&n, now);
	CHECK_INT(n.not_before_ms, now + 10000);
}

TEST(what_still_holds_is_told_again_after_a_day)
{
	const int64_t day = 24LL * 60 * 60 * 1000;

	news_init(&n, 0, 0, 0);
	CHECK(!news_due(&n, 2 * day));
	news_look(&n, &down, 1, 5);
	news_told(&n, 5);
	CHECK(!news_due(&n, day + 4));
	CHECK(news_due(&n, day + 5));
	news_told(&n, day + 5);
	CHECK(!news_due(&n, day + 6));
}

TEST(there_is_room_for_a_bounded_number_and_more_wait)
{
	static struct matter many[NEWS_MAX + 1];

	for (size_t i = 0; i < NEWS_MAX + 1; i++) {
		many[i] = fork;
		text_format(many[i].log, sizeof many[i].log, "%zu", i);
	}
	news_init(&n, 0, 0, 0);
	news_look(&n, many, NEWS_MAX + 1, 0);
	CHECK_INT(n.count, NEWS_MAX);
	news_told(&n, 0);
	news_look(&n, many + 1, NEWS_MAX, 1);
	CHECK_INT(n.count, NEWS_MAX);
	news_told(&n, 1);
	news_look(&n, many + 1, NEWS_MAX, 2);
	CHECK_INT(n.count, NEWS_MAX);
	CHECK(news_due(&n, 2));
}

TEST_MAIN
