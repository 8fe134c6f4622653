/*
 * People before parkmesh.fcgi's pages: an account and a session of each role, a neighbour for them to look at, and what has to hold of
 * a request that one of them sends. Their tokens are made, so that no input can hold one, nor the form's token that belongs to it.
 * Include after fuzz.h.
 */
#ifndef PARKMESH_FUZZ_PERSON_H
#define PARKMESH_FUZZ_PERSON_H

#include "base/text.h"
#include "fcgi/route.h"
#include "seal/password.h"
#include "seal/token.h"
#include "store/db_internal.h"
#include "store/site.h"
#include "store/users.h"

#define PERSON_PASSWORD "sesame opens"
#define SETUP_TOKEN "3333333333333333333333333333333333333333333333333333333333333333"
#define OTHER_KEY "1111 1111 1111 1111 1111 1111 1111 1111"
#define KEPT_SIZE 256

/* The first has a browser and no account. In the order of enum user_role. */
static const char *const persons[] = {"nobody", "viewer", "operator", "admin"};
#define PERSONS (sizeof persons / sizeof *persons)

static inline void person_token(const char *name, char out[TOKEN_SIZE])
{
	token_sign("fuzz", 4, name, out);
}

static inline void person_csrf(const char *name, char out[TOKEN_SIZE])
{
	char token[TOKEN_SIZE];

	person_token(name, token);
	token_sign(token, strlen(token), "csrf", out);
}

static inline bool person_known(const char *name)
{
	for (size_t i = 0; i < PERSONS; i++)
		if (strcmp(persons[i], name) == 0)
			return true;
	return false;
}

/* Their rows, and an open link for the first administrator; in a transaction. */
static inline void persons_insert(struct db *db, int64_t now_ms)
{
	static char password[PASSWORD_HASH_SIZE];
	unsigned char hash[TOKEN_HASH_BYTES];
	char token[TOKEN_SIZE];

	MUST(password[0] || password_hash(PERSON_PASSWORD, password));
	for (size_t i = USER_VIEWER; i < PERSONS; i++) {
		struct user_row user = {.role = (enum user_role)i, .created_ms = now_ms, .changed_ms = now_ms};

		text_copy(user.name, sizeof user.name, persons[i]);
		text_copy(user.password, sizeof user.password, password);
		person_token(persons[i], token);
		token_hash(token, hash);
		MUST(user_insert(db, &user) == ERR_NONE && session_insert(db, hash, user.name, "127.0.0.1", now_ms) == ERR_NONE);
	}
	token_hash(SETUP_TOKEN, hash);
	MUST(setup_write(db, hash, now_ms + 3600000) == ERR_NONE);
}

/* What p2pd tells of a neighbour, who uses words of its own, and of whose key there are two. */
static inline void neighbour_insert(struct db *db, int64_t now_ms)
{
	static const char warnings[] = "INSERT INTO warnings VALUES(1, 'wrong_key', 'central-2', '', '" OTHER_KEY "', 0, 1733140700000,"
		" 1733140700000, 0), (2, 'two_centrals', 'central-1', '', '<zq', 3, 1733140700000, 1733140700000, 0)";
	struct peer_status status = {.id = "central-2", .ip = "10.0.0.5", .port = 9001, .configured = true, .state = "refused",
		.last_ping_ms = now_ms - 5000, .rtt_ms = 1.5, .clock_offset_ms = -90000, .clock_known = true, .behind = 3, .ahead = 2};
	const unsigned char key[KEY_BYTES] = {7};

	text_copy(status.why.about, sizeof status.why.about, "<zq");
	text_copy(status.why.sentence, sizeof status.why.sentence, "<zq");
	MUST(peer_status_write(db, &status, now_ms) == ERR_NONE && pin_insert(db, "central-2", key, now_ms) == ERR_NONE);
	MUST(sqlite3_exec(db->handle, warnings, NULL, NULL, NULL) == SQLITE_OK);
}

