#include "store/logs.h"

#include <string.h>

#include "store/stays_internal.h"

enum err clock_read(struct db *db, struct clock_row *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_CLOCK_READ);
	enum err e = sql_row(db, st);

	if (e != ERR_NONE)
		return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
	out->hlc.ms = sqlite3_column_int64(st, 0);
	out->hlc.counter = sqlite3_column_int64(st, 1);
	out->change = sqlite3_column_int64(st, 2);
	sql_end(st);
	return ERR_NONE;
}

enum err clock_write(struct db *db, const struct clock_row *row)
{
	sqlite3_stmt *st = sql_use(db, SQL_CLOCK_WRITE);

	put_int(st, 1, row->hlc.ms);
	put_int(st, 2, row->hlc.counter);
	put_int(st, 3, row->change);
	return sql_run(db, st);
}

static enum err log_from_row(sqlite3_stmt *st, struct log_row *out)
{
	enum err e = get_text(st, 0, out->log, sizeof(out->log));

	if (e == ERR_NONE)
		e = get_text(st, 1, out->id, sizeof(out->id));
	if (e == ERR_NONE)
		e = get_text(st, 2, out->writer, sizeof(out->writer));
	if (e == ERR_NONE)
		e = get_blob(st, 3, out->public_key, sizeof(out->public_key));
	if (e == ERR_NONE)
		e = get_text(st, 4, out->previous, sizeof(out->previous));
	if (e == ERR_NONE)
		e = get_blob(st, 7, &out->head, sizeof(out->head));
	out->previous_seq = get_optional(st, 5);
	out->head_seq = sqlite3_column_int64(st, 6);
	out->flags = (unsigned)sqlite3_column_int64(st, 8);
	out->change = sqlite3_column_int64(st, 9);
	return e;
}

static enum err one_log(struct db *db, enum sql which, const char *log, struct log_row *out)
{
	sqlite3_stmt *st = sql_use(db, which);
	enum err e;

	put_text(st, 1, log);
	e = sql_row(db, st);
	if (e == ERR_NONE)
		e = log_from_row(st, out);
	sql_end(st);
	return e;
}

enum err log_find(struct db *db, const char *log, struct log_row *out)
{
	return one_log(db, SQL_LOG_FIND, log, out);
}

enum err log_next(struct db *db, const char *after, struct log_row *out)
{
	return one_log(db, SQL_AUDIT_LOG, after, out);
}

enum err log_insert(struct db *db, const struct log_row *row)
{
	sqlite3_stmt *st = sql_use(db, SQL_LOG_INSERT);

	put_text(st, 1, row->log);
	put_text(st, 2, row->id);
	put_text(st, 3, row->writer);
	put_blob(st, 4, row->public_key, sizeof(row->public_key));
	put_text(st, 5, row->previous[0] == '\0' ? NULL : row->previous);
	put_optional(st, 6, row->previous_seq);
	put_int(st, 7, row->head_seq);
	put_blob(st, 8, &row->head, sizeof(row->head));
	put_int(st, 9, row->flags);
	put_int(st, 10, row->change);
	return sql_run(db, st);
}

enum err log_move_head(struct db *db, const char *log, int64_t seq, const struct chain *head, int64_t change)
{
	sqlite3_stmt *st = sql_use(db, SQL_LOG_MOVE_HEAD);

	put_text(st, 1, log);
	put_int(st, 2, seq);
	put_blob(st, 3, head, sizeof(*head));
	put_int(st, 4, change);
	return sql_run(db, st);
}

static enum err change_flags(struct db *db, enum sql which, const char *log, unsigned flags, int64_t change)
{
	sqlite3_stmt *st = sql_use(db, which);

	put_text(st, 1, log);
	put_int(st, 2, flags);
	put_int(st, 3, change);
	return sql_run(db, st);
}

enum err log_add_flags(struct db *db, const char *log, unsigned flags, int64_t change)
{
	return change_flags(db, SQL_LOG_ADD_FLAGS, log, flags, change);
}

