#include "domain/people.h"

#include <string.h>

#include "base/text.h"

/* --- names and passwords --------------------------------------------------------------------------------------------- */

enum err people_check_name(const char *name, struct fault *fault)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t len = strlen(name);

	if (len > 0 && len < USER_NAME_SIZE && strspn(name, letters) == len && !strchr("._-", name[0]))
		return ERR_NONE;
	return fault_limit(fault, USER_NAME_SIZE - 1,
		fault_set(fault, ERR_INVALID, "user_name_invalid", "name",
		"A name has 1 to 32 of the letters a-z, digits, dots, hyphens and underscores, and begins with a letter or digit."));
}

enum err people_check_password(const char *name, const char *password, struct fault *fault)
{
	size_t len = strlen(password);

	if (len < PASSWORD_BYTES_MIN)
		return fault_limit(fault, PASSWORD_BYTES_MIN,
			fault_set(fault, ERR_INVALID, "password_short", "password", "A password has at least %d characters.", PASSWORD_BYTES_MIN));
	if (len > PASSWORD_BYTES_MAX)
		return fault_limit(fault, PASSWORD_BYTES_MAX,
			fault_set(fault, ERR_INVALID, "password_long", "password", "A password has at most %d bytes.", PASSWORD_BYTES_MAX));
	if (strcmp(name, password) == 0)
		return fault_set(fault, ERR_INVALID, "password_is_name", "password", "The password must not be the name.");
	return ERR_NONE;
}

/* --- accounts -------------------------------------------------------------------------------------------------------- */

static enum err find(struct db *db, const char *name, struct user_row *out, struct fault *fault)
{
	enum err e = user_find(db, name, out);

	if (e == ERR_NOT_FOUND)
		fault_set(fault, e, "unknown_user", "name", "There is no account of that name.");
	return e;
}

enum err people_add(struct db *db, const struct actor *by, const char *name, enum user_role role, const char *password,
	struct fault *fault)
{
	struct user_row row = { .role = role, .created_ms = by->now_ms };
	enum err e = people_check_name(name, fault);

	if (e != ERR_NONE)
		return e;
	text_copy(row.name, sizeof(row.name), name);
	text_copy(row.password, sizeof(row.password), password);
	e = user_insert(db, &row);
	if (e == ERR_CONFLICT)
		fault_set(fault, e, "user_exists", "name", "There is an account of that name already.");
	explicit_bzero(&row, sizeof(row));
	return e == ERR_NONE ? deed_note(db, by, "user_added", name, NULL, user_role_name(role)) : e;
}

enum err people_set_password(struct db *db, const struct actor *by, const char *name, const char *password,
	const unsigned char *keep_session, struct fault *fault)
{
	struct user_row row;
	enum err e = find(db, name, &row, fault);

	if (e == ERR_NONE)
		e = user_set_password(db, name, password, by->now_ms);
	if (e == ERR_NONE)
		e = session_delete_others(db, name, keep_session);
	return e == ERR_NONE ? deed_note(db, by, "user_password", name, NULL, NULL) : e;
}

/* May row stop being an administrator? */
static enum err check_last(struct db *db, const struct user_row *row, struct fault *fault)
{
	int64_t admins = 0;
	enum err e = row->role == USER_ADMIN ? user_count_admins(db, &admins) : ERR_NONE;

	if (e == ERR_NONE && row->role == USER_ADMIN && admins < 2)
		e = fault_set(fault, ERR_CONFLICT, "last_admin", "role", "This is the last administrator; make another one first.");
	return e;
}

enum err people_set_role(struct db *db, const struct actor *by, const char *name, enum user_role role, struct fault *fault)
{
	struct user_row row;
	enum err e = find(db, name, &row, fault);

	if (e != ERR_NONE || row.role == role)
		return e;
	e = check_last(db, &row, fault);
	if (e == ERR_NONE)
		e = user_set_role(db, name, role, by->now_ms);
	return e == ERR_NONE ? deed_note(db, by, "user_role", name, user_role_name(row.role), user_role_name(role)) : e;
}

