#include "store/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/sql.h"

#define SETTING_PREFIX_SIZE 32

enum err setting_find(struct db *db, const char *key, struct setting_row *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_SETTING_FIND);
	enum err e;

	put_text(st, 1, key);
	e = sql_row(db, st);
	if (e == ERR_NONE) {
		const char *value = get_text_or_null(st, 0);

		*out = (struct setting_row){ .written = { .hlc = { sqlite3_column_int64(st, 1), sqlite3_column_int64(st, 2) },
			.seq = sqlite3_column_int64(st, 4) } };
		e = get_text(st, 3, out->written.log, sizeof(out->written.log));
		if (e == ERR_NONE && value != NULL) {
			out->value = strdup(value);
			e = out->value == NULL ? ERR_MEMORY : ERR_NONE;
		}
	}
	sql_end(st);
	return e;
}

enum err setting_write(struct db *db, const char *key, const char *value, const struct key *written)
{
	sqlite3_stmt *st = sql_use(db, SQL_SETTING_WRITE);

	put_text(st, 1, key);
	put_text(st, 2, value);
	put_int(st, 3, written->hlc.ms);
	put_int(st, 4, written->hlc.counter);
	put_text(st, 5, written->log);
	put_int(st, 6, written->seq);
	return sql_run(db, st);
}

enum err setting_list(struct db *db, const char *prefix, setting_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_SETTING_LIST);
	size_t len = strlen(prefix);
	char behind[SETTING_PREFIX_SIZE];
	enum err e;

	if (len == 0 || !text_copy(behind, sizeof(behind), prefix))
		return ERR_INVALID;
	behind[len - 1]++; /* keys are sorted byte by byte */
	put_text(st, 1, prefix);
	put_text(st, 2, behind);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		e = each(arg, get_text_or_null(st, 0) + len, get_text_or_null(st, 1));
		if (e != ERR_NONE) {
			sql_end(st);
			return e;
		}
	}
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}
