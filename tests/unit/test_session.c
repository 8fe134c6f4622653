#include "fcgi/session.h"

#include "test.h"

static struct rules rules;

static struct request from(const char *address)
{
	return (struct request){.method = METHOD_POST, .remote_addr = address, .host = "192.168.1.5:8000", .server_port = "8000"};
}

/* "ok", or the code of the refusal; the kind of refusal is checked to be the one of the code. */
static const char *with(enum shown shown, enum access access, const struct request *r, enum role *role)
{
	static struct fault fault;
	struct caller caller = {0};
	enum err e;

	fault = (struct fault){0};
	e = session_check(access, r, &rules, shown, "gate.example", &caller, &fault);
	*role = caller.role;
	if (e == ERR_NONE)
		return "ok";
	if ((e == ERR_STRANGER) != (strncmp(fault.code, "token_", 6) == 0 || strcmp(fault.code, "log_in_needed") == 0) || caller.role != ROLE_NONE)
		return "wrong kind of refusal";
	return fault.code;
}

static const char *says(enum access access, const struct request *r)
{
	enum role role;

	return with(SHOWN_NOTHING, access, r, &role);
}

static const char *says_token(enum shown shown, enum access access, const struct request *r)
{
	enum role role;

	return with(shown, access, r, &role);
}

/* Edges in 10.1.0.0/16, admins in 10.9.0.0/16, and this machine for both. */
static void set_rules(void)
{
	rules_init(&rules);
	trust_add(&rules.edges, "10.1.0.0/16");
	trust_add(&rules.admins, "10.9.0.0/16");
	rules_add_origin(&rules, "https://office.example");
	rules_add_host(&rules, "parking.example");
}

TEST(cidr_bounds)
{
	struct trust t;

	trust_init(&t);
	CHECK(trust_add(&t, "10.32.0.0/11"));
	CHECK(trust_add(&t, "fd00::/8"));
	CHECK(trust_add(&t, "192.168.7.9"));
	CHECK(trust_has(&t, "127.0.0.1"));
	CHECK(trust_has(&t, "127.255.255.255"));
	CHECK(!trust_has(&t, "128.0.0.0"));
	CHECK(!trust_has(&t, "126.255.255.255"));
	CHECK(trust_has(&t, "::1"));
	CHECK(!trust_has(&t, "::2"));
	CHECK(trust_has(&t, "::ffff:127.0.0.1"));
	CHECK(trust_has(&t, "10.32.0.0"));
	CHECK(trust_has(&t, "10.63.255.255"));
	CHECK(!trust_has(&t, "10.64.0.0"));
	CHECK(!trust_has(&t, "10.31.255.255"));
	CHECK(trust_has(&t, "fdff::1"));
	CHECK(!trust_has(&t, "fc00::1"));
	CHECK(trust_has(&t, "192.168.7.9"));
	CHECK(!trust_has(&t, "192.168.7.8"));
	CHECK(!trust_has(&t, "unix:"));
	CHECK(!trust_has(&t, ""));
}

TEST(loopback_can_be_taken_out)
{
	struct trust t;

	trust_init(&t);
	CHECK(trust_add(&t, "127.0.0.2"));
	CHECK(trust_has(&t, "127.0.0.1"));
	CHECK(trust_add(&t, "none"));
	CHECK(!trust_has(&t, "127.0.0.1"));
	CHECK(!trust_has(&t, "::1"));
	CHECK(trust_has(&t, "127.0.0.2"));
	CHECK(address_is_loopback("127.0.0.1"));
	CHECK(address_is_loopback("::1"));
	CHECK(!address_is_loopback("10.0.0.1"));
	CHECK(!address_is_loopback("localhost"));
	CHECK(address_same("10.0.0.1", "::ffff:10.0.0.1") && address_same("2001:DB8:0::3", "2001:db8::3"));
	CHECK(!address_same("10.0.0.1", "10.0.0.2") && !address_same("", "") && !address_same("gate", "gate"));
}

