/*
 * The merge: records of three centrals, chosen by the input, come to one ledger log by log, to another in pages of all sizes, in
 * another order and some twice, and are merged a third time one by one from the last to the first, never by the direct way. All
 * three must hold the same rows, and no money may be in no row.
 *
 * Each record is eight bytes (see struct op); its page and its log are sealed here.
 */
#include "fuzz.h"

#include <inttypes.h>

#include "base/journal.h"
#include "base/text.h"
#include "base/zone.h"
#include "domain/ledger.h"
#include "domain/stay.h"
#include "rows.h"
#include "tests/unit/central.h"

#define AUTHORS 3
#define OPS_MAX 24
#define BASE 1733140800000LL

struct op { uint8_t type, plate, event, at_high, at_low, clock, money, extra; };
struct line { char text[2048]; size_t len; };
struct author {
	char id[CENTRAL_ID_SIZE], log[LOG_ID_SIZE];
	struct key_pair keys;
	struct line line[OPS_MAX + 1];
	size_t count;
	int64_t exit[OPS_MAX + 1]; /* fee of the exit with that number; -1: it is none that must be found again */
};
struct set { struct author author[AUTHORS]; uint8_t order[OPS_MAX]; size_t count; };

static struct set set;
static struct central in_order, mixed, replayed;

/* ---- records ---- */

static const char *const plates[] = {"29A12345", "29A12346", "30F00001", "51G55555"};

/* A stay, an exit by its name, or no name. */
static const char *event_name(uint8_t byte, char out[80])
{
	const struct author *a = &set.author[byte % AUTHORS];

	if (byte < 160)
		text_format(out, 80, "%s_%d_%s", a->id, byte / 4 % 6, plates[byte % 4]);
	else if (byte < 230)
		exit_name_make(a->log, 1 + byte % 8, out);
	else
		return NULL;
	return out;
}

static void fill_config(struct record *r, const struct op *op)
{
	static const char *const keys[] = {"tariff", "timezone", "subscription/1", "subscription/2", "staff/1", "x"};
	static const char *const values[] = {NULL, "{\"fee_base\":1,\"fee_per_hour\":5}", "\"Europe/Dublin\"", "7",
		"{\"plate_number\":\"29A-123.45\",\"owner_name\":\"An\",\"status\":\"active\",\"start_date\":\"2024-01-01\",\"end_date\":\"\"}",
		"{\"plate_number\":\"30F00001\",\"status\":\"active\",\"end_date\":\"2030-01-01\"}", "{\"name\":\"Lan\"}"};

	r->data.config.key = keys[op->plate % 6];
	r->data.config.value = values[op->money % 7];
	r->event_id = NULL;
}

static void fill(struct record *r, const struct op *op, const char *shown)
{
	const char *plate = plates[op->plate % 4];

	switch (r->type) {
	case RECORD_ENTRY:
		r->data.entry = (struct entry_data){.plate_id = plate, .plate_view = op->extra & 1 ? plate : NULL, .edge_id = "edge-1",
			.entry_time = shown, .entry_ts = op->extra & 2 ? r->at : -1, .confidence = -1};
		break;
	case RECORD_EXIT:
		r->data.exit = (struct exit_data){.plate_id = plate, .exit_time = shown, .exit_ts = op->extra & 2 ? r->at : -1,
			.fee = op->money, .edge_fee = -1, .reason = op->extra & 1 ? "forced" : "normal", .edge_event_id = op->extra & 4 ? "e" : NULL};
		break;
	case RECORD_CONFIRMED:
		r->data.confirmed = (struct confirmed_data){.confirmed_ts = op->extra & 1 ? r->at : -1};
		break;
	case RECORD_CONFIG:
		fill_config(r, op);
		break;
	case RECORD_CORRECTION:
	case RECORD_VOID:
		r->data.correction = (struct correction_data){.plate_id = plate, .plate_view = plate, .by = "lan"};
		break;
	case RECORD_UNKNOWN:
	case RECORD_LOG_OPEN:
		break;
	}
}

static void write_line(struct author *a, struct record *r)
{
	struct line *line = &a->line[a->count];
	struct buf out;

	text_copy(r->log, sizeof r->log, a->log);
	r->seq = (int64_t)a->count + 1;
	buf_init(&out, sizeof line->text);
	MUST(record_write(r, &out) == ERR_NONE);
	memcpy(line->text, out.data, out.len);
	line->len = out.len;
	buf_free(&out);
	a->count++;
}

