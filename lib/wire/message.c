#include "wire/message.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "wire/json.h"
#include "wire/record.h"

#define VERSION_MAX 1000000 /* of the dialect; any number a peer may come with */

static const char *const type_names[] = {
	[MESSAGE_UNKNOWN] = "UNKNOWN",
	[MESSAGE_HELLO] = "HELLO",
	[MESSAGE_AUTH] = "AUTH",
	[MESSAGE_SYNC_REQUEST] = "SYNC_REQUEST",
	[MESSAGE_SYNC_RESPONSE] = "SYNC_RESPONSE",
	[MESSAGE_BATCH] = "BATCH",
	[MESSAGE_ACK] = "ACK",
	[MESSAGE_HEARTBEAT] = "HEARTBEAT",
	[MESSAGE_ERROR] = "ERROR",
};
#define TYPE_COUNT (sizeof type_names / sizeof type_names[0])

const char *message_type_name(enum message_type type)
{
	return type_names[type];
}

static enum message_type type_of(const char *name)
{
	for (size_t i = MESSAGE_UNKNOWN + 1; i < TYPE_COUNT; i++)
		if (strcmp(type_names[i], name) == 0)
			return (enum message_type)i;
	return MESSAGE_UNKNOWN;
}

/* --- reading --- */

static enum err wrong(struct fault *fault, const char *field)
{
	return fault_set(fault, ERR_SYNTAX, "bad_message", field, "The message cannot be read: its %s is missing or wrong.", field);
}

static enum err no_memory(struct fault *fault)
{
	return fault_set(fault, ERR_MEMORY, "no_memory", "", "There was no memory to read the message.");
}

/* A text of 1 … size-1 bytes. */
static bool copy_text(const struct cJSON *object, const char *name, char *dst, size_t size)
{
	const char *text = json_text(object, name);

	return text && *text && text_copy(dst, size, text);
}

static enum err read_hello(const struct cJSON *data, struct hello *out, struct fault *fault)
{
	out->version = (int)json_integer(data, "version", 1, VERSION_MAX, 0);
	if (out->version == 0)
		return wrong(fault, "data.version");
	if (!copy_text(data, "mesh", out->mesh, sizeof out->mesh))
		return wrong(fault, "data.mesh");
	if (!copy_text(data, "id", out->id, sizeof out->id) || !central_id_valid(out->id))
		return wrong(fault, "data.id");
	if (!json_hex(data, "public_key", out->public_key, sizeof out->public_key))
		return wrong(fault, "data.public_key");
	if (!json_hex(data, "nonce", out->nonce, sizeof out->nonce))
		return wrong(fault, "data.nonce");
	if (!copy_text(data, "software", out->software, sizeof out->software))
		return wrong(fault, "data.software");
	return ERR_NONE;
}

static enum err read_auth(const struct cJSON *data, struct auth_proof *out, struct fault *fault)
{
	if (!json_hex(data, "proof", out->proof, sizeof out->proof))
		return wrong(fault, "data.proof");
	if (!json_hex(data, "signature", out->signature, sizeof out->signature))
		return wrong(fault, "data.signature");
	return ERR_NONE;
}

/* A member of a vector's object, and which one it was. */
struct named { const struct cJSON *item; size_t place; };

static int by_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = strcmp(x->item->string, y->item->string);

	if (order != 0)
		return order;
	return (x->place > y->place) - (x->place < y->place);
}

/* [seq, "<16 hex>"] under the log's name. seq 0: nothing of that log is held. */
static bool read_vector_entry(const struct cJSON *item, struct vector_entry *out)
{
	const struct cJSON *seq = cJSON_IsArray(item) ? item->child : NULL, *head = seq ? seq->next : NULL;

	if (!hex_is(item->string, LOG_ID_SIZE - 1) || !json_is_integer(seq, 0, INTEGER_MAX, &out->seq))
		return false;
	memcpy(out->log, item->string, LOG_ID_SIZE);
	return head && cJSON_IsString(head) && !head->next && hex_decode(out->chain_head, CHAIN_HEAD_BYTES, head->valuestring);
}

/* Sorting finds the duplicates, of which the first counts, without comparing every pair. */
static enum err read_vector(const struct cJSON *data, struct message *out, struct fault *fault)
{
	const struct cJSON *vector = json_member(data, "vector"), *item;
	struct named *named = NULL;
	size_t count = 0;
	enum err e = ERR_NONE;

