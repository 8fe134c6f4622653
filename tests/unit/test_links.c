/* Who has to go when there are too many connections, or too much that is not finished; and how many lines that may cost. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "p2pd/allowance.h"
#include "p2pd/link_list.h"
#include "wire/old_message.h"

static struct link *come(struct links *l, const char *address)
{
	struct link *k = link_new(l, LINK_CONNECTING, true, address);
	if (!k)
		abort();
	return k;
}

static void all_gone(struct links *l)
{
	while (l->first)
		link_free(l, l->first);
	CHECK_INT(l->accepted, 0);
	CHECK_INT(l->unfinished, 0);
}

static void fill(struct links *l, const char *address, int count)
{
	for (int n = 0; n < count; n++)
		come(l, address);
}

TEST(strangers_find_a_place_until_all_are_taken)
{
	struct links l = {0};
	fill(&l, "192.0.2.1", LINK_STRANGERS - 1);
	CHECK(link_in_the_way(&l, "192.0.2.1") == NULL);
	come(&l, "192.0.2.1")->trusted = true;
	link_new(&l, LINK_OPEN, false, "192.0.2.2");
	come(&l, "192.0.2.1")->dropped = true;
	CHECK(link_in_the_way(&l, "192.0.2.1") == NULL);
	come(&l, "192.0.2.3");
	CHECK(link_in_the_way(&l, "192.0.2.9") != NULL);
	all_gone(&l);
}

TEST(a_crowd_at_one_address_drives_out_its_own_oldest)
{
	struct links l = {0};
	struct link *honest = come(&l, "192.0.2.7"), *oldest = come(&l, "192.0.2.1");
	fill(&l, "192.0.2.1", LINK_STRANGERS - 2);
	for (int n = 0; n < 500; n++) {
		struct link *k = link_in_the_way(&l, "192.0.2.1");
		CHECK(k != NULL && k != honest);
		if (n == 0)
			CHECK(k == oldest);
		link_free(&l, k);
		come(&l, "192.0.2.1");
	}
	CHECK(link_in_the_way(&l, "198.51.100.1") != honest);
	all_gone(&l);
}

TEST(at_the_same_address_a_newcomer_stays_while_as_many_come_as_there_are_places)
{
	struct links l = {0};
	fill(&l, "127.0.0.1", LINK_STRANGERS);
	link_free(&l, link_in_the_way(&l, "127.0.0.1"));
	const struct link *honest = come(&l, "127.0.0.1");
	int n = 0;
	for (struct link *k; (k = link_in_the_way(&l, "127.0.0.1")) != honest; n++) {
		link_free(&l, k);
		come(&l, "127.0.0.1");
	}
	CHECK_INT(n, LINK_STRANGERS - 1);
	all_gone(&l);
}

TEST(a_network_of_ipv6_counts_as_one_address)
{
	struct links l = {0};
	const struct link *honest = come(&l, "2001:db8:0:1::1"), *other = come(&l, "192.0.2.1");
	for (int n = 2; n < LINK_STRANGERS; n++) {
		char address[64];
		(void)text_format(address, sizeof(address), "2001:db8:0:2::%x", n);
		come(&l, address);
	}
	for (int n = 0; n < LINK_STRANGERS; n++) {
		struct link *k = link_in_the_way(&l, "2001:db8:0:2:ffff::1");
		CHECK(k != NULL && k != honest && k != other);
		link_free(&l, k);
		come(&l, "2001:db8:0:2:ffff::1");
	}
	all_gone(&l);
}

TEST(all_at_different_addresses_the_oldest_goes)
{
	struct links l = {0};
	struct link *oldest = come(&l, "192.0.2.200");
	for (int n = 1; n < LINK_STRANGERS; n++) {
		char address[64];
		(void)text_format(address, sizeof(address), "192.0.2.%d", n);
		come(&l, address);
	}
	CHECK(link_in_the_way(&l, "198.51.100.1") == oldest);
	all_gone(&l);
}

TEST(dialling_works_whatever_was_accepted)
{
	struct links l = {0};
	struct link *k;
	int n = 0;
	while ((k = link_new(&l, LINK_OPEN, true, "192.0.2.1")) != NULL && n++ < 1000)
		k->trusted = true;
	CHECK(n > LINK_STRANGERS && n < 1000);
	CHECK(link_new(&l, LINK_CONNECTING, false, "192.0.2.2") != NULL);
	all_gone(&l);
}

static void begin_message(struct links *l, struct link *k)
{
	CHECK(link_assemble(l, k, "{", 1, 99));
	k->state = LINK_OPEN;
}

TEST(of_unfinished_messages_the_one_begun_first_has_to_go)
{
	struct links l = {0};
	struct link *a = come(&l, "192.0.2.1"), *b = come(&l, "192.0.2.2"), *c = come(&l, "192.0.2.3");
	CHECK(link_stalled(&l) == NULL);
	begin_message(&l, b);
	begin_message(&l, a);
	begin_message(&l, c);
	CHECK(link_stalled(&l) == b);
	b->state = LINK_CLOSING;
	CHECK(link_stalled(&l) == a);
	all_gone(&l);
}

TEST(old_centrals_that_finish_nothing_are_stopped_and_nobody_else)
{
	struct links l = {0};
	struct link *honest = come(&l, "192.0.2.1"), *a = come(&l, "192.0.2.2"), *b = come(&l, "192.0.2.3");
	honest->trusted = a->trusted = b->trusted = true;
	a->old = b->old = true;
	CHECK(link_assemble(&l, a, "{", 1, OLD_MESSAGE_MAX - 1));
	CHECK(!link_assemble(&l, b, "{", 1, OLD_MESSAGE_MAX - 1));
	CHECK(link_assemble(&l, honest, "{", 1, 99));
	link_free(&l, b);
	CHECK(link_assemble(&l, a, "{", 1, 0));
	CHECK_INT(l.unfinished_old, OLD_MESSAGE_MAX);
	all_gone(&l);
	CHECK_INT(l.unfinished_old, 0);
}

TEST(lines_are_allowed_a_few_at_once_then_one_in_a_while)
{
	struct allowance a = {0};
	uint64_t withheld, written = 0;
	int64_t now = 1000000;
	for (int n = 0; n < 10000; n++)
		written += allowance_take(&a, now, &withheld);
	CHECK_INT(written, ALLOWANCE_LINES);
	CHECK(allowance_take(&a, now + ALLOWANCE_MS, &withheld));
	CHECK_INT(withheld, 10000 - ALLOWANCE_LINES);
	CHECK(!allowance_take(&a, now + ALLOWANCE_MS, &withheld));
	for (now += ALLOWANCE_MS; now < 1000000 + 100 * ALLOWANCE_MS; now += 10)
		written += allowance_take(&a, now, &withheld);
	CHECK(written >= ALLOWANCE_LINES + 95 && written <= ALLOWANCE_LINES + 100);
	now += 1000 * ALLOWANCE_MS;
	for (written = 0; allowance_take(&a, now, &withheld); written++)
		;
	CHECK_INT(written, ALLOWANCE_LINES);
}

TEST_MAIN