static void add(struct feed *feed)
{
	static const enum record_type types[] = {RECORD_ENTRY, RECORD_EXIT, RECORD_ENTRY, RECORD_EXIT, RECORD_CONFIRMED, RECORD_CORRECTION,
		RECORD_VOID, RECORD_CONFIG};
	struct op op = {feed_byte(feed), feed_byte(feed), feed_byte(feed), feed_byte(feed), feed_byte(feed), feed_byte(feed),
		feed_byte(feed), feed_byte(feed)};
	struct author *a = &set.author[op.type / 8 % AUTHORS];
	struct record r = {.type = types[op.type % 8], .source_central = a->id, .timestamp = BASE, .has_hlc = op.clock != 255};
	char event[80], shown[ZONE_TEXT];

	r.type_name = record_type_name(r.type);
	r.at = BASE + 10000LL * (op.at_high * 256 + op.at_low); /* two of them may be the same, and lie within ten minutes */
	r.hlc = (struct hlc){BASE + op.clock / 4, op.clock % 4};
	r.event_id = event_name(op.event, event);
	r.legacy = (op.extra & 0xe0) == 0xe0;
	zone_text(r.at, shown);
	fill(&r, &op, op.extra & 8 ? shown : NULL);
	a->exit[a->count] = r.type == RECORD_EXIT && r.has_hlc && !r.legacy ? op.money : -1;
	write_line(a, &r);
	set.order[set.count++] = (uint8_t)(a - set.author);
}

static void open_log(struct author *a, int number)
{
	unsigned char seed[32] = {(unsigned char)number};
	struct record r = {.type = RECORD_LOG_OPEN, .type_name = "LOG_OPEN", .source_central = a->id, .timestamp = BASE, .at = BASE,
		.has_hlc = true, .hlc = {BASE, 0}};
	struct log_open_data *open = &r.data.log_open;

	*a = (struct author){.exit = {-1}};
	key_pair_make(seed, &a->keys);
	text_format(a->id, sizeof a->id, "central-%c", 'a' + number);
	open->id = a->id;
	open->writer = "fcgi";
	memcpy(open->public_key, a->keys.public_key, KEY_BYTES);
	log_id_make(a->id, open->public_key, open->random, a->log);
	write_line(a, &r);
}

/* ---- three ways ---- */

static void take(struct central *c, const struct author *a, size_t from, size_t to)
{
	static struct page page;
	struct take_result result;
	struct fault fault = {0};
	struct chain chain;

	chain_zero(&chain);
	for (size_t i = 0; i < from; i++)
		chain_next(&chain, a->line[i].text, a->line[i].len);
	page = (struct page){.first_seq = (int64_t)from + 1, .count = to - from, .before = chain};
	text_copy(page.log, sizeof page.log, a->log);
	for (size_t i = from; i < to; i++) {
		page.line[i - from] = (struct page_line){a->line[i].text, a->line[i].len};
		chain_next(&chain, a->line[i].text, a->line[i].len);
	}
	seal_make(&a->keys, a->log, (int64_t)to, &chain, &page.seal);
	MUST(ledger_take(c->ledger, &page, &result, &fault) == ERR_NONE && result.taken != TAKEN_FORK);
}

/* Pages end where the input says, and come in the order it says; at the end all of them have come. */
static void take_mixed(struct feed *feed)
{
	size_t held[AUTHORS] = {0};

	for (int i = 0; feed_left(feed) && i < 3 * OPS_MAX; i++) {
		uint8_t byte = feed_byte(feed);
		int k = byte % AUTHORS;
		const struct author *a = &set.author[k];
		size_t from = byte & 128 ? held[k] / 2 : held[k], to = from + 1 + byte / 4 % 8;

		to = to < a->count ? to : a->count;
		if (from >= to)
			continue;
		take(&mixed, a, from, to);
		held[k] = to > held[k] ? to : held[k];
	}
	for (int k = AUTHORS - 1; k >= 0; k--)
		if (held[k] < set.author[k].count)
			take(&mixed, &set.author[k], held[k], set.author[k].count);
}

static void know_log(struct db *db, const struct author *a)
{
	struct log_row row = {.previous_seq = -1, .writer = "fcgi"};

	text_copy(row.log, sizeof row.log, a->log);
	text_copy(row.id, sizeof row.id, a->id);
	MUST(log_insert(db, &row) == ERR_NONE);
}

static void replay_one(struct db *db, const struct author *a, const struct line *line)
{
	struct merge m = {.db = db, .now_ms = BASE, .always_replay = true};
	struct chain chain;
	struct record r;
	bool readable;

	chain_zero(&chain);
	MUST(record_parse(line->text, line->len, &r) == ERR_NONE);
	readable = ledger_may_merge(&r, a->id);
	MUST(record_insert(db, &r, line->text, line->len, &chain, readable) == ERR_NONE);
	MUST(!readable || stay_merge(&m, &r) == ERR_NONE);
	record_free(&r);
}

static void replay_backwards(void)
{
	size_t left[AUTHORS];

	for (int k = 0; k < AUTHORS; k++) {
		left[k] = set.author[k].count;
		know_log(replayed.db, &set.author[k]);
	}
	for (size_t i = set.count; i-- > 0;)
		replay_one(replayed.db, &set.author[set.order[i]], &set.author[set.order[i]].line[--left[set.order[i]]]);
	for (int k = 0; k < AUTHORS; k++)
		replay_one(replayed.db, &set.author[k], &set.author[k].line[0]);
}

