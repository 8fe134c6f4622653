/* People: accounts, sessions, the link, the audit list; and what of log-in is pure: tries, cookies, passwords. */
#include "domain/people.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/edge.h"
#include "fcgi/attempts.h"
#include "fcgi/cookie.h"
#include "fcgi/flash.h"
#include "fcgi/hashing.h"
#include "seal/seal.h"
#include "seal/token.h"
#include "store/db.h"
#include "store/deeds.h"
#include "test.h"

static struct db *db;
static struct fault fault;
static struct actor by = {.who = "anna", .source = "10.0.0.1", .now_ms = 1000000};

static bool opened(void)
{
	by.now_ms = 1000000;
	return db_open(":memory:", DB_WRITE, &db, &fault) == ERR_NONE && db_begin(db) == ERR_NONE;
}

static void closed(void)
{
	db_rollback(db);
	db_close(db);
}

/* The code of the refusal, "ok". */
static const char *code(enum err e)
{
	return e == ERR_NONE ? "ok" : fault.code;
}

static const unsigned char *hash_of(const char *token)
{
	static unsigned char hash[4][TOKEN_HASH_BYTES];
	static size_t next;

	next = (next + 1) % 4;
	token_hash(token, hash[next]);
	return hash[next];
}

static enum err log_in(const char *name, const char *token)
{
	struct user_row row;
	enum err e = user_find(db, name, &row);

	return e == ERR_NONE ? people_log_in(db, &by, &row, hash_of(token), NULL, &fault) : e;
}

static bool is_in(const char *token)
{
	struct session_row row;

	return people_session(db, hash_of(token), by.now_ms, &row) == ERR_NONE;
}

TEST(names_and_passwords)
{
	static const char *const bad[] = {"", "Anna", "a b", ".a", "-a", "_a", "á", "a/b", "123456789012345678901234567890123"};
	char longest[PASSWORD_BYTES_MAX + 2];

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (people_check_name(bad[i], &fault) != ERR_INVALID)
			test_fail(__FILE__, __LINE__, "%s", bad[i]);
	}
	CHECK_INT(people_check_name("a.b-c_9", &fault), ERR_NONE);
	CHECK_INT(people_check_name("12345678901234567890123456789012", &fault), ERR_NONE);
	CHECK_STR(code(people_check_password("anna", "1234567", &fault)), "password_short");
	CHECK_STR(code(people_check_password("anna1234", "anna1234", &fault)), "password_is_name");
	memset(longest, 'x', sizeof longest);
	longest[PASSWORD_BYTES_MAX + 1] = '\0';
	CHECK_STR(code(people_check_password("anna", longest, &fault)), "password_long");
	longest[PASSWORD_BYTES_MAX] = '\0';
	CHECK_STR(code(people_check_password("anna", longest, &fault)), "ok");
}

TEST(accounts)
{
	struct user_row row;

	CHECK(opened());
	CHECK_STR(code(people_add(db, &by, "anna", USER_ADMIN, "hash-1", &fault)), "ok");
	CHECK_STR(code(people_add(db, &by, "anna", USER_VIEWER, "hash-2", &fault)), "user_exists");
	CHECK_STR(code(people_add(db, &by, "Anna", USER_VIEWER, "hash-2", &fault)), "user_name_invalid");
	CHECK_INT(user_find(db, "anna", &row), ERR_NONE);
	CHECK_INT(row.role, USER_ADMIN);
	CHECK_STR(row.password, "hash-1");
	CHECK_STR(code(people_set_role(db, &by, "anna", USER_VIEWER, &fault)), "last_admin");
	CHECK_STR(code(people_remove(db, &by, "anna", &fault)), "last_admin");
	CHECK_STR(code(people_add(db, &by, "binh", USER_OPERATOR, "hash-3", &fault)), "ok");
	CHECK_STR(code(people_remove(db, &by, "anna", &fault)), "last_admin");
	CHECK_STR(code(people_set_role(db, &by, "binh", USER_ADMIN, &fault)), "ok");
	CHECK_STR(code(people_set_role(db, &by, "anna", USER_VIEWER, &fault)), "ok");
	CHECK_STR(code(people_remove(db, &by, "anna", &fault)), "ok");
	CHECK_STR(code(people_remove(db, &by, "anna", &fault)), "unknown_user");
	CHECK_STR(code(people_set_password(db, &by, "anna", "x", NULL, &fault)), "unknown_user");
	closed();
}