	if (!cJSON_IsObject(vector))
		return wrong(fault, "data.vector");
	for (item = vector->child; item; item = item->next)
		count++;
	if (count == 0)
		return ERR_NONE;
	named = calloc(count, sizeof *named);
	out->vector = calloc(count, sizeof *out->vector);
	if (!named || !out->vector) {
		e = no_memory(fault);
		goto out;
	}
	count = 0;
	for (item = vector->child; item; item = item->next, count++)
		named[count] = (struct named){ item, count };
	qsort(named, count, sizeof *named, by_name);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && strcmp(named[i].item->string, named[i - 1].item->string) == 0)
			continue;
		if (!read_vector_entry(named[i].item, &out->vector[out->vector_count++])) {
			e = wrong(fault, "data.vector");
			break;
		}
	}
out:
	free(named);
	return e;
}

static enum err read_logs(const struct cJSON *data, struct message *out, struct fault *fault)
{
	const struct cJSON *logs = json_member(data, "logs"), *item;
	size_t count = 0;

	out->data.sync_request.has_logs = logs != NULL;
	if (!logs)
		return ERR_NONE;
	if (!cJSON_IsArray(logs))
		return wrong(fault, "data.logs");
	for (item = logs->child; item; item = item->next) {
		if (!cJSON_IsString(item) || !hex_is(item->valuestring, LOG_ID_SIZE - 1))
			return wrong(fault, "data.logs");
		count++;
	}
	if (count == 0)
		return ERR_NONE;
	out->data.sync_request.logs = calloc(count, sizeof *out->data.sync_request.logs);
	if (!out->data.sync_request.logs)
		return no_memory(fault);
	for (item = logs->child; item; item = item->next)
		memcpy(out->data.sync_request.logs[out->data.sync_request.log_count++], item->valuestring, LOG_ID_SIZE);
	return ERR_NONE;
}

static enum err read_sync_request(const struct cJSON *data, struct message *out, struct fault *fault)
{
	enum err e = read_vector(data, out, fault);

	if (e == ERR_NONE)
		e = read_logs(data, out, fault);
	if (e == ERR_NONE && !json_flag(data, "more", &out->data.sync_request.more))
		e = wrong(fault, "data.more");
	return e;
}

static enum err read_ack(const struct cJSON *data, struct message *out, struct fault *fault)
{
	if (!json_flag(data, "hold", &out->data.ack.hold))
		return wrong(fault, "data.hold");
	if (!json_flag(data, "dropped", &out->data.ack.dropped))
		return wrong(fault, "data.dropped");
	return read_vector(data, out, fault);
}

static enum err read_heartbeat(const struct cJSON *data, struct message *out, struct fault *fault)
{
	const struct cJSON *echo = json_member(data, "echo");

	out->data.heartbeat.sent_at = json_integer(data, "sent_at", 0, INTEGER_MAX, -1);
	if (out->data.heartbeat.sent_at < 0)
		return wrong(fault, "data.sent_at");
	out->data.heartbeat.echo_sent_at = json_integer(echo, "sent_at", 0, INTEGER_MAX, -1);
	out->data.heartbeat.echo_received_at = json_integer(echo, "received_at", 0, INTEGER_MAX, -1);
	if (echo && (out->data.heartbeat.echo_sent_at < 0 || out->data.heartbeat.echo_received_at < 0))
		return wrong(fault, "data.echo");
	return read_vector(data, out, fault);
}

/* A longer sentence than we keep is cut; its sender is about to close anyway. */
static enum err read_error(const struct cJSON *document, struct message *out, struct fault *fault)
{
	const char *error = json_text(document, "error"), *code = json_text(document, "code");

	if (!error)
		return wrong(fault, "error");
	if (!code)
		return wrong(fault, "code");
	text_copy(out->data.error.error, sizeof out->data.error.error, error);
	text_copy(out->data.error.code, sizeof out->data.error.code, code);
	return ERR_NONE;
}

/* Point page's lines at what follows the envelope; NULL: nothing does. */
static enum err split_lines(const char *at, const char *end, struct page *page, struct fault *fault)
{
	for (size_t i = 0; i < page->count && at; i++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((newline ? newline : end) - at);

		if (len > RECORD_MAX)
			return fault_set(fault, ERR_TOO_LARGE, "record_too_large", "", "Record %zu of the message has more than %d bytes.",
				i + 1, RECORD_MAX);
		page->line[i] = (struct page_line){ at, len };
		at = newline ? newline + 1 : NULL;
		if (len == 0 || (!at && i + 1 < page->count))
			return wrong(fault, "data.count");
	}
	return at ? wrong(fault, "data.count") : ERR_NONE;
}

static enum err read_page(const struct cJSON *data, const char *rest, const char *end, struct message *out, struct fault *fault)
{
	const char *log = json_text(data, "log");
	struct page *page = calloc(1, sizeof *page);
	int64_t count;

