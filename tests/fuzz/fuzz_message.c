/* A message of the native dialect: what can be read can be written, and reads the same. */
#include "fuzz.h"

#include "base/text.h"
#include "wire/message.h"
#include "wire/record.h"

static void check_vector(const struct message *m)
{
	for (size_t i = 0; i < m->vector_count; i++) {
		MUST(hex_is(m->vector[i].log, LOG_ID_SIZE - 1) && m->vector[i].seq >= 0 && m->vector[i].seq <= INTEGER_MAX);
		MUST(i == 0 || strcmp(m->vector[i - 1].log, m->vector[i].log) < 0);
	}
}

static void check_page(const struct message *m, const char *bytes, size_t len)
{
	const struct page *p = m->page;

	MUST((p != NULL) == (m->type == MESSAGE_SYNC_RESPONSE || m->type == MESSAGE_BATCH));
	if (!p)
		return;
	MUST(hex_is(p->log, LOG_ID_SIZE - 1) && p->count >= 1 && p->count <= MESSAGE_RECORDS_MAX);
	MUST(p->first_seq >= 1 && p->first_seq <= INTEGER_MAX - (int64_t)(p->count - 1));
	for (size_t i = 0; i < p->count; i++) {
		const struct page_line *line = &p->line[i];

		MUST(line->bytes >= bytes && line->bytes + line->len <= bytes + len && line->len >= 1 && line->len <= RECORD_MAX);
		MUST(!memchr(line->bytes, '\n', line->len));
		MUST(i == 0 || line->bytes == p->line[i - 1].bytes + p->line[i - 1].len + 1);
	}
	MUST(p->line[p->count - 1].bytes + p->line[p->count - 1].len == bytes + len);
}

static void check_data(const struct message *m)
{
	MUST(m->source_central[0] == '\0' || central_id_valid(m->source_central));
	MUST(m->timestamp >= -1 && m->timestamp <= INTEGER_MAX && m->request_id >= 0 && m->request_id <= INTEGER_MAX);
	if (m->type == MESSAGE_HELLO) {
		const struct hello *h = &m->data.hello;

		MUST(h->version >= 1 && central_id_valid(h->id) && h->mesh[0] != '\0' && h->software[0] != '\0');
		MUST(utf8_valid(h->mesh, strlen(h->mesh)) && utf8_valid(h->software, strlen(h->software)));
	}
	if (m->type == MESSAGE_ERROR)
		MUST(utf8_valid(m->data.error.error, strlen(m->data.error.error)) && utf8_valid(m->data.error.code, strlen(m->data.error.code)));
	if (m->type == MESSAGE_SYNC_REQUEST)
		for (size_t i = 0; i < m->data.sync_request.log_count; i++)
			MUST(hex_is(m->data.sync_request.logs[i], LOG_ID_SIZE - 1));
}

/* Written, read and written again it is the same. */
static void check_again(const struct message *m)
{
	struct buf first, second;
	struct message again;
	struct fault fault;

	buf_init(&first, 4 * MESSAGE_MAX);
	buf_init(&second, 4 * MESSAGE_MAX);
	MUST(message_write(m, &first) == ERR_NONE);
	if (first.len <= MESSAGE_MAX) { /* numbers written as 1e15 take more room in full */
		MUST(message_parse(first.data, first.len, &again, &fault) == ERR_NONE);
		MUST(again.type == m->type && again.vector_count == m->vector_count && again.request_id == m->request_id);
		MUST(m->vector_count == 0 || memcmp(again.vector, m->vector, m->vector_count * sizeof *m->vector) == 0);
		MUST(message_write(&again, &second) == ERR_NONE);
		MUST(second.len == first.len && memcmp(first.data, second.data, first.len) == 0);
		message_free(&again);
	}
	buf_free(&first);
	buf_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *copy = fuzz_copy(bytes, len);
	struct fault fault = {0};
	struct message m;
	enum err e = message_parse(copy, len, &m, &fault);

	MUST(e == ERR_NONE || (e == ERR_SYNTAX && fault.code[0]) || (e == ERR_TOO_LARGE && fault.code[0]));
	if (e == ERR_NONE) {
		check_vector(&m);
		check_page(&m, copy, len);
		check_data(&m);
		if (m.type != MESSAGE_UNKNOWN)
			check_again(&m);
		message_free(&m);
	}
	free(copy);
	return 0;
}
