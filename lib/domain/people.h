/*
 * People who use this central's pages: accounts, log-in, the link by which the first one is made.
 *
 * A password comes here as seal/password keeps it; hashing takes long and is done before the transaction. A session lasts
 * SESSION_IDLE_MS after it was used last and SESSION_LONGEST_MS at most. It ends with a log-out, the next log-in of its browser, a new
 * password, or its account; a new role counts at once. Ages are by the wall clock, since sessions outlive restarts. A clock that is
 * set back may lengthen a session by SESSION_IDLE_MS: one of a time further ahead is over, and so is such a link.
 *
 * All but the pure ones and people_session are called in a transaction, and note what they did in the audit list. Refusals have a
 * fault: ERR_INVALID user_name_invalid, password_short, password_long, password_is_name; ERR_CONFLICT user_exists, last_admin (somebody
 * has to be able to administer), password_changed (while it was being checked); ERR_NOT_FOUND unknown_user, link_over.
 */
#ifndef PARKMESH_DOMAIN_PEOPLE_H
#define PARKMESH_DOMAIN_PEOPLE_H

#include "base/err.h"
#include "domain/deed.h"
#include "store/users.h"

#define SESSION_IDLE_MS (12 * 3600 * 1000LL)
#define SESSION_LONGEST_MS (7 * 24 * 3600 * 1000LL)
#define SETUP_LINK_MS (3600 * 1000LL)
#define PASSWORD_BYTES_MIN 8
#define PASSWORD_BYTES_MAX 200

/* Pure. A name is [a-z0-9][a-z0-9._-]{0,31}. */
enum err people_check_name(const char *name, struct fault *fault);
enum err people_check_password(const char *name, const char *password, struct fault *fault);

enum err people_add(struct db *db, const struct actor *by, const char *name, enum user_role role, const char *password,
	struct fault *fault);
/* Ends all sessions of the account but the one of that hash (NULL: all). */
enum err people_set_password(struct db *db, const struct actor *by, const char *name, const char *password,
	const unsigned char *keep_session, struct fault *fault);
enum err people_set_role(struct db *db, const struct actor *by, const char *name, enum user_role role, struct fault *fault);
enum err people_remove(struct db *db, const struct actor *by, const char *name, struct fault *fault);

/* Is this the hash of the link that is open? ERR_NOT_FOUND: no, or it is over. db may be read-only. */
enum err people_link(struct db *db, const unsigned char hash[USER_TOKEN_BYTES], int64_t now_ms);

/* Who has this session? ERR_NOT_FOUND: nobody, or it is over. db may be read-only. */
enum err people_session(struct db *db, const unsigned char hash[USER_TOKEN_BYTES], int64_t now_ms, struct session_row *out);
/* Begin a session for checked, the row by which the password was found to be right. The one that the browser had before ends: old is
 * its hash, or that of no session, or NULL. */
enum err people_log_in(struct db *db, const struct actor *by, const struct user_row *checked,
	const unsigned char hash[USER_TOKEN_BYTES], const unsigned char *old, struct fault *fault);
enum err people_log_out(struct db *db, const struct actor *by, const unsigned char hash[USER_TOKEN_BYTES]);

/* Open a link; an older one ends. */
enum err people_open_link(struct db *db, const struct actor *by, const unsigned char hash[USER_TOKEN_BYTES]);
/* Make an administrator by the link, which ends. */
enum err people_use_link(struct db *db, const struct actor *by, const unsigned char hash[USER_TOKEN_BYTES], const char *name,
	const char *password, struct fault *fault);

#endif
