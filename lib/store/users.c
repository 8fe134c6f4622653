#include "store/users.h"

#include <string.h>

#include "store/sql.h"

static const char *const role_names[] = { [USER_NOBODY] = "", [USER_VIEWER] = "viewer", [USER_OPERATOR] = "operator",
	[USER_ADMIN] = "admin" };

const char *user_role_name(enum user_role role)
{
	return role_names[role];
}

bool user_role_parse(const char *name, enum user_role *out)
{
	for (int role = USER_VIEWER; role <= USER_ADMIN; role++) {
		if (strcmp(role_names[role], name) == 0) {
			*out = (enum user_role)role;
			return true;
		}
	}
	return false;
}

static enum err get_role(sqlite3_stmt *st, int column, enum user_role *out)
{
	const char *name = get_text_or_null(st, column);

	return name != NULL && user_role_parse(name, out) ? ERR_NONE : ERR_CORRUPT;
}

/* ---- users ---- */

static enum err user_from(sqlite3_stmt *st, struct user_row *out)
{
	enum err e;

	*out = (struct user_row){ .created_ms = sqlite3_column_int64(st, 3), .changed_ms = sqlite3_column_int64(st, 4),
		.seen_ms = sqlite3_column_int64(st, 5) };
	e = get_text(st, 0, out->name, sizeof(out->name));
	if (e == ERR_NONE)
		e = get_role(st, 1, &out->role);
	return e == ERR_NONE ? get_text(st, 2, out->password, sizeof(out->password)) : e;
}

enum err user_find(struct db *db, const char *name, struct user_row *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_USER_FIND);
	enum err e;

	put_text(st, 1, name);
	e = sql_row(db, st);
	if (e == ERR_NONE)
		e = user_from(st, out);
	sql_end(st);
	return e;
}

enum err user_count_admins(struct db *db, int64_t *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_USER_ADMINS);
	enum err e = sql_row(db, st);

	if (e == ERR_NONE)
		*out = sqlite3_column_int64(st, 0);
	sql_end(st);
	return e;
}

enum err user_list(struct db *db, user_each_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_USER_LIST);
	struct user_row row;
	enum err e;

	put_text(st, 1, "");
	while ((e = sql_row(db, st)) == ERR_NONE) {
		e = user_from(st, &row);
		if (e == ERR_NONE)
			e = each(arg, &row);
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err user_insert(struct db *db, const struct user_row *row)
{
	struct user_row held;
	sqlite3_stmt *st;
	enum err e = user_find(db, row->name, &held);

	if (e != ERR_NOT_FOUND)
		return e == ERR_NONE ? ERR_CONFLICT : e;
	st = sql_use(db, SQL_USER_INSERT);
	put_text(st, 1, row->name);
	put_text(st, 2, user_role_name(row->role));
	put_text(st, 3, row->password);
	put_int(st, 4, row->created_ms);
	return sql_run(db, st);
}

enum err user_set_password(struct db *db, const char *name, const char *password, int64_t now_ms)
{
	sqlite3_stmt *st = sql_use(db, SQL_USER_PASSWORD);

	put_text(st, 1, name);
	put_text(st, 2, password);
	put_int(st, 3, now_ms);
	return sql_run(db, st);
}

enum err user_set_role(struct db *db, const char *name, enum user_role role, int64_t now_ms)
{
	sqlite3_stmt *st = sql_use(db, SQL_USER_ROLE);

	put_text(st, 1, name);
	put_text(st, 2, user_role_name(role));
	put_int(st, 3, now_ms);
	return sql_run(db, st);
}

enum err user_seen(struct db *db, const char *name, int64_t now_ms)
{
	sqlite3_stmt *st = sql_use(db, SQL_USER_SEEN);

	put_text(st, 1, name);
	put_int(st, 2, now_ms);
	return sql_run(db, st);
}

enum err user_delete(struct db *db, const char *name)
{
	sqlite3_stmt *st = sql_use(db, SQL_USER_DELETE);

	put_text(st, 1, name);
	return sql_run(db, st);
}

/* ---- sessions ---- */

enum err session_find(struct db *db, const unsigned char hash[USER_TOKEN_BYTES], int64_t used_after_ms, int64_t made_after_ms,
	struct session_row *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_SESSION_FIND);
	enum err e;

	put_blob(st, 1, hash, USER_TOKEN_BYTES);
	put_int(st, 2, used_after_ms);
	put_int(st, 3, made_after_ms);
	e = sql_row(db, st);
	if (e == ERR_NONE) {
		*out = (struct session_row){ .created_ms = sqlite3_column_int64(st, 2), .used_ms = sqlite3_column_int64(st, 3) };
		e = get_text(st, 0, out->user, sizeof(out->user));
		if (e == ERR_NONE)
			e = get_role(st, 1, &out->role);
	}
	sql_end(st);
	return e;
}

