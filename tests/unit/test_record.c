/* lib/wire/record: what is read from a line, and what of it the merge can read. */
#include "base/text.h"
#include "record_lines.h"

TEST(each_type_is_written_as_it_was_read)
{
	for (size_t i = 0; i < LINE_COUNT; i++) {
		struct record r;
		struct buf out;

		buf_init(&out, RECORD_MAX);
		CHECK_INT(parse_text(all_lines[i], &r), ERR_NONE);
		CHECK(r.readable);
		CHECK_INT(r.type, RECORD_LOG_OPEN + i);
		CHECK_STR(r.type_name, record_type_name(r.type));
		CHECK_INT(record_write(&r, &out), ERR_NONE);
		CHECK_STR(buf_text(&out), all_lines[i]);
		record_free(&r);
		buf_free(&out);
	}
	CHECK(!record_type_name(RECORD_UNKNOWN));
}

TEST(the_envelope_is_read)
{
	struct record r;

	CHECK_INT(parse_text(entry_line, &r), ERR_NONE);
	CHECK_STR(r.source_central, "central-5");
	CHECK_INT(r.timestamp, 1733144400001);
	CHECK_STR(r.event_id, STAY);
	CHECK_STR(r.log, LOG);
	CHECK_INT(r.seq, 42);
	CHECK(r.has_hlc);
	CHECK_INT(r.hlc.ms, 1733144400002);
	CHECK_INT(r.hlc.counter, 7);
	CHECK_INT(r.at, 1733144400003);
	CHECK(!r.legacy);
	record_free(&r);
	CHECK(!r.document && !r.type_name);
}

TEST(data_of_each_type_is_read)
{
	unsigned char counting[32];
	struct record r;

	for (size_t i = 0; i < sizeof counting; i++)
		counting[i] = (unsigned char)i;
	CHECK_INT(parse_text(log_open_line, &r), ERR_NONE);
	CHECK_STR(r.data.log_open.id, "central-5");
	CHECK_STR(r.data.log_open.writer, "fcgi");
	CHECK_MEM(r.data.log_open.public_key, counting, 32);
	CHECK_INT(r.data.log_open.random[15], 0xff);
	CHECK_STR(r.data.log_open.previous_log, OTHER_LOG);
	CHECK_INT(r.data.log_open.previous_seq, 17);
	CHECK_MEM(r.data.log_open.previous_chain.byte, counting, 32);
	record_free(&r);

	CHECK_INT(parse_text(entry_line, &r), ERR_NONE);
	CHECK_STR(r.data.entry.plate_id, "29A12345");
	CHECK_STR(r.data.entry.camera_id, "7");
	CHECK_STR(r.data.entry.camera_name, "Cổng 1");
	CHECK_INT(r.data.entry.entry_ts, 1733140800000);
	CHECK(r.data.entry.confidence == 0.97);
	record_free(&r);

	CHECK_INT(parse_text(exit_line, &r), ERR_NONE);
	CHECK_INT(r.data.exit.fee, 25000);
	CHECK_INT(r.data.exit.edge_fee, 20000);
	CHECK_STR(r.data.exit.reason, "normal");
	CHECK(r.legacy);
	record_free(&r);

	CHECK_INT(parse_text(void_line, &r), ERR_NONE);
	CHECK_STR(r.data.correction.why, "test \"1\"");
	CHECK(!r.data.correction.plate_id);
	record_free(&r);

	CHECK_INT(parse_text(config_line, &r), ERR_NONE);
	CHECK_STR(r.data.config.key, "tariff");
	CHECK_STR(r.data.config.value, "{\"fee_base\":0.5,\"fee_per_hour\":25000}");
	CHECK_STR(r.data.config.by, "lan");
	record_free(&r);
}

