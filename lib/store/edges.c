#include "store/edges.h"

#include <string.h>

#include "store/sql.h"

/* "ENTRY", "EXIT", NULL for LANE_ANY; and back, for NULL and any other text LANE_ANY. */
static const char *lane_name(enum lane lane)
{
	switch (lane) {
	case LANE_ENTRY: return "ENTRY";
	case LANE_EXIT: return "EXIT";
	case LANE_ANY: break;
	}
	return NULL;
}

static enum lane lane_from(const char *name)
{
	if (name != NULL && strcmp(name, "ENTRY") == 0)
		return LANE_ENTRY;
	return name != NULL && strcmp(name, "EXIT") == 0 ? LANE_EXIT : LANE_ANY;
}

enum err edge_upsert(struct db *db, const char *edge_id, const char *name, enum lane lane, int64_t now_ms)
{
	sqlite3_stmt *st = sql_use(db, SQL_EDGE_UPSERT);

	put_text(st, 1, edge_id);
	put_text(st, 2, name);
	put_text(st, 3, lane_name(lane));
	put_int(st, 4, now_ms);
	return sql_run(db, st);
}

static enum err row_from(sqlite3_stmt *st, struct edge_row *out)
{
	enum err e;

	*out = (struct edge_row){ .lane = lane_from(get_text_or_null(st, 2)), .created_ms = sqlite3_column_int64(st, 4),
		.seen_ms = sqlite3_column_int64(st, 5) };
	e = get_text(st, 0, out->edge_id, sizeof(out->edge_id));
	if (e == ERR_NONE)
		e = get_text(st, 1, out->name, sizeof(out->name));
	if (e == ERR_NONE)
		e = get_text(st, 3, out->token_mark, sizeof(out->token_mark));
	out->has_token = out->token_mark[0] != '\0';
	return e;
}

static enum err one_row(struct db *db, sqlite3_stmt *st, struct edge_row *out)
{
	enum err e = sql_row(db, st);

	if (e == ERR_NONE)
		e = row_from(st, out);
	sql_end(st);
	return e;
}

enum err edge_find(struct db *db, const char *edge_id, struct edge_row *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_EDGE_FIND);

	put_text(st, 1, edge_id);
	return one_row(db, st, out);
}

enum err edge_find_by_token(struct db *db, const unsigned char hash[EDGE_TOKEN_BYTES], struct edge_row *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_EDGE_OF_TOKEN);

	put_blob(st, 1, hash, EDGE_TOKEN_BYTES);
	return one_row(db, st, out);
}

enum err edge_set_token(struct db *db, const char *edge_id, const unsigned char hash[EDGE_TOKEN_BYTES])
{
	struct edge_row row;
	sqlite3_stmt *st;
	enum err e = edge_find(db, edge_id, &row);

	if (e != ERR_NONE)
		return e;
	st = sql_use(db, SQL_EDGE_SET_TOKEN);
	put_text(st, 1, edge_id);
	if (hash != NULL)
		put_blob(st, 2, hash, EDGE_TOKEN_BYTES);
	return sql_run(db, st);
}

enum err edge_delete(struct db *db, const char *edge_id)
{
	sqlite3_stmt *st = sql_use(db, SQL_EDGE_DELETE);

	put_text(st, 1, edge_id);
	return sql_run(db, st);
}

enum err edge_list(struct db *db, edge_each_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_EDGE_LIST);
	struct edge_row row;
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

enum err edge_seen(struct db *db, const char *edge_id, int64_t now_ms)
{
	sqlite3_stmt *st = sql_use(db, SQL_EDGE_SEEN);

	put_text(st, 1, edge_id);
	put_int(st, 2, now_ms);
	return sql_run(db, st);
}
