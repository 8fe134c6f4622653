#include "test.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "central.h"
#include "store/conflicts.h"
#include "store/db_internal.h"
#include "store/logs.h"
#include "store/schema.h"

static char folder[] = "/tmp/parkmesh-test-XXXXXX";

static bool new_folder(void)
{
	memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
	return mkdtemp(folder) != NULL;
}

static bool remove_folder(void)
{
	char command[128];

	return text_format(command, sizeof(command), "rm -r %s", folder) && system(command) == 0;
}

static const char *in_folder(const char *name, char path[128])
{
	text_format(path, 128, "%s/%s", folder, name);
	return path;
}

static int64_t one_number(const char *path, const char *sql)
{
	sqlite3 *handle = NULL;
	sqlite3_stmt *st = NULL;
	int64_t value = -1;

	if (sqlite3_open(path, &handle) == SQLITE_OK && sqlite3_prepare_v2(handle, sql, -1, &st, NULL) == SQLITE_OK
	    && sqlite3_step(st) == SQLITE_ROW)
		value = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(handle);
	return value;
}

TEST(a_new_file_is_made_private_and_at_the_newest_version)
{
	struct db *db = NULL;
	struct fault fault = { 0 };
	struct stat st;
	char path[128];

	CHECK(new_folder());
	CHECK_INT(db_open(in_folder("new.db", path), DB_WRITE, &db, &fault), ERR_NONE);
	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(st.st_mode & 0777, 0600);
	CHECK_INT(one_number(path, "PRAGMA user_version"), db_schema_version());
	db_close(db);
	CHECK(remove_folder());
}

