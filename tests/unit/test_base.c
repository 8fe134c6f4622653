/* lib/base: err, buf, text, world, journal. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/fold.h"
#include "base/journal.h"
#include "base/text.h"
#include "base/world.h"
#include "test.h"

TEST(each_err_has_its_own_name)
{
	for (int a = ERR_NONE; a <= ERR_MEMORY; a++) {
		CHECK(strcmp(err_name((enum err)a), "unknown") != 0);
		for (int b = ERR_NONE; b < a; b++)
			CHECK(strcmp(err_name((enum err)a), err_name((enum err)b)) != 0);
	}
}

TEST(fault_set_fills_and_returns)
{
	struct fault f;

	CHECK_INT(fault_set(&f, ERR_FIELD, "missing_field", "edge_id", "Field %s is missing.", "edge_id"), ERR_FIELD);
	CHECK_STR(f.code, "missing_field");
	CHECK_STR(f.field, "edge_id");
	CHECK_STR(f.sentence, "Field edge_id is missing.");
	CHECK_INT(fault_set(&f, ERR_CONFLICT, "c", NULL, "s"), ERR_CONFLICT);
	CHECK_STR(f.field, "");
	CHECK_INT(fault_set(NULL, ERR_DENIED, "c", NULL, "s"), ERR_DENIED);
}

TEST(fault_sentence_is_cut_between_characters)
{
	struct fault f;
	char text[400];

	for (size_t pad = 0; pad < 4; pad++) {
		memset(text, 'x', sizeof text);
		for (size_t i = pad; i + 4 < sizeof text; i += 4)
			memcpy(text + i, "\xf0\x9f\x9a\x97", 4);
		text[sizeof text - 4] = '\0';
		fault_set(&f, ERR_INVALID, "c", NULL, "%s", text);
		CHECK(strlen(f.sentence) >= sizeof f.sentence - 4);
		CHECK(utf8_valid(f.sentence, strlen(f.sentence)));
	}
}

TEST(buf_grows_to_its_limit_and_not_beyond)
{
	struct buf b;

	buf_init(&b, 1000);
	CHECK_STR(buf_text(&b), "");
	for (int i = 0; i < 1000; i++)
		buf_char(&b, (char)('a' + i % 26));
	CHECK(!b.failed);
	CHECK_INT(b.len, 1000);
	CHECK_INT(strlen(buf_text(&b)), 1000);
	buf_char(&b, '!');
	CHECK(b.failed);
	CHECK_INT(b.len, 1000);
	buf_free(&b);
	CHECK_STR(buf_text(&b), "");
}

TEST(buf_failure_sticks_until_reset)
{
	struct buf b;

	buf_init(&b, 4);
	buf_str(&b, "12345");
	CHECK(b.failed);
	buf_str(&b, "1");
	CHECK_INT(b.len, 0);
	buf_reset(&b);
	CHECK(!b.failed);
	buf_str(&b, "1234");
	CHECK_STR(buf_text(&b), "1234");
	buf_reset(&b);
	CHECK_STR(buf_text(&b), "");
	buf_printf(&b, "%s", "12345");
	CHECK(b.failed);
	buf_free(&b);
}

TEST(buf_holds_bytes_of_any_value)
{
	struct buf b;

	buf_init(&b, SIZE_MAX / 4);
	buf_add(&b, "a\0b", 3);
	buf_add(&b, NULL, 0);
	buf_printf(&b, "%05d", 42);
	CHECK(!b.failed);
	CHECK_INT(b.len, 8);
	CHECK_MEM(b.data, "a\0b00042", 9);
	buf_free(&b);
}

TEST(buf_refuses_a_length_that_would_wrap)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	buf_char(&b, 'x');
	CHECK(b.failed);
	buf_free(&b);
}

TEST(json_strings_are_escaped)
{
	struct buf b;

	buf_init(&b, 200);
	buf_json_str(&b, "Đ \"q\" \\ \b\f\n\r\t \x01\x1f\x7f/");
	CHECK_STR(buf_text(&b), "\"Đ \\\"q\\\" \\\\ \\b\\f\\n\\r\\t \\u0001\\u001f\\u007f/\"");
	buf_free(&b);
}

TEST(numbers_are_written_as_printf_does)
{
	static const int64_t whole[] = { 0, 7, -1, 10, -1000, INT64_MAX, INT64_MIN };
	static const double real[] = { 0, -0.0, 1, 0.94, 0.5, 0.0001, 0.00011, 0.00001, 1e8 + 0.1234, 1e9, 1e20, -0.25, 1.0 / 3, 0.1 + 0.2, 999999999.9999 };
	char wanted[40];
	struct buf b;

	buf_init(&b, 100);
	for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
		buf_reset(&b);
		buf_int(&b, whole[i]);
		text_format(wanted, sizeof wanted, "%" PRId64, whole[i]);
		CHECK_STR(buf_text(&b), wanted);
	}
	for (size_t i = 0; i < sizeof real / sizeof *real + 20001; i++) {
		double number = i < 20001 ? (double)i / 1e4 : real[i - 20001];

		buf_reset(&b);
		buf_real(&b, number);
		text_format(wanted, sizeof wanted, "%.15g", number);
		CHECK_STR(buf_text(&b), wanted);
	}
	buf_free(&b);
}

TEST(tamed_text_ends_no_quote_and_no_line)
{
	char text[] = "a\"b\nc\x1b\xc3\xa9 ~\x7f";

	text_tame(text);
	CHECK_STR(text, "a'b?c??? ~?");
}

TEST(text_copy_tells_whether_it_fitted)
{
	char out[5];

	CHECK(text_copy(out, sizeof out, "abcd"));
	CHECK_STR(out, "abcd");
	CHECK(!text_copy(out, sizeof out, "abcde"));
	CHECK_STR(out, "abcd");
	CHECK(!text_copy(out, sizeof out, "abc\xc4\x90"));
	CHECK_STR(out, "abc");
	CHECK(!text_copy(out, sizeof out, "ab\xc4\x90z"));
	CHECK_STR(out, "ab\xc4\x90");
	CHECK(!text_copy(out, 1, "a"));
	CHECK_STR(out, "");
}

TEST(text_format_tells_whether_it_fitted)
{
	char out[6];

	CHECK(text_format(out, sizeof out, "%d-%s", 12, "ab"));
	CHECK_STR(out, "12-ab");
	CHECK(!text_format(out, sizeof out, "%d-%s", 12, "abc"));
	CHECK_STR(out, "12-ab");
}

TEST(hex_goes_both_ways)
{
	const unsigned char bytes[] = {0x00, 0x7f, 0x80, 0xff};
	unsigned char back[4];
	char text[9];

	hex_encode(text, bytes, sizeof bytes);
	CHECK_STR(text, "007f80ff");
	CHECK(hex_decode(back, sizeof back, text));
	CHECK_MEM(back, bytes, sizeof bytes);
}

TEST(hex_refuses_all_else)
{
	const char *const wrong[] = {"", "0", "007f80f", "007f80fff", "007F80ff", "007g80ff", " 07f80ff", "007f80f\xff"};
	unsigned char back[4];

	CHECK(hex_is("0123456789abcdef", 16));
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		CHECK(!hex_is(wrong[i], 8));
		CHECK(!hex_decode(back, sizeof back, wrong[i]));
	}
}

/* Every code point that may be written, and each of its cuts. */
TEST(utf8_takes_what_is_well_formed)
{
	for (unsigned c = 1; c <= 0x10ffff; c++) {
		char s[4];
		size_t len;

		if (c < 0x80)
			s[0] = (char)c, len = 1;
		else if (c < 0x800)
			s[0] = (char)(0xc0 | c >> 6), s[1] = (char)(0x80 | (c & 63)), len = 2;
		else if (c < 0x10000)
			s[0] = (char)(0xe0 | c >> 12), s[1] = (char)(0x80 | (c >> 6 & 63)), s[2] = (char)(0x80 | (c & 63)), len = 3;
		else
			s[0] = (char)(0xf0 | c >> 18), s[1] = (char)(0x80 | (c >> 12 & 63)), s[2] = (char)(0x80 | (c >> 6 & 63)),
			s[3] = (char)(0x80 | (c & 63)), len = 4;
		CHECK_INT(utf8_valid(s, len), c < 0xd800 || c > 0xdfff);
		for (size_t cut = 1; cut < len; cut++)
			CHECK(!utf8_valid(s, cut));
	}
}