enum err people_remove(struct db *db, const struct actor *by, const char *name, struct fault *fault)
{
	struct user_row row;
	enum err e = find(db, name, &row, fault);

	if (e == ERR_NONE)
		e = check_last(db, &row, fault);
	if (e == ERR_NONE)
		e = user_delete(db, name);
	return e == ERR_NONE ? deed_note(db, by, "user_removed", name, user_role_name(row.role), NULL) : e;
}

/* --- sessions -------------------------------------------------------------------------------------------------------- */

enum err people_session(struct db *db, const unsigned char hash[USER_TOKEN_BYTES], int64_t now_ms, struct session_row *out)
{
	enum err e = session_find(db, hash, now_ms - SESSION_IDLE_MS, now_ms - SESSION_LONGEST_MS, out);

	if (e == ERR_NONE && (out->created_ms > now_ms + SESSION_IDLE_MS || out->used_ms > now_ms + SESSION_IDLE_MS))
		return ERR_NOT_FOUND;
	return e;
}

static enum err end_old(struct db *db, const struct actor *by, const unsigned char hash[USER_TOKEN_BYTES])
{
	struct actor owner = *by;
	struct session_row row;
	enum err e = people_session(db, hash, by->now_ms, &row);

	if (e != ERR_NONE)
		return e == ERR_NOT_FOUND ? ERR_NONE : e;
	owner.who = row.user;
	return people_log_out(db, &owner, hash);
}

enum err people_log_in(struct db *db, const struct actor *by, const struct user_row *checked,
	const unsigned char hash[USER_TOKEN_BYTES], const unsigned char *old, struct fault *fault)
{
	struct user_row now;
	enum err e = user_find(db, checked->name, &now);

	if (e == ERR_NOT_FOUND || (e == ERR_NONE && strcmp(now.password, checked->password) != 0))
		return fault_set(fault, ERR_CONFLICT, "password_changed", "password", "The password was changed just now; try again.");
	if (e == ERR_NONE && old)
		e = end_old(db, by, old);
	if (e == ERR_NONE)
		e = session_forget(db, by->now_ms - SESSION_IDLE_MS);
	if (e == ERR_NONE)
		e = session_insert(db, hash, now.name, by->source, by->now_ms);
	if (e == ERR_NONE)
		e = user_seen(db, now.name, by->now_ms);
	return e == ERR_NONE ? deed_note(db, by, "logged_in", now.name, NULL, NULL) : e;
}

enum err people_log_out(struct db *db, const struct actor *by, const unsigned char hash[USER_TOKEN_BYTES])
{
	enum err e = session_delete(db, hash);

	return e == ERR_NONE ? deed_note(db, by, "logged_out", by->who, NULL, NULL) : e;
}

/* --- the link -------------------------------------------------------------------------------------------------------- */

enum err people_link(struct db *db, const unsigned char hash[USER_TOKEN_BYTES], int64_t now_ms)
{
	return setup_find(db, hash, now_ms, now_ms + 2 * SETUP_LINK_MS);
}

enum err people_open_link(struct db *db, const struct actor *by, const unsigned char hash[USER_TOKEN_BYTES])
{
	enum err e = setup_write(db, hash, by->now_ms + SETUP_LINK_MS);

	return e == ERR_NONE ? deed_note(db, by, "link_opened", "", NULL, NULL) : e;
}

enum err people_use_link(struct db *db, const struct actor *by, const unsigned char hash[USER_TOKEN_BYTES], const char *name,
	const char *password, struct fault *fault)
{
	enum err e = people_link(db, hash, by->now_ms);

	if (e == ERR_NOT_FOUND)
		return fault_set(fault, e, "link_over", "", "This link was used already, or is over. Make a new one: parkmeshctl setup-link.");
	if (e == ERR_NONE)
		e = people_add(db, by, name, USER_ADMIN, password, fault);
	return e == ERR_NONE ? setup_delete(db) : e;
}