TEST(cidr_that_cannot_be_read)
{
	static const char *const bad[] = {"", "10", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "::/129", "name", "/8",
		"10.0.0.0/8/8", "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111/8"};
	struct trust t;

	trust_init(&t);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (trust_add(&t, bad[i]))
			test_fail(__FILE__, __LINE__, "\"%s\" was taken", bad[i]);
	}
	CHECK(trust_add(&t, "0.0.0.0/0"));
	CHECK(trust_has(&t, "8.8.8.8"));
	CHECK(!trust_has(&t, "2001:db8::1"));
	while (t.count < TRUST_MAX)
		CHECK(trust_add(&t, "10.0.0.0/8"));
	CHECK(!trust_add(&t, "10.0.0.0/8"));
}

TEST(hosts)
{
	CHECK(host_is_address("127.0.0.1"));
	CHECK(host_is_address("127.0.0.1:8001"));
	CHECK(host_is_address("[::1]:8001"));
	CHECK(host_is_address("localhost:8001"));
	CHECK(host_is_address("LocalHost"));
	CHECK(!host_is_address("evil.example:8001"));
	CHECK(!host_is_address("127.0.0.1.evil.example"));
	CHECK(!host_is_address("localhost.evil.example"));
	CHECK(!host_is_address("[::1"));
	CHECK(!host_is_address("[::1]x"));
	CHECK(!host_is_address(""));
	CHECK(host_is("gate.example:80", "Gate.example"));
	CHECK(!host_is("gate.example.evil", "gate.example"));
	CHECK(!host_is(":80", ""));
}

TEST(origins)
{
	CHECK(origin_is_host("http://127.0.0.1:8001", "127.0.0.1:8001", "8001"));
	CHECK(origin_is_host("http://127.0.0.1:8001", "127.0.0.1", "8001"));
	CHECK(origin_is_host("http://[::1]:8001", "[::1]:8001", NULL));
	CHECK(origin_is_host("http://gate", "gate", "80"));
	CHECK(origin_is_host("https://gate", "gate", "443"));
	CHECK(!origin_is_host("http://127.0.0.1:8002", "127.0.0.1:8001", "8001"));
	CHECK(!origin_is_host("http://127.0.0.1:8002", "127.0.0.1", "8001"));
	CHECK(!origin_is_host("http://127.0.0.1", "127.0.0.1:8001", "8001"));
	CHECK(!origin_is_host("http://evil:8001", "127.0.0.1:8001", "8001"));
	CHECK(!origin_is_host("null", "127.0.0.1:8001", "8001"));
	CHECK(!origin_is_host("ftp://127.0.0.1:8001", "127.0.0.1:8001", "8001"));
}

TEST(origins_and_hosts_of_the_command_line)
{
	static const char *const bad[] = {"", "*", "null", "office.example", "https://", "https://office.example/", "http://a b", "ftp://a",
		"https://u@office.example", "https://office.example?x"};

	rules_init(&rules);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (rules_add_origin(&rules, bad[i]))
			test_fail(__FILE__, __LINE__, "\"%s\" was taken", bad[i]);
	}
	CHECK(rules_add_origin(&rules, "https://office.example:8443"));
	CHECK(rules_have_origin(&rules, "https://office.example:8443"));
	CHECK(!rules_have_origin(&rules, "https://office.example"));
	CHECK(!rules_have_origin(&rules, "http://office.example:8443"));
	CHECK(!rules_have_origin(&rules, "https://office.example:84431"));
	CHECK(!rules_have_origin(&rules, ""));
	CHECK(!rules_add_host(&rules, ""));
	CHECK(!rules_add_host(&rules, "gate.example:80"));
	while (rules.host_count < NAMES_MAX)
		CHECK(rules_add_host(&rules, "gate.example"));
	CHECK(!rules_add_host(&rules, "gate.example"));
	while (rules.origin_count < NAMES_MAX)
		CHECK(rules_add_origin(&rules, "http://a"));
	CHECK(!rules_add_origin(&rules, "http://a"));
}

TEST(bearer_tokens)
{
	static const char *const bad[] = {"", "Bearer", "Bearer ", "Basic YTpi", "Bearerabc", "Bearer a b", "Bearer a,b", "Bearer \xc3\xa9",
		"Bearer a\tb", " Bearer abc"};
	char token[BEARER_SIZE], longest[7 + BEARER_SIZE + 1] = "Bearer ";

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (bearer_read(bad[i], token))
			test_fail(__FILE__, __LINE__, "\"%s\" was taken", bad[i]);
	}
	CHECK(bearer_read("Bearer abc-._~+/=09AZ", token));
	CHECK_STR(token, "abc-._~+/=09AZ");
	CHECK(bearer_read("bEARER   x", token));
	CHECK_STR(token, "x");
	memset(longest + 7, 'a', BEARER_SIZE - 1);
	CHECK(bearer_read(longest, token));
	longest[7 + BEARER_SIZE - 1] = 'a';
	CHECK(!bearer_read(longest, token));
}

