#include "fcgi/route.h"

#include <string.h>

#include "test.h"

static enum err nothing(struct call *c, struct fault *fault)
{
	(void)c;
	(void)fault;
	return ERR_NONE;
}

static const struct route table[] = {
	{METHOD_GET, "/", ACCESS_PAGE_VIEWER, NULL, 0, nothing},
	{METHOD_GET, "/api/peers", ACCESS_ADMIN, NULL, 0, nothing},
	{METHOD_POST, "/api/peers", ACCESS_ADMIN, NULL, 0, nothing},
	{METHOD_PUT, "/api/peers/{id}", ACCESS_ADMIN, NULL, 0, nothing},
	{METHOD_DELETE, "/api/peers/{id}", ACCESS_ADMIN, NULL, 0, nothing},
	{METHOD_POST, "/api/history/{id}/exit", ACCESS_ADMIN, NULL, 0, nothing},
	{METHOD_GET, "/api/peers/all", ACCESS_ADMIN, NULL, 0, nothing},
};

static struct route_match find(enum method method, const char *path)
{
	struct route_match m;

	route_find(table, sizeof table / sizeof *table, method, path, &m);
	return m;
}

TEST(whole_names)
{
	CHECK(find(METHOD_GET, "/").route == &table[0]);
	CHECK(find(METHOD_GET, "/api/peers").route == &table[1]);
	CHECK(find(METHOD_POST, "/api/peers").route == &table[2]);
	CHECK(!find(METHOD_GET, "/api/peer").route);
	CHECK(!find(METHOD_GET, "/api/peersx").route);
	CHECK(!find(METHOD_GET, "/api/peers/").route);
	CHECK(!find(METHOD_GET, "").route);
	CHECK_STR(find(METHOD_GET, "/api/peersx").allow, "");
}

TEST(one_segment)
{
	struct route_match m = find(METHOD_PUT, "/api/peers/central-2");

	CHECK(m.route == &table[3]);
	CHECK_STR(m.segment, "central-2");
	m = find(METHOD_POST, "/api/history/17/exit");
	CHECK(m.route == &table[5]);
	CHECK_STR(m.segment, "17");
	CHECK(!find(METHOD_PUT, "/api/peers/a/b").route);
	CHECK(!find(METHOD_PUT, "/api/peers/").route);
	CHECK(!find(METHOD_POST, "/api/history//exit").route);
	CHECK(!find(METHOD_POST, "/api/history/17/exits").route);
	CHECK(!find(METHOD_PUT, "/api/peers/1234567890123456789012345678901234567890123456789012345678901234").route);
	CHECK_INT(strlen(find(METHOD_PUT, "/api/peers/123456789012345678901234567890123456789012345678901234567890123").segment), 63);
}

TEST(a_path_with_a_name_of_its_own_is_no_segment)
{
	struct route_match m = find(METHOD_PUT, "/api/peers/all");

	CHECK(!m.route);
	CHECK_STR(m.allow, "GET, HEAD");
	CHECK(find(METHOD_GET, "/api/peers/all").route == &table[6]);
}

TEST(methods_that_a_path_has)
{
	struct route_match m = find(METHOD_DELETE, "/api/peers");

	CHECK(!m.route);
	CHECK_STR(m.allow, "GET, HEAD, POST");
	CHECK_STR(find(METHOD_OTHER, "/api/peers/x").allow, "PUT, DELETE");
}

TEST(no_route_of_the_program_hides_another)
{
	struct route_match m;

	CHECK(routes_count > 0);
	for (size_t i = 0; i < routes_count; i++) {
		route_find(routes, routes_count, routes[i].method, routes[i].path, &m);
		if (m.route != &routes[i])
			test_fail(__FILE__, __LINE__, "%s is never reached", routes[i].path);
		CHECK(routes[i].field_count <= FIELDS_MAX);
	}
}

TEST_MAIN