TEST(what_is_missing_is_left_out_and_read_as_missing)
{
	static const char *const lines[] = {
		HEAD("VEHICLE_ENTRY_PENDING", ABOUT(STAY)) "\"data\":{\"plate_id\":\"29A12345\"}}",
		HEAD("VEHICLE_ENTRY_CONFIRMED", ABOUT(STAY)) "\"data\":{}}",
		HEAD("VEHICLE_EXIT", "") "\"data\":{\"plate_id\":\"29A12345\",\"fee\":0,\"tariff\":null}}",
		HEAD("HISTORY_DELETE", ABOUT(STAY)) "\"data\":{}}",
		HEAD("CONFIG_UPDATE", "") "\"data\":{\"key\":\"staff/1\",\"value\":null}}",
		HEAD("LOG_OPEN", "") "\"data\":{\"id\":\"c\",\"writer\":\"ctl\",\"public_key\":\"" BYTES_32 "\",\"random\":\"" LOG
			"\",\"previous\":null}}",
	};

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct record r;
		struct buf out;

		buf_init(&out, RECORD_MAX);
		CHECK_INT(parse_text(lines[i], &r), ERR_NONE);
		CHECK(r.readable);
		if (r.type == RECORD_ENTRY)
			CHECK(!r.data.entry.source && r.data.entry.entry_ts == -1 && r.data.entry.confidence == -1);
		if (r.type == RECORD_EXIT)
			CHECK(!r.event_id && !r.data.exit.tariff && r.data.exit.exit_ts == -1 && r.data.exit.edge_fee == -1);
		CHECK_INT(record_write(&r, &out), ERR_NONE);
		CHECK_STR(buf_text(&out), lines[i]);
		record_free(&r);
		buf_free(&out);
	}
}

TEST(optional_fields_of_a_wrong_type_count_as_missing)
{
	struct record r;

	CHECK_INT(parse_text("{\"type\":\"VEHICLE_EXIT\",\"source_central\":\"central-5\",\"timestamp\":\"soon\",\"event_id\":5,"
		"\"log\":\"" LOG
		"\",\"seq\":1,\"hlc\":\"0.0\",\"at\":0,\"data\":{\"plate_id\":\"29A12345\",\"fee\":0,\"exit_ts\":\"1\",\"edge_fee\":-5,"
		"\"exit_edge\":3,\"duration\":null,\"tariff\":{},\"reason\":[],\"via\":7}}", &r), ERR_NONE);
	CHECK(r.readable && !r.event_id && !r.legacy);
	CHECK_INT(r.timestamp, -1);
	CHECK_INT(r.data.exit.exit_ts, -1);
	CHECK_INT(r.data.exit.edge_fee, -1);
	CHECK(!r.data.exit.exit_edge && !r.data.exit.duration && !r.data.exit.tariff && !r.data.exit.reason);
	record_free(&r);
	CHECK_INT(parse_text(HEAD("VEHICLE_ENTRY_PENDING", ABOUT(STAY))
		"\"data\":{\"plate_id\":\"29A12345\",\"edge_id\":12,\"confidence\":-0.5,\"entry_ts\":1.5}}", &r), ERR_NONE);
	CHECK(r.readable && !r.data.entry.edge_id && r.data.entry.confidence == -1 && r.data.entry.entry_ts == -1);
	record_free(&r);
	CHECK_INT(parse_text(HEAD("VEHICLE_ENTRY_PENDING", ABOUT(STAY)) "\"data\":{\"plate_id\":\"29A12345\",\"confidence\":1e999}}",
		&r), ERR_NONE);
	CHECK(r.readable && r.data.entry.confidence == -1);
	record_free(&r);
}

TEST(of_duplicate_names_the_first_counts)
{
	struct record r;

	CHECK_INT(parse_text("{\"seq\":1,\"log\":\"" LOG "\",\"seq\":2,\"type\":\"VEHICLE_EXIT\",\"Type\":\"x\",\"type\":\"y\","
		"\"SEQ\":3,"
		"\"source_central\":\"a\",\"hlc\":\"5.6\",\"hlc\":\"x\",\"at\":7,\"at\":8,\"data\":{\"FEE\":1,\"fee\":2,\"fee\":3,"
		"\"plate_id\":\"P\",\"plate_id\":4},\"data\":5}", &r), ERR_NONE);
	CHECK(r.readable && r.type == RECORD_EXIT);
	CHECK_INT(r.seq, 1);
	CHECK_INT(r.at, 7);
	CHECK_INT(r.data.exit.fee, 2);
	CHECK_STR(r.data.exit.plate_id, "P");
	record_free(&r);
	/* the first counts even if only a later one could be read */
	expect_error("{\"seq\":\"1\",\"seq\":1,\"log\":\"" LOG "\"}", ERR_SYNTAX);
	expect_readable("{\"type\":\"VEHICLE_EXIT\",\"source_central\":\"a\",\"log\":\"" LOG "\",\"seq\":1,\"hlc\":\"5.6\",\"at\":7,"
		"\"data\":{\"fee\":\"x\",\"fee\":3,\"plate_id\":\"P\"}}", false);
}

#define RECORD(type, event, hlc, at, data) \
	"{\"type\":" type ",\"source_central\":\"central-5\"," event "\"log\":\"" LOG "\",\"seq\":1," hlc at "\"data\":" data "}"
