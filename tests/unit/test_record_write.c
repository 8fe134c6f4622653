/* lib/wire/record: what is written can be read again, and what could not is not written. */
#include "base/text.h"
#include "chance.h"
#include "record_lines.h"

#define TEXT_SIZE 168

/* Text of up to 24 characters of many kinds, or NULL where it may be missing. */
static const char *some_text(struct chance *c, char out[TEXT_SIZE], bool may_miss)
{
	static const char *const characters[] = {
		"a", "Z", "0", " ", "\"", "\\", "/", "{", "\n", "\t", "\r", "\x01", "\x1f", "\x7f", "Đ", "ờ", "€", "🚗", "<", "&", "\\u0000"
	};
	size_t count = chance_below(c, 24);

	if (may_miss && chance_below(c, 3) == 0)
		return NULL;
	text_copy(out, TEXT_SIZE, may_miss ? "" : "x");
	for (size_t len = strlen(out); count > 0; count--, len = strlen(out))
		text_copy(out + len, TEXT_SIZE - len, characters[chance_below(c, sizeof characters / sizeof characters[0])]);
	return out;
}

static int64_t some_integer(struct chance *c)
{
	switch (chance_below(c, 4)) {
	case 0:
		return 0;
	case 1:
		return INTEGER_MAX - (int64_t)chance_below(c, 3);
	case 2:
		return (int64_t)chance_below(c, 1000);
	default:
		return (int64_t)chance_below(c, INTEGER_MAX);
	}
}

static int64_t maybe_integer(struct chance *c)
{
	return chance_below(c, 3) == 0 ? -1 : some_integer(c);
}

struct texts { char text[16][TEXT_SIZE]; size_t used; };

static const char *next_text(struct chance *c, struct texts *t, bool may_miss)
{
	return some_text(c, t->text[t->used++], may_miss);
}

static void some_log_open(struct chance *c, struct texts *t, struct log_open_data *d)
{
	d->id = "central-9";
	d->writer = next_text(c, t, false);
	chance_bytes(c, d->public_key, sizeof d->public_key);
	chance_bytes(c, d->random, sizeof d->random);
	if (chance_below(c, 2) == 0)
		return;
	d->previous_log = OTHER_LOG;
	d->previous_seq = 1 + some_integer(c) / 2;
	chance_bytes(c, d->previous_chain.byte, CHAIN_BYTES);
}

static void some_entry(struct chance *c, struct texts *t, struct entry_data *d)
{
	d->plate_id = "29A12345";
	d->plate_view = next_text(c, t, true);
	d->edge_id = next_text(c, t, true);
	d->camera_type = next_text(c, t, true);
	d->camera_id = next_text(c, t, true);
	d->camera_name = next_text(c, t, true);
	d->direction = next_text(c, t, true);
	d->entry_time = next_text(c, t, true);
	d->source = next_text(c, t, true);
	d->by = next_text(c, t, true);
	d->why = next_text(c, t, true);
	d->entry_ts = maybe_integer(c);
	d->confidence = chance_below(c, 3) == 0 ? -1 : (double)chance_below(c, 10001) / 10000;
}

static void some_exit(struct chance *c, struct texts *t, struct exit_data *d)
{
	d->plate_id = "29A12345";
	d->exit_central = next_text(c, t, true);
	d->exit_edge = next_text(c, t, true);
	d->camera_id = next_text(c, t, true);
	d->camera_name = next_text(c, t, true);
	d->exit_time = next_text(c, t, true);
	d->duration = next_text(c, t, true);
	d->tariff = next_text(c, t, true);
	d->reason = next_text(c, t, true);
	d->edge_event_id = next_text(c, t, true);
	d->by = next_text(c, t, true);
	d->why = next_text(c, t, true);
	d->exit_ts = maybe_integer(c);
	d->fee = some_integer(c);
	d->edge_fee = maybe_integer(c);
}

static void some_config(struct chance *c, struct texts *t, struct config_data *d)
{
	static const char *const values[] = {
		NULL, "0", "-1.5", "true", "false", "\"\"", "\"Asia/Ho_Chi_Minh\"", "[]", "{}", "[1,[2,{\"a\":null}]]",
		"{\"name\":\"Đ \\\"x\\\"\",\"until\":1733144400000}"
	};

	d->key = next_text(c, t, false);
	d->value = values[chance_below(c, sizeof values / sizeof values[0])];
	d->by = next_text(c, t, true);
}