TEST(edges_by_address)
{
	struct request r = from("127.0.0.1");

	set_rules();
	CHECK_STR(says(ACCESS_EDGE, &r), "ok");
	r.remote_addr = "10.1.255.1";
	CHECK_STR(says(ACCESS_EDGE, &r), "ok");
	CHECK_STR(says(ACCESS_ADMIN, &r), "address_not_trusted");
	r.remote_addr = "10.2.0.1";
	CHECK_STR(says(ACCESS_EDGE, &r), "token_needed");
	CHECK_STR(says(ACCESS_ADMIN, &r), "address_not_trusted");
	CHECK_STR(says(ACCESS_ANYONE, &r), "ok");
	r.remote_addr = NULL;
	CHECK_STR(says(ACCESS_EDGE, &r), "token_needed");
	CHECK_STR(says(ACCESS_ADMIN, &r), "address_not_trusted");
}

TEST(admins_by_address)
{
	struct request r = from("127.0.0.1");
	enum role role;

	set_rules();
	CHECK_STR(with(SHOWN_NOTHING, ACCESS_ADMIN, &r, &role), "ok");
	CHECK_INT(role, ROLE_ADMIN);
	r.remote_addr = "10.9.1.1";
	CHECK_STR(with(SHOWN_NOTHING, ACCESS_ADMIN, &r, &role), "ok");
	CHECK_INT(role, ROLE_ADMIN);
	CHECK_STR(with(SHOWN_NOTHING, ACCESS_EDGE, &r, &role), "ok");
	CHECK_INT(role, ROLE_ADMIN);
	r.remote_addr = "10.1.1.1";
	CHECK_STR(with(SHOWN_NOTHING, ACCESS_EDGE, &r, &role), "ok");
	CHECK_INT(role, ROLE_EDGE);
	trust_add(&rules.admins, "none");
	r.remote_addr = "127.0.0.1";
	CHECK_STR(says(ACCESS_ADMIN, &r), "address_not_trusted");
	CHECK_STR(says(ACCESS_EDGE, &r), "ok");
	trust_add(&rules.edges, "none");
	CHECK_STR(says(ACCESS_EDGE, &r), "token_needed");
}

TEST(a_token_counts_alone)
{
	struct request r = from("127.0.0.1");
	enum role role;

	set_rules();
	CHECK_STR(says_token(SHOWN_UNKNOWN, ACCESS_EDGE, &r), "token_unknown");
	CHECK_STR(says_token(SHOWN_UNKNOWN, ACCESS_ADMIN, &r), "token_unknown");
	CHECK_STR(says_token(SHOWN_UNKNOWN, ACCESS_PAGE_ADMIN, &r), "token_unknown");
	CHECK_STR(says_token(SHOWN_UNKNOWN, ACCESS_ANYONE, &r), "ok");
	CHECK_STR(says_token(SHOWN_EDGE, ACCESS_ADMIN, &r), "not_for_edges");
	CHECK_STR(says_token(SHOWN_EDGE, ACCESS_PAGE_ADMIN, &r), "not_for_edges");
	r = from("8.8.8.8");
	r.x_forwarded_for = "9.9.9.9";
	r.forwarded = "for=9.9.9.9";
	r.host = "anything.example";
	r.sec_fetch_site = "cross-site";
	CHECK_STR(with(SHOWN_EDGE, ACCESS_EDGE, &r, &role), "ok");
	CHECK_INT(role, ROLE_EDGE);
	r.host = NULL;
	CHECK_STR(says_token(SHOWN_EDGE, ACCESS_EDGE, &r), "ok");
}

