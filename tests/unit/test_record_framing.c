/* lib/wire/record and lib/wire/json: which lines can be a record at all, and hostile bytes. */
#include <cjson/cJSON.h>

#include "base/text.h"
#include "chance.h"
#include "record_lines.h"
#include "wire/json.h"

TEST(framing_faults)
{
	static const char *const bad[] = {
		"", " ", "null", "1", "\"x\"", "[]", "[{}]", "{", "{}", "}", "{}{}", "nul",
		"{\"log\":\"" LOG "\"}",
		"{\"seq\":1}",
		"{\"log\":\"" LOG "\",\"seq\":1}x",
		"{\"log\":\"" LOG "\",\"seq\":1}{}",
		"{\"log\":\"" LOG "\",\"seq\":1},",
		"{\"log\":\"" LOG "\",\"seq\":1,}",
		"{\"log\":\"" LOG "\",,\"seq\":1}",
		"{\"log\":\"" LOG "\" \"seq\":1}",
		"{\"log\":\"" LOG "\",\"seq\" 1}",
		"{\"log\":\"" LOG "\",seq:1}",
		"{'log':\"" LOG "\",\"seq\":1}",
		"\xef\xbb\xbf{\"log\":\"" LOG "\",\"seq\":1}",        /* byte order mark */
		"{\"log\":\"" LOG "\",\n\"seq\":1}",
		"{\"log\":\"" LOG "\",\"seq\":1}\n",
		"\n{\"log\":\"" LOG "\",\"seq\":1}",
		"{\"log\":\"" LOG "\",\v\"seq\":1}",
		"{\"log\":\"5F0C5f0c5f0c5f0c5f0c5f0c5f0c5f0c\",\"seq\":1}",
		"{\"log\":\"5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0\",\"seq\":1}",
		"{\"log\":\"5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0c0\",\"seq\":1}",
		"{\"log\":\"5f0c5f0c5f0c5f0c5f0c5f0c5f0c5f0g\",\"seq\":1}",
		"{\"log\":\"\",\"seq\":1}",
		"{\"log\":7,\"seq\":1}",
		"{\"log\":\"" LOG "\",\"seq\":0}",
		"{\"log\":\"" LOG "\",\"seq\":-1}",
		"{\"log\":\"" LOG "\",\"seq\":1.5}",
		"{\"log\":\"" LOG "\",\"seq\":\"1\"}",
		"{\"log\":\"" LOG "\",\"seq\":true}",
		"{\"log\":\"" LOG "\",\"seq\":null}",
		"{\"log\":\"" LOG "\",\"seq\":[1]}",
		"{\"log\":\"" LOG "\",\"seq\":9007199254740992}",
		"{\"log\":\"" LOG "\",\"seq\":18446744073709551617}",
		"{\"log\":\"" LOG "\",\"seq\":1e300}",
		"{\"log\":\"" LOG "\",\"seq\":1e999}",
		"{\"log\":\"" LOG "\",\"seq\":-1e999}",
		"{\"log\":\"" LOG "\",\"seq\":NaN}",
		"{\"log\":\"" LOG "\",\"seq\":Infinity}",
		"{\"log\":\"" LOG "\",\"seq\":01}",
		"{\"log\":\"" LOG "\",\"seq\":+1}",
		"{\"log\":\"" LOG "\",\"seq\":1.}",
		"{\"log\":\"" LOG "\",\"seq\":.5}",
		"{\"log\":\"" LOG "\",\"seq\":1e}",
		"{\"log\":\"" LOG "\",\"seq\":1e+}",
		"{\"log\":\"" LOG "\",\"seq\":-}",
		"{\"log\":\"" LOG "\",\"seq\":0x1}",
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":tru}",
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":True}",
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":[1,]}",
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":[1}",
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":{]}",
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":\"\t\"}",
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":\"\x01\"}",
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":\"\\x\"}",
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":\"\\u12\"}",
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":\"\\u12g4\"}",
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":\"\\u0000\"}",
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":[[{\"y\":[\"a\\u0000b\"]}]]}",
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\\u0000\":1}",
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":\"\\\\\\u0000\"}",
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":\"\\ud800\"}",         /* half a pair */
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":\"\\udc00\"}",
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":\"\\ud800\\ud800\"}",
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":\"\\ud800x\"}",
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":\"\x80\"}",            /* no UTF-8 from here on */
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":\"\xc3\"}",
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":\"\xc0\x80\"}",
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":\"\xed\xa0\x80\"}",
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":\"\xf4\x90\x80\x80\"}",
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":\"\xff\"}",
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":\"",
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":\"\\",
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":\"\\u",
	};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		expect_error(bad[i], ERR_SYNTAX);
}