enum err log_drop_flags(struct db *db, const char *log, unsigned flags, int64_t change)
{
	return change_flags(db, SQL_LOG_DROP_FLAGS, log, flags, change);
}

enum err log_count_previous(struct db *db, const char *previous, size_t *count, int64_t *ended_at)
{
	sqlite3_stmt *st = sql_use(db, SQL_LOG_COUNT_PREVIOUS);
	enum err e;

	put_text(st, 1, previous);
	e = sql_row(db, st);
	if (e == ERR_NONE) {
		*count = (size_t)sqlite3_column_int64(st, 0);
		*ended_at = sqlite3_column_int64(st, 1);
	}
	sql_end(st);
	return e;
}

enum err log_last_of(struct db *db, const char *id, const char *writer, const unsigned char public_key[KEY_BYTES], struct log_row *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_LOG_LAST_OF);
	enum err e;

	put_text(st, 1, id);
	put_text(st, 2, writer);
	put_blob(st, 3, public_key, KEY_BYTES);
	e = sql_row(db, st);
	if (e == ERR_NONE)
		e = log_from_row(st, out);
	sql_end(st);
	return e;
}

enum err log_find_flagged(struct db *db, const char *id, const unsigned char public_key[KEY_BYTES], unsigned flags,
	char out[LOG_ID_SIZE])
{
	sqlite3_stmt *st = sql_use(db, SQL_LOG_OF_AUTHOR);
	enum err e;

	put_text(st, 1, id);
	put_blob(st, 2, public_key, KEY_BYTES);
	put_int(st, 3, flags);
	e = sql_row(db, st);
	if (e == ERR_NONE)
		e = get_text(st, 0, out, LOG_ID_SIZE);
	sql_end(st);
	return e;
}

enum err log_successor(struct db *db, const char *previous, const char *after, struct log_row *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_LOG_SUCCESSOR);
	enum err e;

	put_text(st, 1, previous);
	put_text(st, 2, after);
	e = sql_row(db, st);
	if (e == ERR_NONE)
		e = log_from_row(st, out);
	sql_end(st);
	return e;
}

enum err log_open_of(struct db *db, const char *id, const char *writer, struct log_row *out, size_t max, size_t *count)
{
	sqlite3_stmt *st = sql_use(db, SQL_LOG_OPEN_OF);
	enum err e = ERR_NONE;

	put_text(st, 1, id);
	put_text(st, 2, writer);
	put_int(st, 3, (int64_t)max);
	for (*count = 0; *count < max && (e = sql_row(db, st)) == ERR_NONE; ++*count) {
		e = log_from_row(st, &out[*count]);
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err log_count_lost(struct db *db, const char *previous, const char *but, int64_t *records)
{
	sqlite3_stmt *st = sql_use(db, SQL_LOG_LOST);
	enum err e;

	put_text(st, 1, previous);
	put_text(st, 2, but);
	e = sql_row(db, st);
	if (e == ERR_NONE)
		*records = sqlite3_column_int64(st, 0);
	sql_end(st);
	return e;
}

enum err log_each_changed(struct db *db, int64_t after, bool (*each)(void *arg, const struct log_row *row), void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_LOG_CHANGED);
	struct log_row row;
	enum err e;

	put_int(st, 1, after);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		e = log_from_row(st, &row);
		if (e != ERR_NONE || !each(arg, &row))
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
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

enum err record_insert(struct db *db, const struct record *r, const char *line, size_t len, const struct chain *chain, bool readable)
{
	sqlite3_stmt *st = sql_use(db, SQL_RECORD_INSERT);

	put_text(st, 1, r->log);
	put_int(st, 2, r->seq);
	put_optional(st, 3, r->has_hlc ? r->hlc.ms : -1);
	put_optional(st, 4, r->has_hlc ? r->hlc.counter : -1);
	put_optional(st, 5, r->at);
	put_text(st, 6, r->type_name);
	put_text(st, 7, r->event_id);
	put_text(st, 8, readable ? record_plate(r) : NULL);
	put_text_of(st, 9, line, len);
	put_blob(st, 10, chain, sizeof(*chain));
	put_int(st, 11, readable ? 0 : MERGE_VERSION);
	return sql_run(db, st);
}

enum err record_count_of_event(struct db *db, const char *event_id, size_t *count)
{
	sqlite3_stmt *st = sql_use(db, SQL_RECORD_COUNT_EVENT);
	enum err e;

	put_text(st, 1, event_id);
	e = sql_row(db, st);
	if (e == ERR_NONE)
		*count = (size_t)sqlite3_column_int64(st, 0);
	sql_end(st);
	return e;
}

static enum record_type type_of(const char *name)
{
	for (int t = RECORD_UNKNOWN + 1; t <= RECORD_CONFIG; t++) {
		if (name != NULL && strcmp(name, record_type_name((enum record_type)t)) == 0)
			return (enum record_type)t;
	}
	return RECORD_UNKNOWN;
}

enum err record_each_named(struct db *db, const char *event_id, record_named_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_RECORD_NAMED);
	struct key key;
	enum err e;

	put_text(st, 1, event_id);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		e = get_key(st, 1, &key);
		if (e != ERR_NONE)
			break;
		each(arg, type_of(get_text_or_null(st, 0)), &key);
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
			.seq = sqlite3_column_int64(st, 2), .type = type_of(get_text_or_null(st, 3)), .event_id = get_text_or_null(st, 4) };

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
	enum err e;