TEST(utf8_refuses_all_else)
{
	const char *const wrong[] = {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80",
		"\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe", "a\xc4", "\xc4z"};

	CHECK(utf8_valid("", 0));
	for (size_t at = 0; at < 24; at++) { /* whatever stands around it */
		char text[25] = "aaaaaaaaaaaaaaaaaaaaaaaa";

		CHECK(utf8_valid(text, 24));
		text[at] = '\0';
		CHECK(!utf8_valid(text, 24));
		text[at] = '\xa9';
		CHECK(!utf8_valid(text, 24));
		if (at > 0) {
			text[at - 1] = '\xc3';
			CHECK(utf8_valid(text, 24));
			CHECK(!utf8_valid(text, at));
		}
	}
	CHECK(!utf8_valid("a\0b", 3));
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		CHECK(!utf8_valid(wrong[i], strlen(wrong[i])));
}

TEST(numbers_are_read_whole)
{
	const char *const wrong[] = {"", "-1", "+1", " 1", "1 ", "1.0", "0x10", "1001", "9223372036854775808",
		"99999999999999999999999999"};
	int64_t value = -1;

	CHECK(number_parse("0", 1000, &value));
	CHECK_INT(value, 0);
	CHECK(number_parse("1000", 1000, &value));
	CHECK_INT(value, 1000);
	CHECK(number_parse("9223372036854775807", INT64_MAX, &value));
	CHECK_INT(value, INT64_MAX);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		value = 7;
		CHECK(!number_parse(wrong[i], 1000, &value));
		CHECK_INT(value, 7);
	}
	CHECK(!number_parse("9223372036854775808", INT64_MAX, &value));
}

