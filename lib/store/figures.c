#include "store/figures.h"

#include "store/sql.h"

struct counted { int64_t entries, exits, revenue, left; };

/* The numbers of a statement's only row about the time from … to. */
static enum err numbers(struct db *db, enum sql which, int64_t from, int64_t to, int64_t *out, int count)
{
	sqlite3_stmt *st = sql_use(db, which);
	enum err e;

	put_int(st, 1, from);
	put_int(st, 2, to);
	e = sql_row(db, st);
	for (int i = 0; e == ERR_NONE && i < count; i++)
		out[i] = sqlite3_column_int64(st, i);
	sql_end(st);
	return e;
}

static enum err count_between(struct db *db, int64_t from, int64_t to, struct counted *out)
{
	int64_t exits[3] = { 0 }, otherwise = 0;
	enum err e = numbers(db, SQL_FIGURE_ENTRIES, from, to, &out->entries, 1);

	if (e == ERR_NONE)
		e = numbers(db, SQL_FIGURE_EXITS, from, to, exits, 3);
	if (e == ERR_NONE)
		e = numbers(db, SQL_FIGURE_LEFT_OTHERWISE, from, to, &otherwise, 1);
	out->exits = exits[0];
	out->revenue = exits[1];
	out->left = exits[2] + otherwise;
	return e;
}

enum err vehicles_inside(struct db *db, int64_t *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_STATS_INSIDE);
	enum err e = sql_row(db, st);

	if (e == ERR_NONE)
		*out = sqlite3_column_int64(st, 0);
	sql_end(st);
	return e;
}

enum err figures_read(struct db *db, const int64_t *bounds, size_t count, struct figure *out)
{
	struct counted now = { 0 };
	int64_t inside = 0;
	enum err e = vehicles_inside(db, &inside);

	if (e == ERR_NONE)
		e = count_between(db, bounds[count], INT64_MAX, &now);
	for (size_t i = count; e == ERR_NONE && i-- > 0;) {
		inside += now.left - now.entries;
		e = count_between(db, bounds[i], bounds[i + 1], &now);
		out[i] = (struct figure){ now.entries, now.exits, now.revenue, inside > 0 ? inside : 0 };
	}
	return e;
}

enum err newest_exits(struct db *db, int64_t limit, newest_exit_fn *each, void *arg)
{
	sqlite3_stmt *st = sql_use(db, SQL_EXIT_NEWEST);
	enum err e;

	put_int(st, 1, limit);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		struct newest_exit row = {
			.id = sqlite3_column_int64(st, 0), .plate_view = get_text_or_null(st, 1), .exit_ts = sqlite3_column_int64(st, 2),
			.central = get_text_or_null(st, 3), .edge = get_text_or_null(st, 4), .fee = sqlite3_column_int64(st, 5),
		};

		e = each(arg, &row);
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}