/* What the person of that name may do now, by the rows; a role may have been changed, a session ended. */
static inline enum user_role person_role(struct db *db, const char *name)
{
	static const char sql[] = "SELECT u.role FROM sessions s JOIN users u ON u.name = s.user WHERE s.hash = ?1";
	unsigned char hash[TOKEN_HASH_BYTES];
	enum user_role role = USER_NOBODY;
	sqlite3_stmt *st = NULL;
	char token[TOKEN_SIZE];

	person_token(name, token);
	token_hash(token, hash);
	MUST(sqlite3_prepare_v2(db->handle, sql, -1, &st, NULL) == SQLITE_OK);
	MUST(sqlite3_bind_blob(st, 1, hash, sizeof hash, SQLITE_STATIC) == SQLITE_OK);
	if (sqlite3_step(st) == SQLITE_ROW)
		MUST(user_role_parse((const char *)sqlite3_column_text(st, 0), &role));
	sqlite3_finalize(st);
	return role;
}

/* Whatever somebody changes leaves a row more or less of these. */
static inline void kept_now(struct db *db, char out[KEPT_SIZE])
{
	static const char sql[] = "SELECT (SELECT count(*) FROM records) || ' ' || (SELECT count(*) FROM audit) || ' ' ||"
		" (SELECT count(*) FROM looked) || ' ' || (SELECT count(*) FROM users) || ' ' || (SELECT count(*) FROM sessions) || ' ' ||"
		" (SELECT count(*) FROM peers) || ' ' || (SELECT count(*) FROM edges) || ' ' || (SELECT count(*) FROM setup_link) || ' ' ||"
		" (SELECT count(*) FROM pins) || ' ' || (SELECT count(*) FROM warnings WHERE seen_ms = 0) || ' ' ||"
		" (SELECT count(*) FROM history_changes) || ' ' || (SELECT id || ip || p2p_port || api_port FROM identity)";
	sqlite3_stmt *st = NULL;

	MUST(sqlite3_prepare_v2(db->handle, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW);
	text_copy(out, KEPT_SIZE, (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
}

static inline enum user_role role_needed(const struct route *route)
{
	switch (route->access) {
	case ACCESS_ANYONE: case ACCESS_BOX: case ACCESS_PAGE_OPEN: break;
	case ACCESS_EDGE: return route->method == METHOD_GET ? USER_VIEWER : USER_OPERATOR;
	case ACCESS_VIEWER: case ACCESS_WATCH: case ACCESS_PAGE_VIEWER: return USER_VIEWER;
	case ACCESS_OPERATOR: case ACCESS_PAGE_OPERATOR: return USER_OPERATOR;
	case ACCESS_ADMIN: case ACCESS_PAGE_ADMIN: return USER_ADMIN;
	}
	return USER_NOBODY;
}

static inline const struct route *route_asked(const char *method, const char *path)
{
	static const char *const names[] = {"GET", "POST", "PUT", "DELETE"};
	struct route_match match = {0};

	if (strcmp(method, "HEAD") == 0)
		method = "GET";
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], method) == 0)
			route_find(routes, routes_count, (enum method)i, path, &match);
	return match.route;
}

struct deed_seen { enum user_role role; bool csrf, changed, to_login; int status; };

static inline void check_deed(const struct route *route, const struct deed_seen *seen)
{
	bool page = route && access_is_page(route->access), looks = !route || route->method == METHOD_GET;
	bool refused = seen->status >= 400 || (page && seen->role == USER_NOBODY && seen->to_login);
	bool able = !route || seen->role >= role_needed(route);

	MUST(!(looks && seen->changed));
	if (!route)
		return;
	if ((page && !able) || (seen->role != USER_NOBODY && !able))
		MUST(refused && !seen->changed);
	if (!looks && !seen->csrf && (page || seen->role != USER_NOBODY))
		MUST(refused && !seen->changed);
	/* else the people of this target would not be let in, and nothing were tried */
	if (page && looks && able && route->access != ACCESS_PAGE_OPEN)
		MUST(seen->status != 401 && seen->status != 403 && !seen->to_login);
}

#endif
