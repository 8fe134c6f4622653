/*
 * How SQLite goes about each statement of lib/store: none walks through a table that grows with the years, or sorts what it finds
 * there, but for those named below with the reason. Without ANALYZE, as in use.
 */
#include <ctype.h>

#include "test.h"

#include "plan.h"

static const char *const GROWING[] = { "records", "record_rows", "seals", "history", "exits", "history_changes", "events", "idempotency",
	"audit", "looked", "sessions" };

/* Sorting what belongs to one car, one row or one event id is none of a table. part: of the plan's line. */
#define FEW "few belong together"
static const struct exception { enum sql sql; const char *part, *why; } EXCEPTIONS[] = {
	{ SQL_RECORD_OF_EVENT, "ORDER BY", FEW },
	{ SQL_RECORD_OF_ROW, "TEMP B-TREE", FEW },
	{ SQL_EXIT_BOUND, "ORDER BY", FEW },
	{ SQL_EXIT_OF_ROW, "ORDER BY", FEW },
	{ SQL_STAY_OUTSIDE, "RIGHT PART", "of one plate, and of one millisecond" },
	{ SQL_STAY_TAKEN, "RIGHT PART", "of one plate, and of one millisecond" },
	{ SQL_STAY_LINE, "RIGHT PART", "of one plate, and of one millisecond" },
	{ SQL_CHANGE_LIST, "SCAN history_changes", "by number from the last one: a page, and what was asked to be skipped" },
	{ SQL_CONFLICT_COUNT, "history_conflicts_open", "conflicts that nobody has looked at, up to a bound" },
	{ SQL_HISTORY_OF_PLATES, "ORDER BY", "of plates that were found, so few that it is worth it" },
	{ SQL_HISTORY_OLDEST_OF_PLATES, "ORDER BY", "of plates that were found, so few that it is worth it" },
	{ SQL_OUTLINE_PLATES, "history_line", "once, at the first search after the program's start" },
	{ SQL_STATS_INSIDE, "history_inside", "the vehicles inside" },
	{ SQL_EXIT_NEWEST, "SCAN e USING INDEX exits_day", "from the newest, until a handful are found" },
	{ SQL_EVENT_FORGET, "UNION", "of each side a bounded number" },
	{ SQL_HELD_COUNT, "SCAN history", "beside a backup, which reads all of the file" },
	{ SQL_SESSION_ADDRESSES, "", "people who are logged in, when the program starts" },
};

#define EXCEPTIONS_COUNT (sizeof(EXCEPTIONS) / sizeof(EXCEPTIONS[0]))
static bool met[EXCEPTIONS_COUNT];

static bool is_excepted(enum sql sql, const char *line)
{
	bool found = false;

	for (size_t i = 0; i < EXCEPTIONS_COUNT; i++) {
		if (EXCEPTIONS[i].sql == sql && strstr(line, EXCEPTIONS[i].part) != NULL)
			found = met[i] = true;
	}
	return found;
}

/* Does the word begin here and end with it? */
static bool is_word(const char *text, const char *at, size_t len)
{
	return (at == text || (!isalnum((unsigned char)at[-1]) && at[-1] != '_')) && !isalnum((unsigned char)at[len]) && at[len] != '_';
}

/* Is it, in this statement, such a table, by its own name or as "table name" or "table AS name"? */
static bool is_name_of(const char *sql, const char *table, const char *name, size_t len)
{
	size_t table_len = strlen(table);

	if (len == table_len && memcmp(table, name, len) == 0)
		return true;
	for (const char *at = strstr(sql, table); at != NULL; at = strstr(at + 1, table)) {
		const char *next = at + table_len;

		if (!is_word(sql, at, table_len) || *next != ' ')
			continue;
		next += strncmp(next, " AS ", 4) == 0 ? 4 : 1;
		if (strncmp(next, name, len) == 0 && is_word(sql, next, len))
			return true;
	}
	return false;
}

