#include "store/history.h"

#include "base/buf.h"
#include "store/sql.h"

#define PATTERN_LIMIT 128

/* The first three values of a list: pattern, status, earliest begin. pattern must outlive the statement's run. */
static enum err put_filter(sqlite3_stmt *st, const struct history_filter *f, struct buf *pattern)
{
	if (f->search != NULL && f->search[0] != '\0') {
		buf_printf(pattern, "%%%s%%", f->search);
		if (pattern->failed)
			return ERR_TOO_LARGE;
		put_text(st, 1, buf_text(pattern));
	}
	put_text(st, 2, f->in_parking_only ? "IN" : f->status);
	put_int(st, 3, f->from_ts);
	return ERR_NONE;
}

static void row_from(sqlite3_stmt *st, struct history_row *row)
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
	};
}

enum err history_list(struct db *db, const struct history_filter *f, history_each_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_HISTORY_LIST);
	struct history_row row;
	struct buf pattern;
	enum err e;

	buf_init(&pattern, PATTERN_LIMIT);
	e = put_filter(st, f, &pattern);
	put_int(st, 4, f->limit);
	put_int(st, 5, f->offset);
	while (e == ERR_NONE && (e = sql_row(db, st)) == ERR_NONE) {
		row_from(st, &row);
		e = each(arg, &row);
	}
	sql_end(st);
	buf_free(&pattern);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err history_count(struct db *db, const struct history_filter *f, int64_t *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_HISTORY_COUNT);
	struct buf pattern;
	enum err e;

	buf_init(&pattern, PATTERN_LIMIT);
	e = put_filter(st, f, &pattern);
	if (e == ERR_NONE)
		e = sql_row(db, st);
	if (e == ERR_NONE)
		*out = sqlite3_column_int64(st, 0);
	sql_end(st);
	buf_free(&pattern);
	return e;
}

enum err history_stats(struct db *db, int64_t day_start, struct site_stats *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_STATS_INSIDE);
	enum err e = sql_row(db, st);

	if (e != ERR_NONE)
		return e;
	out->vehicles_in_parking = sqlite3_column_int64(st, 0);
	sql_end(st);

	st = sql_use(db, SQL_STATS_ENTRIES);
	put_int(st, 1, day_start);
	e = sql_row(db, st);
	if (e != ERR_NONE)
		return e;
	out->entries_today = sqlite3_column_int64(st, 0);
	sql_end(st);

	st = sql_use(db, SQL_STATS_EXITS);
	put_int(st, 1, day_start);
	e = sql_row(db, st);
	if (e != ERR_NONE)
		return e;
	out->exits_today = sqlite3_column_int64(st, 0);
	out->revenue_today = sqlite3_column_int64(st, 1);
	out->second_exits_today = sqlite3_column_int64(st, 2);
	sql_end(st);
	return ERR_NONE;
}
