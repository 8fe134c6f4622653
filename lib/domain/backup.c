#include "domain/backup.h"

#include <stddef.h>

#include "base/zone.h"
#include "store/users.h"

static enum err end_sessions(struct db *db)
{
	enum err e = session_forget(db, INT64_MAX);

	return e == ERR_NONE ? setup_delete(db) : e;
}

enum err backup_mark(struct db *db, const struct backup_row *made)
{
	enum err e = backup_write(db, made);

	return e == ERR_NONE ? end_sessions(db) : e;
}

enum err backup_put_back(struct db *db, const struct actor *by, struct backup_row *made)
{
	char when[ZONE_TEXT] = "";
	enum err e = backup_read(db, made);

	if (e == ERR_NONE)
		e = end_sessions(db);
	if (e == ERR_NONE && made->made_ms > 0)
		zone_text(made->made_ms, when);
	return e == ERR_NONE ? deed_note(db, by, "database_restored", when, NULL, NULL) : e;
}

bool backup_is_old(const struct backup_row *row, int64_t now_ms)
{
	int64_t last = row->made_ms > row->expected_ms ? row->made_ms : row->expected_ms;

	return row->expected_ms > 0 && now_ms - last > BACKUP_OLD_MS;
}
