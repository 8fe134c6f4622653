#include "fcgi/session.h"

#include "test.h"

static struct request from(const char *address)
{
	return (struct request){.method = METHOD_POST, .remote_addr = address, .host = "192.168.1.5:8000", .server_port = "8000"};
}

static const char *says(enum access access, const struct request *r)
{
	static struct fault fault;
	struct trust trust;

	trust_init(&trust);
	trust_add(&trust, "10.1.0.0/16");
	fault = (struct fault){0};
	return session_check(access, r, &trust, "gate.example", &fault) == ERR_NONE ? "ok" : fault.code;
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

TEST(api_by_address)
{
	struct request r = from("127.0.0.1");

	CHECK_STR(says(ACCESS_API, &r), "ok");
	r.remote_addr = "10.1.255.1";
	CHECK_STR(says(ACCESS_API, &r), "ok");
	r.remote_addr = "10.2.0.1";
	CHECK_STR(says(ACCESS_API, &r), "address_not_trusted");
	CHECK_STR(says(ACCESS_ANYONE, &r), "ok");
	r.remote_addr = NULL;
	CHECK_STR(says(ACCESS_API, &r), "address_not_trusted");
}

TEST(trust_by_address_does_not_reach_through_others)
{
	struct request r = from("127.0.0.1");

	r.forwarded = "for=8.8.8.8";
	CHECK_STR(says(ACCESS_API, &r), "forwarded");
	r = from("127.0.0.1");
	r.x_forwarded_for = "8.8.8.8";
	CHECK_STR(says(ACCESS_PAGE, &r), "forwarded");
	r = from("127.0.0.1");
	r.host = "evil.example";
	CHECK_STR(says(ACCESS_API, &r), "unknown_host");
	CHECK_STR(says(ACCESS_PAGE, &r), "unknown_host");
	r.host = "gate.example:8000";
	CHECK_STR(says(ACCESS_API, &r), "ok");
	r.host = NULL;
	CHECK_STR(says(ACCESS_API, &r), "unknown_host");
	r = from("127.0.0.1");
	r.origin = "http://192.168.1.5:8000";
	CHECK_STR(says(ACCESS_API, &r), "from_a_page");
	r = from("127.0.0.1");
	r.sec_fetch_site = "same-origin";
	CHECK_STR(says(ACCESS_API, &r), "from_a_page");
}

TEST(pages_only_from_loopback_and_their_own_forms)
{
	struct request r = from("10.1.0.1");

	CHECK_STR(says(ACCESS_PAGE, &r), "address_not_trusted");
	r = from("::1");
	CHECK_STR(says(ACCESS_PAGE, &r), "ok");
	r.origin = "http://192.168.1.5:8000";
	r.sec_fetch_site = "same-origin";
	CHECK_STR(says(ACCESS_PAGE, &r), "ok");
	r.origin = "http://192.168.1.5:8001";
	CHECK_STR(says(ACCESS_PAGE, &r), "cross_origin");
	r = from("127.0.0.1");
	r.sec_fetch_site = "none";
	CHECK_STR(says(ACCESS_PAGE, &r), "cross_origin");
	r.method = METHOD_GET;
	CHECK_STR(says(ACCESS_PAGE, &r), "ok");
	r.sec_fetch_site = "same-site";
	CHECK_STR(says(ACCESS_PAGE, &r), "cross_origin");
	r.sec_fetch_site = "cross-site";
	CHECK_STR(says(ACCESS_PAGE, &r), "cross_origin");
}

TEST_MAIN
