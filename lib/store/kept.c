#include "store/kept.h"

#include <stdlib.h>
#include <string.h>

#include "store/sql.h"

#define FORGET_AT_ONCE 16  /* more than come: the table shrinks, and no request pays for many others */

static void put_key(sqlite3_stmt *st, const struct kept_key *key)
{
	put_text(st, 1, key->caller);
	put_text(st, 2, key->route);
	put_text(st, 3, key->key);
}

static enum err row_from(sqlite3_stmt *st, struct kept_answer *out)
{
	const char *answer = get_text_or_null(st, 2);

	*out = (struct kept_answer){ .status = sqlite3_column_int(st, 1) };
	if (answer == NULL || get_blob(st, 0, out->body_hash, sizeof(out->body_hash)) != ERR_NONE)
		return ERR_CORRUPT;
	out->answer = strdup(answer);
	if (out->answer == NULL)
		return ERR_MEMORY;
	out->len = strlen(answer);
	return ERR_NONE;
}

enum err kept_find(struct db *db, const struct kept_key *key, int64_t now_ms, struct kept_answer *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_KEPT_FIND);
	enum err e;

	put_key(st, key);
	put_int(st, 4, now_ms - KEPT_MS);
	e = sql_row(db, st);
	if (e == ERR_NONE)
		e = row_from(st, out);
	sql_end(st);
	return e;
}

enum err kept_write(struct db *db, const struct kept_key *key, int64_t now_ms, const struct kept_answer *a)
{
	sqlite3_stmt *st = sql_use(db, SQL_KEPT_FORGET);
	enum err e;

	put_int(st, 1, now_ms - KEPT_MS);
	put_int(st, 2, FORGET_AT_ONCE);
	e = sql_run(db, st);
	if (e != ERR_NONE)
		return e;
	st = sql_use(db, SQL_KEPT_WRITE);
	put_key(st, key);
	put_blob(st, 4, a->body_hash, sizeof(a->body_hash));
	put_int(st, 5, a->status);
	put_text_of(st, 6, a->answer, a->len);
	put_int(st, 7, now_ms);
	return sql_run(db, st);
}