TEST(sessions_end)
{
	CHECK(opened());
	CHECK_INT(people_add(db, &by, "anna", USER_ADMIN, "hash", &fault), ERR_NONE);
	CHECK_INT(people_add(db, &by, "binh", USER_ADMIN, "hash", &fault), ERR_NONE);
	CHECK_INT(log_in("anna", "one"), ERR_NONE);
	CHECK_INT(log_in("anna", "two"), ERR_NONE);
	CHECK_INT(log_in("binh", "three"), ERR_NONE);
	CHECK(is_in("one") && is_in("two") && is_in("three") && !is_in("four"));
	CHECK_INT(people_log_out(db, &by, hash_of("one")), ERR_NONE);
	CHECK(!is_in("one") && is_in("two"));
	CHECK_INT(log_in("anna", "one"), ERR_NONE);
	CHECK_INT(people_set_password(db, &by, "anna", "other", hash_of("one"), &fault), ERR_NONE);
	CHECK(is_in("one") && !is_in("two") && is_in("three"));
	CHECK_INT(people_set_password(db, &by, "anna", "other", NULL, &fault), ERR_NONE);
	CHECK(!is_in("one") && is_in("three"));
	CHECK_INT(people_remove(db, &by, "binh", &fault), ERR_NONE);
	CHECK(!is_in("three"));
	closed();
}

TEST(sessions_last_as_long_as_they_are_used_and_no_longer_than_a_week)
{
	CHECK(opened());
	CHECK_INT(people_add(db, &by, "anna", USER_ADMIN, "hash", &fault), ERR_NONE);
	CHECK_INT(log_in("anna", "one"), ERR_NONE);
	for (int64_t end = by.now_ms + SESSION_LONGEST_MS; by.now_ms < end; by.now_ms += SESSION_IDLE_MS - 1) {
		CHECK(is_in("one"));
		CHECK_INT(session_used(db, hash_of("one"), by.now_ms), ERR_NONE);
	}
	CHECK(!is_in("one"));
	CHECK_INT(log_in("anna", "two"), ERR_NONE);
	by.now_ms += SESSION_IDLE_MS - 1;
	CHECK(is_in("two"));
	by.now_ms++;
	CHECK(!is_in("two"));
	closed();
}

/* Sessions outlive restarts, so their age is by the wall clock. One that was set right must not make them last for ever. */
TEST(sessions_of_a_time_that_is_not_yet_are_over)
{
	CHECK(opened());
	by.now_ms = 400LL * 24 * 3600 * 1000;
	CHECK_INT(people_add(db, &by, "anna", USER_ADMIN, "hash", &fault), ERR_NONE);
	CHECK_INT(log_in("anna", "one"), ERR_NONE);
	by.now_ms -= SESSION_IDLE_MS;
	CHECK(is_in("one"));
	by.now_ms--;
	CHECK(!is_in("one"));
	CHECK_INT(log_in("anna", "two"), ERR_NONE);
	CHECK_INT(session_used(db, hash_of("two"), by.now_ms + SESSION_IDLE_MS + 1), ERR_NONE); /* used while the clock was ahead */
	CHECK(!is_in("two"));
	closed();
}

TEST(a_password_that_changed_while_it_was_checked_opens_nothing)
{
	struct user_row row;

	CHECK(opened());
	CHECK_INT(people_add(db, &by, "anna", USER_ADMIN, "hash", &fault), ERR_NONE);
	CHECK_INT(user_find(db, "anna", &row), ERR_NONE);
	CHECK_INT(people_set_password(db, &by, "anna", "other", NULL, &fault), ERR_NONE);
	CHECK_STR(code(people_log_in(db, &by, &row, hash_of("one"), NULL, &fault)), "password_changed");
	CHECK(!is_in("one"));
	closed();
}

