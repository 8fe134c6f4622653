/* store/history: its cursor and its walks; store/conflicts; fcgi/csv and fcgi/history_row: cells. */
#include "test.h"

#include "central.h"
#include "domain/stay.h"
#include "domain/told_row.h"
#include "fcgi/csv.h"
#include "fcgi/history_row.h"
#include "plan.h"
#include "store/conflicts.h"
#include "store/history.h"

TEST(a_cursor_is_read_back)
{
	const struct history_cursor cases[] = { { 0, 0 }, { CENTRAL_TIME, 17 }, { INTEGER_MAX, INTEGER_MAX } };
	char text[HISTORY_CURSOR_SIZE];
	struct history_cursor back;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		history_cursor_write(&cases[i], text);
		CHECK(history_cursor_read(text, &back));
		CHECK_INT(back.begin_ts, cases[i].begin_ts);
		CHECK_INT(back.id, cases[i].id);
	}
}

TEST(anything_else_is_no_cursor)
{
	const char *const wrong[] = { "", "-", "1", "1-", "-1", "1-2-3", "1--2", "+1-2", "1-2 ", " 1-2", "a-1", "9007199254740992-1",
		"1-9007199254740992", "11111111111111111111111111111111111111111111111111-1" };
	struct history_cursor c;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (history_cursor_read(wrong[i], &c))
			test_fail(__FILE__, __LINE__, "%s", wrong[i]);
	}
}

struct seen { int count; struct history_cursor at; bool in_order, backwards; };

static bool is_behind(const struct seen *s, const struct history_row *row)
{
	if (row->begin_ts == s->at.begin_ts)
		return s->backwards ? row->id > s->at.id : row->id < s->at.id;
	return s->backwards ? row->begin_ts > s->at.begin_ts : row->begin_ts < s->at.begin_ts;
}

static enum err look(void *arg, const struct history_row *row)
{
	struct seen *s = arg;

	s->in_order = s->in_order && (s->count == 0 || is_behind(s, row));
	s->at = (struct history_cursor){ row->begin_ts, row->id };
	s->count++;
	return ERR_NONE;
}

static void walk(struct db *db, struct history_filter f)
{
	struct seen s = { .in_order = true, .backwards = f.oldest_first };
	int before;

	do {
		before = s.count;
		CHECK_INT(history_list(db, &f, look, &s), ERR_NONE);
		f.has_after = true;
		f.after = s.at;
	} while (s.count > before);
	CHECK_INT(s.count, 50);
	CHECK(s.in_order);
}

TEST(a_walk_by_key_gives_each_row_once)
{
	struct central c;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	CHECK_INT(central_enter_many(&c, 50), ERR_NONE);
	walk(c.db, (struct history_filter){ .limit = 7 });
	walk(c.db, (struct history_filter){ .limit = 7, .oldest_first = true });
	walk(c.db, (struct history_filter){ .limit = 7, .in_parking_only = true });
	walk(c.db, (struct history_filter){ .limit = 7, .in_parking_only = true, .oldest_first = true });
	central_close(&c);
}

struct conflicts { int64_t id; int count, looked; };

static enum err see(void *arg, const struct conflict_row *row)
{
	struct conflicts *s = arg;

	s->count++;
	s->id = row->row.id;
	s->looked = row->looked_by != NULL && strcmp(row->looked_by, "anna") == 0 && row->looked_ms == 77;
	return ERR_NONE;
}

static struct conflicts conflicts_now(struct db *db, bool open)
{
	struct conflicts s = { 0 };

	if (conflicts_list(db, &(struct conflict_filter){ .open = open, .limit = 10 }, see, &s) != ERR_NONE)
		s.count = -1;
	return s;
}

static int64_t open_now(struct db *db)
{
	int64_t count = -1;

	return conflicts_open_count(db, &count) == ERR_NONE ? count : -1;
}

static void leave(struct central *c, const char *stay)
{
	struct record r = { .type = RECORD_EXIT, .event_id = stay, .at = -1 };

	c->fake.wall_ms += 1000;
	r.data.exit = (struct exit_data){ .plate_id = "29A12345", .exit_central = "central-1", .exit_ts = -1, .fee = 1000,
		.edge_fee = -1, .reason = "normal" };
	CHECK_INT(ledger_append(c->ledger, &r), ERR_NONE);
}