#define ENTRY "\"VEHICLE_ENTRY_PENDING\""
#define EXIT "\"VEHICLE_EXIT\""
#define HLC "\"hlc\":\"1.2\","
#define AT "\"at\":3,"
#define PLATE "{\"plate_id\":\"P\"}"
#define FEE_PLATE "{\"plate_id\":\"P\",\"fee\":1}"
#define OPEN_DATA(id, writer, key, random, previous) \
	"{\"id\":" id ",\"writer\":" writer ",\"public_key\":\"" key "\",\"random\":\"" random "\"" previous "}"

TEST(what_the_merge_can_read)
{
	static const char *const good[] = {
		RECORD(ENTRY, ABOUT("s"), HLC, AT, PLATE),
		RECORD(ENTRY, ABOUT("s"), "\"hlc\":\"9007199254740991.9007199254740991\",", "\"at\":9007199254740991,", PLATE),
		RECORD(ENTRY, ABOUT("s"), "\"hlc\":\"0.0\",", "\"at\":0,", PLATE),
		RECORD(ENTRY, ABOUT("exit_1"), HLC, AT, PLATE),
		RECORD(EXIT, "", HLC, AT, FEE_PLATE),
		RECORD(EXIT, "\"event_id\":\"\",", HLC, AT, FEE_PLATE),
		RECORD(EXIT, "\"event_id\":null,", HLC, AT, FEE_PLATE),
		RECORD(EXIT, ABOUT("exit_" LOG "_1"), HLC, AT, FEE_PLATE),
		RECORD(EXIT, "", HLC, AT, "{\"plate_id\":\"P\",\"fee\":9007199254740991}"),
		RECORD("\"VEHICLE_ENTRY_CONFIRMED\"", ABOUT("s"), HLC, AT, "{}"),
		RECORD("\"VEHICLE_ENTRY_CONFIRMED\"", ABOUT("s"), HLC, AT, "null"),
		RECORD("\"HISTORY_DELETE\"", ABOUT("s"), HLC, AT, "[]"),
		RECORD("\"HISTORY_UPDATE\"", ABOUT("exit_" LOG "_1"), HLC, AT, PLATE),
		RECORD("\"CONFIG_UPDATE\"", "", HLC, AT, "{\"key\":\"k\"}"),
		RECORD("\"CONFIG_UPDATE\"", "", HLC, AT, "{\"key\":\"k\",\"value\":[1]}"),
		RECORD("\"LOG_OPEN\"", "", HLC, AT, OPEN_DATA("\"c\"", "\"w\"", BYTES_32, LOG, "")),
		RECORD("\"LOG_OPEN\"", "", HLC, AT, OPEN_DATA("\"c\"", "\"w\"", BYTES_32, LOG, ",\"previous\":null")),
	};

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		expect_readable(good[i], true);
}