TEST(logging_in_again_ends_the_session_that_the_browser_had)
{
	struct user_row row;

	CHECK(opened());
	CHECK_INT(people_add(db, &by, "anna", USER_ADMIN, "hash", &fault), ERR_NONE);
	CHECK_INT(people_add(db, &by, "binh", USER_VIEWER, "hash", &fault), ERR_NONE);
	CHECK_INT(log_in("anna", "one"), ERR_NONE);
	CHECK_INT(log_in("anna", "elsewhere"), ERR_NONE);
	CHECK_INT(user_find(db, "binh", &row), ERR_NONE);
	CHECK_STR(code(people_log_in(db, &by, &row, hash_of("two"), hash_of("one"), &fault)), "ok");
	CHECK(!is_in("one"));
	CHECK(is_in("two"));
	CHECK(is_in("elsewhere"));
	CHECK_STR(code(people_log_in(db, &by, &row, hash_of("three"), hash_of("nobody's"), &fault)), "ok");
	closed();
}

static enum err add_address(void *arg, const char *user, const char *address)
{
	text_format((char *)arg + strlen(arg), 200 - strlen(arg), "%s %s;", user, address);
	return ERR_NONE;
}

TEST(where_sessions_were_begun_is_told_the_last_used_first)
{
	char text[200] = "";

	CHECK(opened());
	CHECK_INT(people_add(db, &by, "anna", USER_ADMIN, "hash", &fault), ERR_NONE);
	CHECK_INT(session_insert(db, hash_of("one"), "anna", "10.0.0.1", 1), ERR_NONE);
	CHECK_INT(session_insert(db, hash_of("two"), "anna", "10.0.0.2", 2), ERR_NONE);
	CHECK_INT(session_insert(db, hash_of("three"), "anna", "10.0.0.1", 3), ERR_NONE);
	CHECK_INT(session_addresses(db, 9, add_address, text), ERR_NONE);
	CHECK_STR(text, "anna 10.0.0.1;anna 10.0.0.2;");
	text[0] = '\0';
	CHECK_INT(session_addresses(db, 1, add_address, text), ERR_NONE);
	CHECK_STR(text, "anna 10.0.0.1;");
	closed();
}

TEST(the_link_works_once_and_for_an_hour)
{
	CHECK(opened());
	CHECK_STR(code(people_use_link(db, &by, hash_of("link"), "anna", "hash", &fault)), "link_over");
	CHECK_INT(people_open_link(db, &by, hash_of("old")), ERR_NONE);
	CHECK_INT(people_open_link(db, &by, hash_of("link")), ERR_NONE);
	CHECK_STR(code(people_use_link(db, &by, hash_of("old"), "anna", "hash", &fault)), "link_over");
	CHECK_STR(code(people_use_link(db, &by, hash_of("link"), "Anna", "hash", &fault)), "user_name_invalid");
	CHECK_STR(code(people_use_link(db, &by, hash_of("link"), "anna", "hash", &fault)), "ok");
	CHECK_STR(code(people_use_link(db, &by, hash_of("link"), "binh", "hash", &fault)), "link_over");
	CHECK_INT(people_open_link(db, &by, hash_of("link")), ERR_NONE);
	by.now_ms += SETUP_LINK_MS;
	CHECK_STR(code(people_use_link(db, &by, hash_of("link"), "binh", "hash", &fault)), "link_over");
	by.now_ms -= 3 * SETUP_LINK_MS; /* the clock was ahead when it was made */
	CHECK_STR(code(people_use_link(db, &by, hash_of("link"), "binh", "hash", &fault)), "link_over");
	closed();
}

/* --- the audit list -------------------------------------------------------------------------------------------------- */

static char told[1000];

static enum err tell(void *arg, const struct deed_row *row)
{
	size_t len = strlen(told);

	(void)arg;
	text_format(told + len, sizeof told - len, "%s %s %s %s %s>%s;", row->who, row->source, row->what, row->object,
		row->old ? row->old : "-", row->new ? row->new : "-");
	return ERR_NONE;
}

