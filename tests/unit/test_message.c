/* lib/wire/message: what is read from a message, field by field. */
#include "base/text.h"
#include "message_texts.h"

TEST(each_type_is_written_as_it_was_read)
{
	for (size_t i = 0; i < TEXT_COUNT; i++) {
		struct message m;
		struct buf out;

		buf_init(&out, MESSAGE_MAX);
		CHECK_INT(message_parse(all_texts[i], strlen(all_texts[i]), &m, NULL), ERR_NONE);
		CHECK_INT(m.type, MESSAGE_HELLO + i);
		CHECK_INT(m.timestamp, 1733144400000);
		CHECK_INT(message_write(&m, &out), ERR_NONE);
		CHECK_STR(buf_text(&out), all_texts[i]);
		message_free(&m);
		buf_free(&out);
	}
}

TEST(names_of_types)
{
	CHECK_STR(message_type_name(MESSAGE_UNKNOWN), "UNKNOWN");
	CHECK_STR(message_type_name(MESSAGE_SYNC_RESPONSE), "SYNC_RESPONSE");
	CHECK_STR(message_type_name(MESSAGE_ERROR), "ERROR");
}

static bool counts_up(const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != i % 32)
			return false;
	return true;
}

TEST(hello_and_auth_are_read)
{
	struct message m;

	CHECK_INT(message_parse(hello_text, strlen(hello_text), &m, NULL), ERR_NONE);
	CHECK_STR(m.source_central, "central-1");
	CHECK_INT(m.request_id, 0);
	CHECK_INT(m.data.hello.version, 1);
	CHECK_STR(m.data.hello.mesh, "parkmesh");
	CHECK_STR(m.data.hello.id, "central-1");
	CHECK_STR(m.data.hello.software, "parkmesh 0.1");
	CHECK(counts_up(m.data.hello.public_key, KEY_BYTES) && counts_up(m.data.hello.nonce, NONCE_BYTES));
	CHECK(!m.vector && !m.page);
	message_free(&m);
	CHECK_INT(message_parse(auth_text, strlen(auth_text), &m, NULL), ERR_NONE);
	CHECK(counts_up(m.data.auth.proof, PROOF_BYTES) && counts_up(m.data.auth.signature, SIGNATURE_BYTES));
	message_free(&m);
}

TEST(a_request_is_read)
{
	struct message m;

	CHECK_INT(message_parse(request_text, strlen(request_text), &m, NULL), ERR_NONE);
	CHECK_INT(m.request_id, 7);
	CHECK_INT(m.vector_count, 2);
	CHECK_STR(m.vector[0].log, OTHER_LOG);
	CHECK_INT(m.vector[0].seq, 17);
	CHECK(counts_up(m.vector[0].chain_head, CHAIN_HEAD_BYTES));
	CHECK_STR(m.vector[1].log, LOG);
	CHECK_INT(m.vector[1].seq, INTEGER_MAX);
	CHECK(m.data.sync_request.has_logs && m.data.sync_request.more);
	CHECK_INT(m.data.sync_request.log_count, 2);
	CHECK_STR(m.data.sync_request.logs[0], LOG);
	CHECK_STR(m.data.sync_request.logs[1], OTHER_LOG);
	message_free(&m);
	CHECK(!m.vector && m.vector_count == 0);
}

/* No list and an empty one are different: the latter ends relaying. */
TEST(an_empty_list_of_logs_is_not_a_missing_one)
{
	static const char *const texts[] = {
		HEAD("SYNC_REQUEST") "\"data\":{\"vector\":{}}}", HEAD("SYNC_REQUEST") "\"data\":{\"vector\":{},\"logs\":[]}}"
	};

	for (size_t i = 0; i < 2; i++) {
		struct message m;
		struct buf out;

		buf_init(&out, MESSAGE_MAX);
		CHECK_INT(message_parse(texts[i], strlen(texts[i]), &m, NULL), ERR_NONE);
		CHECK_INT(m.data.sync_request.has_logs, i);
		CHECK_INT(m.data.sync_request.log_count, 0);
		CHECK(!m.data.sync_request.more && !m.vector);
		CHECK_INT(message_write(&m, &out), ERR_NONE);
		CHECK_STR(buf_text(&out), texts[i]);
		message_free(&m);
		buf_free(&out);
	}
}