TEST(origins_need_to_be_allowed_and_a_token)
{
	struct request r = from("127.0.0.1");

	set_rules();
	r.origin = "https://office.example";
	CHECK_STR(says_token(SHOWN_EDGE, ACCESS_EDGE, &r), "ok");
	CHECK_STR(says_token(SHOWN_UNKNOWN, ACCESS_EDGE, &r), "token_unknown");
	CHECK_STR(says(ACCESS_EDGE, &r), "token_needed");
	CHECK_STR(says(ACCESS_ADMIN, &r), "from_a_page");
	r.origin = "https://office.example.evil";
	CHECK_STR(says_token(SHOWN_EDGE, ACCESS_EDGE, &r), "origin_not_allowed");
	CHECK_STR(says(ACCESS_EDGE, &r), "origin_not_allowed");
	CHECK_STR(says(ACCESS_ADMIN, &r), "origin_not_allowed");
	r.origin = "null";
	CHECK_STR(says_token(SHOWN_EDGE, ACCESS_EDGE, &r), "origin_not_allowed");
	r.origin = "";
	CHECK_STR(says(ACCESS_EDGE, &r), "origin_not_allowed");
	r.origin = "http://192.168.1.5:8000";
	CHECK_STR(says_token(SHOWN_EDGE, ACCESS_EDGE, &r), "ok");
	CHECK_STR(says(ACCESS_EDGE, &r), "from_a_page");
	CHECK_STR(says(ACCESS_ADMIN, &r), "from_a_page");
	r.host = NULL;
	CHECK_STR(says_token(SHOWN_EDGE, ACCESS_EDGE, &r), "origin_not_allowed");
}

TEST(trust_by_address_does_not_reach_through_others)
{
	static const enum access all[] = {ACCESS_EDGE, ACCESS_VIEWER, ACCESS_OPERATOR, ACCESS_ADMIN};

	set_rules();
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct request r = from("127.0.0.1");

		r.forwarded = "";
		CHECK_STR(says(all[i], &r), "forwarded");
		r = from("127.0.0.1");
		r.x_forwarded_for = "8.8.8.8";
		CHECK_STR(says(all[i], &r), "forwarded");
		r = from("127.0.0.1");
		r.host = "evil.example";
		CHECK_STR(says(all[i], &r), "unknown_host");
		r.host = "parking.example.evil.example";
		CHECK_STR(says(all[i], &r), "unknown_host");
		r.host = NULL;
		CHECK_STR(says(all[i], &r), "unknown_host");
		r.host = "gate.example:8000";
		CHECK_STR(says(all[i], &r), "ok");
		r.host = "Parking.example";
		CHECK_STR(says(all[i], &r), "ok");
	}
}

TEST(pages_have_no_trust_by_address)
{
	static const char *const sites[] = {"", "none", "same-origin", "same-site", "cross-site"};
	struct request r = from("127.0.0.1");

	set_rules();
	for (size_t i = 0; i < sizeof sites / sizeof *sites; i++) {
		r.sec_fetch_site = sites[i];
		CHECK_STR(says(ACCESS_EDGE, &r), "from_a_page");
		CHECK_STR(says(ACCESS_ADMIN, &r), "from_a_page");
	}
}

/* --- people ---------------------------------------------------------------------------------------------------------- */

static const char csrf[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/* The same for a person of that role, whose browser has a session. */
static const char *person(enum user_role who, enum access access, const struct request *r)
{
	static struct fault fault;
	struct caller caller = {.user = "anna", .user_role = who};
	enum err e;

	memcpy(caller.csrf, csrf, sizeof csrf);
	fault = (struct fault){0};
	e = session_check(access, r, &rules, SHOWN_PERSON, "gate.example", &caller, &fault);
	if (e == ERR_NONE)
		return "ok";
	return e == ERR_DENIED && caller.role == ROLE_NONE ? fault.code : "wrong kind of refusal";
}

TEST(pages_need_a_log_in_from_everywhere)
{
	static const char *const from_where[] = {"127.0.0.1", "10.9.0.1", "8.8.8.8"};

	set_rules();
	for (size_t i = 0; i < sizeof from_where / sizeof *from_where; i++) {
		struct request r = from(from_where[i]);

		CHECK_STR(says(ACCESS_PAGE_OPEN, &r), "ok");
		CHECK_STR(says(ACCESS_PAGE_VIEWER, &r), "log_in_needed");
		CHECK_STR(says(ACCESS_PAGE_ADMIN, &r), "log_in_needed");
		r.x_forwarded_for = "1.2.3.4";
		r.host = "any.example";
		CHECK_STR(person(USER_ADMIN, ACCESS_PAGE_ADMIN, &r), "ok");
	}
}

TEST(roles)
{
	static const struct { enum access access; enum user_role least; } cases[] = {
		{ACCESS_VIEWER, USER_VIEWER}, {ACCESS_OPERATOR, USER_OPERATOR}, {ACCESS_ADMIN, USER_ADMIN}, {ACCESS_EDGE, USER_OPERATOR},
		{ACCESS_PAGE_OPEN, USER_NOBODY}, {ACCESS_PAGE_VIEWER, USER_VIEWER}, {ACCESS_PAGE_OPERATOR, USER_OPERATOR},
		{ACCESS_PAGE_ADMIN, USER_ADMIN},
	};
	struct request r = from("8.8.8.8");

	set_rules();
	r.csrf_token = csrf;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (int role = USER_VIEWER; role <= USER_ADMIN; role++)
			CHECK_STR(person((enum user_role)role, cases[i].access, &r), role >= (int)cases[i].least ? "ok" : "role_needed");
	}
	r.method = METHOD_GET;
	CHECK_STR(person(USER_VIEWER, ACCESS_EDGE, &r), "ok");
	CHECK_STR(person(USER_VIEWER, ACCESS_ADMIN, &r), "role_needed");
}