/* A second exit is one; a third at the same row makes it another one. */
TEST(a_conflict_is_looked_at_as_it_is)
{
	struct central c;
	struct record r;
	struct stay_row stay;
	struct conflicts s;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	CHECK_INT(ledger_begin(c.ledger), ERR_NONE);
	CHECK_INT(central_enter(&c, "29A12345", &r), ERR_NONE);
	CHECK_INT(stay_find_inside(c.db, "29A12345", &stay), ERR_NONE);
	CHECK_INT(conflict_look(c.db, stay.id, "anna", 77), ERR_NOT_FOUND);
	leave(&c, stay.event_id);
	CHECK_INT(open_now(c.db), 0);
	leave(&c, stay.event_id);
	CHECK_INT(open_now(c.db), 1);
	s = conflicts_now(c.db, true);
	CHECK(s.count == 1 && s.id == stay.id && !s.looked);
	CHECK_INT(conflict_look(c.db, stay.id, "anna", 77), ERR_NONE);
	CHECK_INT(conflict_look(c.db, stay.id, "binh", 78), ERR_NOT_FOUND);
	CHECK_INT(open_now(c.db), 0);
	CHECK_INT(conflicts_now(c.db, true).count, 0);
	s = conflicts_now(c.db, false);
	CHECK(s.count == 1 && s.looked);
	leave(&c, stay.event_id);
	CHECK_INT(open_now(c.db), 1);
	CHECK_INT(conflict_look(c.db, stay.id, "binh", 79), ERR_NONE);
	CHECK_INT(conflict_forget(c.db, stay.id), ERR_NONE);
	CHECK_INT(conflict_forget(c.db, stay.id), ERR_NOT_FOUND);
	CHECK_INT(open_now(c.db), 1);
	CHECK_INT(ledger_commit(c.ledger), ERR_NONE);
	central_close(&c);
}

/* Facts of a row are written anew, from none to what they were. */
TEST(what_was_looked_at_stays_so_while_it_is_written_anew)
{
	struct central c;
	struct record r;
	struct stay_row stay;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	CHECK_INT(ledger_begin(c.ledger), ERR_NONE);
	CHECK_INT(central_enter(&c, "29A12345", &r), ERR_NONE);
	CHECK_INT(stay_find_inside(c.db, "29A12345", &stay), ERR_NONE);
	leave(&c, stay.event_id);
	leave(&c, stay.event_id);
	CHECK_INT(conflict_look(c.db, stay.id, "anna", 77), ERR_NONE);
	CHECK_INT(stay_write_flags(c.db, stay.event_id, "", 0), ERR_NONE);
	CHECK_INT(open_now(c.db), 0);
	CHECK_INT(stay_write_flags(c.db, stay.event_id, "second_exit,negative", 2), ERR_NONE);
	CHECK_INT(open_now(c.db), 1);
	CHECK_INT(conflicts_now(c.db, true).count, 1);
	CHECK_INT(conflicts_now(c.db, false).looked, 0);
	CHECK_INT(stay_renew_flags(c.db, stay.event_id), ERR_NONE);
	CHECK_INT(open_now(c.db), 0);
	CHECK_INT(conflicts_now(c.db, false).looked, 1);
	CHECK_INT(ledger_commit(c.ledger), ERR_NONE);
	central_close(&c);
}

struct changes { int count; int64_t id[8]; struct history_mark last; };

static enum err note_change(void *arg, const struct history_row *row)
{
	struct changes *c = arg;

	if (c->count == 8 || row->change < c->last.change || (row->change == c->last.change && row->id <= c->last.id))
		return ERR_CORRUPT;
	c->id[c->count++] = row->id;
	c->last = (struct history_mark){ row->change, row->id };
	return ERR_NONE;
}

static struct changes changed_since(struct db *db, struct history_mark after, int64_t limit)
{
	struct changes c = { .last = after };

	if (history_changed(db, &after, limit, note_change, &c) != ERR_NONE)
		c.count = -1;
	return c;
}

static void enter(struct central *c, const char *plate)
{
	struct record r;

	CHECK_INT(ledger_begin(c->ledger), ERR_NONE);
	CHECK_INT(central_enter(c, plate, &r), ERR_NONE);
	CHECK_INT(ledger_commit(c->ledger), ERR_NONE);
}