TEST(a_page_is_read)
{
	struct message m;

	CHECK_INT(message_parse(response_text, strlen(response_text), &m, NULL), ERR_NONE);
	CHECK(m.page);
	CHECK_STR(m.page->log, LOG);
	CHECK_INT(m.page->first_seq, 5);
	CHECK_INT(m.page->count, 3);
	CHECK(m.page->more);
	CHECK(counts_up(m.page->before.byte, CHAIN_BYTES) && counts_up(m.page->seal.byte, SIGNATURE_BYTES));
	CHECK_INT(m.page->line[0].len, 7);
	CHECK_MEM(m.page->line[0].bytes, "{\"a\":1}", 7);
	CHECK_INT(m.page->line[1].len, 1);
	CHECK_MEM(m.page->line[1].bytes, "x", 1);
	CHECK_INT(m.page->line[2].len, 2);
	CHECK(m.page->line[2].bytes + 2 == response_text + strlen(response_text));
	message_free(&m);
	CHECK_INT(message_parse(batch_text, strlen(batch_text), &m, NULL), ERR_NONE);
	CHECK(!m.page->more);
	message_free(&m);
}

TEST(ack_and_heartbeat_are_read)
{
	static const char bare_ack[] = HEAD("ACK") "\"data\":{\"vector\":{\"" LOG "\":[1,\"0000000000000000\"]},\"hold\":false}}";
	static const char first_beat[] = HEAD("HEARTBEAT") "\"data\":{\"vector\":{},\"sent_at\":0}}";
	struct message m;

	CHECK_INT(message_parse(ack_text, strlen(ack_text), &m, NULL), ERR_NONE);
	CHECK(m.data.ack.hold && m.data.ack.dropped && m.vector_count == 1 && m.vector[0].seq == 0);
	message_free(&m);
	CHECK_INT(message_parse(bare_ack, strlen(bare_ack), &m, NULL), ERR_NONE);
	CHECK(!m.data.ack.hold && !m.data.ack.dropped);
	message_free(&m);
	CHECK_INT(message_parse(heartbeat_text, strlen(heartbeat_text), &m, NULL), ERR_NONE);
	CHECK_INT(m.data.heartbeat.sent_at, 123456);
	CHECK_INT(m.data.heartbeat.echo_sent_at, 100);
	CHECK_INT(m.data.heartbeat.echo_received_at, 200);
	message_free(&m);
	CHECK_INT(message_parse(first_beat, strlen(first_beat), &m, NULL), ERR_NONE);
	CHECK(m.data.heartbeat.sent_at == 0 && m.data.heartbeat.echo_sent_at == -1 && m.data.heartbeat.echo_received_at == -1);
	message_free(&m);
}

TEST(a_long_error_is_cut_between_characters)
{
	char text[1000] = "{\"type\":\"ERROR\",\"error\":\"x";
	struct message m;

	for (int i = 0; i < 200; i++)
		text_copy(text + strlen(text), 3, "Đ");
	text_copy(text + strlen(text), 20, "\",\"code\":\"c\"}");
	CHECK_INT(message_parse(text, strlen(text), &m, NULL), ERR_NONE);
	CHECK_INT(strlen(m.data.error.error), 239);
	CHECK(utf8_valid(m.data.error.error, 239));
	CHECK_STR(m.data.error.code, "c");
	CHECK_INT(m.timestamp, -1);
	message_free(&m);
}

TEST(a_type_not_known_is_no_error)
{
	static const char *const texts[] = {
		"{\"type\":\"NEW\"}", "{\"type\":\"\"}", "{\"type\":\"hello\",\"data\":5}",
		"{\"type\":\"UNKNOWN\",\"data\":{}}", "{\"type\":\"NEW\",\"data\":{\"x\":[]}}\nany\n\nlines\n",
	};

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct message m;
		struct buf out;

		buf_init(&out, 100);
		CHECK_INT(message_parse(texts[i], strlen(texts[i]), &m, NULL), ERR_NONE);
		CHECK_INT(m.type, MESSAGE_UNKNOWN);
		CHECK_INT(message_write(&m, &out), ERR_INVALID);
		message_free(&m);
		buf_free(&out);
	}
}