TEST(what_people_do_is_noted)
{
	const struct actor program = {.who = "", .source = "10.0.0.9", .now_ms = 5};
	const struct deed_filter all = DEED_FILTER_ALL;
	struct deed_filter added = DEED_FILTER_ALL;

	added.what = "user_added";
	CHECK(opened());
	told[0] = '\0';
	CHECK_INT(people_add(db, &by, "binh", USER_VIEWER, "secret-hash", &fault), ERR_NONE);
	CHECK_INT(people_set_role(db, &by, "binh", USER_OPERATOR, &fault), ERR_NONE);
	CHECK_INT(people_set_role(db, &by, "binh", USER_OPERATOR, &fault), ERR_NONE);
	CHECK_INT(deed_note(db, &program, "thing", "", NULL, NULL), ERR_NONE);
	CHECK_INT(deed_note(db, NULL, "thing", "", NULL, NULL), ERR_NONE);
	CHECK_INT(deed_list(db, &all, tell, NULL), ERR_NONE);
	CHECK_STR(told, "anna 10.0.0.1 user_role binh viewer>operator;anna 10.0.0.1 user_added binh ->viewer;");
	told[0] = '\0';
	CHECK_INT(deed_list(db, &added, tell, NULL), ERR_NONE);
	CHECK_STR(told, "anna 10.0.0.1 user_added binh ->viewer;");
	closed();
}

static enum err note_at(const char *who, const char *what, int64_t ms)
{
	const struct actor one = {.who = who, .source = "", .now_ms = ms};

	return deed_note(db, &one, what, "x", NULL, NULL);
}

static enum err add_word(void *arg, const char *word)
{
	(void)arg;
	text_format(told + strlen(told), sizeof told - strlen(told), "%s,", word);
	return ERR_NONE;
}

static enum err add_moment(void *arg, const struct deed_row *row)
{
	(void)arg;
	text_format(told + strlen(told), sizeof told - strlen(told), "%lld ", (long long)row->at_ms);
	return ERR_NONE;
}

/* What the filter lets through, as its moments. */
static const char *moments(const struct deed_filter *f)
{
	told[0] = '\0';
	return deed_list(db, f, add_moment, NULL) == ERR_NONE ? told : "failed";
}

TEST(the_audit_list_is_filtered_and_paged)
{
	struct deed_filter f = DEED_FILTER_ALL;

	CHECK(opened());
	CHECK(!note_at("binh", "a", 10) && !note_at("anna", "a", 30) && !note_at("anna", "b", 20) && !note_at("anna", "a", 30));
	CHECK_STR(moments(&f), "30 30 20 10 "); /* by time, though a clock was set back */
	f.limit = 2;
	CHECK_STR(moments(&f), "30 30 ");
	f = (struct deed_filter)DEED_FILTER_ALL;
	f.before_ms = 30;
	f.before_id = 4;
	CHECK_STR(moments(&f), "30 20 10 "); /* the second of the two moments 30 */
	f = (struct deed_filter)DEED_FILTER_ALL;
	f.from_ms = f.until_ms = 20;
	CHECK_STR(moments(&f), "20 ");
	f = (struct deed_filter)DEED_FILTER_ALL;
	f.who = "anna";
	CHECK_STR(moments(&f), "30 30 20 ");
	f.what = "b";
	CHECK_STR(moments(&f), "20 ");
	f.who = NULL;
	f.what = "a";
	CHECK_STR(moments(&f), "30 30 10 ");
	told[0] = '\0';
	CHECK(!deed_whos(db, 10, add_word, NULL) && !deed_whats(db, 10, add_word, NULL) && !deed_whos(db, 1, add_word, NULL));
	CHECK_STR(told, "anna,binh,a,b,anna,");
	closed();
}

/* --- gates ----------------------------------------------------------------------------------------------------------- */