TEST(central_ids)
{
	CHECK(central_id_valid("c"));
	CHECK(central_id_valid("central-1"));
	CHECK(central_id_valid("0-"));
	CHECK(central_id_valid("abcdefghijklmnopqrstuvwxyz012345"));
	CHECK(!central_id_valid("abcdefghijklmnopqrstuvwxyz0123456"));
	CHECK(!central_id_valid(""));
	CHECK(!central_id_valid("-1"));
	CHECK(!central_id_valid("Central-1"));
	CHECK(!central_id_valid("central_1"));
	CHECK(!central_id_valid("central 1"));
	CHECK(!central_id_valid("central-1\n"));
}

TEST(the_real_world_goes_on)
{
	struct world w = world_real();
	int64_t before = world_mono_us(&w);
	unsigned char a[300] = {0}, b[300] = {0};

	CHECK(world_wall_ms(&w) > 1700000000000);
	CHECK(world_wall_ms(&w) < 253402300800000);
	CHECK(world_mono_us(&w) >= before);
	CHECK(world_mono_ms(&w) >= before / 1000);
	world_random(&w, a, sizeof a);
	world_random(&w, b, sizeof b);
	CHECK(memcmp(a, b, sizeof a) != 0);
}

/* Hands out the numbers of a list as random bytes. */
struct script { const uint32_t *next; };

static void script_random(void *self, void *out, size_t len)
{
	struct script *s = self;

	if (len == sizeof *s->next)
		memcpy(out, s->next++, len);
}

TEST(random_below_skips_what_would_be_uneven)
{
	const uint32_t numbers[] = {0, 5, 6, 0xffffffff};
	struct script s = {numbers};
	struct world w = {.random = script_random, .self = &s};

	/* 2^32 mod 10 is 6: 0 … 5 are skipped. */
	CHECK_INT(world_random_below(&w, 10), 6);
	CHECK_INT(world_random_below(&w, 10), 5);
	s.next = numbers;
	CHECK_INT(world_random_below(&w, 1), 0);
	CHECK_INT(s.next - numbers, 1);
}

/* What action writes to stderr. */
static void captured(void (*action)(void), char *out, size_t size)
{
	int pipes[2], saved = dup(STDERR_FILENO);
	ssize_t len;

	out[0] = '\0';
	CHECK(saved >= 0 && pipe2(pipes, O_CLOEXEC | O_NONBLOCK) == 0);
	dup2(pipes[1], STDERR_FILENO);
	action();
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(pipes[1]);
	len = read(pipes[0], out, size - 1);
	close(pipes[0]);
	out[len > 0 ? len : 0] = '\0';
}

static void write_lines(void)
{
	journal_start("test", JOURNAL_INFO);
	journal_debug("event=hidden");
	journal_info("event=seen plate=%s", "29A\n12345\x1b\x7f");
	journal_error("event=%s", "Đ");
}

TEST(text_is_found_without_its_marks)
{
	static const char *const cases[][2] = { { "Nguyễn Đức Ửng", "nguyen duc ung" }, { "đỗ Ỷ ý Ằ ẵ ợ ự ệ", "do y y a a o u e" },
		{ "e\xcc\x82\xcc\x81n", "en" }, { "ß 車 29A-123.45", "ß 車 29a-123.45" }, { "a\xc3", "a\xc3" }, { "\xe1\xbb", "\xe1\xbb" },
		{ "\xff\x80z", "\xff\x80z" }, { "", "" } };
	char out[64];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		text_fold(cases[i][0], out, sizeof(out));
		CHECK_STR(out, cases[i][1]);
	}
	text_fold("車車車", out, 8);
	CHECK_STR(out, "車車");
	text_fold("Ểể", out, 2);
	CHECK_STR(out, "e");
}

TEST(journal_lines_cannot_be_forged)
{
	char seen[300];

	captured(write_lines, seen, sizeof seen);
	CHECK_STR(seen, "info test event=seen plate=29A?12345??\nerror test event=Đ\n");
}

static void write_long_line(void)
{
	char text[3000];

	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	journal_warning("%s", text);
}

TEST(journal_lines_have_an_end)
{
	char seen[4000];

	captured(write_long_line, seen, sizeof seen);
	CHECK(strlen(seen) > 1000);
	CHECK(strlen(seen) < 1100);
	CHECK_INT(seen[strlen(seen) - 1], '\n');
	CHECK(strncmp(seen, "warning test xxx", 16) == 0);
}

TEST_MAIN