TEST(a_vector_is_sorted_and_names_no_log_twice)
{
	static const char text[] = HEAD("ACK") "\"data\":{\"vector\":{\"" LOG "\":[5,\"0000000000000001\"],\"" OTHER_LOG
		"\":[6,\"0000000000000002\"],\"" LOG "\":[7,\"0000000000000003\"],\"" OTHER_LOG "\":\"later ones do not count\"}}}";
	struct message m;

	CHECK_INT(message_parse(text, strlen(text), &m, NULL), ERR_NONE);
	CHECK_INT(m.vector_count, 2);
	CHECK_STR(m.vector[0].log, OTHER_LOG);
	CHECK_INT(m.vector[0].seq, 6);
	CHECK_STR(m.vector[1].log, LOG);
	CHECK_INT(m.vector[1].seq, 5);
	CHECK_INT(m.vector[1].chain_head[7], 1);
	message_free(&m);
}

static void expect_error(const char *text, enum err expected, const char *field)
{
	struct message m;
	struct fault f = {0};
	char *copy;
	enum err e = parse(text, strlen(text), &m, &f, &copy);

	if (e == ERR_NONE)
		message_free(&m);
	free(copy);
	if (e != expected || strcmp(f.field, field) != 0 || !f.code[0] || !f.sentence[0])
		test_fail(__FILE__, __LINE__, "%s at \"%s\", not %s at \"%s\": %s", err_name(e), f.field, err_name(expected), field, text);
}

#define ACK(vector) HEAD("ACK") "\"data\":{\"vector\":" vector "}}"
#define ENTRY(log, rest) ACK("{\"" log "\":" rest "}")
#define PAGE(log, first, count, chain, seal, more, lines) \
	HEAD("SYNC_RESPONSE") "\"data\":{\"log\":" log ",\"first_seq\":" first ",\"count\":" count ",\"chain\":" chain \
	",\"seal\":" seal ",\"more\":" more "}}" lines
#define Q(text) "\"" text "\""
#define HELLO(version, mesh, id, key, nonce, software) \
	HEAD("HELLO") "\"data\":{\"version\":" version ",\"mesh\":" mesh ",\"id\":" id ",\"public_key\":" key ",\"nonce\":" nonce \
	",\"software\":" software "}}"
#define LONG_NAME "0123456789012345678901234567890123456789012345678901234567890123"