TEST(what_the_merge_cannot_read_is_a_record_all_the_same)
{
	static const char *const bad[] = {
		RECORD("\"VEHICLE_WASHED\"", ABOUT("s"), HLC, AT, PLATE),
		RECORD("\"vehicle_exit\"", ABOUT("s"), HLC, AT, FEE_PLATE),
		RECORD("5", ABOUT("s"), HLC, AT, PLATE),
		RECORD(ENTRY, "", HLC, AT, PLATE),
		RECORD(ENTRY, "\"event_id\":\"\",", HLC, AT, PLATE),
		RECORD(ENTRY, "\"event_id\":7,", HLC, AT, PLATE),
		RECORD(ENTRY, ABOUT("exit_" LOG "_1"), HLC, AT, PLATE),
		RECORD(ENTRY, ABOUT("s"), "", AT, PLATE),
		RECORD(ENTRY, ABOUT("s"), "\"hlc\":1.2,", AT, PLATE),
		RECORD(ENTRY, ABOUT("s"), "\"hlc\":\"1\",", AT, PLATE),
		RECORD(ENTRY, ABOUT("s"), "\"hlc\":\"1.\",", AT, PLATE),
		RECORD(ENTRY, ABOUT("s"), "\"hlc\":\".1\",", AT, PLATE),
		RECORD(ENTRY, ABOUT("s"), "\"hlc\":\"1.2.3\",", AT, PLATE),
		RECORD(ENTRY, ABOUT("s"), "\"hlc\":\"01.2\",", AT, PLATE),
		RECORD(ENTRY, ABOUT("s"), "\"hlc\":\"1.02\",", AT, PLATE),
		RECORD(ENTRY, ABOUT("s"), "\"hlc\":\"1.00\",", AT, PLATE),
		RECORD(ENTRY, ABOUT("s"), "\"hlc\":\"-1.2\",", AT, PLATE),
		RECORD(ENTRY, ABOUT("s"), "\"hlc\":\"+1.2\",", AT, PLATE),
		RECORD(ENTRY, ABOUT("s"), "\"hlc\":\" 1.2\",", AT, PLATE),
		RECORD(ENTRY, ABOUT("s"), "\"hlc\":\"1.2 \",", AT, PLATE),
		RECORD(ENTRY, ABOUT("s"), "\"hlc\":\"9007199254740992.0\",", AT, PLATE),
		RECORD(ENTRY, ABOUT("s"), "\"hlc\":\"0.9007199254740992\",", AT, PLATE),
		RECORD(ENTRY, ABOUT("s"), "\"hlc\":\"10000000000000000.0\",", AT, PLATE),
		RECORD(ENTRY, ABOUT("s"), "\"hlc\":\"0.99999999999999999999999999\",", AT, PLATE),
		RECORD(ENTRY, ABOUT("s"), HLC, "", PLATE),
		RECORD(ENTRY, ABOUT("s"), HLC, "\"at\":-1,", PLATE),
		RECORD(ENTRY, ABOUT("s"), HLC, "\"at\":\"3\",", PLATE),
		RECORD(ENTRY, ABOUT("s"), HLC, "\"at\":3.5,", PLATE),
		RECORD(ENTRY, ABOUT("s"), HLC, "\"at\":9007199254740992,", PLATE),
		RECORD(ENTRY, ABOUT("s"), HLC, AT, "{}"),
		RECORD(ENTRY, ABOUT("s"), HLC, AT, "null"),
		RECORD(ENTRY, ABOUT("s"), HLC, AT, "[" PLATE "]"),
		RECORD(ENTRY, ABOUT("s"), HLC, AT, "{\"plate_id\":\"\"}"),
		RECORD(ENTRY, ABOUT("s"), HLC, AT, "{\"plate_id\":29}"),
		RECORD(ENTRY, ABOUT("s"), HLC, AT, "{\"PLATE_ID\":\"P\"}"),
		RECORD(EXIT, ABOUT("s"), HLC, AT, PLATE),
		RECORD(EXIT, ABOUT("s"), HLC, AT, "{\"fee\":1}"),
		RECORD(EXIT, ABOUT("s"), HLC, AT, "{\"plate_id\":\"P\",\"fee\":-1}"),
		RECORD(EXIT, ABOUT("s"), HLC, AT, "{\"plate_id\":\"P\",\"fee\":0.5}"),
		RECORD(EXIT, ABOUT("s"), HLC, AT, "{\"plate_id\":\"P\",\"fee\":\"1\"}"),
		RECORD(EXIT, ABOUT("s"), HLC, AT, "{\"plate_id\":\"P\",\"fee\":9007199254740992}"),
		RECORD("\"VEHICLE_ENTRY_CONFIRMED\"", "", HLC, AT, "{}"),
		RECORD("\"HISTORY_DELETE\"", "", HLC, AT, "{}"),
		RECORD("\"HISTORY_UPDATE\"", "", HLC, AT, PLATE),
		RECORD("\"HISTORY_UPDATE\"", ABOUT("s"), HLC, AT, "{}"),
		RECORD("\"CONFIG_UPDATE\"", "", HLC, AT, "{}"),
		RECORD("\"CONFIG_UPDATE\"", "", HLC, AT, "{\"key\":\"\"}"),
		RECORD("\"CONFIG_UPDATE\"", "", HLC, AT, "{\"key\":5,\"value\":1}"),
		RECORD("\"LOG_OPEN\"", "", HLC, AT, OPEN_DATA("\"C\"", "\"w\"", BYTES_32, LOG, "")),
		RECORD("\"LOG_OPEN\"", "", HLC, AT, OPEN_DATA("\"c\"", "\"\"", BYTES_32, LOG, "")),
		RECORD("\"LOG_OPEN\"", "", HLC, AT, OPEN_DATA("\"c\"", "\"w\"", LOG, LOG, "")),
		RECORD("\"LOG_OPEN\"", "", HLC, AT, OPEN_DATA("\"c\"", "\"w\"", BYTES_32, BYTES_32, "")),
		RECORD("\"LOG_OPEN\"", "", HLC, AT, OPEN_DATA("\"c\"", "\"w\"", BYTES_32, LOG, ",\"previous\":5")),
		RECORD("\"LOG_OPEN\"", "", HLC, AT, OPEN_DATA("\"c\"", "\"w\"", BYTES_32, LOG, ",\"previous\":{}")),
		RECORD("\"LOG_OPEN\"", "", HLC, AT, OPEN_DATA("\"c\"", "\"w\"", BYTES_32, LOG,
			",\"previous\":{\"log\":\"" LOG "\",\"seq\":0,\"chain\":\"" BYTES_32 "\"}")),
		"{\"type\":\"HISTORY_DELETE\",\"event_id\":\"s\",\"log\":\"" LOG "\",\"seq\":1," HLC AT "\"data\":{}}",
		"{\"type\":\"HISTORY_DELETE\",\"source_central\":\"Central\",\"event_id\":\"s\",\"log\":\"" LOG "\",\"seq\":1,"
			HLC AT "\"data\":{}}",
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		expect_readable(bad[i], false);
}

TEST(an_unreadable_hlc_is_not_followed)
{
	struct record r;

	CHECK_INT(parse_text(RECORD(ENTRY, ABOUT("s"), "\"hlc\":\"5\",", AT, PLATE), &r), ERR_NONE);
	CHECK(!r.has_hlc);
	record_free(&r);
	/* but one of a type not known is */
	CHECK_INT(parse_text(RECORD("\"NEW\"", "", "\"hlc\":\"5.6\",", AT, PLATE), &r), ERR_NONE);
	CHECK(r.has_hlc && r.hlc.ms == 5 && r.hlc.counter == 6 && r.at == 3);
	CHECK_INT(r.type, RECORD_UNKNOWN);
	CHECK_STR(r.type_name, "NEW");
	record_free(&r);
	CHECK_INT(parse_text("{\"log\":\"" LOG "\",\"seq\":1}", &r), ERR_NONE);
	CHECK(!r.has_hlc && r.at == -1 && r.timestamp == -1 && !r.event_id);
	CHECK_STR(r.type_name, "");
	CHECK_STR(r.source_central, "");
	record_free(&r);
}

TEST(names_have_limits)
{
	struct { const char *type, *form; size_t fits; } row[] = {
		{ "event_id of an exit", "{\"type\":\"VEHICLE_EXIT\",\"event_id\":\"%s\",\"data\":" FEE_PLATE ",", 127 },
		{ "event_id of an entry", "{\"type\":\"VEHICLE_ENTRY_PENDING\",\"event_id\":\"%s\",\"data\":" PLATE ",", 127 },
		{ "plate of an entry", "{\"type\":\"VEHICLE_ENTRY_PENDING\",\"event_id\":\"s\",\"data\":{\"plate_id\":\"%s\"},", 63 },
		{ "plate of an exit", "{\"type\":\"VEHICLE_EXIT\",\"data\":{\"plate_id\":\"%s\",\"fee\":0},", 63 },
		{ "plate of a correction", "{\"type\":\"HISTORY_UPDATE\",\"event_id\":\"s\",\"data\":{\"plate_id\":\"%s\"},", 63 },
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		for (size_t over = 0; over < 2; over++) {
			char name[200], line[600];
			const char *hole = strstr(row[i].form, "%s");

			memset(name, 'x', sizeof name);
			name[row[i].fits + over] = '\0';
			snprintf(line, sizeof line, "%.*s%s%s\"source_central\":\"c\",\"log\":\"" LOG "\",\"seq\":1," HLC "\"at\":3}",
				(int)(hole - row[i].form), row[i].form, name, hole + 2);
			expect_readable(line, over == 0);
		}
	}
}

TEST(names_of_exits)
{
	static const char *const names[] = { "exit_" LOG "_1", "exit_" LOG "_9007199254740991", "exit_" LOG "_10" };
	static const char *const others[] = {
		"", "exit", "exit_", "exit_" LOG, "exit_" LOG "_", "exit_" LOG "_1x", "exit_" LOG "_-1", "exit_" LOG "1_", "Exit_" LOG "_1",
		"exit_5F0C5f0c5f0c5f0c5f0c5f0c5f0c5f0c_1", "exit_5f0c_1", "central-1_1_P", "exit_" LOG "0_1", " exit_" LOG "_1", "exit_" LOG "_0",
		"exit_" LOG "_01",
	};
	char name[EXIT_NAME_SIZE];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		CHECK(exit_name_is(names[i]));
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		CHECK(!exit_name_is(others[i]));
	exit_name_make(LOG, INTEGER_MAX, name);
	CHECK_STR(name, names[1]);
}

TEST_MAIN