static void some_record(struct chance *c, struct texts *t, struct record *r)
{
	memset(r, 0, sizeof *r);
	t->used = 0;
	r->type = (enum record_type)(RECORD_LOG_OPEN + chance_below(c, RECORD_CONFIG));
	r->source_central = "central-9";
	r->timestamp = maybe_integer(c);
	r->event_id = r->type == RECORD_EXIT ? next_text(c, t, true) : next_text(c, t, false);
	if (r->event_id && !*r->event_id)
		r->event_id = NULL;
	text_copy(r->log, sizeof r->log, LOG);
	r->seq = 1 + some_integer(c) / 2;
	r->has_hlc = true;
	r->hlc.ms = some_integer(c);
	r->hlc.counter = some_integer(c);
	r->at = some_integer(c);
	r->legacy = chance_below(c, 4) == 0;
	switch (r->type) {
	case RECORD_UNKNOWN:
		break;
	case RECORD_LOG_OPEN:
		some_log_open(c, t, &r->data.log_open);
		break;
	case RECORD_ENTRY:
		some_entry(c, t, &r->data.entry);
		break;
	case RECORD_CONFIRMED:
		r->data.confirmed.confirmed_time = next_text(c, t, true);
		r->data.confirmed.confirmed_ts = maybe_integer(c);
		break;
	case RECORD_EXIT:
		some_exit(c, t, &r->data.exit);
		break;
	case RECORD_CORRECTION:
		r->data.correction.plate_id = "29A12345";
		r->data.correction.plate_view = next_text(c, t, true);
		r->data.correction.by = next_text(c, t, true);
		r->data.correction.why = next_text(c, t, true);
		break;
	case RECORD_VOID:
		r->data.correction.by = next_text(c, t, true);
		r->data.correction.why = next_text(c, t, true);
		break;
	case RECORD_CONFIG:
		some_config(c, t, &r->data.config);
		break;
	}
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_log_open(const struct log_open_data *a, const struct log_open_data *b)
{
	return same(a->id, b->id) && same(a->writer, b->writer) && memcmp(a->public_key, b->public_key, KEY_BYTES) == 0 &&
		memcmp(a->random, b->random, LOG_RANDOM_BYTES) == 0 && same(a->previous_log, b->previous_log) &&
		a->previous_seq == b->previous_seq && chain_equal(&a->previous_chain, &b->previous_chain);
}

static bool same_entry(const struct entry_data *a, const struct entry_data *b)
{
	return same(a->plate_id, b->plate_id) && same(a->plate_view, b->plate_view) && same(a->edge_id, b->edge_id) &&
		same(a->camera_type, b->camera_type) && same(a->camera_id, b->camera_id) && same(a->camera_name, b->camera_name) &&
		same(a->direction, b->direction) && same(a->entry_time, b->entry_time) && same(a->source, b->source) &&
		same(a->by, b->by) && same(a->why, b->why) && a->entry_ts == b->entry_ts && a->confidence == b->confidence;
}

static bool same_exit(const struct exit_data *a, const struct exit_data *b)
{
	return same(a->plate_id, b->plate_id) && same(a->exit_central, b->exit_central) && same(a->exit_edge, b->exit_edge) &&
		same(a->camera_id, b->camera_id) && same(a->camera_name, b->camera_name) && same(a->exit_time, b->exit_time) &&
		same(a->duration, b->duration) && same(a->tariff, b->tariff) && same(a->reason, b->reason) &&
		same(a->edge_event_id, b->edge_event_id) && same(a->by, b->by) && same(a->why, b->why) && a->exit_ts == b->exit_ts && a->fee == b->fee && a->edge_fee == b->edge_fee;
}

static bool same_data(const struct record *a, const struct record *b)
{
	switch (a->type) {
	case RECORD_UNKNOWN:
		break;
	case RECORD_LOG_OPEN:
		return same_log_open(&a->data.log_open, &b->data.log_open);
	case RECORD_ENTRY:
		return same_entry(&a->data.entry, &b->data.entry);
	case RECORD_CONFIRMED:
		return same(a->data.confirmed.confirmed_time, b->data.confirmed.confirmed_time) &&
			a->data.confirmed.confirmed_ts == b->data.confirmed.confirmed_ts;
	case RECORD_EXIT:
		return same_exit(&a->data.exit, &b->data.exit);
	case RECORD_CORRECTION:
	case RECORD_VOID:
		return same(a->data.correction.plate_id, b->data.correction.plate_id) && same(a->data.correction.by, b->data.correction.by) &&
			same(a->data.correction.plate_view, b->data.correction.plate_view) && same(a->data.correction.why, b->data.correction.why);
	case RECORD_CONFIG:
		return same(a->data.config.key, b->data.config.key) && same(a->data.config.value, b->data.config.value) &&
			same(a->data.config.by, b->data.config.by);
	}
	return false;
}

static bool same_record(const struct record *a, const struct record *b)
{
	return a->type == b->type && same(a->source_central, b->source_central) && a->timestamp == b->timestamp &&
		same(a->event_id, b->event_id) && same(a->log, b->log) && a->seq == b->seq && a->has_hlc == b->has_hlc &&
		a->hlc.ms == b->hlc.ms && a->hlc.counter == b->hlc.counter && a->at == b->at && a->legacy == b->legacy && same_data(a, b);
}

TEST(what_is_written_is_read_again_as_it_was)
{
	struct chance c = { 42 };
	int readable = 0;

	for (int i = 0; i < 20000; i++) {
		struct texts t;
		struct record r, back;
		struct buf out;

		some_record(&c, &t, &r);
		buf_init(&out, RECORD_MAX);
		CHECK_INT(record_write(&r, &out), ERR_NONE);
		CHECK_INT(parse(out.data, out.len, &back), ERR_NONE);
		if (!same_record(&r, &back)) {
			test_fail(__FILE__, __LINE__, "read as something else: %s", out.data);
			return;
		}
		CHECK(back.readable == (!r.event_id || strlen(r.event_id) <= 127));
		readable += back.readable;
		record_free(&back);
		buf_free(&out);
	}
	CHECK(readable > 19000);
}

TEST(what_no_peer_could_read_is_not_written)
{
	struct record good = { .type = RECORD_VOID, .source_central = "c", .event_id = "s", .log = LOG, .seq = 1, .has_hlc = true };
	struct record bad[8];
	struct buf out;

	buf_init(&out, 100000);
	CHECK_INT(record_write(&good, &out), ERR_NONE);
	for (size_t i = 0; i < 8; i++)
		bad[i] = good;
	bad[0].event_id = "\xff";
	bad[1].data.correction.why = "\xed\xa0\x80";
	bad[2].log[0] = 'X';
	bad[3].seq = 0;
	bad[4].seq = INTEGER_MAX + 1;
	bad[5].type = RECORD_CONFIG;
	bad[5].data.config = (struct config_data){ "k", "{\"a\":}", NULL };
	bad[6].type = RECORD_CONFIG;
	bad[6].data.config = (struct config_data){ "k", "\"\\u0000\"", NULL };
	bad[7].type = RECORD_CONFIG;
	bad[7].data.config = (struct config_data){ "k", "[1,\n2]", NULL };
	for (size_t i = 0; i < 8; i++) {
		buf_reset(&out);
		CHECK_INT(record_write(&bad[i], &out), ERR_INVALID);
	}
	buf_free(&out);
}

TEST(what_is_over_eight_kibibytes_is_not_written)
{
	char *why = filled("", 'x', "", RECORD_MAX);
	struct record r = { .type = RECORD_VOID, .source_central = "c", .event_id = "s", .log = LOG, .seq = 1, .has_hlc = true };
	size_t bare;

	for (size_t limit = RECORD_MAX; limit <= 4 * RECORD_MAX; limit *= 4) {
		struct buf out;

		buf_init(&out, limit);
		r.data.correction.why = "";
		CHECK_INT(record_write(&r, &out), ERR_NONE);
		bare = out.len;
		r.data.correction.why = why + bare;
		buf_reset(&out);
		CHECK_INT(record_write(&r, &out), ERR_NONE);
		CHECK_INT(out.len, RECORD_MAX);
		r.data.correction.why = why + bare - 1;
		buf_reset(&out);
		CHECK_INT(record_write(&r, &out), ERR_TOO_LARGE);
		buf_free(&out);
	}
	free(why);
}

TEST(a_record_is_appended_to_what_is_there)
{
	struct record r = { .type = RECORD_VOID, .source_central = "c", .event_id = "s", .log = LOG, .seq = 1, .has_hlc = true };
	struct buf out;

	buf_init(&out, 1000);
	buf_str(&out, "before\n");
	CHECK_INT(record_write(&r, &out), ERR_NONE);
	CHECK(strncmp(out.data, "before\n{\"type\":\"HISTORY_DELETE\",", 32) == 0);
	buf_free(&out);
	buf_init(&out, 3);
	CHECK_INT(record_write(&r, &out), ERR_TOO_LARGE);
	buf_free(&out);
	buf_init(&out, 0);
	CHECK_INT(record_write(&r, &out), ERR_TOO_LARGE);
	buf_free(&out);
}

TEST_MAIN