	if (!page)
		return no_memory(fault);
	out->page = page;
	if (!log || !hex_is(log, LOG_ID_SIZE - 1))
		return wrong(fault, "data.log");
	memcpy(page->log, log, LOG_ID_SIZE);
	page->first_seq = json_integer(data, "first_seq", 1, INTEGER_MAX, 0);
	if (page->first_seq == 0)
		return wrong(fault, "data.first_seq");
	count = json_integer(data, "count", 1, INTEGER_MAX, 0);
	if (count > MESSAGE_RECORDS_MAX)
		return fault_set(fault, ERR_TOO_LARGE, "too_many_records", "data.count", "The message has more than %d records.",
			MESSAGE_RECORDS_MAX);
	if (count == 0 || !rest || page->first_seq > INTEGER_MAX - (count - 1))
		return wrong(fault, "data.count");
	page->count = (size_t)count;
	if (!json_hex(data, "chain", page->before.byte, CHAIN_BYTES))
		return wrong(fault, "data.chain");
	if (!json_hex(data, "seal", page->seal.byte, SIGNATURE_BYTES))
		return wrong(fault, "data.seal");
	if (!json_flag(data, "more", &page->more))
		return wrong(fault, "data.more");
	return split_lines(rest, end, page, fault);
}

static enum err read_by_type(const struct cJSON *document, const char *rest, const char *end, struct message *out,
	struct fault *fault)
{
	const struct cJSON *data = json_member(document, "data");
	bool is_page = out->type == MESSAGE_SYNC_RESPONSE || out->type == MESSAGE_BATCH;

	if (out->type == MESSAGE_UNKNOWN)
		return ERR_NONE;
	if (out->type != MESSAGE_ERROR && !cJSON_IsObject(data))
		return wrong(fault, "data");
	if (rest && !is_page)
		return fault_set(fault, ERR_SYNTAX, "bad_message", "", "The message cannot be read: only pages have more than one line.");
	switch (out->type) {
	case MESSAGE_UNKNOWN:
		break;
	case MESSAGE_HELLO:
		return read_hello(data, &out->data.hello, fault);
	case MESSAGE_AUTH:
		return read_auth(data, &out->data.auth, fault);
	case MESSAGE_SYNC_REQUEST:
		return read_sync_request(data, out, fault);
	case MESSAGE_SYNC_RESPONSE:
	case MESSAGE_BATCH:
		return read_page(data, rest, end, out, fault);
	case MESSAGE_ACK:
		return read_ack(data, out, fault);
	case MESSAGE_HEARTBEAT:
		return read_heartbeat(data, out, fault);
	case MESSAGE_ERROR:
		return read_error(document, out, fault);
	}
	return ERR_NONE;
}

/* May be missing, but not wrong. */
static enum err read_envelope(const struct cJSON *document, struct message *out, struct fault *fault)
{
	const char *type = json_text(document, "type");

	if (!type)
		return wrong(fault, "type");
	out->type = type_of(type);
	if (json_member(document, "source_central") &&
		(!copy_text(document, "source_central", out->source_central, sizeof out->source_central) ||
			!central_id_valid(out->source_central)))
		return wrong(fault, "source_central");
	out->timestamp = json_integer(document, "timestamp", 0, INTEGER_MAX, -1);
	if (out->timestamp < 0 && json_member(document, "timestamp"))
		return wrong(fault, "timestamp");
	out->request_id = json_integer(document, "request_id", 1, INTEGER_MAX, 0);
	if (out->request_id == 0 && json_member(document, "request_id"))
		return wrong(fault, "request_id");
	return ERR_NONE;
}

enum err message_parse(const char *bytes, size_t len, struct message *out, struct fault *fault)
{
	const char *newline;
	struct cJSON *document = NULL;
	enum err e;

	memset(out, 0, sizeof *out);
	if (len > MESSAGE_MAX)
		return fault_set(fault, ERR_TOO_LARGE, "message_too_large", "", "The message has more than %d bytes.", MESSAGE_MAX);
	newline = memchr(bytes, '\n', len);
	e = json_read(bytes, newline ? (size_t)(newline - bytes) : len, &document);
	if (e == ERR_SYNTAX)
		return fault_set(fault, e, "bad_message", "", "The message cannot be read: its first line is no JSON object.");
	if (e != ERR_NONE)
		return no_memory(fault);
	e = read_envelope(document, out, fault);
	if (e == ERR_NONE)
		e = read_by_type(document, newline ? newline + 1 : NULL, bytes + len, out, fault);
	cJSON_Delete(document);
	if (e != ERR_NONE)
		message_free(out);
	return e;
}

void message_free(struct message *m)
{
	if (m->type == MESSAGE_SYNC_REQUEST)
		free(m->data.sync_request.logs);
	free(m->vector);
	free(m->page);
	memset(m, 0, sizeof *m);
}

/* --- writing --- */