TEST(gates_are_set_by_people)
{
	const enum lane entry = LANE_ENTRY;
	struct edge_wish w = {.edge_id = "edge-1", .name = "Cổng 1", .fresh = true};
	char tag[EDGE_TAG_SIZE], other[EDGE_TAG_SIZE];
	struct edge_row row;

	CHECK(opened());
	CHECK_STR(code(edge_new_token(db, &by, "edge-1", hash_of("t"), NULL, &fault)), "unknown_edge");
	CHECK_INT(edge_set(db, &by, &w, &fault), ERR_NONE);
	CHECK_STR(code(edge_set(db, &by, &w, &fault)), "edge_exists");
	CHECK_INT(edge_find(db, "edge-1", &row), ERR_NONE);
	edge_tag(&row, tag);
	w = (struct edge_wish){.edge_id = "edge-1", .lane = &entry, .if_match = tag};
	CHECK_INT(edge_set(db, &by, &w, &fault), ERR_NONE);
	CHECK_STR(code(edge_set(db, &by, &w, &fault)), "etag_mismatch");
	CHECK_INT(edge_find(db, "edge-1", &row), ERR_NONE);
	CHECK(row.lane == LANE_ENTRY && strcmp(row.name, "Cổng 1") == 0);
	edge_tag(&row, tag);
	CHECK_INT(edge_new_token(db, &by, "edge-1", hash_of("t"), tag, &fault), ERR_NONE);
	CHECK_STR(code(edge_new_token(db, &by, "edge-1", hash_of("u"), tag, &fault)), "etag_mismatch");
	CHECK_INT(edge_find_by_token(db, hash_of("t"), &row), ERR_NONE);
	edge_tag(&row, other);
	CHECK(strcmp(tag, other) != 0 && row.has_token);
	CHECK_STR(code(edge_remove(db, &by, "edge-1", tag, &fault)), "etag_mismatch");
	CHECK_INT(edge_remove(db, &by, "edge-1", other, &fault), ERR_NONE);
	CHECK_INT(edge_find_by_token(db, hash_of("t"), &row), ERR_NOT_FOUND);
	CHECK_STR(code(edge_remove(db, &by, "edge-1", NULL, &fault)), "unknown_edge");
	CHECK_STR(code(edge_set(db, &by, &(struct edge_wish){.edge_id = ""}, &fault)), "edge_id_invalid");
	CHECK_STR(code(edge_set(db, &by, &(struct edge_wish){.edge_id = "a\nb"}, &fault)), "edge_id_invalid");
	closed();
}

/* --- tries ----------------------------------------------------------------------------------------------------------- */

TEST(tries_of_an_account_are_limited)
{
	struct attempts *a = NULL;
	int64_t now = 1000;

	CHECK_INT(attempts_open(&a), ERR_NONE);
	for (int i = 0; i < ATTEMPTS_OF_ACCOUNT; i++)
		CHECK_INT(attempts_begin(a, i % 2 ? "10.0.0.1" : "10.0.0.2", "anna", now), 0);
	CHECK_INT(attempts_begin(a, "10.0.0.3", "anna", now), 30000);
	CHECK_INT(attempts_begin(a, "10.0.0.3", "anna", now + 29999), 1);
	CHECK_INT(attempts_begin(a, "10.0.0.3", "binh", now), 0);
	now += 30000;
	CHECK_INT(attempts_begin(a, "10.0.0.3", "anna", now), 0);
	CHECK_INT(attempts_begin(a, "10.0.0.3", "anna", now), 60000);
	for (int i = 0; i < 10; i++)
		attempts_begin(a, "10.0.0.3", "anna", now += 15 * 60000);
	CHECK_INT(attempts_begin(a, "10.0.0.3", "anna", now), 15 * 60000);
	attempts_good(a, "10.0.0.3", "anna", now);
	CHECK_INT(attempts_begin(a, "10.0.0.3", "anna", now), 0);
	for (int i = 1; i < ATTEMPTS_OF_ACCOUNT; i++)
		CHECK_INT(attempts_begin(a, "10.0.0.3", "anna", now), 0);
	CHECK(attempts_begin(a, "10.0.0.3", "anna", now) > 0);
	CHECK_INT(attempts_begin(a, "10.0.0.3", "anna", now + 30 * 60000), 0);
	attempts_close(a);
}