TEST(a_raw_nul_is_a_framing_fault_wherever_it_is)
{
	for (size_t at = 0; at <= sizeof entry_line - 1; at++) {
		char line[sizeof entry_line + 1];
		struct record r;

		memcpy(line, entry_line, at);
		line[at] = '\0';
		memcpy(line + at + 1, entry_line + at, sizeof entry_line - at);
		CHECK_INT(parse(line, sizeof entry_line, &r), ERR_SYNTAX);
	}
}

TEST(strange_but_good_json_is_a_record)
{
	static const char *const good[] = {
		"{\"log\":\"" LOG "\",\"seq\":1}",
		" \t\r{ \"log\" : \"" LOG "\" , \"seq\" : 1 } \r",
		"{\"l\\u006fg\":\"" LOG "\",\"seq\":1}",
		"{\"log\":\"" LOG "\",\"seq\":9007199254740991}",
		"{\"log\":\"" LOG "\",\"seq\":1.0}",
		"{\"log\":\"" LOG "\",\"seq\":1e0,\"x\":[-0,1E+2,0.5e-7,1e999]}",
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":\"\\\\u0000\"}",       /* a backslash and u0000 */
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":\"\\ud83d\\ude97\\/\\b\\f\\n\\r\\t\\\"\"}",
		"{\"log\":\"" LOG "\",\"seq\":1,\"\":{\"\":[{},[],null,true,false]}}",
		"{\"log\":\"" LOG "\",\"seq\":1,\"x\":\"\x7f\xc4\x90\xf0\x9f\x9a\x97\"}",
	};

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		expect_readable(good[i], false);
}

TEST(a_line_has_at_most_eight_kibibytes)
{
	char *line = filled("{\"log\":\"" LOG "\",\"seq\":1,\"x\":\"", 'x', "\"}", RECORD_MAX);

	expect_readable(line, false);
	free(line);
	line = filled("{\"log\":\"" LOG "\",\"seq\":1,\"x\":\"", 'x', "\"}", RECORD_MAX + 1);
	expect_error(line, ERR_TOO_LARGE);
	free(line);
	line = filled("", '{', "", 1000000);
	expect_error(line, ERR_TOO_LARGE);
	free(line);
}

static char *nested(char open, char close, size_t depth)
{
	static const char head[] = "{\"log\":\"" LOG "\",\"seq\":1,\"x\":";
	char *line = malloc(sizeof head + 2 * depth + 2), *at;

	if (!line)
		abort();
	memcpy(line, head, sizeof head - 1);
	at = line + sizeof head - 1;
	memset(at, open, depth);
	memset(at + depth, close, depth);
	at[2 * depth] = '}';
	at[2 * depth + 1] = '\0';
	return line;
}

TEST(deep_nesting_ends_somewhere)
{
	char *line = nested('[', ']', JSON_DEPTH_MAX - 1);

	expect_readable(line, false);
	free(line);
	line = nested('[', ']', JSON_DEPTH_MAX);
	expect_error(line, ERR_SYNTAX);
	free(line);
	line = nested('[', ']', 4000);
	expect_error(line, ERR_SYNTAX);
	free(line);
	line = filled("", '[', "", RECORD_MAX);
	expect_error(line, ERR_SYNTAX);
	free(line);
	line = filled("{\"a\":", '{', "", RECORD_MAX);
	expect_error(line, ERR_SYNTAX);
	free(line);
}

TEST(long_numbers_end_somewhere)
{
	static const char head[] = "{\"log\":\"" LOG "\",\"seq\":1,\"x\":";
	size_t around = sizeof head - 1 + 1;
	char *line = filled(head, '9', "}", around + JSON_NUMBER_MAX);

	expect_readable(line, false);
	free(line);
	line = filled(head, '9', "}", around + JSON_NUMBER_MAX + 1);
	expect_error(line, ERR_SYNTAX);
	free(line);
}

