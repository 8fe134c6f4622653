/* lib/wire/message: sizes, hostile bytes, and round trips of random messages. */
#include "base/text.h"
#include "chance.h"
#include "message_texts.h"
#include "wire/record.h"

/* A page of count lines of len bytes each, and the length of the whole. Freed by the caller. */
static char *page_text(size_t count, size_t len, size_t *total)
{
	size_t room = 1000 + count * (len + 1);
	char *text = malloc(room), *at;

	if (!text)
		abort();
	at = text + snprintf(text, room, HEAD("BATCH") "\"data\":{\"log\":\"" LOG "\",\"first_seq\":1,\"count\":%zu,"
		"\"chain\":\"" BYTES_32 "\",\"seal\":\"" BYTES_64 "\"}}", count);
	for (size_t i = 0; i < count; i++) {
		*at++ = '\n';
		memset(at, 'x', len);
		at += len;
	}
	*total = (size_t)(at - text);
	return text;
}

static enum err parse_page(size_t count, size_t len, struct fault *fault)
{
	size_t total;
	char *text = page_text(count, len, &total), *copy;
	struct message m;
	enum err e = parse(text, total, &m, fault, &copy);

	if (e == ERR_NONE)
		message_free(&m);
	free(copy);
	free(text);
	return e;
}

TEST(pages_have_limits)
{
	struct fault f;

	CHECK_INT(parse_page(1, RECORD_MAX, NULL), ERR_NONE);
	CHECK_INT(parse_page(1, RECORD_MAX + 1, &f), ERR_TOO_LARGE);
	CHECK_STR(f.code, "record_too_large");
	CHECK_INT(parse_page(MESSAGE_RECORDS_MAX, 1, NULL), ERR_NONE);
	CHECK_INT(parse_page(MESSAGE_RECORDS_MAX, 500, NULL), ERR_NONE);
	CHECK_INT(parse_page(MESSAGE_RECORDS_MAX + 1, 1, &f), ERR_TOO_LARGE);
	CHECK_STR(f.code, "too_many_records");
	CHECK_INT(parse_page(MESSAGE_RECORDS_MAX, 600, &f), ERR_TOO_LARGE);
	CHECK_STR(f.code, "message_too_large");
}

TEST(a_message_has_at_most_256_kibibytes)
{
	char *text = malloc(MESSAGE_MAX + 1);
	struct message m;
	struct buf out;

	CHECK(text);
	memset(text, ' ', MESSAGE_MAX + 1);
	memcpy(text, heartbeat_text, sizeof heartbeat_text - 1);
	CHECK_INT(message_parse(text, MESSAGE_MAX, &m, NULL), ERR_NONE);
	buf_init(&out, strlen(heartbeat_text) - 1);
	CHECK_INT(message_write(&m, &out), ERR_TOO_LARGE);
	buf_free(&out);
	message_free(&m);
	CHECK_INT(message_parse(text, MESSAGE_MAX + 1, &m, NULL), ERR_TOO_LARGE);
	free(text);
}

static void expect_harmless(char filler, const char *head)
{
	char *text = malloc(MESSAGE_MAX);
	struct message m;

	CHECK(text);
	for (size_t i = 0; i < MESSAGE_MAX; i++)
		text[i] = *head ? *head++ : filler;
	CHECK_INT(message_parse(text, MESSAGE_MAX, &m, NULL), ERR_SYNTAX);
	free(text);
}

TEST(a_message_full_of_one_byte_does_no_harm)
{
	expect_harmless('[', "");
	expect_harmless('{', "{\"type\":");
	expect_harmless('[', "{\"type\":\"ACK\",\"data\":");
	expect_harmless('"', "{");
	expect_harmless('9', "{\"type\":");
	expect_harmless(',', "{\"type\":\"ACK\"");
	expect_harmless('\\', "{\"");
	expect_harmless('\n', batch_text);
	expect_harmless('\0', "");
}