static bool is_growing(const char *sql, const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(GROWING) / sizeof(GROWING[0]); i++) {
		if (is_name_of(sql, GROWING[i], name, len))
			return true;
	}
	return false;
}

/* Does this line of the plan say that a table that grows is gone through, or that an index is made just for this? */
static bool scans(const char *sql, const char *line)
{
	if (strstr(line, "AUTOMATIC") != NULL)
		return true;
	return strncmp(line, "SCAN ", 5) == 0 && is_growing(sql, line + 5, strcspn(line + 5, " "));
}

static bool reads_growing(const char *sql, const char *plan)
{
	for (const char *at = plan; *at != '\0'; at += strcspn(at, "\n") + 1) { /* each line ends with one */
		const char *name = strncmp(at, "SCAN ", 5) == 0 ? at + 5 : strncmp(at, "SEARCH ", 7) == 0 ? at + 7 : NULL;

		if (name != NULL && is_growing(sql, name, strcspn(name, " \n")))
			return true;
	}
	return false;
}

static void look(enum sql which, const char *sql, char *plan)
{
	bool growing = reads_growing(sql, plan);

	for (char *rest = plan, *line; (line = strsep(&rest, "\n")) != NULL;) {
		if ((scans(sql, line) || (growing && strstr(line, "TEMP B-TREE") != NULL)) && !is_excepted(which, line))
			test_fail(__FILE__, __LINE__, "%d: %s\n# in: %s", (int)which, line, sql);
	}
}

TEST(no_statement_walks_through_what_grows)
{
	struct db *db = NULL;
	struct fault fault;
	char plan[PLAN_SIZE];

	CHECK_INT(db_open(":memory:", DB_WRITE, &db, &fault), ERR_NONE);
	for (int i = 0; i < SQL_COUNT; i++) {
		plan_of(db, (enum sql)i, plan);
		look((enum sql)i, sql_text((enum sql)i), plan);
	}
	db_close(db);
	for (size_t i = 0; i < EXCEPTIONS_COUNT; i++) {
		if (!met[i])
			test_fail(__FILE__, __LINE__, "nothing needs the exception %zu any more: %s", i, EXCEPTIONS[i].why);
	}
}

/* What SQLite does for a list of three words and more, UPDATE … FROM and the like, at each execution: it costs as much as the row. */
TEST(taking_a_record_makes_no_temporary_tables)
{
	static const enum sql each_time[] = { SQL_RECORD_COUNT_EVENT, SQL_PLATE_NEWEST, SQL_STAY_INSIDE, SQL_STAY_FIND, SQL_RECORD_INSERT,
		SQL_STAY_UPSERT, SQL_STAY_OUTCOME, SQL_STAY_CONFIRM, SQL_EXIT_INSERT, SQL_EXIT_OUTCOME, SQL_EXIT_OWN_ROW, SQL_EXIT_BIND };
	struct db *db = NULL;
	struct fault fault;

	CHECK_INT(db_open(":memory:", DB_WRITE, &db, &fault), ERR_NONE);
	for (size_t i = 0; i < sizeof(each_time) / sizeof(each_time[0]); i++) {
		char sql[4096];
		sqlite3_stmt *st = NULL;

		CHECK(text_format(sql, sizeof(sql), "EXPLAIN %s", sql_text(each_time[i])));
		CHECK_INT(sqlite3_prepare_v2(db->handle, sql, -1, &st, NULL), SQLITE_OK);
		while (sqlite3_step(st) == SQLITE_ROW) {
			const char *opcode = (const char *)sqlite3_column_text(st, 1);

			if (strcmp(opcode, "OpenEphemeral") == 0 || strcmp(opcode, "SorterOpen") == 0)
				test_fail(__FILE__, __LINE__, "%s in: %s", opcode, sql_text(each_time[i]));
		}
		sqlite3_finalize(st);
	}
	db_close(db);
}

TEST_MAIN
