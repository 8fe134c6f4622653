#include "store/records_internal.h"

#include <string.h>

#include "base/text.h"
#include "store/logs.h"
#include "store/packed.h"
#include "store/stays_internal.h"

/* ---- a row ---- */

enum err get_line(sqlite3_stmt *st, int first, struct buf *out)
{
	const struct packed_place place = { .log = get_text_or_null(st, first), .seq = sqlite3_column_int64(st, first + 1),
		.hlc_ms = get_optional(st, first + 2), .hlc_counter = get_optional(st, first + 3), .at = get_optional(st, first + 4),
		.event_id = get_text_or_null(st, first + 5) };
	const char *packed = get_text_or_null(st, first + 6);

	buf_reset(out);
	if (place.log == NULL || packed == NULL)
		return ERR_CORRUPT;
	return line_unpack(&place, packed, (size_t)sqlite3_column_bytes(st, first + 6), out);
}

enum record_type get_record_type(sqlite3_stmt *st, int column)
{
	int64_t type = sqlite3_column_type(st, column) == SQLITE_INTEGER ? sqlite3_column_int64(st, column) : RECORD_UNKNOWN;

	return type > RECORD_UNKNOWN && type < RECORD_TYPES ? (enum record_type)type : RECORD_UNKNOWN;
}

const char *get_record_type_name(sqlite3_stmt *st, int column)
{
	enum record_type type = get_record_type(st, column);

	return type == RECORD_UNKNOWN ? get_text_or_null(st, column) : record_type_name(type);
}

/* A type that this version does not know stays a word. */
static void put_record_type(sqlite3_stmt *st, int index, const struct record *r)
{
	if (r->type == RECORD_UNKNOWN)
		put_text(st, index, r->type_name);
	else
		put_int(st, index, r->type);
}

const char *record_plate(const struct record *r)
{
	switch (r->type) {
	case RECORD_ENTRY:
		return r->data.entry.plate_id;
	case RECORD_EXIT:
		return r->data.exit.plate_id;
	case RECORD_CORRECTION:
		return r->data.correction.plate_id;
	case RECORD_UNKNOWN:
	case RECORD_LOG_OPEN:
	case RECORD_CONFIRMED:
	case RECORD_VOID:
	case RECORD_CONFIG:
		break;
	}
	return NULL;
}

void record_pack(const struct record *r, const char *line, size_t len, struct buf *out)
{
	const struct packed_place place = { .log = r->log, .seq = r->seq, .hlc_ms = r->has_hlc ? r->hlc.ms : -1,
		.hlc_counter = r->has_hlc ? r->hlc.counter : -1, .at = r->at, .event_id = r->event_id };

	line_pack(&place, line, len, out);
}

enum err record_insert_packed(struct db *db, const struct record *r, const char *packed, size_t len, const struct chain *chain,
	bool readable)
{
	sqlite3_stmt *st = sql_use(db, SQL_RECORD_INSERT);

	put_text(st, 1, r->log);
	put_int(st, 2, r->seq);
	put_optional(st, 3, r->has_hlc ? r->hlc.ms : -1);
	put_optional(st, 4, r->has_hlc ? r->hlc.counter : -1);
	put_optional(st, 5, r->at);
	put_record_type(st, 6, r);
	put_text(st, 7, r->event_id);
	put_text(st, 8, readable ? record_plate(r) : NULL);
	put_text_of(st, 9, packed, len);
	put_blob(st, 10, chain, sizeof(*chain));
	put_int(st, 11, readable ? 0 : MERGE_VERSION);
	return sql_run(db, st);
}

enum err record_insert(struct db *db, const struct record *r, const char *line, size_t len, const struct chain *chain, bool readable)
{
	struct buf packed;
	enum err e;

	buf_init(&packed, RECORD_MAX);
	record_pack(r, line, len, &packed);
	e = packed.failed ? ERR_MEMORY : record_insert_packed(db, r, packed.data, packed.len, chain, readable);
	buf_free(&packed);
	return e;
}

enum err record_count_of_event(struct db *db, const char *event_id, size_t *count)
{
	sqlite3_stmt *st = sql_use(db, SQL_RECORD_COUNT_EVENT);
	enum err e;

	put_text(st, 1, event_id);
	for (*count = 0; (e = sql_row(db, st)) == ERR_NONE;)
		++*count;
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err record_each_named(struct db *db, const char *event_id, record_named_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_RECORD_NAMED);
	struct key key;
	enum err e;