/* As long as a message may be: all its logs are read, in order, and bytes a log stays within VECTOR_ENTRY_BYTES. */
TEST(a_vector_may_fill_a_message)
{
	size_t count = (MESSAGE_MAX - 200) / VECTOR_ENTRY_BYTES;
	struct message m = { .type = MESSAGE_ACK, .source_central = "central-1", .timestamp = INTEGER_MAX }, back;
	struct buf out;

	buf_init(&out, MESSAGE_MAX);
	m.request_id = INTEGER_MAX;
	m.vector_count = count;
	m.vector = calloc(count, sizeof *m.vector);
	CHECK(m.vector);
	for (size_t i = 0; i < count; i++) {
		text_format(m.vector[i].log, LOG_ID_SIZE, "%032zx", count - i);
		m.vector[i].seq = INTEGER_MAX;
	}
	CHECK_INT(message_write(&m, &out), ERR_NONE);
	CHECK_INT(message_parse(out.data, out.len, &back, NULL), ERR_NONE);
	CHECK_INT(back.vector_count, count);
	for (size_t i = 0; i < count; i++)
		CHECK_STR(back.vector[i].log, m.vector[count - 1 - i].log);
	message_free(&back);
	message_free(&m);
	buf_free(&out);
}

TEST(a_message_cut_short_is_no_message)
{
	for (size_t i = 0; i < TEXT_COUNT; i++) {
		/* In a page's last line a cut shows only when the line is read. */
		const char *last = strrchr(all_texts[i], '\n');
		size_t until = last ? (size_t)(last + 2 - all_texts[i]) : strlen(all_texts[i]);

		for (size_t len = 0; len < until; len++) {
			struct message m;
			char *copy;

			CHECK_INT(parse(all_texts[i], len, &m, NULL, &copy), ERR_SYNTAX);
			free(copy);
		}
	}
}

/* What every reader may rely on, however hostile the message was. */
static bool sound(const struct message *m, const char *bytes, size_t len)
{
	if (m->timestamp < -1 || m->request_id < 0 || (m->source_central[0] && !central_id_valid(m->source_central)))
		return false;
	for (size_t i = 0; i < m->vector_count; i++) {
		if (!hex_is(m->vector[i].log, 32) || m->vector[i].seq < 0 || m->vector[i].seq > INTEGER_MAX ||
			(i > 0 && strcmp(m->vector[i - 1].log, m->vector[i].log) >= 0))
			return false;
	}
	if (m->type != MESSAGE_SYNC_RESPONSE && m->type != MESSAGE_BATCH)
		return !m->page;
	if (!m->page || m->page->count < 1 || m->page->count > MESSAGE_RECORDS_MAX || m->page->first_seq < 1 ||
		!hex_is(m->page->log, 32))
		return false;
	for (size_t i = 0; i < m->page->count; i++) {
		const struct page_line *line = &m->page->line[i];

		if (line->len < 1 || line->len > RECORD_MAX || line->bytes < bytes || line->bytes + line->len > bytes + len)
			return false;
	}
	return true;
}

TEST(changed_bytes_do_no_harm)
{
	struct chance c = { 99 };
	int taken = 0;

	for (int i = 0; i < 60000; i++) {
		char text[1024], *copy;
		struct message m;
		size_t len = strlen(all_texts[(size_t)i % TEXT_COUNT]);
		enum err e;

		memcpy(text, all_texts[(size_t)i % TEXT_COUNT], len);
		for (uint64_t times = 1 + chance_below(&c, 3); times > 0; times--)
			len = chance_mutate(&c, text, len);
		e = parse(text, len, &m, NULL, &copy);
		if (e == ERR_NONE) {
			taken++;
			if (!sound(&m, copy, len))
				test_fail(__FILE__, __LINE__, "taken: %.*s", (int)len, text);
			message_free(&m);
		} else if (e != ERR_SYNTAX && e != ERR_TOO_LARGE) {
			test_fail(__FILE__, __LINE__, "%s: %.*s", err_name(e), (int)len, text);
		}
		free(copy);
	}
	CHECK(taken > 1000 && taken < 59000);
}

/* --- round trips of random messages --- */

static int64_t some_integer(struct chance *c, int64_t min)
{
	return chance_below(c, 4) == 0 ? INTEGER_MAX : min + (int64_t)chance_below(c, INTEGER_MAX - (uint64_t)min);
}

/* Sorted, as a parsed one is. */
static void some_vector(struct chance *c, struct message *m)
{
	m->vector_count = chance_below(c, 20);
	m->vector = calloc(20, sizeof *m->vector);
	if (!m->vector)
		abort();
	for (size_t i = 0; i < m->vector_count; i++) {
		struct vector_entry *v = &m->vector[i];

		text_format(v->log, LOG_ID_SIZE, "%08zx%08x%016" PRIx64, i, (unsigned)chance_below(c, UINT32_MAX), chance_next(c));
		v->seq = some_integer(c, 0);
		chance_bytes(c, v->chain_head, sizeof v->chain_head);
	}
}