TEST(missing_and_wrong_fields_are_named)
{
	static const struct { const char *text, *field; } row[] = {
		{ "", "" },
		{ "x", "" },
		{ "[]", "" },
		{ "\n{\"type\":\"HELLO\"}", "" },
		{ HEAD("AUTH") "\"data\":{\"proof\":\"" BYTES_32 "\",\"signature\":\"" BYTES_64 "\"}} x", "" },
		{ HEAD("HELLO") "\"data\":{\"mesh\":\"\\u0000\"}}", "" },
		{ "{}", "type" },
		{ "{\"type\":5}", "type" },
		{ "{\"type\":\"ACK\",\"source_central\":5,\"data\":{}}", "source_central" },
		{ "{\"type\":\"ACK\",\"source_central\":\"A\",\"data\":{}}", "source_central" },
		{ "{\"type\":\"ACK\",\"source_central\":\"" LONG_NAME "\",\"data\":{}}", "source_central" },
		{ "{\"type\":\"ACK\",\"timestamp\":\"1\",\"data\":{}}", "timestamp" },
		{ "{\"type\":\"ACK\",\"timestamp\":-1,\"data\":{}}", "timestamp" },
		{ "{\"type\":\"ACK\",\"timestamp\":null,\"data\":{}}", "timestamp" },
		{ "{\"type\":\"ACK\",\"request_id\":0,\"data\":{}}", "request_id" },
		{ "{\"type\":\"ACK\",\"request_id\":1.5,\"data\":{}}", "request_id" },
		{ "{\"type\":\"ACK\",\"request_id\":\"1\",\"data\":{}}", "request_id" },
		{ "{\"type\":\"ACK\"}", "data" },
		{ "{\"type\":\"ACK\",\"data\":[]}", "data" },
		{ "{\"type\":\"ACK\",\"data\":null}", "data" },
		{ "{\"type\":\"ERROR\"}", "error" },
		{ "{\"type\":\"ERROR\",\"error\":\"x\"}", "code" },
		{ "{\"type\":\"ERROR\",\"error\":\"x\",\"code\":5}", "code" },
		{ HELLO("0", Q("m"), Q("a"), Q(BYTES_32), Q(BYTES_32), Q("s")), "data.version" },
		{ HELLO("1000001", Q("m"), Q("a"), Q(BYTES_32), Q(BYTES_32), Q("s")), "data.version" },
		{ HELLO("\"1\"", Q("m"), Q("a"), Q(BYTES_32), Q(BYTES_32), Q("s")), "data.version" },
		{ HELLO("1", "5", Q("a"), Q(BYTES_32), Q(BYTES_32), Q("s")), "data.mesh" },
		{ HELLO("1", Q(""), Q("a"), Q(BYTES_32), Q(BYTES_32), Q("s")), "data.mesh" },
		{ HELLO("1", Q(LONG_NAME), Q("a"), Q(BYTES_32), Q(BYTES_32), Q("s")), "data.mesh" },
		{ HELLO("1", Q("m"), Q("-a"), Q(BYTES_32), Q(BYTES_32), Q("s")), "data.id" },
		{ HELLO("1", Q("m"), Q(LONG_NAME), Q(BYTES_32), Q(BYTES_32), Q("s")), "data.id" },
		{ HELLO("1", Q("m"), Q("a"), Q(BYTES_64), Q(BYTES_32), Q("s")), "data.public_key" },
		{ HELLO("1", Q("m"), Q("a"), "null", Q(BYTES_32), Q("s")), "data.public_key" },
		{ HELLO("1", Q("m"), Q("a"), Q(BYTES_32), Q("00"), Q("s")), "data.nonce" },
		{ HELLO("1", Q("m"), Q("a"), Q(BYTES_32), Q(BYTES_32), "[]"), "data.software" },
		{ HELLO("1", Q("m"), Q("a"), Q(BYTES_32), Q(BYTES_32), Q(LONG_NAME)), "data.software" },
		{ HEAD("AUTH") "\"data\":{\"signature\":\"" BYTES_64 "\"}}", "data.proof" },
		{ HEAD("AUTH") "\"data\":{\"proof\":\"" BYTES_64 "\",\"signature\":\"" BYTES_64 "\"}}", "data.proof" },
		{ HEAD("AUTH") "\"data\":{\"proof\":\"" BYTES_32 "\",\"signature\":\"" BYTES_32 "\"}}", "data.signature" },
		{ HEAD("ACK") "\"data\":{}}", "data.vector" },
		{ ACK("[]"), "data.vector" },
		{ ENTRY("x", "[1,\"0000000000000000\"]"), "data.vector" },
		{ ENTRY("5F0C5f0c5f0c5f0c5f0c5f0c5f0c5f0c", "[1,\"0000000000000000\"]"), "data.vector" },
		{ ENTRY(LOG, "[-1,\"0000000000000000\"]"), "data.vector" },
		{ ENTRY(LOG, "[9007199254740992,\"0000000000000000\"]"), "data.vector" },
		{ ENTRY(LOG, "[\"1\",\"0000000000000000\"]"), "data.vector" },
		{ ENTRY(LOG, "[1]"), "data.vector" },
		{ ENTRY(LOG, "[]"), "data.vector" },
		{ ENTRY(LOG, "[1,5]"), "data.vector" },
		{ ENTRY(LOG, "[1,\"000000000000000\"]"), "data.vector" },
		{ ENTRY(LOG, "[1,\"00000000000000000\"]"), "data.vector" },
		{ ENTRY(LOG, "[1,\"000000000000000G\"]"), "data.vector" },
		{ ENTRY(LOG, "[1,\"0000000000000000\",2]"), "data.vector" },
		{ ENTRY(LOG, "{\"a\":1,\"b\":\"0000000000000000\"}"), "data.vector" },
		{ ENTRY(LOG, "1"), "data.vector" },
		{ HEAD("ACK") "\"data\":{\"vector\":{},\"hold\":1}}", "data.hold" },
		{ HEAD("ACK") "\"data\":{\"vector\":{},\"dropped\":null}}", "data.dropped" },
		{ HEAD("HEARTBEAT") "\"data\":{\"sent_at\":1}}", "data.vector" },
		{ HEAD("HEARTBEAT") "\"data\":{\"vector\":{}}}", "data.sent_at" },
		{ HEAD("HEARTBEAT") "\"data\":{\"vector\":{},\"sent_at\":-1}}", "data.sent_at" },
		{ HEAD("HEARTBEAT") "\"data\":{\"vector\":{},\"sent_at\":1,\"echo\":{}}}", "data.echo" },
		{ HEAD("HEARTBEAT") "\"data\":{\"vector\":{},\"sent_at\":1,\"echo\":null}}", "data.echo" },
		{ HEAD("HEARTBEAT") "\"data\":{\"vector\":{},\"sent_at\":1,\"echo\":{\"sent_at\":1}}}", "data.echo" },
		{ HEAD("SYNC_REQUEST") "\"data\":{}}", "data.vector" },
		{ HEAD("SYNC_REQUEST") "\"data\":{\"vector\":{},\"logs\":{}}}", "data.logs" },
		{ HEAD("SYNC_REQUEST") "\"data\":{\"vector\":{},\"logs\":null}}", "data.logs" },
		{ HEAD("SYNC_REQUEST") "\"data\":{\"vector\":{},\"logs\":[\"" LOG "\",5]}}", "data.logs" },
		{ HEAD("SYNC_REQUEST") "\"data\":{\"vector\":{},\"logs\":[\"" BYTES_32 "\"]}}", "data.logs" },
		{ HEAD("SYNC_REQUEST") "\"data\":{\"vector\":{},\"logs\":[\"" LOG "\"],\"more\":\"yes\"}}", "data.more" },
		{ PAGE("5", "1", "1", Q(BYTES_32), Q(BYTES_64), "true", "\nx"), "data.log" },
		{ PAGE(Q("x"), "1", "1", Q(BYTES_32), Q(BYTES_64), "true", "\nx"), "data.log" },
		{ PAGE(Q(LOG), "0", "1", Q(BYTES_32), Q(BYTES_64), "true", "\nx"), "data.first_seq" },
		{ PAGE(Q(LOG), "\"1\"", "1", Q(BYTES_32), Q(BYTES_64), "true", "\nx"), "data.first_seq" },
		{ PAGE(Q(LOG), "1", "0", Q(BYTES_32), Q(BYTES_64), "true", ""), "data.count" },
		{ PAGE(Q(LOG), "1", "-1", Q(BYTES_32), Q(BYTES_64), "true", "\nx"), "data.count" },
		{ PAGE(Q(LOG), "1", "1.5", Q(BYTES_32), Q(BYTES_64), "true", "\nx"), "data.count" },
		{ PAGE(Q(LOG), "9007199254740991", "2", Q(BYTES_32), Q(BYTES_64), "true", "\nx\nx"), "data.count" },
		{ PAGE(Q(LOG), "1", "1", Q(BYTES_64), Q(BYTES_64), "true", "\nx"), "data.chain" },
		{ PAGE(Q(LOG), "1", "1", Q(BYTES_32), Q(BYTES_32), "true", "\nx"), "data.seal" },
		{ PAGE(Q(LOG), "1", "1", Q(BYTES_32), Q(BYTES_64), "1", "\nx"), "data.more" },
		{ PAGE(Q(LOG), "1", "1", Q(BYTES_32), Q(BYTES_64), "true", ""), "data.count" },
		{ PAGE(Q(LOG), "1", "1", Q(BYTES_32), Q(BYTES_64), "true", "\n"), "data.count" },
		{ PAGE(Q(LOG), "1", "1", Q(BYTES_32), Q(BYTES_64), "true", "\nx\n"), "data.count" },
		{ PAGE(Q(LOG), "1", "1", Q(BYTES_32), Q(BYTES_64), "true", "\nx\nx"), "data.count" },
		{ PAGE(Q(LOG), "1", "2", Q(BYTES_32), Q(BYTES_64), "true", "\nx"), "data.count" },
		{ PAGE(Q(LOG), "1", "2", Q(BYTES_32), Q(BYTES_64), "true", "\nx\n"), "data.count" },
		{ PAGE(Q(LOG), "1", "2", Q(BYTES_32), Q(BYTES_64), "true", "\n\nx"), "data.count" },
		{ PAGE(Q(LOG), "1", "2", Q(BYTES_32), Q(BYTES_64), "true", "\nx\n\nx"), "data.count" },
		{ HEAD("AUTH") "\"data\":{\"proof\":\"" BYTES_32 "\",\"signature\":\"" BYTES_64 "\"}}\n", "" },
		{ HEAD("AUTH") "\"data\":{\"proof\":\"" BYTES_32 "\",\"signature\":\"" BYTES_64 "\"}}\n{}", "" },
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
		expect_error(row[i].text, ERR_SYNTAX, row[i].field);
}

TEST_MAIN
