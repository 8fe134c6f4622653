/*
 * The floor of a group commit: what SQLite alone does in the mode parkmesh uses (WAL, synchronous=FULL), rows of about 500 bytes, one
 * connection.  usage: floor FILE ROWS_A_COMMIT SECONDS    prints rows per second
 */
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void stop(sqlite3 *db)
{
	fprintf(stderr, "floor: %s\n", sqlite3_errmsg(db));
	exit(1);
}

static void run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		stop(db);
}

static void insert(sqlite3 *db, sqlite3_stmt *st, int64_t number)
{
	char payload[500];

	memset(payload, 'x', sizeof(payload));
	sqlite3_bind_int64(st, 1, number);
	sqlite3_bind_text(st, 2, payload, sizeof(payload), SQLITE_STATIC);
	if (sqlite3_step(st) != SQLITE_DONE)
		stop(db);
	sqlite3_reset(st);
}

static double rows_per_second(sqlite3 *db, int rows, double seconds)
{
	sqlite3_stmt *st = NULL;
	int64_t count = 0;
	double begin = now(), passed = 0;

	if (sqlite3_prepare_v2(db, "INSERT INTO r VALUES(?1, ?2)", -1, &st, NULL) != SQLITE_OK)
		stop(db);
	while ((passed = now() - begin) < seconds) {
		run(db, "BEGIN IMMEDIATE");
		for (int i = 0; i < rows; i++)
			insert(db, st, ++count);
		run(db, "COMMIT");
	}
	sqlite3_finalize(st);
	return (double)count / passed;
}

int main(int argc, char **argv)
{
	sqlite3 *db = NULL;

	if (argc != 4 || sqlite3_open(argv[1], &db) != SQLITE_OK) {
		fputs("usage: floor FILE ROWS_A_COMMIT SECONDS\n", stderr);
		return 2;
	}
	run(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE r(number INTEGER PRIMARY KEY, payload TEXT)");
	printf("%.0f\n", rows_per_second(db, atoi(argv[2]), strtod(argv[3], NULL)));
	sqlite3_close(db);
	return 0;
}