/* A row that is written moves to the end; rows of one transaction share its number. */
TEST(rows_by_when_they_were_written_last)
{
	struct central c;
	struct changes s;
	struct stay_row stay;
	struct history_mark mark = { 9, 9 };

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	CHECK_INT(history_mark(c.db, 0, &mark), ERR_NONE);
	CHECK(mark.change == 0 && mark.id == 0);
	CHECK_INT(central_enter_many(&c, 3), ERR_NONE);
	enter(&c, "29A12345");
	s = changed_since(c.db, mark, 8);
	CHECK(s.count == 4 && s.id[0] == 1 && s.id[3] == 4);
	CHECK_INT(changed_since(c.db, s.last, 8).count, 0);
	CHECK_INT(history_mark(c.db, 0, &mark), ERR_NONE);
	CHECK(mark.change == s.last.change && mark.id == s.last.id);
	CHECK_INT(history_mark(c.db, 2, &mark), ERR_NONE);
	CHECK(mark.id == 2 && changed_since(c.db, mark, 8).count == 2); /* in the middle of a transaction */
	CHECK_INT(changed_since(c.db, mark, 1).last.id, 3);
	CHECK_INT(history_mark(c.db, 4, &mark), ERR_NONE);
	CHECK(mark.change == 0);
	CHECK_INT(stay_find_row(c.db, 2, &stay), ERR_NONE);
	CHECK_INT(ledger_begin(c.ledger), ERR_NONE);
	leave(&c, stay.event_id);
	CHECK_INT(ledger_commit(c.ledger), ERR_NONE);
	s = changed_since(c.db, s.last, 8);
	CHECK(s.count == 1 && s.id[0] == 2);
	central_close(&c);
}

/* What a savepoint or a rollback undoes was never written; what follows is seen all the same. */
TEST(what_is_undone_has_not_changed)
{
	struct central c;
	struct record r;
	struct changes s;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	enter(&c, "29A12345");
	s = changed_since(c.db, (struct history_mark){ 0 }, 8);
	CHECK_INT(ledger_begin(c.ledger), ERR_NONE);
	CHECK_INT(central_enter(&c, "29A12346", &r), ERR_NONE);
	ledger_rollback(c.ledger);
	CHECK_INT(changed_since(c.db, s.last, 8).count, 0);
	enter(&c, "29A12347");
	CHECK_INT(changed_since(c.db, s.last, 8).count, 1);
	central_close(&c);
}

TEST(a_row_as_json)
{
	struct history_row row = { .id = 7, .event_id = "e\"1", .plate_view = "29A-123.45", .status = "IN", .entry_confidence = 0.5,
		.exit_confidence = -1, .entry_ts = CENTRAL_TIME, .exit_ts = -1, .confirmed_ts = -1 };
	struct buf out;

	buf_init(&out, 4096);
	told_row_json(&row, &out);
	CHECK_STR(buf_text(&out), "{\"id\":7,\"event_id\":\"e\\\"1\",\"source_central\":null,\"edge_id\":null,\"plate_id\":null,"
		"\"plate_view\":\"29A-123.45\",\"camera_type\":null,\"entry_time\":null,\"entry_camera_id\":null,\"entry_camera_name\":null,"
		"\"entry_confidence\":0.5,\"entry_source\":null,\"entry_ts\":1733140800000,\"confirmed_ts\":null,\"exit_time\":null,"
		"\"exit_camera_id\":null,\"exit_camera_name\":null,\"exit_confidence\":null,\"exit_source\":null,\"exit_ts\":null,"
		"\"exit_central\":null,\"exit_edge\":null,\"exit_reason\":null,\"duration\":null,\"fee\":0,\"status\":\"IN\","
		"\"sync_status\":null,\"superseded_by\":null,\"flags\":null,\"created_at\":null,\"updated_at\":null}");
	buf_free(&out);
}

TEST(counting_ends_at_its_bound)
{
	struct central c;
	struct history_filter f = { 0 };
	int64_t count = 0;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	CHECK_INT(central_enter_many(&c, HISTORY_COUNT_MAX), ERR_NONE);
	CHECK_INT(history_count(c.db, &f, &count), ERR_NONE);
	CHECK_INT(count, HISTORY_COUNT_MAX);
	CHECK_INT(ledger_begin(c.ledger), ERR_NONE);
	CHECK_INT(central_enter(&c, "30A99999", &(struct record){ 0 }), ERR_NONE);
	CHECK_INT(ledger_commit(c.ledger), ERR_NONE);
	CHECK_INT(history_count(c.db, &f, &count), ERR_NONE);
	CHECK_INT(count, HISTORY_COUNT_MAX);
	f.search = "30A9";
	CHECK_INT(history_count(c.db, &f, &count), ERR_NONE);
	CHECK_INT(count, 1);
	central_close(&c);
}

