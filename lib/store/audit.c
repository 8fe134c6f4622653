#include "store/audit.h"

#include <string.h>

#include "store/records_internal.h"
#include "store/sql.h"

enum err held_count(struct db *db, struct held_counts *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_HELD_COUNT);
	enum err e = sql_row(db, st);

	if (e == ERR_NONE)
		*out = (struct held_counts){ sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1), sqlite3_column_int64(st, 2),
			sqlite3_column_int64(st, 3) };
	sql_end(st);
	return e;
}

enum err audit_records(struct db *db, const char *log, int64_t first, size_t limit, audit_record_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_AUDIT_RECORDS);
	struct buf line;
	enum err e;

	buf_init(&line, RECORD_MAX);
	put_text(st, 1, log);
	put_int(st, 2, first);
	put_int(st, 3, (int64_t)limit);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		struct audit_record row = { .seq = sqlite3_column_int64(st, 1), .hlc_ms = get_optional(st, 2),
			.hlc_counter = get_optional(st, 3), .at = get_optional(st, 4), .event_id = get_text_or_null(st, 5),
			.type = get_record_type_name(st, LINE_COLUMN_COUNT), .plate_id = get_text_or_null(st, LINE_COLUMN_COUNT + 1),
			.unread = sqlite3_column_int64(st, LINE_COLUMN_COUNT + 3) };

		/* what cannot be unpacked, or has a chain of the wrong size, is a line that the chain does not fit */
		if (get_line(st, 0, &line) != ERR_NONE)
			buf_reset(&line);
		row.line = buf_text(&line);
		row.len = line.len;
		if (get_blob(st, LINE_COLUMN_COUNT + 2, &row.chain, sizeof(row.chain)) != ERR_NONE)
			chain_zero(&row.chain);
		e = each(arg, &row);
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	buf_free(&line);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err audit_moment(struct db *db, const char *log, int64_t seq, int64_t *hlc_ms)
{
	sqlite3_stmt *st = sql_use(db, SQL_AUDIT_MOMENT);
	enum err e;

	put_text(st, 1, log);
	put_int(st, 2, seq);
	e = sql_row(db, st);
	*hlc_ms = e == ERR_NONE ? get_optional(st, 0) : -1;
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err audit_seals(struct db *db, const char *log, int64_t first, int64_t last, audit_seal_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_AUDIT_SEALS);
	enum err e;

	put_text(st, 1, log);
	put_int(st, 2, first);
	put_int(st, 3, last);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		struct seal s = { { 0 } };

		/* one of the wrong size is one that does not verify */
		(void)get_blob(st, 1, &s, sizeof(s));
		e = each(arg, sqlite3_column_int64(st, 0), &s);
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

/* ---- comparing ---- */

/* Columns of these statements: a key of two, the record the row is about, then what has to be equal. */
enum { COLUMN_KEY, COLUMN_NUMBER, COLUMN_LOG, COLUMN_SEQ, COLUMN_FIRST };

static const struct { enum sql sql; const char *name; } TABLE[AUDIT_TABLES] = {
	[AUDIT_HISTORY] = { SQL_AUDIT_HISTORY, "history" }, [AUDIT_EXITS] = { SQL_AUDIT_EXITS, "exits" },
	[AUDIT_SETTINGS] = { SQL_AUDIT_SETTINGS, "settings" },
};

static sqlite3_stmt *rows_behind(struct db *db, enum audit_table table, const struct audit_place *after, size_t limit)
{
	sqlite3_stmt *st = sql_use(db, TABLE[table].sql);

	put_text(st, 1, after->text);
	put_int(st, 2, after->number);
	put_int(st, 3, (int64_t)limit);
	return st;
}

static int compare_keys(sqlite3_stmt *a, sqlite3_stmt *b)
{
	const char *x = get_text_or_null(a, COLUMN_KEY), *y = get_text_or_null(b, COLUMN_KEY);
	int64_t m = sqlite3_column_int64(a, COLUMN_NUMBER), n = sqlite3_column_int64(b, COLUMN_NUMBER);
	int c = strcmp(x == NULL ? "" : x, y == NULL ? "" : y);

	return c != 0 ? c : (m > n) - (m < n);
}

static bool column_equal(sqlite3_stmt *a, sqlite3_stmt *b, int column)
{
	int type = sqlite3_column_type(a, column);
	const void *x, *y;

	if (type != sqlite3_column_type(b, column))
		return false;
	if (type == SQLITE_NULL)
		return true;
	if (type == SQLITE_INTEGER)
		return sqlite3_column_int64(a, column) == sqlite3_column_int64(b, column);
	if (type == SQLITE_FLOAT)
		return sqlite3_column_double(a, column) == sqlite3_column_double(b, column);
	x = sqlite3_column_blob(a, column);
	y = sqlite3_column_blob(b, column);
	return sqlite3_column_bytes(a, column) == sqlite3_column_bytes(b, column)
		&& (x == NULL || memcmp(x, y, (size_t)sqlite3_column_bytes(a, column)) == 0);
}

static void name_record(sqlite3_stmt *st, struct audit_difference *out)
{
	*out = (struct audit_difference){ .seq = sqlite3_column_int64(st, COLUMN_SEQ) };
	if (get_text(st, COLUMN_LOG, out->log, sizeof(out->log)) != ERR_NONE)
		out->log[0] = '\0';
}

static const char *key_of(sqlite3_stmt *st)
{
	const char *text = get_text_or_null(st, COLUMN_KEY);

	return text == NULL ? "" : text;
}

static const char *value_of(sqlite3_stmt *st, int column)
{
	const char *text = get_text_or_null(st, column);

	return text == NULL ? "nothing" : text;
}

/* One of them has a row that the other has not: the one with the smaller key. held or anew NULL: it is at its end. */
static enum err differ_in_rows(enum audit_table table, sqlite3_stmt *held, sqlite3_stmt *anew, struct audit_difference *out)
{
	bool extra = anew == NULL || (held != NULL && compare_keys(held, anew) < 0);

	name_record(extra ? held : anew, out);
	if (extra)
		text_format(out->what, sizeof(out->what), "%s has a row %.100s that no record makes.", TABLE[table].name, key_of(held));
	else
		text_format(out->what, sizeof(out->what), "%s lacks the row %.100s that the records make.", TABLE[table].name, key_of(anew));
	return ERR_CONFLICT;
}

static enum err compare_rows(enum audit_table table, sqlite3_stmt *held, sqlite3_stmt *anew, struct audit_difference *out)
{
	if (compare_keys(held, anew) != 0)
		return differ_in_rows(table, held, anew, out);
	for (int i = COLUMN_FIRST; i < sqlite3_column_count(held); i++) {
		if (column_equal(held, anew, i))
			continue;
		name_record(anew, out);
		text_format(out->what, sizeof(out->what), "%s, row %.80s: %s is %.40s, but the records make it %.40s.", TABLE[table].name,
			key_of(held), sqlite3_column_name(held, i), value_of(held, i), value_of(anew, i));
		return ERR_CONFLICT;
	}
	return ERR_NONE;
}

enum err audit_compare(struct db *held, struct db *anew, enum audit_table table, struct audit_place *after, size_t limit, size_t *rows,
	struct audit_difference *out)
{
	sqlite3_stmt *a = rows_behind(held, table, after, limit), *b = rows_behind(anew, table, after, limit);
	struct audit_place last = *after; /* the statements read *after until they are done */
	enum err e = ERR_NONE;

	for (*rows = 0; e == ERR_NONE; ++*rows) {
		enum err x = sql_row(held, a), y = sql_row(anew, b);

		if ((x != ERR_NONE && x != ERR_NOT_FOUND) || (y != ERR_NONE && y != ERR_NOT_FOUND))
			e = x != ERR_NONE && x != ERR_NOT_FOUND ? x : y;
		else if (x == ERR_NOT_FOUND && y == ERR_NOT_FOUND)
			break;
		else if (x == ERR_NOT_FOUND || y == ERR_NOT_FOUND)
			e = differ_in_rows(table, x == ERR_NONE ? a : NULL, y == ERR_NONE ? b : NULL, out);
		else
			e = compare_rows(table, a, b, out);
		if (e == ERR_NONE) {
			e = get_text(a, COLUMN_KEY, last.text, sizeof(last.text));
			last.number = sqlite3_column_int64(a, COLUMN_NUMBER);
		}
	}
	sql_end(a);
	sql_end(b);
	*after = last;
	return e;
}
