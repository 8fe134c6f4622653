/* record_counts: kept with the records, whatever of a transaction is undone; and made once for an older database. */
#include "test.h"

#include "author.h"
#include "central.h"
#include "plan.h"
#include "store/counts.h"
#include "store/db_internal.h"
#include "store/schema.h"

#define RECORD_COUNTS_STEP 11 /* of schema.c, from 0 */

/* How many are counted of a type. */
static int64_t counted(struct db *db, const char *type, bool own)
{
	struct record_count rows[RECORD_COUNTS_MAX];
	size_t count = 0;

	if (record_count_list(db, rows, &count) != ERR_NONE)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (strcmp(rows[i].type, type) == 0 && rows[i].own == own)
			return rows[i].count;
	return 0;
}

TEST(own_records_count_once_they_are_committed)
{
	struct central c;
	struct record r;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	CHECK_INT(central_enter_many(&c, 3), ERR_NONE);
	CHECK_INT(counted(c.db, "VEHICLE_ENTRY_PENDING", true), 3);
	CHECK_INT(counted(c.db, "LOG_OPEN", true), 1);
	CHECK_INT(ledger_begin(c.ledger), ERR_NONE);
	CHECK_INT(ledger_savepoint(c.ledger), ERR_NONE);
	CHECK_INT(central_enter(&c, "30A00001", &r), ERR_NONE);
	CHECK_INT(ledger_savepoint_keep(c.ledger), ERR_NONE);
	CHECK_INT(ledger_savepoint(c.ledger), ERR_NONE);
	CHECK_INT(central_enter(&c, "30A00002", &r), ERR_NONE);
	ledger_savepoint_undo(c.ledger);
	CHECK_INT(ledger_commit(c.ledger), ERR_NONE);
	CHECK_INT(counted(c.db, "VEHICLE_ENTRY_PENDING", true), 4);
	CHECK_INT(ledger_begin(c.ledger), ERR_NONE);
	CHECK_INT(central_enter(&c, "30A00003", &r), ERR_NONE);
	ledger_rollback(c.ledger);
	CHECK_INT(ledger_begin(c.ledger), ERR_NONE);
	CHECK_INT(ledger_commit(c.ledger), ERR_NONE);
	CHECK_INT(counted(c.db, "VEHICLE_ENTRY_PENDING", true), 4);
	CHECK_INT(counted(c.db, "VEHICLE_ENTRY_PENDING", false), 0);
	central_close(&c);
}

TEST(of_a_page_those_that_are_new_count_as_others)
{
	struct record r = { .type = RECORD_EXIT, .event_id = "central-7_1_29A12345", .at = AUTHOR_TIME };
	struct central c;
	struct author a;

	r.data.exit = (struct exit_data){ .plate_id = "29A12345", .exit_ts = -1, .fee = -1 };
	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	CHECK_INT(author_open(&a, c.ledger), ERR_NONE);
	author_begin_page(&a);
	author_say(&a, &r);
	CHECK_INT(author_give(&a, c.ledger), ERR_NONE);
	CHECK_INT(author_give(&a, c.ledger), ERR_NONE); /* held already */
	CHECK_INT(counted(c.db, "VEHICLE_EXIT", false), 1);
	CHECK_INT(counted(c.db, "LOG_OPEN", false), 1);
	CHECK_INT(counted(c.db, "LOG_OPEN", true), 0);
	author_free(&a);
	central_close(&c);
}

/* The step that makes the table counts what an earlier version has left. */
TEST(an_older_database_is_counted_once)
{
	struct central c;
	struct author a;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	CHECK_INT(central_enter_many(&c, 5), ERR_NONE);
	CHECK_INT(author_open(&a, c.ledger), ERR_NONE);
	CHECK_INT(sqlite3_exec(c.db->handle, "UPDATE record_rows SET type = 'TOMORROW' WHERE seq = 2", NULL, NULL, NULL), SQLITE_OK);
	CHECK_INT(sqlite3_exec(c.db->handle, "DROP TABLE record_counts", NULL, NULL, NULL), SQLITE_OK);
	CHECK_INT(sqlite3_exec(c.db->handle, schema_step(RECORD_COUNTS_STEP), NULL, NULL, NULL), SQLITE_OK);
	CHECK_INT(counted(c.db, "VEHICLE_ENTRY_PENDING", true), 4);
	CHECK_INT(counted(c.db, "unknown", true), 1);
	CHECK_INT(counted(c.db, "LOG_OPEN", true), 1);
	CHECK_INT(counted(c.db, "LOG_OPEN", false), 1);
	author_free(&a);
	central_close(&c);
}

/* What /metrics reads beside tables that stay small: it is asked for every few seconds, whatever the history holds. */
TEST(no_statement_of_the_metrics_walks_through_a_table_that_grows)
{
	static const char *const growing[] = { "SCAN record_rows", "SCAN r", "SCAN history", "SCAN h", "SCAN exits", "SCAN l", "SCAN logs", "TEMP B-TREE" };
	static const enum sql asked[] = { SQL_RECORD_COUNT_LIST, SQL_RECORD_COUNT_UNREAD, SQL_CONFLICT_COUNT, SQL_STATS_INSIDE, SQL_MARK_LACKING,
		SQL_WARNING_LIST, SQL_CAMERA_LIST, SQL_PEER_STATUS_LIST, SQL_MESH_COUNT_LIST };
	struct db *db = NULL;
	struct fault fault;

	CHECK_INT(db_open(":memory:", DB_WRITE, &db, &fault), ERR_NONE);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		char plan[PLAN_SIZE], *line, *rest = plan;

		plan_of(db, asked[i], plan);
		CHECK(plan[0] != '\0');
		while ((line = strsep(&rest, "\n")) != NULL)
			for (size_t k = 0; k < sizeof(growing) / sizeof(growing[0]); k++) {
				size_t len = strlen(growing[k]);

				/* a partial index that holds the few rows it asks for is no table */
				if (strncmp(line, growing[k], len) == 0 && (line[len] == '\0' || line[len] == ' ')
				    && !strstr(line, " INDEX history_conflicts_open")
				    && !strstr(line, " INDEX history_inside") && !strstr(line, " INDEX records_unread"))
					test_fail(__FILE__, __LINE__, "%s: %s", sql_text(asked[i]), line);
			}
	}
	db_close(db);
}

TEST_MAIN
