/* p2pd/sighting: what is taken of a stranger's word in the network, and what is not. */
#include "p2pd/sighting.h"

#include "test.h"

#define KEY "1a2b 3c4d 5e6f 7081 92a3 b4c5 d6e7 f809"

static const struct announcement own = {.id = "central-1", .mesh = "site", .fingerprint = "0000 0000 0000 0000 0000 0000 0000 0001"};
static const struct sighting_said good = {"central-2", "site", KEY, "192.0.2.12", 9000};
static struct discovered found;

static bool taken(struct sighting_said said)
{
	return sighting_read(&said, &own, &found);
}

TEST(another_central_of_the_mesh_is_taken_as_it_says)
{
	CHECK(taken(good));
	CHECK_STR(found.id, "central-2");
	CHECK_STR(found.ip, "192.0.2.12");
	CHECK_STR(found.fingerprint, KEY);
	CHECK_INT(found.port, 9000);
	CHECK(taken((struct sighting_said){"central-1", "site", KEY, "2001:db8::2", 1})); /* another one with our id: people should see it */
	CHECK(taken((struct sighting_said){"central-2", "site", "1A2B3C4D5E6F708192A3B4C5D6E7F809", "192.0.2.12", 65535}));
	CHECK_STR(found.fingerprint, KEY);
}

TEST(what_cannot_be_one_is_not)
{
	static const char long_id[] = "central-2-with-an-id-of-more-than-32-letters";

	CHECK(!taken((struct sighting_said){NULL, "site", KEY, "192.0.2.12", 9000}));
	CHECK(!taken((struct sighting_said){"central-2", NULL, KEY, "192.0.2.12", 9000}));
	CHECK(!taken((struct sighting_said){"central-2", "site", NULL, "192.0.2.12", 9000}));
	CHECK(!taken((struct sighting_said){"central-2", "site", KEY, NULL, 9000}));
	CHECK(!taken((struct sighting_said){"Central 2", "site", KEY, "192.0.2.12", 9000}));
	CHECK(!taken((struct sighting_said){long_id, "site", KEY, "192.0.2.12", 9000}));
	CHECK(!taken((struct sighting_said){"central-2", "elsewhere", KEY, "192.0.2.12", 9000}));
	CHECK(!taken((struct sighting_said){"central-2", "site", "<b>key</b>", "192.0.2.12", 9000}));
	CHECK(!taken((struct sighting_said){"central-2", "site", own.fingerprint, "192.0.2.12", 9000}));
	CHECK(!taken((struct sighting_said){"central-2", "site", KEY, "gates.example", 9000}));
	CHECK(!taken((struct sighting_said){"central-2", "site", KEY, "127.0.0.1", 9000}));
	CHECK(!taken((struct sighting_said){"central-2", "site", KEY, "::1", 9000}));
	CHECK(!taken((struct sighting_said){"central-2", "site", KEY, "fe80::1", 9000}));
	CHECK(!taken((struct sighting_said){"central-2", "site", KEY, "FEBF::1", 9000}));
	CHECK(!taken((struct sighting_said){"central-2", "site", KEY, "192.0.2.12", 0}));
	CHECK(!taken((struct sighting_said){"central-2", "site", KEY, "192.0.2.12", 65536}));
}

TEST(one_that_is_seen_by_several_ways_is_one_by_ipv4)
{
	struct discovered list[DISCOVERED_MAX], one;
	size_t count = 0;

	CHECK(taken((struct sighting_said){"central-2", "site", KEY, "2001:db8::2", 9000}));
	sighting_add(list, &count, &found);
	CHECK(taken(good));
	sighting_add(list, &count, &found);
	CHECK(taken((struct sighting_said){"central-2", "site", KEY, "192.0.2.13", 9000}));
	sighting_add(list, &count, &found);
	CHECK_INT(count, 1);
	CHECK_STR(list[0].ip, "192.0.2.12");
	one = list[0];
	for (int i = 0; i < 2 * DISCOVERED_MAX; i++) {
		text_format(one.id, sizeof one.id, "central-%d", 100 + i);
		sighting_add(list, &count, &one);
	}
	CHECK_INT(count, DISCOVERED_MAX);
}

TEST_MAIN