/* ---- rows ---- */

static const char *const tables[] = {
	"SELECT * FROM history WHERE status != 'BOUND' ORDER BY event_id",
	"SELECT * FROM exits ORDER BY log, seq",
	"SELECT * FROM settings ORDER BY key",
	"SELECT * FROM subscriptions ORDER BY id",
};

/* What each central says for itself (spec/records.md, end of "The merge rule"). */
static bool is_own(const char *column)
{
	return strcmp(column, "id") == 0 || strcmp(column, "sync_status") == 0 || strcmp(column, "created_at") == 0 ||
		strcmp(column, "updated_at") == 0 || strcmp(column, "change") == 0 || strcmp(column, "looked") == 0;
}

static void dump(struct db *db, const char *sql, bool subscriptions, struct buf *out)
{
	sqlite3_stmt *st = NULL;

	MUST(sqlite3_prepare_v2(db->handle, sql, -1, &st, NULL) == SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(st); i++) {
			const unsigned char *text = sqlite3_column_text(st, i);

			if (subscriptions || !is_own(sqlite3_column_name(st, i)))
				buf_printf(out, "%s=%s ", sqlite3_column_name(st, i), text ? (const char *)text : "NULL");
		}
		buf_char(out, '\n');
	}
	MUST(sqlite3_finalize(st) == SQLITE_OK);
}

static void same(struct db *a, struct db *b, const char *way)
{
	struct buf rows, others;

	buf_init(&rows, 1024 * 1024);
	buf_init(&others, 1024 * 1024);
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		dump(a, tables[i], i == 3, &rows);
		dump(b, tables[i], i == 3, &others);
	}
	if (strcmp(buf_text(&rows), buf_text(&others)) != 0) {
		fprintf(stderr, "in order:\n%s%s:\n%s", buf_text(&rows), way, buf_text(&others));
		for (int k = 0; k < AUTHORS; k++)
			for (size_t i = 1; i < set.author[k].count; i++)
				fprintf(stderr, "%.*s\n", (int)set.author[k].line[i].len, set.author[k].line[i].text);
		MUST(!"other rows in another order");
	}
	buf_free(&rows);
	buf_free(&others);
}

/* Those of the old dialect may have been told before. */
#define OWN_EXITS " FROM exits JOIN records USING (log, seq) WHERE json_extract(payload, '$.data.via') IS NULL"

static void check_rows(struct db *db)
{
	int64_t fees = 0, exits = 0;

	for (int k = 0; k < AUTHORS; k++)
		for (size_t i = 1; i < set.author[k].count; i++)
			if (set.author[k].exit[i] >= 0) {
				fees += set.author[k].exit[i];
				exits++;
			}
	MUST(number_of(db, "SELECT count(*)" OWN_EXITS) == exits);
	MUST(number_of(db, "SELECT coalesce(sum(fee), 0)" OWN_EXITS) == fees);
	MUST(number_of(db, "SELECT count(*) FROM exits WHERE NOT EXISTS (SELECT 1 FROM history h WHERE h.event_id = bound)") == 0);
	MUST(number_of(db, "SELECT count(*) FROM (SELECT 1 FROM history WHERE status = 'IN' GROUP BY plate_id HAVING count(*) > 1)") == 0);
}

/* ---- start ---- */

static void start(void)
{
	if (in_order.db)
		return;
	journal_start("fuzz", (enum journal_level)(JOURNAL_ERROR + 1));
	MUST(central_open(&in_order, ":memory:", "central-x", 1) == ERR_NONE);
	MUST(central_open(&mixed, ":memory:", "central-y", 2) == ERR_NONE);
	MUST(central_open(&replayed, ":memory:", "central-z", 3) == ERR_NONE);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct feed feed = {bytes, bytes + len};
	uint8_t count = feed_byte(&feed);

	start();
	set.count = 0;
	for (int k = 0; k < AUTHORS; k++)
		open_log(&set.author[k], k);
	for (int i = 0; i < count % (OPS_MAX + 1) && feed_left(&feed); i++)
		add(&feed);
	MUST(ledger_begin(in_order.ledger) == ERR_NONE && ledger_begin(mixed.ledger) == ERR_NONE && db_begin(replayed.db) == ERR_NONE);
	for (int k = 0; k < AUTHORS; k++)
		take(&in_order, &set.author[k], 0, set.author[k].count);
	take_mixed(&feed);
	replay_backwards();
	same(in_order.db, mixed.db, "mixed");
	same(in_order.db, replayed.db, "replayed backwards");
	check_rows(in_order.db);
	ledger_rollback(in_order.ledger); /* each input begins with empty databases */
	ledger_rollback(mixed.ledger);
	db_rollback(replayed.db);
	return 0;
}
