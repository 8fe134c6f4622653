/* store/figures: charts' figures against the rows, counted one by one; that they are read from indexes. */
#include "test.h"

#include "central.h"
#include "domain/gate.h"
#include "domain/operator.h"
#include "plan.h"
#include "store/figures.h"
#include "store/history.h"

#define MINUTE (60 * 1000LL)
#define HOUR (60 * MINUTE)
#define STEPS 400
#define HOURS 60

static enum err open_gate(struct central *c, const char *plate, enum direction direction)
{
	struct gate_ask ask = { .edge_id = "edge-1", .confidence = -1, .reported_at = -1, .direction = direction, .force = true };
	struct gate_answer out = { 0 };
	struct fault fault;

	text_copy(ask.plate_id, sizeof(ask.plate_id), plate);
	return gate_open(c->ledger, &ask, &out, &fault);
}

static void set_right(struct central *c, int64_t row)
{
	const struct operator_word word = { .by = "an", .why = "test" };
	struct stay_row out;
	struct fault fault;

	if (world_random_below(&c->world, 3) > 0)
		(void)operator_void(c->ledger, row, &word, &out, &fault); /* may be out already */
	else
		(void)operator_correct(c->ledger, row, "29A00009", NULL, &word, &out, &fault);
}

/* A day and a half at a gate where much goes wrong: entries without exits, exits without entries, voids, other plates. */
static enum err play(struct central *c)
{
	enum err e = ERR_NONE;

	for (int i = 0; e == ERR_NONE && i < STEPS; i++) {
		char plate[16];

		c->fake.wall_ms += MINUTE + world_random_below(&c->world, 6 * MINUTE);
		text_format(plate, sizeof(plate), "29A0000%u", world_random_below(&c->world, 6));
		e = ledger_begin(c->ledger);
		if (e == ERR_NONE && world_random_below(&c->world, 12) == 0)
			set_right(c, 1 + world_random_below(&c->world, (uint32_t)i + 1));
		else if (e == ERR_NONE)
			e = open_gate(c, plate, world_random_below(&c->world, 2) ? DIRECTION_ENTRY : DIRECTION_EXIT);
		if (e == ERR_NONE)
			e = ledger_commit(c->ledger);
	}
	return e;
}

static int64_t one(struct db *db, const char *sql, int64_t from, int64_t to)
{
	sqlite3_stmt *st = NULL;
	int64_t n = -1;

	if (sqlite3_prepare_v2(db->handle, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_bind_int64(st, 1, from) == SQLITE_OK
		&& sqlite3_bind_int64(st, 2, to) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

#define BETWEEN(column) " AND " column " >= ?1 AND " column " < ?2"

static void compare(struct db *db, const int64_t *bounds, size_t i, const struct figure *f)
{
	int64_t from = bounds[i], to = bounds[i + 1];

	CHECK_INT(f->entries, one(db, "SELECT count(*) FROM history WHERE status IN ('IN','OUT')" BETWEEN("entry_ts"), from, to));
	CHECK_INT(f->exits, one(db, "SELECT count(*) FROM exits WHERE kind != 'second'" BETWEEN("exit_ts"), from, to));
	CHECK_INT(f->revenue, one(db, "SELECT coalesce(sum(fee), 0) FROM exits WHERE true" BETWEEN("exit_ts"), from, to));
	CHECK_INT(f->inside, one(db, "SELECT count(*) FROM history WHERE entry_ts < ?2 AND ?1 < ?2 AND (status = 'IN'"
		" OR (status = 'OUT' AND exit_ts >= ?2))", from, to));
}

TEST(figures_are_what_the_rows_say)
{
	for (uint64_t seed = 1; seed <= 8; seed++) {
		int64_t bounds[HOURS + 1], odd;
		struct figure f[HOURS];
		struct site_stats stats;
		struct central c;

		CHECK_INT(central_open(&c, ":memory:", "central-1", seed), ERR_NONE);
		CHECK_INT(play(&c), ERR_NONE);
		for (int i = 0; i <= HOURS; i++)
			bounds[i] = CENTRAL_TIME + (i - 4) * HOUR;
		CHECK_INT(figures_read(c.db, bounds, HOURS, f), ERR_NONE);
		odd = one(c.db, "SELECT count(*) FROM history WHERE (missed_by IS NOT NULL OR status = 'VOID') AND ?1 < ?2", 0, 1);
		printf("# seed %d: %d stays end otherwise\n", (int)seed, (int)odd);
		CHECK(odd > 10);
		for (size_t i = 0; i < HOURS; i++)
			compare(c.db, bounds, i, &f[i]);
		CHECK_INT(history_stats(c.db, CENTRAL_TIME, &stats), ERR_NONE);
		CHECK_INT(f[HOURS - 1].inside, stats.vehicles_in_parking);
		CHECK_INT(figures_read(c.db, bounds, 5, f), ERR_NONE); /* an earlier time is the same, however much came since */
		compare(c.db, bounds, 4, &f[4]);
		central_close(&c);
	}
}

TEST(nothing_has_happened)
{
	const int64_t bounds[] = { 0, CENTRAL_TIME, INT64_MAX };
	struct figure f[2];
	struct central c;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	CHECK_INT(figures_read(c.db, bounds, 2, f), ERR_NONE);
	CHECK_INT(f[0].entries + f[0].exits + f[0].revenue + f[0].inside + f[1].entries + f[1].inside, 0);
	central_close(&c);
}

struct newest { int count, good; int64_t last; };

static enum err look(void *arg, const struct newest_exit *x)
{
	struct newest *n = arg;

	n->good += x->id > 0 && x->plate_view != NULL && (n->count == 0 || x->exit_ts <= n->last);
	n->last = x->exit_ts;
	n->count++;
	return ERR_NONE;
}

TEST(newest_exits_come_first)
{
	struct newest n = { 0 };
	struct central c;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 3), ERR_NONE);
	CHECK_INT(play(&c), ERR_NONE);
	CHECK_INT(newest_exits(c.db, 20, look, &n), ERR_NONE);
	CHECK_INT(n.count, 20);
	CHECK_INT(n.good, 20);
	central_close(&c);
}

TEST(figures_are_read_from_indexes)
{
	const struct { enum sql sql; const char *wanted[3]; } cases[] = {
		{ SQL_FIGURE_ENTRIES, { "USING COVERING INDEX history_list (begin_ts>? AND begin_ts<?)",
			"USING INDEX history_flagged (begin_ts>? AND begin_ts<?)" } },
		{ SQL_FIGURE_EXITS, { "USING COVERING INDEX exits_day (exit_ts>? AND exit_ts<?)" } },
		{ SQL_FIGURE_LEFT_OTHERWISE, { "USING INDEX history_left_otherwise (exit_ts>? AND exit_ts<?)" } },
		{ SQL_EXIT_NEWEST, { "e USING INDEX exits_day", "h USING INDEX" } },
		{ SQL_RECORD_COUNT_UNREAD, { "USING COVERING INDEX records_unread" } },
	};
	struct db *db = NULL;
	struct fault fault;

	CHECK_INT(db_open(":memory:", DB_WRITE, &db, &fault), ERR_NONE);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char plan[PLAN_SIZE];

		plan_of(db, cases[i].sql, plan);
		for (int k = 0; k < 3 && cases[i].wanted[k]; k++)
			if (strstr(plan, cases[i].wanted[k]) == NULL || strstr(plan, "TEMP B-TREE") != NULL)
				test_fail(__FILE__, __LINE__, "%s", plan);
	}
	db_close(db);
}

TEST_MAIN