/* A stranger who tries once a second for hours; the owner is somewhere else. */
TEST(a_stranger_keeps_nobody_out_of_where_they_were_before)
{
	struct attempts *a = NULL;
	int let_in = 0;

	CHECK_INT(attempts_open(&a), ERR_NONE);
	attempts_know(a, "fd00::1:2:3:4", "anna", 0);
	CHECK_INT(attempts_begin(a, "10.0.0.1", "anna", 0), 0);
	attempts_good(a, "10.0.0.1", "anna", 0);
	for (int64_t now = 0; now < 4 * 3600 * 1000; now += 1000) {
		attempts_begin(a, "10.0.0.66", "anna", now);
		if (now % 600000 != 0)
			continue;
		CHECK_INT(attempts_begin(a, "10.0.0.1", "anna", now), 0);
		attempts_good(a, "10.0.0.1", "anna", now);
		CHECK_INT(attempts_begin(a, "::ffff:10.0.0.1", "anna", now), 0);
		attempts_good(a, "::ffff:10.0.0.1", "anna", now);
		CHECK_INT(attempts_begin(a, "fd00::5:6:7:8", "anna", now), 0);
		attempts_good(a, "fd00::5:6:7:8", "anna", now);
		CHECK(now == 0 || attempts_begin(a, "10.0.0.2", "anna", now) > 0);
		let_in++;
	}
	CHECK_INT(let_in, 24);
	attempts_close(a);
}

TEST(a_known_address_has_a_limit_of_its_own_for_its_own_account)
{
	struct attempts *a = NULL;

	CHECK_INT(attempts_open(&a), ERR_NONE);
	attempts_know(a, "10.0.0.1", "anna", 0);
	for (int i = 0; i < ATTEMPTS_OF_ACCOUNT; i++)
		CHECK_INT(attempts_begin(a, "10.0.0.1", "anna", 0), 0);
	CHECK_INT(attempts_begin(a, "10.0.0.1", "anna", 0), 30000);
	CHECK_INT(attempts_begin(a, "10.0.0.2", "anna", 0), 0);
	for (int i = 0; i < ATTEMPTS_OF_ACCOUNT; i++)
		CHECK_INT(attempts_begin(a, "10.0.0.3", "binh", 0), 0);
	CHECK_INT(attempts_begin(a, "10.0.0.1", "binh", 0), 30000);
	attempts_close(a);
}

TEST(a_new_password_is_counted_apart)
{
	struct attempts *a = NULL;

	CHECK_INT(attempts_open(&a), ERR_NONE);
	for (int i = 0; i < ATTEMPTS_OF_ACCOUNT; i++)
		CHECK_INT(attempts_begin(a, "10.0.0.66", "anna", 0), 0);
	for (int i = 0; i < ATTEMPTS_OF_ACCOUNT; i++)
		CHECK_INT(attempts_change_begin(a, "anna", 0), 0);
	CHECK_INT(attempts_change_begin(a, "anna", 0), 30000);
	CHECK_INT(attempts_change_begin(a, "anna", 30000), 0);
	attempts_change_good(a, "anna");
	CHECK_INT(attempts_change_begin(a, "anna", 30000), 0);
	CHECK_INT(attempts_begin(a, "10.0.0.1", "anna", 29999), 1);
	attempts_close(a);
}

TEST(tries_from_an_address_are_limited)
{
	struct attempts *a = NULL;
	char name[32];

	CHECK_INT(attempts_open(&a), ERR_NONE);
	for (int i = 0; i < ATTEMPTS_OF_ADDRESS; i++) {
		text_format(name, sizeof name, "user-%d", i);
		CHECK_INT(attempts_begin(a, i % 2 ? "fd00:1:2:3::1" : "fd00:1:2:3:4::2", name, 0), 0);
	}
	CHECK_INT(attempts_begin(a, "fd00:1:2:3:ffff::9", "new", 0), 30000);
	CHECK_INT(attempts_begin(a, "fd00:1:2:4::9", "new", 0), 0);
	for (int i = 0; i < 3 * ATTEMPTS_KEPT; i++) {
		text_format(name, sizeof name, "10.%d.%d.1", i / 200, i % 200);
		CHECK_INT(attempts_begin(a, name, name, i), 0);
	}
	for (int i = 0; i < ATTEMPTS_OF_ADDRESS; i++) {
		text_format(name, sizeof name, "mapped-%d", i);
		CHECK_INT(attempts_begin(a, i % 2 ? "::ffff:10.0.0.1" : "10.0.0.1", name, 5000), 0);
	}
	CHECK_INT(attempts_begin(a, "::ffff:10.0.0.1", "new", 5000), 30000);
	CHECK_INT(attempts_begin(a, "::ffff:10.0.0.2", "new", 5000), 0);
	attempts_close(a);
}

