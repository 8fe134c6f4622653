/*
 * Rows of `users`, `sessions` and `setup_link`: people who use this central's pages. Local to this central, never shared. The rules
 * (who may be removed, how long a session lasts) are domain/people's.
 */
#ifndef PARKMESH_STORE_USERS_H
#define PARKMESH_STORE_USERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct db;

#define USER_NAME_SIZE 33       /* 32 characters and NUL */
#define USER_PASSWORD_SIZE 128  /* as seal/password keeps it */
#define USER_TOKEN_BYTES 32     /* SHA-256 of a browser's or a link's token: the token itself is never kept */
#define USER_ADDRESS_SIZE 64

/* Each may what those before it may. */
enum user_role { USER_NOBODY, USER_VIEWER, USER_OPERATOR, USER_ADMIN };

/* "viewer", "operator", "admin"; "" for USER_NOBODY. */
const char *user_role_name(enum user_role role);
/* false, and out untouched, for any other text. */
bool user_role_parse(const char *name, enum user_role *out);

struct user_row {
	char name[USER_NAME_SIZE];
	enum user_role role;
	char password[USER_PASSWORD_SIZE];
	int64_t created_ms, changed_ms, seen_ms;  /* seen_ms: logged in last, 0 never */
};

/* ERR_NOT_FOUND. db may be read-only, in the next three. */
enum err user_find(struct db *db, const char *name, struct user_row *out);
enum err user_count_admins(struct db *db, int64_t *out);
/* By name. Any error of each ends the walk and is returned. */
typedef enum err user_each_fn(void *arg, const struct user_row *row);
enum err user_list(struct db *db, user_each_fn *each, void *arg);

/* In a transaction, all that follow but the finds. A name that is there already is ERR_CONFLICT, in user_insert. */
enum err user_insert(struct db *db, const struct user_row *row);
enum err user_set_password(struct db *db, const char *name, const char *password, int64_t now_ms);
enum err user_set_role(struct db *db, const char *name, enum user_role role, int64_t now_ms);
enum err user_seen(struct db *db, const char *name, int64_t now_ms);
/* Its sessions go with it. */
enum err user_delete(struct db *db, const char *name);

struct session_row {
	char user[USER_NAME_SIZE];
	enum user_role role;             /* the user's, now */
	int64_t created_ms, used_ms;
};

/* ERR_NOT_FOUND: there is none that was used after used_after_ms and made after made_after_ms. db may be read-only. */
enum err session_find(struct db *db, const unsigned char hash[USER_TOKEN_BYTES], int64_t used_after_ms, int64_t made_after_ms,
	struct session_row *out);
enum err session_insert(struct db *db, const unsigned char hash[USER_TOKEN_BYTES], const char *user, const char *address,
	int64_t now_ms);
enum err session_used(struct db *db, const unsigned char hash[USER_TOKEN_BYTES], int64_t now_ms);
enum err session_delete(struct db *db, const unsigned char hash[USER_TOKEN_BYTES]);
/* All of the user but the one of that hash (NULL: all). */
enum err session_delete_others(struct db *db, const char *user, const unsigned char *hash);
/* All that were not used since. */
enum err session_forget(struct db *db, int64_t used_until_ms);

/* From where sessions were begun, each pair once, at most limit, the last used first. Any error of each ends the walk and is returned. db
 * may be read-only. */
typedef enum err session_address_fn(void *arg, const char *user, const char *address);
enum err session_addresses(struct db *db, int limit, session_address_fn *each, void *arg);

/* The one that may be open; a new one takes the place of the old. */
enum err setup_write(struct db *db, const unsigned char hash[USER_TOKEN_BYTES], int64_t expires_ms);
/* Is it the open one, and expires after one time and not after the other? ERR_NOT_FOUND. db may be read-only. */
enum err setup_find(struct db *db, const unsigned char hash[USER_TOKEN_BYTES], int64_t after_ms, int64_t until_ms);
enum err setup_delete(struct db *db);

#endif
