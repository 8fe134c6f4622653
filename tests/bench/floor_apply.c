/*
 * The floor of catching up: the same records parsed, chained by SHA-256 and written with all their rows and indexes, in transactions
 * of one size (WAL, synchronous=FULL), without network, seals, or a look at what is there.
 * usage: floor_apply SOURCE TARGET RECORDS RECORDS_A_COMMIT     SOURCE: made by fill; TARGET: new. Reading SOURCE is not counted.
 *        floor_apply SOURCE     only reads, parses and chains all records, which is counted: the floor of verifying
 * prints an object: records, seconds, per_second, cpu_us a record
 */
#include <cjson/cJSON.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "seal/seal.h"
#include "store/packed.h"

enum { RECORD, ENTRY, EXIT, LEFT, STATEMENTS };

static const char *const SQL[STATEMENTS] = {
	[RECORD] = "INSERT INTO record_rows(log, seq, hlc_ms, hlc_counter, at, type, event_id, plate_id, payload, chain, unread)"
		" VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0)",
	[ENTRY] = "INSERT INTO history(event_id, source_central, edge_id, plate_id, plate_view, entry_time, entry_confidence, entry_source,"
		" status, sync_status, created_at, updated_at, entry_ts, camera_type, opened, begin_ts, entry_log, entry_seq, entry_at,"
		" entry_hlc_ms, entry_hlc_counter, change) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'IN', 'SYNCED', ?6, ?6, ?9, ?10, 1, ?9, ?11,"
		" ?12, ?13, ?13, ?14, ?15)",
	[EXIT] = "INSERT INTO exits(log, seq, at, hlc_ms, hlc_counter, stay, stay_at, plate_id, plate_view, void, bound, kind, fee, exit_ts,"
		" exit_time, central, edge, reason) VALUES(?1, ?2, ?3, ?3, 0, ?4, ?3, ?5, ?5, 0, ?4, 'counted', ?6, ?3, ?7, ?8, ?9, ?10)",
	[LEFT] = "UPDATE history SET (status, exit_time, exit_ts, exit_at, exit_central, exit_edge, exit_reason, duration, fee, exit_log,"
		" exit_seq, updated_at, change) = ('OUT', ?2, ?3, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?2, ?11) WHERE event_id = ?1",
};

#define CHECKPOINT_PAGES "3072" /* 12 MiB, as p2pd while no gate is at work */

struct line { char *text; int len; };

static sqlite3 *db;
static sqlite3_stmt *statement[STATEMENTS];
static struct chain chain;
static int64_t change;
static struct buf packed;

static void stop(void)
{
	fprintf(stderr, "floor_apply: %s\n", sqlite3_errmsg(db));
	exit(1);
}

static void run(const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		stop();
}

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static sqlite3_stmt *prepare(const char *sql)
{
	sqlite3_stmt *st = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK)
		stop();
	return st;
}

/* ---- before the clock starts ---- */

static struct line *read_lines(int64_t most, int64_t *count)
{
	sqlite3_stmt *st = prepare("SELECT payload FROM old.records ORDER BY number LIMIT ?1");
	struct line *lines = calloc((size_t)most + 1, sizeof(*lines));

	if (lines == NULL)
		stop();
	sqlite3_bind_int64(st, 1, most);
	for (*count = 0; sqlite3_step(st) == SQLITE_ROW; ++*count) {
		lines[*count].text = strdup((const char *)sqlite3_column_text(st, 0));
		lines[*count].len = sqlite3_column_bytes(st, 0);
	}
	sqlite3_finalize(st);
	return lines;
}

static void free_lines(struct line *lines, int64_t count)
{
	for (int64_t i = 0; i < count; i++)
		free(lines[i].text);
	free(lines);
}

