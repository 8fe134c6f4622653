/* Lines of records for tests, and parsing them. */
#ifndef PARKMESH_RECORD_LINES_H
#define PARKMESH_RECORD_LINES_H

#include <stdlib.h>

#include "test.h"
#include "wire/record.h"

#define LOG "5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c"
#define OTHER_LOG "00112233445566778899aabbccddeeff"
#define STAY "central-1_1733140800000_29A12345"
#define BYTES_32 "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

/* Everything before data of a record that the merge can read. */
#define HEAD(type, event) \
	"{\"type\":\"" type "\",\"source_central\":\"central-5\",\"timestamp\":1733144400001," event \
	"\"log\":\"" LOG "\",\"seq\":42,\"hlc\":\"1733144400002.7\",\"at\":1733144400003,"
#define ABOUT(stay) "\"event_id\":\"" stay "\","

/* Parsed from memory of exactly its size, so that the sanitizer sees a byte read too far. */
static inline enum err parse(const char *line, size_t len, struct record *out)
{
	char *copy = malloc(len > 0 ? len : 1);
	enum err e;

	if (!copy)
		return ERR_MEMORY;
	memcpy(copy, line, len);
	e = record_parse(copy, len, out);
	free(copy);
	return e;
}

static inline enum err parse_text(const char *line, struct record *out)
{
	return parse(line, strlen(line), out);
}

static inline void expect_error(const char *line, enum err expected)
{
	struct record r;
	enum err e = parse_text(line, &r);

	if (e == ERR_NONE)
		record_free(&r);
	if (e != expected)
		test_fail(__FILE__, __LINE__, "%s, not %s: %s", err_name(e), err_name(expected), line);
}

static inline void expect_readable(const char *line, bool readable)
{
	struct record r;
	enum err e = parse_text(line, &r);

	if (e != ERR_NONE || r.readable != readable)
		test_fail(__FILE__, __LINE__, "%s, %sreadable: %s", err_name(e), e == ERR_NONE && r.readable ? "" : "not ", line);
	if (e == ERR_NONE)
		record_free(&r);
}

/* A document of size bytes: text, then filler, then end. Freed by the caller. */
static inline char *filled(const char *text, char filler, const char *end, size_t size)
{
	size_t head = strlen(text), tail = strlen(end);
	char *line = malloc(size + 1);

	if (!line || head + tail > size)
		abort();
	memcpy(line, text, head);
	memset(line + head, filler, size - head - tail);
	memcpy(line + size - tail, end, tail + 1);
	return line;
}

/* The frozen form: what each type looks like, byte for byte. */
static const char log_open_line[] = HEAD("LOG_OPEN", "")
	"\"data\":{\"id\":\"central-5\",\"writer\":\"fcgi\",\"public_key\":\"" BYTES_32 "\",\"random\":\"" OTHER_LOG "\","
	"\"previous\":{\"log\":\"" OTHER_LOG "\",\"seq\":17,\"chain\":\"" BYTES_32 "\"}}}";
static const char entry_line[] = HEAD("VEHICLE_ENTRY_PENDING", ABOUT(STAY))
	"\"data\":{\"plate_id\":\"29A12345\",\"plate_view\":\"29A-123.45\",\"edge_id\":\"edge-1\",\"camera_type\":\"car\","
	"\"camera_id\":\"7\",\"camera_name\":\"Cổng 1\",\"direction\":\"ENTRY\",\"entry_time\":\"2024-12-02 19:00:00\","
	"\"entry_ts\":1733140800000,\"confidence\":0.97,\"source\":\"edge\"}}";
static const char confirmed_line[] = HEAD("VEHICLE_ENTRY_CONFIRMED", ABOUT(STAY))
	"\"data\":{\"confirmed_time\":\"2024-12-02 19:00:05\",\"confirmed_ts\":1733140805000}}";
static const char exit_line[] = HEAD("VEHICLE_EXIT", ABOUT(STAY))
	"\"data\":{\"plate_id\":\"29A12345\",\"exit_central\":\"central-2\",\"exit_edge\":\"edge-3\",\"camera_id\":\"9\","
	"\"camera_name\":\"Cổng 2\",\"exit_time\":\"2024-12-02 20:00:00\",\"exit_ts\":1733144400000,\"fee\":25000,"
	"\"duration\":\"1 giờ 0 phút\",\"tariff\":\"1733144400002.7 " LOG " 3\",\"reason\":\"normal\",\"edge_event_id\":\"e-1\","
	"\"edge_fee\":20000,\"via\":\"legacy\"}}";
static const char correction_line[] = HEAD("HISTORY_UPDATE", ABOUT(STAY))
	"\"data\":{\"plate_id\":\"29A12346\",\"plate_view\":\"29A-123.46\",\"by\":\"lan\",\"why\":\"5 đọc là 6\"}}";
static const char void_line[] = HEAD("HISTORY_DELETE", ABOUT("exit_" LOG "_9"))
	"\"data\":{\"by\":\"lan\",\"why\":\"test \\\"1\\\"\"}}";
static const char config_line[] = HEAD("CONFIG_UPDATE", "")
	"\"data\":{\"key\":\"tariff\",\"value\":{\"fee_base\":0.5,\"fee_per_hour\":25000},\"by\":\"lan\"}}";
static const char *const all_lines[] = {
	log_open_line, entry_line, confirmed_line, exit_line, correction_line, void_line, config_line
};
#define LINE_COUNT (sizeof all_lines / sizeof all_lines[0])

#endif
