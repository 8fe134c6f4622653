#include "store/history.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "store/history_internal.h"

/* ---- the cursor ---- */

void history_cursor_write(const struct history_cursor *c, char out[HISTORY_CURSOR_SIZE])
{
	text_format(out, HISTORY_CURSOR_SIZE, "%" PRId64 "-%" PRId64, c->begin_ts, c->id);
}

bool history_cursor_read(const char *text, struct history_cursor *out)
{
	char begin[HISTORY_CURSOR_SIZE];
	const char *dash = strchr(text, '-');

	return dash != NULL && text_format(begin, sizeof(begin), "%.*s", (int)(dash - text), text)
		&& number_parse(begin, INTEGER_MAX, &out->begin_ts) && number_parse(dash + 1, INTEGER_MAX, &out->id);
}

/* ---- rows ---- */

/* The statements that walk an index: the smallest that holds all rows which may fit. */
struct walk { enum sql newest, oldest, count; };

static const struct walk *walk_of(const struct history_filter *f)
{
	static const struct walk all = { SQL_HISTORY_LIST, SQL_HISTORY_OLDEST, SQL_HISTORY_COUNT },
		flagged = { SQL_HISTORY_FLAGGED, SQL_HISTORY_OLDEST_FLAGGED, SQL_HISTORY_COUNT_FLAGGED },
		inside = { SQL_HISTORY_INSIDE, SQL_HISTORY_OLDEST_INSIDE, SQL_HISTORY_COUNT_INSIDE },
		superseded = { SQL_HISTORY_SUPERSEDED, SQL_HISTORY_OLDEST_SUPERSEDED, SQL_HISTORY_COUNT_SUPERSEDED };

	if (f->flagged)
		return &flagged;
	if (f->in_parking_only || (f->status != NULL && strcmp(f->status, "IN") == 0))
		return &inside;
	return f->status != NULL && strcmp(f->status, "SUPERSEDED") == 0 ? &superseded : &all;
}

/* What the walk's begin_ts lies between, so that the index is entered where it goes on. */
static void put_bounds(sqlite3_stmt *st, const struct history_filter *f)
{
	int64_t from = f->from_ts, to = f->to_ts > 0 ? f->to_ts : INT64_MAX;
	int64_t none = f->oldest_first ? -1 : INT64_MAX;

	if (f->has_after && f->oldest_first && f->after.begin_ts > from)
		from = f->after.begin_ts;
	if (f->has_after && !f->oldest_first && f->after.begin_ts < to)
		to = f->after.begin_ts;
	put_int(st, 3, from);
	put_int(st, 4, to);
	put_int(st, 5, f->has_after ? f->after.begin_ts : none);
	put_int(st, 6, f->has_after ? f->after.id : none);
}

static void put_filter(sqlite3_stmt *st, const struct history_filter *f, int64_t limit)
{
	put_text(st, 1, f->search != NULL && f->search[0] != '\0' ? f->search : NULL);
	put_text(st, 2, f->in_parking_only ? "IN" : f->status);
	put_bounds(st, f);
	put_text(st, 7, f->central);
	put_text(st, 8, f->edge);
	put_int(st, 9, f->entries_only);
	put_int(st, 10, limit);
}

void history_row_from(sqlite3_stmt *st, struct history_row *row)
{
	*row = (struct history_row){
		.id = sqlite3_column_int64(st, 0), .event_id = get_text_or_null(st, 1), .source_central = get_text_or_null(st, 2),
		.edge_id = get_text_or_null(st, 3), .plate_id = get_text_or_null(st, 4), .plate_view = get_text_or_null(st, 5),
		.entry_time = get_text_or_null(st, 6), .entry_camera_id = get_text_or_null(st, 7),
		.entry_camera_name = get_text_or_null(st, 8), .entry_confidence = get_real_optional(st, 9),
		.entry_source = get_text_or_null(st, 10), .exit_time = get_text_or_null(st, 11),
		.exit_camera_id = get_text_or_null(st, 12), .exit_camera_name = get_text_or_null(st, 13),
		.exit_confidence = get_real_optional(st, 14), .exit_source = get_text_or_null(st, 15),
		.duration = get_text_or_null(st, 16), .fee = sqlite3_column_int64(st, 17), .status = get_text_or_null(st, 18),
		.sync_status = get_text_or_null(st, 19), .created_at = get_text_or_null(st, 20), .updated_at = get_text_or_null(st, 21),
		.entry_ts = get_optional(st, 22), .exit_ts = get_optional(st, 23), .exit_central = get_text_or_null(st, 24),
		.confirmed_ts = get_optional(st, 25), .superseded_by = get_text_or_null(st, 26), .flags = get_text_or_null(st, 27),
		.camera_type = get_text_or_null(st, 28), .exit_edge = get_text_or_null(st, 29), .exit_reason = get_text_or_null(st, 30),
		.begin_ts = sqlite3_column_int64(st, 31), .change = sqlite3_column_int64(st, 32),
	};
}

static enum err each_row(struct db *db, sqlite3_stmt *st, history_each_fn *each, void *arg)
{
	struct history_row row;
	enum err e;