/* Whatever the address is trusted with: a browser that shows a session counts as its person. */
TEST(a_session_counts_alone)
{
	struct request r = from("127.0.0.1");

	set_rules();
	r.csrf_token = csrf;
	CHECK_STR(person(USER_VIEWER, ACCESS_ADMIN, &r), "role_needed");
	CHECK_STR(person(USER_VIEWER, ACCESS_EDGE, &r), "role_needed");
}

TEST(what_changes_comes_from_our_own_pages)
{
	static const enum access all[] = {ACCESS_PAGE_OPEN, ACCESS_PAGE_ADMIN, ACCESS_ADMIN, ACCESS_EDGE};
	static const char *const bad_origins[] = {"http://192.168.1.5:8001", "http://evil.example", "null", ""};
	static const char *const bad_sites[] = {"none", "same-site", "cross-site", ""};

	set_rules();
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		const char *no_origin = access_is_page(all[i]) ? "cross_origin" : "origin_not_allowed";
		struct request r = from("10.0.0.1");

		r.csrf_token = csrf;
		CHECK_STR(person(USER_ADMIN, all[i], &r), "ok");
		r.origin = "http://192.168.1.5:8000";
		r.sec_fetch_site = "same-origin";
		CHECK_STR(person(USER_ADMIN, all[i], &r), "ok");
		for (size_t o = 0; o < sizeof bad_origins / sizeof *bad_origins; o++) {
			r.origin = bad_origins[o];
			CHECK_STR(person(USER_ADMIN, all[i], &r), no_origin);
		}
		r.origin = NULL;
		for (size_t o = 0; o < sizeof bad_sites / sizeof *bad_sites; o++) {
			r.sec_fetch_site = bad_sites[o];
			CHECK_STR(person(USER_ADMIN, all[i], &r), "cross_origin");
		}
		r.host = NULL;
		r.origin = "http://192.168.1.5:8000";
		r.sec_fetch_site = NULL;
		CHECK_STR(person(USER_ADMIN, all[i], &r), no_origin);
	}
}

TEST(pages_may_be_looked_at_by_a_link_from_elsewhere)
{
	struct request r = from("10.0.0.1");

	set_rules();
	r.method = METHOD_GET;
	r.sec_fetch_site = "cross-site";
	CHECK_STR(person(USER_ADMIN, ACCESS_PAGE_ADMIN, &r), "ok");
	CHECK_STR(person(USER_ADMIN, ACCESS_ADMIN, &r), "cross_origin");
}

TEST(the_api_wants_the_token_of_the_page)
{
	struct request r = from("127.0.0.1");

	set_rules();
	r.origin = "http://192.168.1.5:8000";
	CHECK_STR(person(USER_ADMIN, ACCESS_ADMIN, &r), "csrf_needed");
	r.csrf_token = "";
	CHECK_STR(person(USER_ADMIN, ACCESS_ADMIN, &r), "csrf_needed");
	r.csrf_token = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdee";
	CHECK_STR(person(USER_ADMIN, ACCESS_ADMIN, &r), "csrf_needed");
	r.csrf_token = csrf;
	CHECK_STR(person(USER_ADMIN, ACCESS_ADMIN, &r), "ok");
	r.csrf_token = NULL;
	r.method = METHOD_GET;
	CHECK_STR(person(USER_ADMIN, ACCESS_ADMIN, &r), "ok");
	r.origin = "https://office.example";
	CHECK_STR(person(USER_ADMIN, ACCESS_ADMIN, &r), "cross_origin");
}

