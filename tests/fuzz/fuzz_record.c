/* A record's line: what the merge can read of it survives being written anew, and what is written is always a record; and
 * any line that may be stored comes back from the database as it was. */
#include "fuzz.h"

#include "base/text.h"
#include "store/packed.h"
#include "wire/json.h"
#include "wire/record.h"

static void check_text(const char *text)
{
	MUST(!text || utf8_valid(text, strlen(text)));
}

static void check_values(const struct record *r)
{
	MUST(r->seq >= 1 && r->seq <= INTEGER_MAX && hex_is(r->log, LOG_ID_SIZE - 1));
	MUST(r->at >= -1 && r->at <= INTEGER_MAX && r->timestamp >= -1 && r->timestamp <= INTEGER_MAX);
	MUST(!r->has_hlc || (r->hlc.ms >= 0 && r->hlc.ms <= INTEGER_MAX && r->hlc.counter >= 0 && r->hlc.counter <= INTEGER_MAX));
	MUST(!r->event_id || r->event_id[0]);
	check_text(r->type_name);
	check_text(r->source_central);
	check_text(r->event_id);
}

static void check_readable(const struct record *r)
{
	MUST(r->type != RECORD_UNKNOWN && r->has_hlc && r->at >= 0 && central_id_valid(r->source_central));
	if (r->type == RECORD_ENTRY)
		MUST(r->event_id && !exit_name_is(r->event_id) && r->data.entry.plate_id && r->data.entry.plate_id[0]);
	if (r->type == RECORD_EXIT)
		MUST(r->data.exit.fee >= 0 && r->data.exit.fee <= INTEGER_MAX && r->data.exit.plate_id && r->data.exit.plate_id[0]);
	if (r->type == RECORD_CONFIRMED || r->type == RECORD_VOID || r->type == RECORD_CORRECTION)
		MUST(r->event_id);
	if (r->type == RECORD_CONFIG)
		MUST(r->data.config.key && r->data.config.key[0]);
	if (r->type == RECORD_LOG_OPEN)
		MUST(central_id_valid(r->data.log_open.id) && r->data.log_open.writer);
}

static void check_again(const struct record *r)
{
	struct buf first, second;
	struct record again;
	enum err e;

	buf_init(&first, 2 * RECORD_MAX);
	buf_init(&second, 2 * RECORD_MAX);
	e = record_write(r, &first);
	MUST(e == ERR_NONE || e == ERR_TOO_LARGE); /* "\u00e9" and 1e15 may be longer when written */
	if (e == ERR_NONE) {
		MUST(record_parse(first.data, first.len, &again) == ERR_NONE);
		MUST(again.type == r->type && again.readable && again.seq == r->seq && again.at == r->at && again.legacy == r->legacy);
		MUST(again.hlc.ms == r->hlc.ms && again.hlc.counter == r->hlc.counter);
		MUST((r->type != RECORD_CONFIG) || !r->data.config.value == !again.data.config.value);
		MUST(record_write(&again, &second) == ERR_NONE);
		MUST(first.len == second.len && memcmp(first.data, second.data, first.len) == 0);
		record_free(&again);
	}
	buf_free(&first);
	buf_free(&second);
}

/* It comes out of the database as it went in. */
static void check_packed(const struct record *r, const char *line, size_t len)
{
	const struct packed_place place = {r->log, r->seq, r->has_hlc ? r->hlc.ms : -1, r->has_hlc ? r->hlc.counter : -1, r->at, r->event_id};
	struct buf packed, again;

	buf_init(&packed, RECORD_MAX);
	buf_init(&again, RECORD_MAX);
	line_pack(&place, line, len, &packed);
	MUST(!packed.failed && packed.len <= len);
	MUST(line_unpack(&place, packed.data, packed.len, &again) == ERR_NONE);
	MUST(again.len == len && memcmp(again.data, line, len) == 0);
	buf_free(&packed);
	buf_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *copy = fuzz_copy(bytes, len);
	struct record r;
	enum err e = record_parse(copy, len, &r);

	MUST(e == ERR_NONE || e == ERR_SYNTAX || (e == ERR_TOO_LARGE && len > RECORD_MAX));
	if (e == ERR_NONE) {
		MUST(json_is_object(copy, len) && !memchr(copy, '\n', len));
		check_values(&r);
		check_packed(&r, copy, len);
		if (r.readable) {
			check_readable(&r);
			check_again(&r);
		}
		record_free(&r);
	}
	free(copy);
	return 0;
}