	while ((e = sql_row(db, st)) == ERR_NONE) {
		history_row_from(st, &row);
		e = each(arg, &row);
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err history_list(struct db *db, const struct history_filter *f, history_each_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, f->oldest_first ? walk_of(f)->oldest : walk_of(f)->newest);

	put_filter(st, f, f->limit);
	put_int(st, 11, f->offset);
	return each_row(db, st, each, arg);
}

enum err history_keys(struct db *db, const struct history_filter *f, history_key_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, f->oldest_first ? SQL_HISTORY_OLDEST_OF_PLATES : SQL_HISTORY_OF_PLATES);
	enum err e;

	put_filter(st, f, f->limit);
	put_text(st, 11, f->plates);
	put_int(st, 12, f->flagged);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		const struct history_cursor key = { sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1) };

		e = each(arg, &key);
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err history_changed(struct db *db, const struct history_mark *after, int64_t limit, history_each_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_HISTORY_CHANGED);

	put_int(st, 1, after->change);
	put_int(st, 2, after->id);
	put_int(st, 3, limit);
	return each_row(db, st, each, arg);
}

enum err history_back(struct db *db, const struct history_mark *before, int64_t limit, history_back_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_HISTORY_BACK);
	enum err e;

	put_int(st, 1, before->change);
	put_int(st, 2, before->id);
	put_int(st, 3, limit);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		const struct history_mark mark = { sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1) };

		e = each(arg, &mark, get_text_or_null(st, 2));
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err history_mark(struct db *db, int64_t rows, struct history_mark *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_HISTORY_MARK);
	enum err e;

	*out = (struct history_mark){ 0 };
	put_int(st, 1, rows);
	e = sql_row(db, st);
	if (e == ERR_NONE)
		*out = (struct history_mark){ sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1) };
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err history_find(struct db *db, int64_t id, history_each_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_HISTORY_OF_ROW);
	struct history_row row;
	enum err e;

	put_int(st, 1, id);
	e = sql_row(db, st);
	if (e == ERR_NONE) {
		history_row_from(st, &row);
		e = each(arg, &row);
	}
	sql_end(st);
	return e;
}

/* ---- figures ---- */

/* The numbers of a statement's only row. */
static enum err take_numbers(struct db *db, sqlite3_stmt *st, int64_t *out, int count)
{
	enum err e = sql_row(db, st);

	for (int i = 0; e == ERR_NONE && i < count; i++)
		out[i] = sqlite3_column_int64(st, i);
	sql_end(st);
	return e;
}

enum err history_count(struct db *db, const struct history_filter *f, int64_t *out)
{
	return history_count_most(db, f, HISTORY_COUNT_MAX, out);
}

enum err history_count_most(struct db *db, const struct history_filter *f, int64_t most, int64_t *out)
{
	struct history_filter all = *f;
	sqlite3_stmt *st = sql_use(db, walk_of(f)->count);

	all.has_after = all.oldest_first = false;
	put_filter(st, &all, most);
	return take_numbers(db, st, out, 1);
}

static enum err since(struct db *db, enum sql which, int64_t day_start, int64_t *out, int count)
{
	sqlite3_stmt *st = sql_use(db, which);

	put_int(st, 1, day_start);
	return take_numbers(db, st, out, count);
}

enum err history_stats(struct db *db, int64_t day_start, struct site_stats *out)
{
	int64_t exits[3] = { 0 };
	enum err e = take_numbers(db, sql_use(db, SQL_STATS_INSIDE), &out->vehicles_in_parking, 1);

	if (e == ERR_NONE)
		e = since(db, SQL_STATS_ENTRIES, day_start, &out->entries_today, 1);
	if (e == ERR_NONE)
		e = since(db, SQL_STATS_EXITS, day_start, exits, 3);
	out->exits_today = exits[0];
	out->revenue_today = exits[1];
	out->second_exits_today = exits[2];
	return e;
}

/* ---- changes ---- */

static void change_from(sqlite3_stmt *st, struct change_look *row)
{
	*row = (struct change_look){
		.id = sqlite3_column_int64(st, 0), .history_id = get_optional(st, 1), .event_id = get_text_or_null(st, 2),
		.change_type = get_text_or_null(st, 3), .old_plate_id = get_text_or_null(st, 4), .new_plate_id = get_text_or_null(st, 5),
		.old_plate_view = get_text_or_null(st, 6), .new_plate_view = get_text_or_null(st, 7), .old_data = get_text_or_null(st, 8),
		.new_data = get_text_or_null(st, 9), .changed_at = get_text_or_null(st, 10), .changed_by = get_text_or_null(st, 11),
	};
}

enum err change_list(struct db *db, int64_t history_id, int64_t limit, int64_t offset, change_each_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, history_id < 0 ? SQL_CHANGE_LIST : SQL_CHANGE_OF_ROW);
	struct change_look row;
	enum err e;

	put_int(st, 1, limit);
	put_int(st, 2, offset);
	if (history_id >= 0)
		put_int(st, 3, history_id);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		change_from(st, &row);
		e = each(arg, &row);
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}