/* What every reader may rely on, however hostile the line was. */
static bool sound(const struct record *r)
{
	if (!hex_is(r->log, 32) || r->seq < 1 || r->seq > INTEGER_MAX || !r->type_name || !r->source_central || r->at < -1 ||
		(r->event_id && !*r->event_id))
		return false;
	if (!r->readable)
		return true;
	if (!r->has_hlc || r->hlc.ms < 0 || r->hlc.counter < 0 || r->at < 0 || !central_id_valid(r->source_central))
		return false;
	switch (r->type) {
	case RECORD_UNKNOWN:
		return false;
	case RECORD_LOG_OPEN:
		return r->data.log_open.id && r->data.log_open.writer;
	case RECORD_ENTRY:
		return r->event_id && r->data.entry.plate_id;
	case RECORD_CONFIRMED:
	case RECORD_VOID:
		return r->event_id;
	case RECORD_EXIT:
		return r->data.exit.plate_id && r->data.exit.fee >= 0;
	case RECORD_CORRECTION:
		return r->event_id && r->data.correction.plate_id;
	case RECORD_CONFIG:
		return r->data.config.key && (!r->data.config.value || *r->data.config.value);
	}
	return false;
}

TEST(a_line_cut_short_is_a_framing_fault)
{
	for (size_t i = 0; i < LINE_COUNT; i++) {
		for (size_t len = 0; len < strlen(all_lines[i]); len++) {
			struct record r;

			CHECK_INT(parse(all_lines[i], len, &r), ERR_SYNTAX);
		}
	}
}

TEST(changed_bytes_do_no_harm)
{
	struct chance c = { 20241202 };
	int taken = 0;

	for (int i = 0; i < 60000; i++) {
		char line[1024];
		struct record r;
		size_t len = strlen(all_lines[(size_t)i % LINE_COUNT]);
		enum err e;

		memcpy(line, all_lines[(size_t)i % LINE_COUNT], len);
		for (uint64_t times = 1 + chance_below(&c, 3); times > 0; times--)
			len = chance_mutate(&c, line, len);
		e = parse(line, len, &r);
		CHECK(e == ERR_NONE || e == ERR_SYNTAX);
		if (e != ERR_NONE)
			continue;
		taken++;
		CHECK(sound(&r));
		record_free(&r);
	}
	CHECK(taken > 1000 && taken < 59000);
}

static int allocations_left;

static void *scarce_malloc(size_t size)
{
	return allocations_left-- > 0 ? malloc(size) : NULL;
}

/* A line must not count as no record, nor as one that the merge cannot read, because memory ran out over it. */
TEST(no_memory_is_not_the_fault_of_the_line)
{
	cJSON_Hooks scarce = { scarce_malloc, free };

	for (size_t i = 0; i < LINE_COUNT; i++) {
		enum err e = ERR_MEMORY;
		bool whole = true;

		for (int enough = 0; e == ERR_MEMORY && enough < 1000; enough++) {
			struct record r;

			allocations_left = enough;
			cJSON_InitHooks(&scarce);
			e = parse_text(all_lines[i], &r);
			cJSON_InitHooks(NULL);
			whole = e != ERR_NONE || (r.readable && (r.type != RECORD_CONFIG || r.data.config.value));
			if (e == ERR_NONE)
				record_free(&r);
		}
		CHECK_INT(e, ERR_NONE);
		CHECK(whole);
	}
}

TEST(noise_does_no_harm)
{
	static const char signs[] = "{}[]\",:\\u0a1eE+-. truefalsn\t\r\xc4\x90";
	struct chance c = { 5 };

	for (int i = 0; i < 100000; i++) {
		char line[64];
		struct record r;
		size_t len = chance_below(&c, sizeof line);

		for (size_t k = 0; k < len; k++)
			line[k] = k == 0 ? '{' : signs[chance_below(&c, sizeof signs - 1)];
		CHECK_INT(parse(line, len, &r), ERR_SYNTAX); /* no room for a log and a seq */
	}
}

TEST_MAIN