	put_text(st, 1, event_id);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		e = each(arg, get_text_or_null(st, 0), (size_t)sqlite3_column_bytes(st, 0));
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

static enum err line_of(struct db *db, sqlite3_stmt *st, struct buf *out)
{
	enum err e = sql_row(db, st);

	if (e == ERR_NONE) {
		buf_add(out, get_text_or_null(st, 0), (size_t)sqlite3_column_bytes(st, 0));
		e = out->failed ? ERR_MEMORY : ERR_NONE;
	}
	sql_end(st);
	return e;
}

enum err record_each_of_row(struct db *db, const char *event_id, int64_t limit, record_look_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_RECORD_OF_ROW);
	struct record_look r;
	enum err e;

	put_text(st, 1, event_id);
	put_int(st, 2, limit);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		r = (struct record_look){
			.log = get_text_or_null(st, 0), .seq = sqlite3_column_int64(st, 1), .type = get_text_or_null(st, 2),
			.hlc_ms = get_optional(st, 3), .payload = get_text_or_null(st, 4), .len = (size_t)sqlite3_column_bytes(st, 4),
			.id = get_text_or_null(st, 5), .writer = get_text_or_null(st, 6),
		};
		e = each(arg, &r);
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
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
	enum err e;

	put_text(st, 1, log);
	put_int(st, 2, first);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		const char *line = get_text_or_null(st, 1);

		e = get_blob(st, 2, &chain, sizeof(chain));
		if (e != ERR_NONE || !each(arg, sqlite3_column_int64(st, 0), line, (size_t)sqlite3_column_bytes(st, 1), &chain))
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err seal_insert(struct db *db, const char *log, int64_t seq, const struct seal *s)
{
	sqlite3_stmt *st = sql_use(db, SQL_SEAL_INSERT);

	put_text(st, 1, log);
	put_int(st, 2, seq);
	put_blob(st, 3, s, sizeof(*s));
	return sql_run(db, st);
}

enum err seal_last_between(struct db *db, const char *log, int64_t first, int64_t last, int64_t *seq, struct seal *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_SEAL_LAST_BETWEEN);
	enum err e;

	put_text(st, 1, log);
	put_int(st, 2, first);
	put_int(st, 3, last);
	e = sql_row(db, st);
	if (e == ERR_NONE) {
		*seq = sqlite3_column_int64(st, 0);
		e = get_blob(st, 1, out, sizeof(*out));
	}
	sql_end(st);
	return e;
}