TEST(every_earlier_version_is_brought_up)
{
	char path[128], sql[64];

	for (int from = 0; from < schema_version(); from++) {
		struct db *db = NULL;
		struct fault fault = { 0 };
		sqlite3 *handle = NULL;

		CHECK(new_folder());
		CHECK_INT(sqlite3_open(in_folder("old.db", path), &handle), SQLITE_OK);
		for (int v = 0; v < from; v++)
			CHECK_INT(sqlite3_exec(handle, schema_step(v), NULL, NULL, NULL), SQLITE_OK);
		text_format(sql, sizeof(sql), "PRAGMA user_version = %d; PRAGMA application_id = %d", from, from == 0 ? 0 : 0x706b6d68);
		CHECK_INT(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
		sqlite3_close(handle);
		CHECK_INT(db_open(path, DB_WRITE, &db, &fault), ERR_NONE);
		db_close(db);
		CHECK_INT(one_number(path, "PRAGMA user_version"), db_schema_version());
		CHECK(remove_folder());
	}
}

/* One looked at as it is, one that has become another since, one that was superseded, one that nobody has looked at. */
TEST(what_was_looked_at_in_version_18_was_looked_at)
{
	static const char rows[] =
		"INSERT INTO history(id, event_id, status, sync_status, created_at, updated_at, flags, begin_ts) VALUES"
		"(1, 'a', 'OUT', '', '', '', 'second_exit', 1), (2, 'b', 'OUT', '', '', '', 'second_exit', 2),"
		"(3, 'c', 'SUPERSEDED', '', '', '', '', 3), (4, 'd', 'OUT', '', '', '', 'negative', 4);"
		"INSERT INTO logs VALUES('l', 'c', 'w', x'', NULL, NULL, 0, x'', 0, 0);"
		"INSERT INTO exits(log, seq, at, hlc_ms, hlc_counter, plate_id, plate_view, void, bound, kind, fee, exit_ts)"
		" SELECT 'l', value, 1, 1, 1, '', '', 0, substr('aabbb', value, 1), 'second', 0, 1 FROM json_each('[1,2,3,4,5]');"
		"INSERT INTO looked VALUES(1, 'second_exit', 2, 'anna', 7), (2, 'second_exit', 2, 'anna', 7), (3, 'SUPERSEDED', 0, 'binh', 8);"
		"PRAGMA user_version = 18; PRAGMA application_id = 0x706b6d68";
	char path[128];
	struct db *db = NULL;
	struct fault fault = { 0 };
	sqlite3 *handle = NULL;
	int64_t open = -1;

	CHECK(new_folder());
	CHECK_INT(sqlite3_open(in_folder("old.db", path), &handle), SQLITE_OK);
	for (int v = 0; v < 18; v++)
		CHECK_INT(sqlite3_exec(handle, schema_step(v), NULL, NULL, NULL), SQLITE_OK);
	CHECK_INT(sqlite3_exec(handle, rows, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(handle);
	CHECK_INT(db_open(path, DB_WRITE, &db, &fault), ERR_NONE);
	CHECK_INT(conflicts_open_count(db, &open), ERR_NONE);
	CHECK_INT(open, 2);
	db_close(db);
	CHECK_INT(one_number(path, "SELECT sum(id) FROM history WHERE looked IS NULL"), 2 + 4);
	CHECK_INT(one_number(path, "SELECT sum(exit_count) FROM history"), 2 + 3);
	CHECK(remove_folder());
}

/* Records of every kind, and such as nothing of is like the others: afterwards they read as before, byte for byte. */
TEST(records_of_version_19_are_kept_byte_for_byte)
{
	static const char rows[] =
		"INSERT INTO logs VALUES('aa', 'c', 'w', x'', NULL, NULL, 0, x'', 0, 0), ('bb', 'c', 'w', x'', NULL, NULL, 0, x'', 1, 0);"
		"INSERT INTO seals VALUES('bb', 2, x'01');"
		"CREATE TABLE was AS SELECT 7 AS n, 'aa' AS log, 1 AS seq, 5 AS hlc_ms, 0 AS hlc_counter, 6 AS at, 'VEHICLE_EXIT' AS type,"
		" 'e' AS event_id, '29A1' AS plate_id, '{\"type\":\"VEHICLE_EXIT\",\"source_central\":\"c\",\"timestamp\":1,\"event_id\":\"e\",'"
		" || '\"log\":\"aa\",\"seq\":1,\"hlc\":\"5.0\",\"at\":6,\"data\":{\"plate_id\":\"29A1\",\"exit_central\":\"c\",\"fee\":1}}' AS payload,"
		" x'02' AS chain, 0 AS unread;"
		"INSERT INTO was VALUES(8, 'bb', 1, NULL, NULL, NULL, 'TOMORROW', NULL, NULL, '{ }', x'03', 2);"
		"INSERT INTO was VALUES(9, 'bb', 2, 5, 1, 6, 'CONFIG_UPDATE', printf('%.200c', 'x'), NULL,"
		" printf('{\"event_id\":\"%.200c\",\"log\":\"bb\",\"seq\":2,\"hlc\":\"5.1\",\"at\":6}', 'x'), x'04', 0);"
		"INSERT INTO records(rowid, log, seq, hlc_ms, hlc_counter, at, type, event_id, plate_id, payload, chain, unread) SELECT * FROM was;"
		"PRAGMA user_version = 19; PRAGMA application_id = 0x706b6d68";
	char path[128];
	struct db *db = NULL;
	struct fault fault = { 0 };
	sqlite3 *handle = NULL;
	struct buf line;

	CHECK(new_folder());
	CHECK_INT(sqlite3_open(in_folder("old.db", path), &handle), SQLITE_OK);
	for (int v = 0; v < 19; v++)
		CHECK_INT(sqlite3_exec(handle, schema_step(v), NULL, NULL, NULL), SQLITE_OK);
	CHECK_INT(sqlite3_exec(handle, rows, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(handle);
	CHECK_INT(db_open(path, DB_WRITE, &db, &fault), ERR_NONE);
	CHECK_INT(one_number(path, "SELECT count(*) FROM (SELECT * FROM was INTERSECT SELECT * FROM records)"), 3);
	CHECK_INT(one_number(path, "SELECT count(*) FROM records"), 3);
	CHECK_INT(one_number(path, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
	CHECK_INT(one_number(path, "SELECT length(payload) FROM record_rows WHERE seq = 1 AND type = 4"), (int)strlen("?c?1???29A1?c?1}}"));
	CHECK_INT(one_number(path, "SELECT count(*) FROM seals JOIN logs USING (log) WHERE seq = 2 AND number = 2"), 1);
	buf_init(&line, RECORD_MAX);
	CHECK_INT(record_line(db, "aa", 1, &line), ERR_NONE);
	CHECK_INT((int64_t)line.len, one_number(path, "SELECT length(payload) FROM was WHERE n = 7"));
	CHECK_INT(record_line(db, "bb", 2, &line), ERR_NONE);
	CHECK_INT((int64_t)line.len, one_number(path, "SELECT length(payload) FROM was WHERE n = 9"));
	buf_free(&line);
	db_close(db);
	CHECK(remove_folder());
}

TEST(words_that_there_are_not_are_refused)
{
	struct db *db = NULL;
	struct fault fault = { 0 };
	char path[128];

	CHECK(new_folder());
	CHECK_INT(db_open(in_folder("x.db", path), DB_WRITE, &db, &fault), ERR_NONE);
	for (int good = 0; good < 2; good++) {
		char sql[512];

		text_format(sql, sizeof(sql), "INSERT INTO history(event_id, status, sync_status, created_at, updated_at, begin_ts)"
			" VALUES('e', '%s', '', '', '', 1)", good ? "BOUND" : "bound");
		CHECK_INT(sqlite3_exec(db->handle, sql, NULL, NULL, NULL), good ? SQLITE_OK : SQLITE_CONSTRAINT_CHECK);
		text_format(sql, sizeof(sql), "INSERT INTO exits(log, seq, at, hlc_ms, hlc_counter, plate_id, plate_view, void, bound, kind, fee,"
			" exit_ts) VALUES('l', 1, 1, 1, 1, '', '', 0, '', '%s', 0, 1)", good ? "no_entry" : "none");
		CHECK_INT(sqlite3_exec(db->handle, sql, NULL, NULL, NULL), good ? SQLITE_OK : SQLITE_CONSTRAINT_CHECK);
	}
	db_close(db);
	CHECK(remove_folder());
}

TEST(a_newer_version_and_a_strange_file_are_refused)
{
	struct db *db = NULL;
	struct fault fault = { 0 };
	char path[128];

	CHECK(new_folder());
	CHECK_INT(db_open(in_folder("x.db", path), DB_WRITE, &db, &fault), ERR_NONE);
	db_close(db);
	db = NULL;
	CHECK_INT(one_number(path, "PRAGMA user_version = 9999"), -1);
	CHECK_INT(db_open(path, DB_WRITE, &db, &fault), ERR_CONFLICT);
	CHECK(strstr(fault.sentence, "newer parkmesh") != NULL);
	CHECK_INT(db_open(path, DB_READ, &db, &fault), ERR_CONFLICT);

	CHECK_INT(one_number(in_folder("strange.db", path), "PRAGMA user_version = 1"), -1);
	CHECK_INT(db_open(path, DB_WRITE, &db, &fault), ERR_CORRUPT);
	CHECK(strstr(fault.sentence, "not a parkmesh database") != NULL);

	CHECK_INT(db_open(in_folder("no/such/folder.db", path), DB_WRITE, &db, &fault), ERR_UNAVAILABLE);
	CHECK(remove_folder());
}

TEST(a_reader_cannot_write_and_sees_only_what_is_committed)
{
	struct central c;
	struct db *reader = NULL;
	struct fault fault = { 0 };
	struct clock_row before, after;
	char path[128];

	CHECK(new_folder());
	CHECK_INT(central_open(&c, in_folder("c.db", path), "central-1", 1), ERR_NONE);
	CHECK_INT(db_open(path, DB_READ, &reader, &fault), ERR_NONE);
	CHECK_INT(clock_read(reader, &before), ERR_NONE);
	CHECK(clock_write(reader, &before) != ERR_NONE);
	CHECK_INT(ledger_begin(c.ledger), ERR_NONE);
	CHECK_INT(central_enter(&c, "29A11111", &(struct record){ 0 }), ERR_NONE);
	CHECK_INT(clock_read(reader, &after), ERR_NONE);
	CHECK_INT(after.change, before.change);
	CHECK_INT(ledger_commit(c.ledger), ERR_NONE);
	CHECK_INT(clock_read(reader, &after), ERR_NONE);
	CHECK_INT(after.change, before.change + 1);
	db_close(reader);
	central_close(&c);
	CHECK(remove_folder());
}

TEST(one_process_a_writer_name)
{
	char path[128];
	int first = -1, second = -1, other = -1;

	CHECK(new_folder());
	in_folder("c.db", path);
	CHECK_INT(db_hold_writer_lock(path, "fcgi", &first), ERR_NONE);
	CHECK_INT(db_hold_writer_lock(path, "fcgi", &second), ERR_CONFLICT);
	CHECK_INT(db_hold_writer_lock(path, "p2pd", &other), ERR_NONE);
	close(first);
	CHECK_INT(db_hold_writer_lock(path, "fcgi", &second), ERR_NONE);
	close(second);
	close(other);
	CHECK(remove_folder());
}

/* SQLite ends a transaction by itself when it runs out of memory or room: what follows must not commit piece by piece. */
TEST(a_transaction_that_sqlite_ended_is_noticed)
{
	struct db *db = NULL;
	struct fault fault = { 0 };

	CHECK_INT(db_open(":memory:", DB_WRITE, &db, &fault), ERR_NONE);
	CHECK_INT(db_begin(db), ERR_NONE);
	CHECK(db_in_transaction(db));
	CHECK_INT(sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	CHECK(!db_in_transaction(db));
	CHECK_INT(db_savepoint(db), ERR_UNAVAILABLE);
	db_rollback(db);
	CHECK_INT(db_begin(db), ERR_NONE);
	CHECK_INT(db_commit(db), ERR_NONE);
	db_close(db);
}

TEST(every_statement_can_be_prepared)
{
	struct db *db = NULL;
	struct fault fault = { 0 };

	CHECK_INT(db_open(":memory:", DB_WRITE, &db, &fault), ERR_NONE);
	for (int i = 0; i < SQL_COUNT; i++) {
		if (sql_use(db, (enum sql)i) == NULL)
			test_fail(__FILE__, __LINE__, "%s", db_last_error(db));
	}
	db_close(db);
}

/* ---- the stress: two writing connections and their checkpoints on one file ---- */

#define STRESS_COMMITS 400

struct writer { const char *path; const char *id; pthread_t thread; enum err result; int64_t checkpoint_at; };

static enum err write_much(struct writer *w)
{
	struct fault fault = { 0 };
	struct db *db = NULL;
	enum err e = db_open(w->path, DB_WRITE, &db, &fault);

	for (int i = 0; e == ERR_NONE && i < STRESS_COMMITS; i++) {
		struct sync_state row = { .last_sync_ms = i, .updated_ms = i };

		text_format(row.peer, sizeof(row.peer), "%s-%d", w->id, i % 50);
		e = db_begin(db);
		if (e == ERR_NONE)
			e = sync_state_write(db, &row);
		if (e == ERR_NONE)
			e = db_commit(db);
		if (e == ERR_NONE)
			e = db_checkpoint(db, w->checkpoint_at);
	}
	db_close(db);
	return e;
}

static void *writer_run(void *arg)
{
	struct writer *w = arg;

	w->result = write_much(w);
	return NULL;
}

/* Ctrl-Z in the middle of a transaction. Writes how far it came. */
static void stopped_while_writing(const char *path, int out)
{
	struct fault fault;
	struct db *db = NULL;

	setpgid(0, 0); /* in a group without a parent it would not stop at all */
	if (db_open(path, DB_WRITE, &db, &fault) != ERR_NONE || db_begin(db) != ERR_NONE)
		_exit(1);
	raise(SIGTSTP);
	if (write(out, "w", 1) != 1 || db_commit(db) != ERR_NONE)
		_exit(1);
	_exit(0);
}

TEST(who_is_told_to_stop_gives_up_the_lock_first)
{
	char path[128], lock[160], byte = 0;
	int pipes[2], status = 0, fd;
	pid_t pid;

	CHECK(new_folder());
	in_folder("a.db", path);
	CHECK(text_format(lock, sizeof lock, "%s-lock", path));
	CHECK_INT(pipe2(pipes, O_NONBLOCK | O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0)
		stopped_while_writing(path, pipes[1]);
	CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	CHECK_INT(read(pipes[0], &byte, 1), 1);
	fd = open(lock, O_RDWR | O_CLOEXEC);
	CHECK(fd >= 0);
	CHECK_INT(flock(fd, LOCK_EX | LOCK_NB), 0);
	close(fd);
	CHECK_INT(kill(pid, SIGCONT), 0);
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(pipes[0]);
	close(pipes[1]);
	CHECK(remove_folder());
}

TEST(two_writers_and_their_checkpoints_lose_nothing)
{
	char path[128];
	struct writer w[2] = { { .path = in_folder("s.db", path), .id = "a", .checkpoint_at = 1 },
		{ .path = path, .id = "b", .checkpoint_at = 65536 } };
	struct db *db = NULL;
	struct fault fault = { 0 };

	CHECK(new_folder());
	in_folder("s.db", path);
	CHECK_INT(db_open(path, DB_WRITE, &db, &fault), ERR_NONE);
	for (int i = 0; i < 2; i++)
		CHECK_INT(pthread_create(&w[i].thread, NULL, writer_run, &w[i]), 0);
	for (int i = 0; i < 2; i++)
		CHECK_INT(pthread_join(w[i].thread, NULL), 0);
	CHECK_INT(w[0].result, ERR_NONE);
	CHECK_INT(w[1].result, ERR_NONE);
	db_close(db);
	CHECK_INT(one_number(path, "SELECT count(*) FROM p2p_sync_state"), 100);
	CHECK_INT(one_number(path, "SELECT sum(last_sync_timestamp) FROM p2p_sync_state"), 2 * (350 + 399) * 50 / 2);
	CHECK_INT(one_number(path, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
	CHECK(remove_folder());
}

TEST(the_wal_is_checkpointed_and_its_file_written_over)
{
	struct central c;
	char path[128];
	int64_t most = 0;

	CHECK(new_folder());
	CHECK_INT(central_open(&c, in_folder("c.db", path), "central-1", 2), ERR_NONE);
	for (int i = 0; i < 40; i++) {
		CHECK_INT(central_enter_many(&c, 500), ERR_NONE);
		CHECK_INT(db_checkpoint(c.db, DB_CHECKPOINT_USUAL), ERR_NONE);
		most = db_wal_bytes(c.db) > most ? db_wal_bytes(c.db) : most;
	}
	CHECK(most > DB_CHECKPOINT_USUAL);
	CHECK(most < 2 * DB_CHECKPOINT_USUAL);
	CHECK_INT(db_wal_bytes(c.db), most);
	central_close(&c);
	CHECK(remove_folder());
}

TEST(a_wal_that_grew_large_shrinks_again)
{
	struct central c;
	char path[128];

	CHECK(new_folder());
	CHECK_INT(central_open(&c, in_folder("c.db", path), "central-1", 2), ERR_NONE);
	while (db_wal_bytes(c.db) < 2 * DB_CHECKPOINT_LATE + DB_CHECKPOINT_USUAL)
		CHECK_INT(central_enter_many(&c, 500), ERR_NONE);
	CHECK_INT(db_checkpoint(c.db, DB_CHECKPOINT_USUAL), ERR_NONE);
	CHECK_INT(central_enter_many(&c, 1), ERR_NONE);
	CHECK_INT(db_wal_bytes(c.db), 2 * DB_CHECKPOINT_LATE);
	central_close(&c);
	CHECK(remove_folder());
}

/* ---- who waits for the lock is seen ---- */

static void *begin_and_rollback(void *arg)
{
	if (db_begin(arg) == ERR_NONE)
		db_rollback(arg);
	return NULL;
}

static bool wanted_within_5_s(const struct db *db, bool wanted)
{
	for (int i = 0; i < 5000 && db_wanted(db) != wanted; i++)
		usleep(1000);
	return db_wanted(db) == wanted;
}

TEST(who_waits_for_the_lock_is_seen_until_he_has_it)
{
	struct db *db = NULL, *other = NULL;
	struct fault fault = { 0 };
	char path[128];
	pthread_t thread;

	CHECK(new_folder());
	CHECK_INT(db_open(in_folder("w.db", path), DB_WRITE, &db, &fault), ERR_NONE);
	CHECK_INT(db_open(path, DB_WRITE, &other, &fault), ERR_NONE);
	CHECK(!db_wanted(db));
	CHECK_INT(db_begin(db), ERR_NONE);
	CHECK(!db_wanted(db));
	CHECK_INT(pthread_create(&thread, NULL, begin_and_rollback, other), 0);
	CHECK(wanted_within_5_s(db, true));
	CHECK_INT(db_commit(db), ERR_NONE);
	CHECK_INT(pthread_join(thread, NULL), 0);
	CHECK(!db_wanted(db));
	CHECK_INT(db_begin(other), ERR_NONE);
	CHECK(!db_wanted(db)); /* he has it, and does not wait */
	db_rollback(other);
	db_close(other);
	db_close(db);
	CHECK(remove_folder());
}

TEST(who_dies_waiting_waits_no_more)
{
	struct db *db = NULL, *other = NULL;
	struct fault fault = { 0 };
	char path[128];
	int status = 0;
	pid_t pid;

	CHECK(new_folder());
	in_folder("w.db", path);
	CHECK_INT(db_open(path, DB_WRITE, &db, &fault), ERR_NONE);
	CHECK_INT(db_begin(db), ERR_NONE);
	pid = fork();
	if (pid == 0) {
		if (db_open(path, DB_WRITE, &other, &fault) == ERR_NONE)
			(void)db_begin(other);
		_exit(1);
	}
	CHECK(wanted_within_5_s(db, true));
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	CHECK(!db_wanted(db));
	CHECK_INT(db_commit(db), ERR_NONE);
	db_close(db);
	CHECK(remove_folder());
}

TEST_MAIN