	put_text(st, 1, event_id);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		e = get_key(st, 1, &key);
		if (e != ERR_NONE || !each(arg, get_record_type(st, 0), &key))
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err record_each_numbered(struct db *db, int64_t after, int64_t limit, record_numbered_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_RECORD_NUMBERED);
	enum err e;

	put_int(st, 1, after);
	put_int(st, 2, limit);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		const struct record_numbered row = { .number = sqlite3_column_int64(st, 0), .log = get_text_or_null(st, 1),
			.seq = sqlite3_column_int64(st, 2), .type = get_record_type(st, 3), .event_id = get_text_or_null(st, 4) };

		e = each(arg, &row);
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err record_each_of_event(struct db *db, const char *event_id, record_each_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_RECORD_OF_EVENT);
	struct buf line;
	enum err e;

	buf_init(&line, RECORD_MAX);
	put_text(st, 1, event_id);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		e = get_line(st, 0, &line);
		if (e == ERR_NONE)
			e = each(arg, buf_text(&line), line.len);
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	buf_free(&line);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

static enum err line_of(struct db *db, sqlite3_stmt *st, struct buf *out)
{
	enum err e = sql_row(db, st);

	if (e == ERR_NONE)
		e = get_line(st, 0, out);
	sql_end(st);
	return e;
}

enum err record_each_of_row(struct db *db, const char *event_id, int64_t limit, record_look_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_RECORD_OF_ROW);
	struct record_look r;
	struct buf line;
	enum err e;

	buf_init(&line, RECORD_MAX);
	put_text(st, 1, event_id);
	put_int(st, 2, limit);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		e = get_line(st, 0, &line);
		r = (struct record_look){
			.log = get_text_or_null(st, 0), .seq = sqlite3_column_int64(st, 1), .type = get_record_type_name(st, LINE_COLUMN_COUNT),
			.hlc_ms = get_optional(st, 2), .payload = buf_text(&line), .len = line.len,
			.id = get_text_or_null(st, LINE_COLUMN_COUNT + 1), .writer = get_text_or_null(st, LINE_COLUMN_COUNT + 2),
		};
		if (e == ERR_NONE)
			e = each(arg, &r);
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	buf_free(&line);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err record_next_unread(struct db *db, struct buf *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_RECORD_UNREAD);

	put_int(st, 1, MERGE_VERSION);
	return line_of(db, st, out);
}

enum err record_mark(struct db *db, const struct record *r, int unread)
{
	sqlite3_stmt *st = sql_use(db, SQL_RECORD_MARK);

	put_text(st, 1, r->log);
	put_int(st, 2, r->seq);
	put_int(st, 3, unread);
	put_text(st, 4, unread == 0 ? record_plate(r) : NULL);
	put_record_type(st, 5, r);
	return sql_run(db, st);
}

enum err record_count_unread(struct db *db, int64_t max, int64_t *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_RECORD_COUNT_UNREAD);
	enum err e;

	put_int(st, 1, max);
	e = sql_row(db, st);
	if (e == ERR_NONE)
		*out = sqlite3_column_int64(st, 0);
	sql_end(st);
	return e;
}

enum err record_line(struct db *db, const char *log, int64_t seq, struct buf *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_RECORD_LINE);

	put_text(st, 1, log);
	put_int(st, 2, seq);
	return line_of(db, st, out);
}

enum err record_chain(struct db *db, const char *log, int64_t seq, struct chain *out)
{
	sqlite3_stmt *st;
	enum err e;

	if (seq == 0) {
		chain_zero(out);
		return ERR_NONE;
	}
	st = sql_use(db, SQL_RECORD_CHAIN);
	put_text(st, 1, log);
	put_int(st, 2, seq);
	e = sql_row(db, st);
	if (e == ERR_NONE)
		e = get_blob(st, 0, out, sizeof(*out));
	sql_end(st);
	return e;
}

enum err record_each_of_log(struct db *db, const char *log, int64_t first,
	bool (*each)(void *arg, int64_t seq, const char *line, size_t len, const struct chain *chain), void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_RECORD_OF_LOG);
	struct chain chain;
	struct buf line;
	enum err e;

	buf_init(&line, RECORD_MAX);
	put_text(st, 1, log);
	put_int(st, 2, first);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		e = get_line(st, 0, &line);
		if (e == ERR_NONE)
			e = get_blob(st, LINE_COLUMN_COUNT, &chain, sizeof(chain));
		if (e != ERR_NONE || !each(arg, sqlite3_column_int64(st, 1), buf_text(&line), line.len, &chain))
			break;
	}
	sql_end(st);
	buf_free(&line);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}