static void copy_schema(void)
{
	sqlite3_stmt *st = prepare("SELECT sql FROM old.sqlite_master WHERE tbl_name IN ('record_rows','history','exits') AND sql IS NOT NULL"
		" ORDER BY type DESC");

	while (sqlite3_step(st) == SQLITE_ROW)
		run((const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
}

static void open_target(const char *source, const char *target)
{
	char attach[4096];

	if (sqlite3_open(target, &db) != SQLITE_OK)
		stop();
	snprintf(attach, sizeof(attach), "ATTACH 'file:%s?mode=ro' AS old", source);
	run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -8192; PRAGMA wal_autocheckpoint = " CHECKPOINT_PAGES);
	run(attach);
	copy_schema();
	for (int i = 0; i < STATEMENTS; i++)
		statement[i] = prepare(SQL[i]);
}

/* ---- what is counted ---- */

static const char *text(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static int64_t integer(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return item == NULL ? 0 : (int64_t)item->valuedouble;
}

/* One letter for each value: t a text, i an integer, f a real. */
static void put(sqlite3_stmt *st, int at, char kind, const cJSON *object, const char *name)
{
	if (kind == 't')
		sqlite3_bind_text(st, at, text(object, name), -1, SQLITE_STATIC);
	else if (kind == 'i')
		sqlite3_bind_int64(st, at, integer(object, name));
	else
		sqlite3_bind_double(st, at, cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, name)));
}

static void step(sqlite3_stmt *st)
{
	if (sqlite3_step(st) != SQLITE_DONE)
		stop();
	sqlite3_reset(st);
}

static void write_record(const cJSON *r, const cJSON *data, const struct line *line)
{
	sqlite3_stmt *st = statement[RECORD];
	const char *hlc = text(r, "hlc"), *dot = strchr(hlc, '.');
	const struct packed_place place = { text(r, "log"), integer(r, "seq"), strtoll(hlc, NULL, 10), strtoll(dot + 1, NULL, 10),
		integer(r, "at"), text(r, "event_id") };

	buf_reset(&packed);
	line_pack(&place, line->text, (size_t)line->len, &packed);
	sqlite3_bind_int64(st, 1, 1);
	sqlite3_bind_int64(st, 2, place.seq);
	sqlite3_bind_int64(st, 3, place.hlc_ms);
	sqlite3_bind_int64(st, 4, place.hlc_counter);
	sqlite3_bind_int64(st, 5, place.at);
	sqlite3_bind_int64(st, 6, strcmp(text(r, "type"), "VEHICLE_EXIT") == 0 ? 4 : 2);
	put(st, 7, 't', r, "event_id");
	put(st, 8, 't', data, "plate_id");
	sqlite3_bind_text(st, 9, packed.data, (int)packed.len, SQLITE_STATIC);
	sqlite3_bind_blob(st, 10, &chain, sizeof(chain), SQLITE_STATIC);
	step(st);
}

static void write_entry(const cJSON *r, const cJSON *data)
{
	static const char *const FIELDS[] = { "edge_id", "plate_id", "plate_view", "entry_time" };
	sqlite3_stmt *st = statement[ENTRY];

	put(st, 1, 't', r, "event_id");
	put(st, 2, 't', r, "source_central");
	for (int i = 0; i < 4; i++)
		put(st, 3 + i, 't', data, FIELDS[i]);
	put(st, 7, 'f', data, "confidence");
	put(st, 8, 't', data, "source");
	put(st, 9, 'i', data, "entry_ts");
	put(st, 10, 't', data, "camera_type");
	put(st, 11, 't', r, "log");
	put(st, 12, 'i', r, "seq");
	put(st, 13, 'i', r, "at");
	sqlite3_bind_int64(st, 14, 0);
	sqlite3_bind_int64(st, 15, change);
	step(st);
}

static void write_exit(const cJSON *r, const cJSON *data)
{
	sqlite3_stmt *st = statement[EXIT];

	put(st, 1, 't', r, "log");
	put(st, 2, 'i', r, "seq");
	put(st, 3, 'i', data, "exit_ts");
	put(st, 4, 't', r, "event_id");
	put(st, 5, 't', data, "plate_id");
	put(st, 6, 'i', data, "fee");
	put(st, 7, 't', data, "exit_time");
	put(st, 8, 't', data, "exit_central");
	put(st, 9, 't', data, "exit_edge");
	put(st, 10, 't', data, "reason");
	step(st);
}

static void write_left(const cJSON *r, const cJSON *data)
{
	static const char *const FIELDS[] = { "exit_central", "exit_edge", "reason", "duration" };
	sqlite3_stmt *st = statement[LEFT];

	put(st, 1, 't', r, "event_id");
	put(st, 2, 't', data, "exit_time");
	put(st, 3, 'i', data, "exit_ts");
	for (int i = 0; i < 4; i++)
		put(st, 4 + i, 't', data, FIELDS[i]);
	put(st, 8, 'i', data, "fee");
	put(st, 9, 't', r, "log");
	put(st, 10, 'i', r, "seq");
	sqlite3_bind_int64(st, 11, change);
	step(st);
}

static void apply(const struct line *line)
{
	cJSON *r = cJSON_ParseWithLength(line->text, (size_t)line->len);
	const cJSON *data = cJSON_GetObjectItemCaseSensitive(r, "data");
	const char *type = text(r, "type");

	chain_next(&chain, line->text, (size_t)line->len);
	write_record(r, data, line);
	if (strcmp(type, "VEHICLE_ENTRY_PENDING") == 0)
		write_entry(r, data);
	if (strcmp(type, "VEHICLE_EXIT") == 0) {
		write_exit(r, data);
		write_left(r, data);
	}
	cJSON_Delete(r);
}

static void apply_all(const struct line *lines, int64_t count, int64_t a_commit)
{
	for (int64_t i = 0; i < count;) {
		run("BEGIN IMMEDIATE");
		change++;
		for (int64_t end = i + a_commit < count ? i + a_commit : count; i < end; i++)
			apply(&lines[i]);
		run("COMMIT");
	}
}

static int64_t look_at_all(const char *source)
{
	int64_t count = 0;
	struct buf line;
	sqlite3_stmt *st;

	buf_init(&line, 8192);
	if (sqlite3_open_v2(source, &db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
		stop();
	st = prepare("SELECT l.log, r.seq, r.hlc_ms, r.hlc_counter, r.at, r.event_id, r.payload FROM logs l CROSS JOIN record_rows r"
		" ON r.log = l.number ORDER BY l.number, r.seq");
	for (; sqlite3_step(st) == SQLITE_ROW; count++) {
		const struct packed_place place = { (const char *)sqlite3_column_text(st, 0), sqlite3_column_int64(st, 1),
			sqlite3_column_int64(st, 2), sqlite3_column_int64(st, 3), sqlite3_column_int64(st, 4),
			(const char *)sqlite3_column_text(st, 5) };

		buf_reset(&line);
		if (line_unpack(&place, (const char *)sqlite3_column_text(st, 6), (size_t)sqlite3_column_bytes(st, 6), &line) != ERR_NONE)
			stop();
		chain_next(&chain, line.data, line.len);
		cJSON_Delete(cJSON_ParseWithLength(line.data, line.len));
	}
	sqlite3_finalize(st);
	buf_free(&line);
	return count;
}

int main(int argc, char **argv)
{
	struct line *lines = NULL;
	int64_t count = 0;
	double began, cpu;

	if (argc != 2 && argc != 5) {
		fputs("usage: floor_apply SOURCE [TARGET RECORDS RECORDS_A_COMMIT]\n", stderr);
		return 2;
	}
	sqlite3_config(SQLITE_CONFIG_URI, 1);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* as lib/store does: nobody needs that counting */
	buf_init(&packed, 8192);
	if (argc == 5) {
		open_target(argv[1], argv[2]);
		lines = read_lines(atoll(argv[3]), &count);
		run("DETACH old");
	}
	began = seconds(CLOCK_MONOTONIC);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	if (lines != NULL)
		apply_all(lines, count, atoll(argv[4]));
	else
		count = look_at_all(argv[1]);
	began = seconds(CLOCK_MONOTONIC) - began;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("{\"records\": %lld, \"seconds\": %.6f, \"per_second\": %.1f, \"cpu_us\": %.3f}\n", (long long)count, began, (double)count / began,
		cpu * 1e6 / (double)count);
	if (lines != NULL)
		free_lines(lines, count);
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(statement[i]);
	sqlite3_close(db);
	return 0;
}