/* --- cookies, passwords ---------------------------------------------------------------------------------------------- */

TEST(cookies)
{
	struct request r = {.cookie = "a=1; parkmesh-session-8000=abc; parkmesh-session-8001=xyz;b=2", .server_port = "8001"};
	char value[8];

	CHECK(cookie_get(&r, "session", value, sizeof value));
	CHECK_STR(value, "xyz");
	CHECK(!cookie_get(&r, "flash", value, sizeof value));
	CHECK(cookie_find("b=2;c=3", "c", value, sizeof value));
	CHECK_STR(value, "3");
	CHECK(!cookie_find("bc=3", "c", value, sizeof value));
	CHECK(!cookie_find("c", "c", value, sizeof value));
	CHECK(!cookie_find("", "c", value, sizeof value));
	CHECK(!cookie_find(NULL, "c", value, sizeof value));
	CHECK(!cookie_find("c=12345678", "c", value, sizeof value));
	CHECK(cookie_find(";;c=", "c", value, sizeof value));
	CHECK_STR(value, "");
}

/* What is said once on the next page travels in a cookie: as hex, behind its signature. */
TEST(a_cookie_has_room_for_the_longest_message)
{
	const struct request r = {.server_port = "65535", .https = true};
	char value[TOKEN_SIZE + 2 * FLASH_MAX + 1] = "";
	struct response out;

	memset(value, 'a', sizeof value - 1);
	response_init(&out);
	cookie_set(&out, &r, COOKIE_FLASH, value, 60);
	CHECK(strstr(buf_text(&out.headers), value) != NULL);
	response_free(&out);
}

TEST(passwords)
{
	struct hashing *h = NULL;
	char one[PASSWORD_HASH_SIZE], two[PASSWORD_HASH_SIZE];
	bool fits = false;

	CHECK(seal_start());
	CHECK_INT(hashing_open(&h), ERR_NONE);
	CHECK_INT(hashing_make(h, "correct horse", one, &fault), ERR_NONE);
	CHECK_INT(hashing_make(h, "correct horse", two, &fault), ERR_NONE);
	CHECK(strncmp(one, "$argon2id$v=19$m=19456,t=2,p=1$", 31) == 0);
	CHECK(strcmp(one, two) != 0);
	CHECK_INT(hashing_check(h, two, "correct horse", &fits, &fault), ERR_NONE);
	CHECK(fits);
	CHECK_INT(hashing_check(h, one, "correct horsf", &fits, &fault), ERR_NONE);
	CHECK(!fits);
	fits = true;
	CHECK_INT(hashing_check(h, NULL, "correct horse", &fits, &fault), ERR_NONE);
	CHECK(!fits);
	hashing_close(h);
}

TEST(signatures_are_of_one_key_and_one_text)
{
	char one[TOKEN_SIZE], other[TOKEN_SIZE];

	token_sign("key", 3, "text", one);
	token_sign("key", 3, "text", other);
	CHECK(token_equal(one, other));
	token_sign("kez", 3, "text", other);
	CHECK(!token_equal(one, other));
	token_sign("key", 3, "texu", other);
	CHECK(!token_equal(one, other));
	CHECK(!token_equal(one, "") && !token_equal(one, "ab"));
	/* RFC 4231, case 2 */
	token_sign("Jefe", 4, "what do ya want for nothing?", one);
	CHECK_STR(one, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_MAIN