enum err session_insert(struct db *db, const unsigned char hash[USER_TOKEN_BYTES], const char *user, const char *address,
	int64_t now_ms)
{
	sqlite3_stmt *st = sql_use(db, SQL_SESSION_INSERT);

	put_blob(st, 1, hash, USER_TOKEN_BYTES);
	put_text(st, 2, user);
	put_text(st, 3, address);
	put_int(st, 4, now_ms);
	return sql_run(db, st);
}

enum err session_used(struct db *db, const unsigned char hash[USER_TOKEN_BYTES], int64_t now_ms)
{
	sqlite3_stmt *st = sql_use(db, SQL_SESSION_USED);

	put_blob(st, 1, hash, USER_TOKEN_BYTES);
	put_int(st, 2, now_ms);
	return sql_run(db, st);
}

enum err session_delete(struct db *db, const unsigned char hash[USER_TOKEN_BYTES])
{
	sqlite3_stmt *st = sql_use(db, SQL_SESSION_DELETE);

	put_blob(st, 1, hash, USER_TOKEN_BYTES);
	return sql_run(db, st);
}

enum err session_delete_others(struct db *db, const char *user, const unsigned char *hash)
{
	sqlite3_stmt *st = sql_use(db, SQL_SESSION_DELETE_OTHERS);

	put_text(st, 1, user);
	if (hash != NULL)
		put_blob(st, 2, hash, USER_TOKEN_BYTES);
	return sql_run(db, st);
}

enum err session_forget(struct db *db, int64_t used_until_ms)
{
	sqlite3_stmt *st = sql_use(db, SQL_SESSION_FORGET);

	put_int(st, 1, used_until_ms);
	return sql_run(db, st);
}

enum err session_addresses(struct db *db, int limit, session_address_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_SESSION_ADDRESSES);
	char user[USER_NAME_SIZE], address[USER_ADDRESS_SIZE];
	enum err e;

	put_int(st, 1, limit);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		e = get_text(st, 0, user, sizeof(user));
		if (e == ERR_NONE)
			e = get_text(st, 1, address, sizeof(address));
		if (e == ERR_NONE)
			e = each(arg, user, address);
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

/* ---- the link ---- */

enum err setup_write(struct db *db, const unsigned char hash[USER_TOKEN_BYTES], int64_t expires_ms)
{
	sqlite3_stmt *st = sql_use(db, SQL_SETUP_WRITE);

	put_blob(st, 1, hash, USER_TOKEN_BYTES);
	put_int(st, 2, expires_ms);
	return sql_run(db, st);
}

enum err setup_find(struct db *db, const unsigned char hash[USER_TOKEN_BYTES], int64_t after_ms, int64_t until_ms)
{
	sqlite3_stmt *st = sql_use(db, SQL_SETUP_FIND);
	enum err e;

	put_blob(st, 1, hash, USER_TOKEN_BYTES);
	put_int(st, 2, after_ms);
	put_int(st, 3, until_ms);
	e = sql_row(db, st);
	sql_end(st);
	return e;
}

enum err setup_delete(struct db *db)
{
	return sql_run(db, sql_use(db, SQL_SETUP_DELETE));
}