/* --- a WebSocket ----------------------------------------------------------------------------------------------------- */

TEST(watching_takes_an_origin_or_a_trusted_address)
{
	static const char *const bad_origins[] = {"http://192.168.1.5:8001", "http://evil.example", "null", ""};
	struct request r = from("10.0.0.1");

	set_rules();
	r.method = METHOD_GET;
	CHECK_STR(person(USER_VIEWER, ACCESS_WATCH, &r), "origin_needed");
	CHECK_STR(says(ACCESS_WATCH, &r), "address_not_trusted");
	r.origin = "http://192.168.1.5:8000";
	CHECK_STR(person(USER_VIEWER, ACCESS_WATCH, &r), "ok");
	CHECK_STR(says(ACCESS_WATCH, &r), "log_in_needed");
	r.origin = "https://office.example";
	CHECK_STR(person(USER_VIEWER, ACCESS_WATCH, &r), "ok");
	CHECK_STR(person(USER_VIEWER, ACCESS_VIEWER, &r), "cross_origin");
	for (size_t o = 0; o < sizeof bad_origins / sizeof *bad_origins; o++) {
		r.origin = bad_origins[o];
		CHECK_STR(person(USER_ADMIN, ACCESS_WATCH, &r), "origin_not_allowed");
		CHECK_STR(says(ACCESS_WATCH, &r), "origin_not_allowed");
	}
}

TEST(watching_by_programs)
{
	struct request r = from("127.0.0.1");

	set_rules();
	r.method = METHOD_GET;
	CHECK_STR(says(ACCESS_WATCH, &r), "ok");
	CHECK_STR(says_token(SHOWN_EDGE, ACCESS_WATCH, &r), "not_for_edges");
	CHECK_STR(says_token(SHOWN_UNKNOWN, ACCESS_WATCH, &r), "token_unknown");
	r.x_forwarded_for = "192.0.2.1";
	CHECK_STR(says(ACCESS_WATCH, &r), "forwarded");
	r.x_forwarded_for = NULL;
	r.host = "evil.example";
	CHECK_STR(says(ACCESS_WATCH, &r), "unknown_host");
	r.host = "192.168.1.5:8000";
	r.sec_fetch_site = "cross-site";
	CHECK_STR(says(ACCESS_WATCH, &r), "from_a_page");
	r = from("10.1.0.1"); /* an edge's address */
	r.method = METHOD_GET;
	CHECK_STR(says(ACCESS_WATCH, &r), "address_not_trusted");
}

TEST(boxes_are_edges_and_nobodys_log_in_counts)
{
	struct request r = from("10.1.0.1"); /* an edge's address */

	set_rules();
	r.method = METHOD_GET;
	CHECK_STR(says(ACCESS_BOX, &r), "ok");
	CHECK_STR(person(USER_ADMIN, ACCESS_BOX, &r), "ok"); /* by its address: the cookie says nothing */
	r.origin = "http://192.168.1.5:8000"; /* a page of this central */
	CHECK_STR(person(USER_ADMIN, ACCESS_BOX, &r), "from_a_page");
	CHECK_STR(says_token(SHOWN_EDGE, ACCESS_BOX, &r), "ok");
	r.origin = "http://evil.example";
	CHECK_STR(says_token(SHOWN_EDGE, ACCESS_BOX, &r), "origin_not_allowed");
	r = from("192.0.2.1");
	r.method = METHOD_GET;
	CHECK_STR(says(ACCESS_BOX, &r), "token_needed");
	CHECK_STR(says_token(SHOWN_UNKNOWN, ACCESS_BOX, &r), "token_unknown");
	CHECK_STR(says_token(SHOWN_EDGE, ACCESS_BOX, &r), "ok");
	r = from("10.1.0.1");
	r.method = METHOD_GET;
	r.x_forwarded_for = "10.1.0.1";
	CHECK_STR(says(ACCESS_BOX, &r), "forwarded");
}

TEST_MAIN