static void some_page(struct chance *c, struct message *m, const char *lines, size_t size)
{
	struct page *p = calloc(1, sizeof *p);

	if (!p)
		abort();
	m->page = p;
	text_copy(p->log, sizeof p->log, LOG);
	p->count = 1 + chance_below(c, chance_below(c, 10) == 0 ? MESSAGE_RECORDS_MAX : 9);
	p->first_seq = 1 + (int64_t)chance_below(c, INTEGER_MAX - MESSAGE_RECORDS_MAX);
	p->more = m->type == MESSAGE_SYNC_RESPONSE && chance_below(c, 2) == 0;
	chance_bytes(c, p->before.byte, CHAIN_BYTES);
	chance_bytes(c, p->seal.byte, SIGNATURE_BYTES);
	for (size_t i = 0; i < p->count; i++) {
		size_t from = chance_below(c, size);

		p->line[i] = (struct page_line){ lines + from, 1 + chance_below(c, size - from) };
	}
}

static void some_logs(struct chance *c, struct message *m)
{
	m->data.sync_request.more = chance_below(c, 2) == 0;
	m->data.sync_request.has_logs = chance_below(c, 2) == 0;
	if (!m->data.sync_request.has_logs)
		return;
	m->data.sync_request.log_count = chance_below(c, 5);
	m->data.sync_request.logs = calloc(5, sizeof *m->data.sync_request.logs);
	for (size_t i = 0; m->data.sync_request.logs && i < m->data.sync_request.log_count; i++)
		text_format(m->data.sync_request.logs[i], LOG_ID_SIZE, "%016" PRIx64 "%016" PRIx64, chance_next(c), chance_next(c));
}

static void some_message(struct chance *c, struct message *m, const char *lines, size_t size)
{
	memset(m, 0, sizeof *m);
	m->type = (enum message_type)(MESSAGE_HELLO + chance_below(c, MESSAGE_ERROR));
	if (chance_below(c, 4) > 0)
		text_copy(m->source_central, sizeof m->source_central, "central-3");
	m->timestamp = chance_below(c, 4) == 0 ? -1 : some_integer(c, 0);
	m->request_id = chance_below(c, 2) == 0 ? 0 : some_integer(c, 1);
	switch (m->type) {
	case MESSAGE_UNKNOWN:
		break;
	case MESSAGE_HELLO:
		m->data.hello.version = 1 + (int)chance_below(c, 1000);
		text_copy(m->data.hello.mesh, sizeof m->data.hello.mesh, "bãi \"xe\"\n");
		text_copy(m->data.hello.id, sizeof m->data.hello.id, "central-3");
		text_copy(m->data.hello.software, sizeof m->data.hello.software, "parkmesh\\0.1");
		chance_bytes(c, m->data.hello.public_key, KEY_BYTES);
		chance_bytes(c, m->data.hello.nonce, NONCE_BYTES);
		break;
	case MESSAGE_AUTH:
		chance_bytes(c, &m->data.auth, sizeof m->data.auth);
		break;
	case MESSAGE_SYNC_REQUEST:
		some_vector(c, m);
		some_logs(c, m);
		break;
	case MESSAGE_SYNC_RESPONSE:
	case MESSAGE_BATCH:
		some_page(c, m, lines, size);
		break;
	case MESSAGE_ACK:
		some_vector(c, m);
		m->data.ack.hold = chance_below(c, 2) == 0;
		m->data.ack.dropped = chance_below(c, 2) == 0;
		break;
	case MESSAGE_HEARTBEAT:
		some_vector(c, m);
		m->data.heartbeat.sent_at = some_integer(c, 0);
		m->data.heartbeat.echo_sent_at = chance_below(c, 2) == 0 ? -1 : some_integer(c, 0);
		m->data.heartbeat.echo_received_at = m->data.heartbeat.echo_sent_at < 0 ? -1 : some_integer(c, 0);
		break;
	case MESSAGE_ERROR:
		text_copy(m->data.error.error, sizeof m->data.error.error, "Không \"đọc\" được\t.");
		text_copy(m->data.error.code, sizeof m->data.error.code, "bad_message");
		break;
	}
}