static void write_vector(struct buf *out, const struct message *m)
{
	json_add_raw(out, "vector", "{");
	for (size_t i = 0; i < m->vector_count; i++) {
		char head[2 * CHAIN_HEAD_BYTES + 1];

		hex_encode(head, m->vector[i].chain_head, CHAIN_HEAD_BYTES);
		json_add_name(out, m->vector[i].log);
		buf_printf(out, "[%" PRId64 ",\"%s\"]", m->vector[i].seq, head);
	}
	buf_char(out, '}');
}

/* A member that is only there when true. */
static void write_flag(struct buf *out, const char *name, bool flag)
{
	if (flag)
		json_add_raw(out, name, "true");
}

static void write_hello(struct buf *out, const struct hello *h)
{
	json_add_integer(out, "version", h->version);
	json_add_text(out, "mesh", h->mesh);
	json_add_text(out, "id", h->id);
	json_add_hex(out, "public_key", h->public_key, sizeof h->public_key);
	json_add_hex(out, "nonce", h->nonce, sizeof h->nonce);
	json_add_text(out, "software", h->software);
}

static void write_sync_request(struct buf *out, const struct message *m)
{
	write_vector(out, m);
	if (m->data.sync_request.has_logs) {
		json_add_raw(out, "logs", "[");
		for (size_t i = 0; i < m->data.sync_request.log_count; i++)
			buf_printf(out, "%s\"%s\"", i > 0 ? "," : "", m->data.sync_request.logs[i]);
		buf_char(out, ']');
	}
	write_flag(out, "more", m->data.sync_request.more);
}

static void write_heartbeat(struct buf *out, const struct message *m)
{
	write_vector(out, m);
	json_add_integer(out, "sent_at", m->data.heartbeat.sent_at);
	if (m->data.heartbeat.echo_sent_at < 0)
		return;
	json_add_raw(out, "echo", "{");
	json_add_integer(out, "sent_at", m->data.heartbeat.echo_sent_at);
	json_add_integer(out, "received_at", m->data.heartbeat.echo_received_at);
	buf_char(out, '}');
}

static void write_page(struct buf *out, const struct message *m)
{
	const struct page *p = m->page;

	json_add_text(out, "log", p->log);
	json_add_integer(out, "first_seq", p->first_seq);
	json_add_integer(out, "count", (int64_t)p->count);
	json_add_hex(out, "chain", p->before.byte, CHAIN_BYTES);
	json_add_hex(out, "seal", p->seal.byte, SIGNATURE_BYTES);
	if (m->type == MESSAGE_SYNC_RESPONSE)
		json_add_raw(out, "more", p->more ? "true" : "false");
}

static void write_data(struct buf *out, const struct message *m)
{
	json_add_raw(out, "data", "{");
	switch (m->type) {
	case MESSAGE_UNKNOWN:
	case MESSAGE_ERROR:
		break;
	case MESSAGE_HELLO:
		write_hello(out, &m->data.hello);
		break;
	case MESSAGE_AUTH:
		json_add_hex(out, "proof", m->data.auth.proof, PROOF_BYTES);
		json_add_hex(out, "signature", m->data.auth.signature, SIGNATURE_BYTES);
		break;
	case MESSAGE_SYNC_REQUEST:
		write_sync_request(out, m);
		break;
	case MESSAGE_SYNC_RESPONSE:
	case MESSAGE_BATCH:
		write_page(out, m);
		break;
	case MESSAGE_ACK:
		write_vector(out, m);
		write_flag(out, "hold", m->data.ack.hold);
		write_flag(out, "dropped", m->data.ack.dropped);
		break;
	case MESSAGE_HEARTBEAT:
		write_heartbeat(out, m);
		break;
	}
	buf_char(out, '}');
}

enum err message_write(const struct message *m, struct buf *out)
{
	if (m->type == MESSAGE_UNKNOWN)
		return ERR_INVALID;
	buf_char(out, '{');
	json_add_text(out, "type", message_type_name(m->type));
	if (m->type == MESSAGE_ERROR) {
		json_add_text(out, "error", m->data.error.error);
		json_add_text(out, "code", m->data.error.code);
	}
	json_add_text(out, "source_central", m->source_central[0] ? m->source_central : NULL);
	json_add_integer(out, "timestamp", m->timestamp);
	json_add_integer(out, "request_id", m->request_id > 0 ? m->request_id : -1);
	if (m->type != MESSAGE_ERROR)
		write_data(out, m);
	buf_char(out, '}');
	for (size_t i = 0; m->page && i < m->page->count; i++) {
		buf_char(out, '\n');
		buf_add(out, m->page->line[i].bytes, m->page->line[i].len);
	}
	return out->failed ? ERR_TOO_LARGE : ERR_NONE;
}
