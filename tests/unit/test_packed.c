#include "test.h"

#include <sqlite3.h>

#include "central.h"
#include "store/db_internal.h"
#include "store/packed.h"

#define LOG "cae5ed6fc9a06be0f3801e85f6c89281"
#define HEAD "{\"type\":\"VEHICLE_ENTRY_PENDING\",\"source_central\":\"central-2\",\"timestamp\":7"
#define PLACE ",\"event_id\":\"e-1\",\"log\":\"" LOG "\",\"seq\":2,\"hlc\":\"7.0\",\"at\":8"
#define DATA ",\"data\":{\"plate_id\":\"29A12345\",\"plate_view\":\"29A-123.45\",\"edge_id\":\"edge-1\"}}"

static const struct packed_place usual = { LOG, 2, 7, 0, 8, "e-1" };

/* What the line becomes and comes back as; the length it took, -1 if another line came back. */
static int64_t taken(const struct packed_place *place, const char *line)
{
	struct buf packed, again;
	int64_t len = -1;

	buf_init(&packed, RECORD_MAX);
	buf_init(&again, RECORD_MAX);
	line_pack(place, line, strlen(line), &packed);
	if (!packed.failed && line_unpack(place, buf_text(&packed), packed.len, &again) == ERR_NONE && strcmp(buf_text(&again), line) == 0)
		len = (int64_t)packed.len;
	buf_free(&packed);
	buf_free(&again);
	return len;
}

TEST(an_ordinary_line_loses_what_all_of_them_have)
{
	CHECK_INT(taken(&usual, HEAD PLACE DATA), (int)strlen("?central-2?7??29A12345?29A-123.45?edge-1\"}}"));
}

TEST(what_the_columns_say_otherwise_is_kept)
{
	struct packed_place other = usual;
	int64_t all = taken(&usual, HEAD PLACE DATA);

	other.seq = 3;
	CHECK(taken(&other, HEAD PLACE DATA) > all);
	other = usual;
	other.event_id = NULL;
	CHECK(taken(&other, HEAD PLACE DATA) > all);
	other = usual;
	other.hlc_ms = -1;
	CHECK(taken(&other, HEAD PLACE DATA) > all);
}

TEST(any_line_comes_back_as_it_was)
{
	static const char *const lines[] = { "{}", "{\"a\":[1,2,\"x,\\\"y\",\"\",\"\"]}", ",", "\"", "\",\"", ",\"", ",\"data\":{\"plate_id\":\"",
		"\",\"timestamp\":\",\"timestamp\":", "{\"type\":\"VEHICLE_EXIT\",\"source_central\":\"{\"type\":\"VEHICLE_EXIT\"",
		"{\t\"log\" :\r1,\"reason\":\"x\",\"reason\":\"\",\"reason\":\"\"}", PLACE PLACE, HEAD "," HEAD DATA DATA PLACE "," };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		for (size_t from = 0; from < strlen(lines[i]); from++)
			CHECK(taken(&usual, lines[i] + from) > 0);
	}
}

TEST(an_event_id_that_is_too_long_is_no_part_of_the_place)
{
	char name[256], line[512];
	struct packed_place place = usual;

	memset(name, 'n', sizeof(name));
	place.event_id = name;
	for (int len = 126; len <= 128; len++) {
		name[len] = '\0';
		text_format(line, sizeof(line), "%s,\"event_id\":\"%s\",\"log\":\"" LOG "\",\"seq\":2,\"hlc\":\"7.0\",\"at\":8%s", HEAD, name, DATA);
		CHECK_INT(taken(&place, line) > 128, len > PACKED_EVENT_MAX);
		name[len] = 'n';
	}
}

TEST(what_cannot_have_been_packed_is_damage)
{
	struct packed_place place = usual;
	struct buf out;

	place.at = -1;
	buf_init(&out, RECORD_MAX);
	CHECK_INT(line_unpack(&place, "a\005b", 3, &out), ERR_CORRUPT);
	buf_free(&out);
	buf_init(&out, 8);
	CHECK_INT(line_unpack(&usual, "\001", 1, &out), ERR_CORRUPT);
	buf_free(&out);
}

static int64_t number(struct db *db, const char *sql)
{
	sqlite3_stmt *st = NULL;
	int64_t value = -1;

	if (sqlite3_prepare_v2(db->handle, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
		value = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return value;
}

/* A line that holds every piece, and its columns. */
static bool put_record(struct db *db, int64_t n, const struct packed_place *place, const char *line)
{
	sqlite3_stmt *st = NULL;
	struct buf packed;
	bool good;

	buf_init(&packed, RECORD_MAX);
	line_pack(place, line, strlen(line), &packed);
	good = sqlite3_prepare_v2(db->handle, "INSERT INTO record_rows VALUES(?1, 1, ?2, ?3, ?4, ?5, 2, ?6, NULL, ?7, x'', 0)", -1, &st, NULL)
		== SQLITE_OK;
	sqlite3_bind_int64(st, 1, n);
	sqlite3_bind_int64(st, 2, place->seq);
	sqlite3_bind_int64(st, 3, place->hlc_ms);
	sqlite3_bind_int64(st, 4, place->hlc_counter);
	sqlite3_bind_int64(st, 5, place->at);
	sqlite3_bind_text(st, 6, place->event_id, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 7, packed.data, (int)packed.len, SQLITE_STATIC);
	good = good && sqlite3_step(st) == SQLITE_DONE;
	sqlite3_finalize(st);
	buf_free(&packed);
	return good;
}

TEST(the_view_unpacks_as_the_program_does)
{
#define PIECE_TEXT(number, text) text
	static const char every[] = HEAD PLACE PACKED_PIECES_1(PIECE_TEXT) "x" PACKED_PIECES_2(PIECE_TEXT) "\"}}";
	struct db *db = NULL;
	struct fault fault = { 0 };
	struct packed_place place = usual;
	sqlite3_stmt *st = NULL;

	CHECK_INT(db_open(":memory:", DB_WRITE, &db, &fault), ERR_NONE);
	CHECK_INT(sqlite3_exec(db->handle, "INSERT INTO logs VALUES('" LOG "', 'c', 'w', x'', NULL, NULL, 0, x'', 0, 0, 1)", NULL, NULL, NULL),
		SQLITE_OK);
	CHECK(put_record(db, 1, &place, every));
	place.seq = 3;
	CHECK(put_record(db, 2, &place, HEAD PLACE DATA));
	place = (struct packed_place){ LOG, 4, 7, 0, 8, NULL };
	CHECK(put_record(db, 3, &place, HEAD ",\"log\":\"" LOG "\",\"seq\":4,\"hlc\":\"7.0\",\"at\":8" DATA));
	CHECK_INT(number(db, "SELECT sum(instr(payload, char(5)) > 0) FROM record_rows"), 2);
	CHECK_INT(sqlite3_prepare_v2(db->handle, "SELECT payload FROM records ORDER BY number", -1, &st, NULL), SQLITE_OK);
	CHECK_INT(sqlite3_step(st), SQLITE_ROW);
	CHECK_STR((const char *)sqlite3_column_text(st, 0), every);
	CHECK_INT(sqlite3_step(st), SQLITE_ROW);
	CHECK_STR((const char *)sqlite3_column_text(st, 0), HEAD PLACE DATA);
	CHECK_INT(sqlite3_step(st), SQLITE_ROW);
	CHECK_STR((const char *)sqlite3_column_text(st, 0), HEAD ",\"log\":\"" LOG "\",\"seq\":4,\"hlc\":\"7.0\",\"at\":8" DATA);
	sqlite3_finalize(st);
	db_close(db);
}

TEST_MAIN
