/*
 * Pages of records as a peer may send them, sealed with the key of their log. Each line of the input becomes a line of the page: one
 * that begins with '{' as it is, any other behind {"log":…,"seq":…, so that it can be a record. A line "=" ends the page, "!" too, but
 * breaks its seal, "~" changes the chain before it, "<" begins it one record earlier than where the last one ended. The log begins with
 * its LOG_OPEN, unless the input's first line is "0".
 *
 * A page that is refused leaves nothing; of one that is taken every byte is kept, and can be read, passed on and taken again.
 */
#include "fuzz.h"

#include "base/journal.h"
#include "base/text.h"
#include "rows.h"
#include "tests/unit/central.h"

#define LINES_MAX 100

struct line { char text[RECORD_MAX + 400]; size_t len; };

static struct central own, other;
static struct key_pair keys;
static char log_id[LOG_ID_SIZE];
static struct line line[LINES_MAX];
static size_t lines, held; /* made; taken */

static void add(const char *text)
{
	struct line *l = &line[lines];

	if (lines == LINES_MAX || !*text || strlen(text) > RECORD_MAX + 100)
		return;
	if (*text == '{')
		text_copy(l->text, sizeof l->text, text);
	else
		text_format(l->text, sizeof l->text, "{\"log\":\"%s\",\"seq\":%zu,%s", log_id, lines + 1, text);
	l->len = strlen(l->text);
	lines++;
}

static void make_page(size_t from, char how, struct page *out)
{
	struct chain chain;

	chain_zero(&chain);
	for (size_t i = 0; i < from; i++)
		chain_next(&chain, line[i].text, line[i].len);
	chain.byte[3] ^= how == '~';
	*out = (struct page){.first_seq = (int64_t)from + 1, .count = lines - from, .before = chain};
	text_copy(out->log, sizeof out->log, log_id);
	for (size_t i = from; i < lines; i++) {
		out->line[i - from] = (struct page_line){line[i].text, line[i].len};
		chain_next(&chain, line[i].text, line[i].len);
	}
	seal_make(&keys, log_id, (int64_t)lines, &chain, &out->seal);
	out->seal.byte[9] ^= how == '!';
}

static void take(char how)
{
	static struct page page;
	size_t from = how == '<' && held > 0 ? held - 1 : held;
	struct take_result result;
	struct fault fault = {0};
	int64_t before = number_of(own.db, "SELECT count(*) FROM records");
	enum err e;

	if (lines == from)
		return;
	make_page(from, how, &page);
	MUST(ledger_savepoint(own.ledger) == ERR_NONE);
	e = ledger_take(own.ledger, &page, &result, &fault);
	if (e == ERR_NONE) {
		MUST(how != '!' && (how != '~' || held == 0 || result.taken == TAKEN_FORK));
		MUST(ledger_savepoint_keep(own.ledger) == ERR_NONE);
		MUST(number_of(own.db, "SELECT count(*) FROM records") == before + (int64_t)result.records);
		held = result.taken == TAKEN_FORK ? held : lines;
	} else {
		MUST((e == ERR_SYNTAX || e == ERR_DENIED || e == ERR_TOO_LARGE) && fault.sentence[0] && fault.code[0]);
		ledger_savepoint_undo(own.ledger);
		MUST(number_of(own.db, "SELECT count(*) FROM records") == before);
	}
	lines = held;
}

/* Read as for a peer, sent, received, and taken by another central. */
static void pass_on(void)
{
	static struct page page;
	struct message m = {.type = MESSAGE_BATCH, .page = &page}, received;
	struct take_result result;
	struct fault fault = {0};
	struct buf kept, sent;
	size_t at = 0;

	buf_init(&kept, MESSAGE_MAX);
	buf_init(&sent, MESSAGE_MAX);
	while (at < held) {
		MUST(ledger_read_page(own.db, log_id, (int64_t)at + 1, 20, 30000, &kept, &page) == ERR_NONE);
		for (size_t i = 0; i < page.count; i++)
			MUST(page.line[i].len == line[at + i].len && memcmp(page.line[i].bytes, line[at + i].text, page.line[i].len) == 0);
		buf_reset(&sent);
		MUST(message_write(&m, &sent) == ERR_NONE && message_parse(sent.data, sent.len, &received, &fault) == ERR_NONE);
		MUST(ledger_take(other.ledger, received.page, &result, &fault) == ERR_NONE && result.taken == TAKEN_NEW);
		message_free(&received);
		at += page.count;
	}
	buf_free(&kept);
	buf_free(&sent);
}

static void start(void)
{
	static const unsigned char seed[32] = {9}, zeros[LOG_RANDOM_BYTES];
	char members[600], key[2 * KEY_BYTES + 1];

	if (!own.db) {
		journal_start("fuzz", (enum journal_level)(JOURNAL_ERROR + 1));
		MUST(central_open(&own, ":memory:", "central-1", 1) == ERR_NONE);
		MUST(central_open(&other, ":memory:", "central-3", 2) == ERR_NONE);
		key_pair_make(seed, &keys);
		log_id_make("central-2", keys.public_key, zeros, log_id);
	}
	lines = held = 0;
	hex_encode(key, keys.public_key, KEY_BYTES);
	text_format(members, sizeof members, "\"type\":\"LOG_OPEN\",\"source_central\":\"central-2\",\"hlc\":\"1733140800000.0\","
		"\"at\":1733140800000,\"data\":{\"id\":\"central-2\",\"writer\":\"fcgi\",\"public_key\":\"%s\","
		"\"random\":\"00000000000000000000000000000000\"}}", key);
	add(members);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct feed feed = {bytes, bytes + len};
	char *first = feed_line(&feed);

	start();
	if (*first == '0')
		lines = 0; /* without its LOG_OPEN */
	free(first);
	MUST(ledger_begin(own.ledger) == ERR_NONE && ledger_begin(other.ledger) == ERR_NONE);
	while (feed_left(&feed)) {
		char *text = feed_line(&feed);

		if (*text && strchr("=!~<", *text) && text[1] == '\0')
			take(*text);
		else
			add(text);
		free(text);
	}
	take('=');
	pass_on();
	ledger_rollback(own.ledger); /* each input begins with empty databases */
	ledger_rollback(other.ledger);
	return 0;
}
