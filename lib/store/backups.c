#include "store/backups.h"

#include "store/sql.h"

enum err backup_read(struct db *db, struct backup_row *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_BACKUP_READ);
	enum err e = sql_row(db, st);

	if (e == ERR_NONE) {
		*out = (struct backup_row){ .expected_ms = sqlite3_column_int64(st, 0), .made_ms = sqlite3_column_int64(st, 1),
			.bytes = sqlite3_column_int64(st, 3), .records = sqlite3_column_int64(st, 4) };
		e = get_text(st, 2, out->place, sizeof(out->place));
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
}

enum err backup_expect(struct db *db, int64_t now_ms)
{
	sqlite3_stmt *st = sql_use(db, SQL_BACKUP_EXPECT);

	put_int(st, 1, now_ms);
	return sql_run(db, st);
}

enum err backup_write(struct db *db, const struct backup_row *row)
{
	sqlite3_stmt *st = sql_use(db, SQL_BACKUP_WRITE);

	put_int(st, 1, row->made_ms);
	put_text(st, 2, row->place);
	put_int(st, 3, row->bytes);
	put_int(st, 4, row->records);
	return sql_run(db, st);
}
