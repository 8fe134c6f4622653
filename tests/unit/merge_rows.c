/*
 * What the merge makes of a set of records, for tests/unit/test_merge.py to compare with the model.
 *
 * Input: sets, each a line "direct N", "replay N" or "pages N" (the way of applying; of pages what has to be gone through again
 * waits for a line "=", or for the end; N: stays of a line gone through at first), then records, one a line, in the order they
 * arrive, and questions "? PLATE MS" (who was inside as of that moment, by what is held so far), then an empty line. Output for
 * each set: the answers as JSON texts, its rows as merge_model.py prints them, then an empty line. A record already held is
 * skipped, as the ledger does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "domain/replay.h"
#include "domain/stay.h"
#include "merge_rows.h"
#include "store/db_internal.h"
#include "store/logs.h"

static void stop(const char *what, struct db *db, enum err e)
{
	fprintf(stderr, "merge_rows: %s: %s (%s)\n", what, err_name(e), db == NULL ? "" : db_last_error(db));
	exit(1);
}

static void need(const char *what, struct db *db, enum err e)
{
	if (e != ERR_NONE)
		stop(what, db, e);
}

static void know_log(struct db *db, const struct record *r)
{
	struct log_row row = { .previous_seq = -1 };
	enum err e = log_find(db, r->log, &row);

	if (e == ERR_NONE)
		return;
	text_copy(row.log, sizeof(row.log), r->log);
	text_copy(row.id, sizeof(row.id), r->source_central);
	text_copy(row.writer, sizeof(row.writer), "fcgi");
	need("log", db, log_insert(db, &row));
}

static void apply(struct merge *m, const char *line)
{
	struct db *db = m->db;
	struct chain chain;
	struct record r;

	need(line, NULL, record_parse(line, strlen(line), &r));
	if (!r.readable)
		stop(line, NULL, ERR_INVALID);
	if (record_chain(db, r.log, r.seq, &chain) == ERR_NOT_FOUND) {
		chain_zero(&chain);
		know_log(db, &r);
		if (m->later != NULL)
			need(line, db, stay_merge_next(m, &r));
		need("record", db, record_insert(db, &r, line, strlen(line), &chain, true));
		need(line, db, stay_merge(m, &r));
	}
	record_free(&r);
}

static void answer(struct db *db, const char *question)
{
	char plate[STAY_PLATE_SIZE];
	struct stay_row row;
	long long at;
	enum err e;

	if (sscanf(question, "? %63s %lld", plate, &at) != 2)
		stop(question, db, ERR_SYNTAX);
	e = stay_inside(db, plate, at, &row);
	if (e == ERR_NOT_FOUND) {
		puts("null");
		return;
	}
	need(question, db, e);
	printf("\"%s\"\n", row.event_id);
}

static void print_rows(struct db *db)
{
	sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v2(db->handle, MERGE_ROWS, -1, &st, NULL) != SQLITE_OK)
		stop(sqlite3_errmsg(db->handle), db, ERR_SYSTEM);
	while (sqlite3_step(st) == SQLITE_ROW)
		puts((const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	puts("");
	fflush(stdout);
}

/* One set in a transaction that is rolled back: the database is as new for the next. */
static void one_set(struct db *db, char *line, size_t size)
{
	struct merge m = { .db = db, .now_ms = 1733140800000, .always_replay = strncmp(line, "replay", 6) == 0 };
	struct replay later;
	int window = 0;

	if (sscanf(line, "%*s %d", &window) == 1 && window > 0)
		m.window = (size_t)window;
	replay_init(&later, &m);
	if (strncmp(line, "pages", 5) == 0)
		m.later = &later;
	need("begin", db, db_begin(db));
	while (fgets(line, (int)size, stdin) != NULL && line[0] != '\n') {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] != '?' && line[0] != '=') {
			apply(&m, line);
			continue;
		}
		need(line, db, replay_run(&later));
		if (line[0] == '?')
			answer(db, line);
	}
	need("end", db, replay_run(&later));
	replay_free(&later);
	print_rows(db);
	db_rollback(db);
}

int main(void)
{
	static char line[RECORD_MAX + 2];
	struct fault fault = { 0 };
	struct db *db = NULL;

	need("open", NULL, db_open(":memory:", DB_WRITE, &db, &fault));
	while (fgets(line, sizeof(line), stdin) != NULL)
		one_set(db, line, sizeof(line));
	db_close(db);
	return 0;
}
