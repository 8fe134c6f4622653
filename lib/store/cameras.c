#include "store/cameras.h"

#include "store/sql.h"

#define FORGET_AT_ONCE 16  /* more than come: the table shrinks, and no request pays for many others */

static const char *text_or_null(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

/* ---- cameras ---- */

/* There was one row more than before, at most: one has to go, at most. */
static enum err keep_few(struct db *db, const char *newest)
{
	sqlite3_stmt *st = sql_use(db, SQL_CAMERA_COUNT);
	enum err e = sql_row(db, st);
	bool many = e == ERR_NONE && sqlite3_column_int64(st, 0) > CAMERAS_MAX;

	sql_end(st);
	if (!many)
		return e;
	st = sql_use(db, SQL_CAMERA_FORGET);
	put_text(st, 1, newest);
	return sql_run(db, st);
}

enum err camera_heard(struct db *db, const struct camera_row *row)
{
	sqlite3_stmt *st = sql_use(db, SQL_CAMERA_HEARD);
	enum err e;

	put_text(st, 1, row->camera_id);
	put_text(st, 2, text_or_null(row->camera_name));
	put_text(st, 3, text_or_null(row->camera_type));
	put_text(st, 4, row->edge_id);
	put_text(st, 5, text_or_null(row->status));
	put_optional(st, 6, row->events_sent);
	put_optional(st, 7, row->events_failed);
	put_int(st, 8, row->heartbeat_ms);
	put_int(st, 9, row->clock_good);
	e = sql_run(db, st);
	return e == ERR_NONE ? keep_few(db, row->camera_id) : e;
}

enum err camera_sent_event(struct db *db, const struct camera_row *row)
{
	sqlite3_stmt *st = sql_use(db, SQL_CAMERA_EVENT);
	enum err e;

	put_text(st, 1, row->camera_id);
	put_text(st, 2, text_or_null(row->camera_name));
	put_text(st, 3, text_or_null(row->camera_type));
	put_text(st, 4, row->edge_id);
	put_int(st, 5, row->event_ms);
	e = sql_run(db, st);
	return e == ERR_NONE ? keep_few(db, row->camera_id) : e;
}

static enum err row_from(sqlite3_stmt *st, struct camera_row *out)
{
	struct { int column; char *text; size_t size; } texts[] = {
		{ 0, out->camera_id, sizeof(out->camera_id) }, { 1, out->camera_name, sizeof(out->camera_name) },
		{ 2, out->camera_type, sizeof(out->camera_type) }, { 3, out->edge_id, sizeof(out->edge_id) },
		{ 4, out->status, sizeof(out->status) },
	};
	enum err e = ERR_NONE;

	*out = (struct camera_row){ .events_sent = get_optional(st, 5), .events_failed = get_optional(st, 6),
		.heartbeat_ms = sqlite3_column_int64(st, 7), .clock_good = sqlite3_column_int(st, 8) != 0,
		.event_ms = sqlite3_column_int64(st, 9) };
	for (size_t i = 0; e == ERR_NONE && i < sizeof(texts) / sizeof(texts[0]); i++)
		e = get_text(st, texts[i].column, texts[i].text, texts[i].size);
	return e;
}

static enum err find(struct db *db, enum sql which, const char *id, struct camera_row *out)
{
	sqlite3_stmt *st = sql_use(db, which);
	enum err e;

	put_text(st, 1, id);
	e = sql_row(db, st);
	if (e == ERR_NONE)
		e = row_from(st, out);
	sql_end(st);
	return e;
}

enum err camera_find(struct db *db, const char *camera_id, struct camera_row *out)
{
	return find(db, SQL_CAMERA_FIND, camera_id, out);
}

enum err camera_find_of_edge(struct db *db, const char *edge_id, struct camera_row *out)
{
	return find(db, SQL_CAMERA_OF_EDGE, edge_id, out);
}

enum err camera_list(struct db *db, camera_each_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_CAMERA_LIST);
	struct camera_row row;
	enum err e;

	while ((e = sql_row(db, st)) == ERR_NONE) {
		e = row_from(st, &row);
		if (e == ERR_NONE)
			e = each(arg, &row);
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

/* ---- events ---- */

static enum err forget_events(struct db *db, int64_t now_ms)
{
	sqlite3_stmt *st = sql_use(db, SQL_EVENT_FORGET);

	put_int(st, 1, now_ms - EVENTS_KEPT_MS);
	put_int(st, 2, EVENTS_KEPT);
	put_int(st, 3, FORGET_AT_ONCE);
	return sql_run(db, st);
}

enum err event_insert(struct db *db, const struct event_row *row)
{
	sqlite3_stmt *st = sql_use(db, SQL_EVENT_INSERT);
	enum err e;

	put_text(st, 1, row->type);
	put_text(st, 2, row->event_id);
	put_text(st, 3, row->camera_id);
	put_text(st, 4, row->edge_id);
	put_text(st, 5, row->plate_id);
	put_int(st, 6, row->accepted);
	put_text(st, 7, row->code);
	put_text_of(st, 8, row->payload, row->payload_len);
	put_int(st, 9, row->received_ms);
	e = sql_run(db, st);
	return e == ERR_NONE ? forget_events(db, row->received_ms) : e;
}

static enum err is_there(struct db *db, enum sql which, const char *id, bool *out)
{
	sqlite3_stmt *st = sql_use(db, which);
	enum err e;

	put_text(st, 1, id);
	e = sql_row(db, st);
	sql_end(st);
	*out = e == ERR_NONE;
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err entry_was_told(struct db *db, const char *event_id, bool *out)
{
	return is_there(db, SQL_RECORD_ENTRY_OF, event_id, out);
}

enum err exit_was_told(struct db *db, const char *edge_event_id, bool *out)
{
	return is_there(db, SQL_EXIT_OF_EDGE_EVENT, edge_event_id, out);
}

enum err event_was_refused(struct db *db, const char *event_id, const char *type, const char *code, bool *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_EVENT_REFUSED);
	enum err e;

	put_text(st, 1, event_id);
	put_text(st, 2, type);
	put_text(st, 3, code);
	e = sql_row(db, st);
	sql_end(st);
	*out = e == ERR_NONE;
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}