/* The list's plans: by index and in its order, so that neither a table is scanned nor a million rows are sorted. */
TEST(lists_are_read_from_their_indexes)
{
	const struct { const char *index; enum sql sql; bool sorts; } cases[] = {
		{ "USING INDEX history_list (begin_ts>? AND begin_ts<?)", SQL_HISTORY_LIST, false },
		{ "USING INDEX history_flagged (begin_ts>? AND begin_ts<?)", SQL_HISTORY_FLAGGED, false },
		{ "USING INDEX history_open (begin_ts>? AND begin_ts<?)", SQL_HISTORY_INSIDE, false },
		{ "USING INDEX history_list (begin_ts>? AND begin_ts<?)", SQL_HISTORY_OLDEST, false },
		{ "USING INDEX history_open (begin_ts>? AND begin_ts<?)", SQL_HISTORY_OLDEST_INSIDE, false },
		{ "USING INDEX history_flagged (begin_ts>? AND begin_ts<?)", SQL_HISTORY_OLDEST_FLAGGED, false },
		{ "USING INDEX history_conflicts (begin_ts<?)", SQL_CONFLICT_LIST, false },
		{ "USING INDEX history_conflicts_open (begin_ts<?)", SQL_CONFLICT_LIST_OPEN, false },
		{ "SCAN h USING COVERING INDEX history_conflicts_open", SQL_CONFLICT_COUNT, false },
		{ "USING INDEX exits_bound (bound=?)", SQL_EXIT_OF_ROW, true },
		{ "SEARCH r USING COVERING INDEX sqlite_autoindex_record_rows_1 (log=? AND seq=?)", SQL_RECORD_OF_ROW, true },
		{ "USING INDEX history_inside", SQL_STATS_INSIDE, false },
		{ "USING COVERING INDEX history_list (begin_ts>?)", SQL_STATS_ENTRIES, false },
		{ "USING COVERING INDEX exits_day (exit_ts>?)", SQL_STATS_EXITS, false },
		{ "USING INDEX history_changes_history (history_id=?)", SQL_CHANGE_OF_ROW, false },
	};
	struct db *db = NULL;
	struct fault fault;

	CHECK_INT(db_open(":memory:", DB_WRITE, &db, &fault), ERR_NONE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char plan[PLAN_SIZE];

		plan_of(db, cases[i].sql, plan);
		if (strstr(plan, cases[i].index) == NULL || (strstr(plan, "TEMP B-TREE") != NULL) != cases[i].sorts)
			test_fail(__FILE__, __LINE__, "%s", plan);
	}
	db_close(db);
}

static const char *cell(struct buf *out, const char *text)
{
	buf_reset(out);
	csv_text(out, true, text);
	return buf_text(out);
}

TEST(cells_are_quoted_where_they_need_it)
{
	struct buf out;

	buf_init(&out, 4096);
	CHECK_STR(cell(&out, NULL), "");
	CHECK_STR(cell(&out, ""), "");
	CHECK_STR(cell(&out, "29A-123.45"), "29A-123.45");
	CHECK_STR(cell(&out, "Cổng số 1"), "Cổng số 1");
	CHECK_STR(cell(&out, "a,b"), "\"a,b\"");
	CHECK_STR(cell(&out, "say \"no\""), "\"say \"\"no\"\"\"");
	CHECK_STR(cell(&out, "two\r\nlines"), "\"two\r\nlines\"");
	buf_free(&out);
}

TEST(formulas_are_made_harmless)
{
	struct buf out;

	buf_init(&out, 4096);
	CHECK_STR(cell(&out, "=1+1"), "'=1+1");
	CHECK_STR(cell(&out, "+84 90"), "'+84 90");
	CHECK_STR(cell(&out, "-2"), "'-2");
	CHECK_STR(cell(&out, "@SUM(A1)"), "'@SUM(A1)");
	CHECK_STR(cell(&out, "\tx"), "'\tx");
	CHECK_STR(cell(&out, "\r=x"), "\"'\r=x\"");
	CHECK_STR(cell(&out, "=A,\"B\""), "\"'=A,\"\"B\"\"\"");
	CHECK_STR(cell(&out, "1-2"), "1-2");
	buf_free(&out);
}

TEST(a_row_has_as_many_cells_as_the_head)
{
	struct history_row row = { .id = 7, .event_id = "e", .plate_view = "=x", .fee = 25000, .entry_confidence = 0.5,
		.exit_confidence = -1, .entry_ts = CENTRAL_TIME, .exit_ts = -1, .confirmed_ts = -1 };
	size_t head = 0, cells = 0;
	struct buf out;

	buf_init(&out, 4096);
	csv_history_head(&out);
	for (const char *c = buf_text(&out); *c; c++)
		head += *c == ',';
	CHECK(strncmp(buf_text(&out), "id,event_id,source_central,", 27) == 0);
	buf_reset(&out);
	csv_history_row(&out, &row);
	for (const char *c = buf_text(&out); *c; c++)
		cells += *c == ',';
	CHECK_INT(cells, head);
	CHECK_STR(buf_text(&out), "7,e,,,,'=x,,,,,0.5,,1733140800000,,,,,,,,,,,,25000,,,,,,\r\n");
	buf_free(&out);
}

TEST_MAIN