static bool same_page(const struct page *a, const struct page *b)
{
	if (!a || !b)
		return a == b;
	for (size_t i = 0; i < a->count && i < b->count; i++)
		if (a->line[i].len != b->line[i].len || memcmp(a->line[i].bytes, b->line[i].bytes, a->line[i].len) != 0)
			return false;
	return strcmp(a->log, b->log) == 0 && a->first_seq == b->first_seq && a->count == b->count && a->more == b->more &&
		chain_equal(&a->before, &b->before) && memcmp(&a->seal, &b->seal, sizeof a->seal) == 0;
}

static bool same_vector(const struct message *a, const struct message *b)
{
	if (a->vector_count != b->vector_count)
		return false;
	for (size_t i = 0; i < a->vector_count; i++)
		if (strcmp(a->vector[i].log, b->vector[i].log) != 0 || a->vector[i].seq != b->vector[i].seq ||
			memcmp(a->vector[i].chain_head, b->vector[i].chain_head, CHAIN_HEAD_BYTES) != 0)
			return false;
	return true;
}

static bool same_request(const struct message *a, const struct message *b)
{
	if (a->data.sync_request.has_logs != b->data.sync_request.has_logs || a->data.sync_request.more != b->data.sync_request.more ||
		a->data.sync_request.log_count != b->data.sync_request.log_count)
		return false;
	for (size_t i = 0; i < a->data.sync_request.log_count; i++)
		if (strcmp(a->data.sync_request.logs[i], b->data.sync_request.logs[i]) != 0)
			return false;
	return true;
}

static bool same_data(const struct message *a, const struct message *b)
{
	const struct hello *x = &a->data.hello, *y = &b->data.hello;

	switch (a->type) {
	case MESSAGE_HELLO:
		return x->version == y->version && strcmp(x->mesh, y->mesh) == 0 && strcmp(x->id, y->id) == 0 &&
			strcmp(x->software, y->software) == 0 && memcmp(x->public_key, y->public_key, KEY_BYTES) == 0 &&
			memcmp(x->nonce, y->nonce, NONCE_BYTES) == 0;
	case MESSAGE_AUTH:
		return memcmp(&a->data.auth, &b->data.auth, sizeof a->data.auth) == 0;
	case MESSAGE_SYNC_REQUEST:
		return same_request(a, b);
	case MESSAGE_ACK:
		return a->data.ack.hold == b->data.ack.hold && a->data.ack.dropped == b->data.ack.dropped;
	case MESSAGE_HEARTBEAT:
		return memcmp(&a->data.heartbeat, &b->data.heartbeat, sizeof a->data.heartbeat) == 0;
	case MESSAGE_ERROR:
		return strcmp(a->data.error.error, b->data.error.error) == 0 && strcmp(a->data.error.code, b->data.error.code) == 0;
	case MESSAGE_SYNC_RESPONSE:
	case MESSAGE_BATCH:
	case MESSAGE_UNKNOWN:
		break;
	}
	return true;
}

static bool same_message(const struct message *a, const struct message *b)
{
	return a->type == b->type && strcmp(a->source_central, b->source_central) == 0 && a->timestamp == b->timestamp &&
		a->request_id == b->request_id && same_vector(a, b) && same_page(a->page, b->page) && same_data(a, b);
}

TEST(what_is_written_is_read_again_as_it_was)
{
	static const char lines[] = "{\"type\":\"VEHICLE_EXIT\",\"data\":{}} and Đ any other bytes \x01\x02\xff\xfe up to the newline";
	struct chance c = { 8 };

	for (int i = 0; i < 20000; i++) {
		struct message m, back;
		struct buf out;

		some_message(&c, &m, lines, sizeof lines - 1);
		buf_init(&out, MESSAGE_MAX);
		CHECK_INT(message_write(&m, &out), ERR_NONE);
		CHECK_INT(message_parse(out.data, out.len, &back, NULL), ERR_NONE);
		if (!same_message(&m, &back)) {
			test_fail(__FILE__, __LINE__, "read as something else: %s", out.data);
			return;
		}
		message_free(&back);
		message_free(&m);
		buf_free(&out);
	}
}

TEST_MAIN
