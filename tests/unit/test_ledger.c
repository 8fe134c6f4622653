#include "test.h"

#include "central.h"
#include "domain/said.h"
#include "store/audit.h"
#include "store/history.h"

/* One page of a log from first on, read from one central and taken by another in a transaction of its own. */
static enum err hand_over_page(struct central *from, struct central *to, const char *log, int64_t first, struct take_result *out,
	int64_t *next)
{
	struct page *page = calloc(1, sizeof(*page));
	struct fault fault = { 0 };
	struct buf lines;
	enum err e;

	buf_init(&lines, MESSAGE_MAX);
	e = ledger_read_page(from->db, log, first, 256, 192 * 1024, &lines, page);
	if (e == ERR_NONE) {
		*next = page->first_seq + (int64_t)page->count;
		e = ledger_begin(to->ledger);
	}
	if (e == ERR_NONE) {
		e = ledger_take(to->ledger, page, out, &fault);
		if (e == ERR_NONE)
			e = ledger_commit(to->ledger);
		else
			ledger_rollback(to->ledger);
	}
	buf_free(&lines);
	free(page);
	return e;
}

static enum err hand_over_log(struct central *from, struct central *to, const char *log, int64_t first)
{
	struct take_result result;
	enum err e;

	do
		e = hand_over_page(from, to, log, first, &result, &first);
	while (e == ERR_NONE);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

static bool same_heads(struct central *a, struct central *b, const char *log)
{
	struct log_row x, y;

	return log_find(a->db, log, &x) == ERR_NONE && log_find(b->db, log, &y) == ERR_NONE && x.head_seq == y.head_seq
	       && chain_equal(&x.head, &y.head);
}

/* Goes over a whole log as verify would: chain from nothing, every seal, the log id. */
struct walk {
	struct central *c;
	const char *log;
	unsigned char public_key[KEY_BYTES];
	struct chain chain;
	int64_t seq, last_seal;
	size_t seals, longest, broken;
};

static bool walk_record(void *arg, int64_t seq, const char *line, size_t len, const struct chain *chain)
{
	struct walk *w = arg;

	chain_next(&w->chain, line, len);
	if (seq != ++w->seq || !chain_equal(&w->chain, chain))
		w->broken++;
	return true;
}

static enum err walk_seal(void *arg, int64_t seq, const struct seal *s)
{
	struct walk *w = arg;
	struct chain at;

	if (record_chain(w->c->db, w->log, seq, &at) != ERR_NONE || !seal_verify(w->public_key, w->log, seq, &at, s))
		w->broken++;
	if ((size_t)(seq - w->last_seal) > w->longest)
		w->longest = (size_t)(seq - w->last_seal);
	w->last_seal = seq;
	w->seals++;
	return ERR_NONE;
}

static bool walk_log(struct central *c, const char *log, struct walk *w)
{
	struct log_row row;

	*w = (struct walk){ .c = c, .log = log };
	chain_zero(&w->chain);
	if (log_find(c->db, log, &row) != ERR_NONE || record_each_of_log(c->db, log, 1, walk_record, w) != ERR_NONE)
		return false;
	memcpy(w->public_key, row.public_key, sizeof(w->public_key));
	if (audit_seals(c->db, log, 1, row.head_seq, walk_seal, w) != ERR_NONE)
		return false;
	return w->broken == 0 && w->last_seal == row.head_seq && w->seq == row.head_seq;
}

TEST(first_own_record_opens_a_log_of_its_own)
{
	struct central c;
	struct log_row log;
	struct walk w;
	struct buf line;
	struct record open;
	char id[LOG_ID_SIZE];

	CHECK_INT(central_open(&c, ":memory:", "central-1", 1), ERR_NONE);
	CHECK_INT(central_log(&c, &log), ERR_NOT_FOUND);
	CHECK_INT(central_enter_many(&c, 1), ERR_NONE);
	CHECK_INT(central_log(&c, &log), ERR_NONE);
	CHECK_INT(log.head_seq, 2);
	CHECK_STR(log.writer, "fcgi");
	CHECK_STR(log.previous, "");
	CHECK(walk_log(&c, log.log, &w));
	buf_init(&line, RECORD_MAX);
	CHECK_INT(record_line(c.db, log.log, 1, &line), ERR_NONE);
	CHECK_INT(record_parse(buf_text(&line), line.len, &open), ERR_NONE);
	log_id_make(open.data.log_open.id, open.data.log_open.public_key, open.data.log_open.random, id);
	CHECK_STR(id, log.log);
	record_free(&open);
	buf_free(&line);
	central_close(&c);
}

TEST(a_new_run_opens_a_new_log_and_closes_the_last)
{
	struct central c;
	struct log_row first, second, closed;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 2), ERR_NONE);
	CHECK_INT(central_enter_many(&c, 3), ERR_NONE);
	CHECK_INT(central_log(&c, &first), ERR_NONE);
	CHECK_INT(central_restart(&c), ERR_NONE);
	CHECK_INT(central_enter_many(&c, 1), ERR_NONE);
	CHECK_INT(central_log(&c, &second), ERR_NONE);
	CHECK(strcmp(first.log, second.log) != 0);
	CHECK_STR(second.previous, first.log);
	CHECK_INT(second.previous_seq, first.head_seq);
	CHECK_INT(log_find(c.db, first.log, &closed), ERR_NONE);
	CHECK_INT(closed.flags, LOG_CLOSED);
	CHECK_INT(closed.head_seq, first.head_seq);
	central_close(&c);
}

TEST(another_id_means_another_log)
{
	struct central c;
	struct log_row log;
	struct site_config config;
	struct fault fault;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 3), ERR_NONE);
	CHECK_INT(central_enter_many(&c, 1), ERR_NONE);
	CHECK_INT(site_config_read(c.db, &config), ERR_NONE);
	text_copy(config.id, sizeof(config.id), "central-9");
	CHECK_INT(db_begin(c.db), ERR_NONE);
	CHECK_INT(site_config_write(c.db, &config, &fault), ERR_NONE);
	CHECK_INT(db_commit(c.db), ERR_NONE);
	CHECK_INT(central_enter_many(&c, 1), ERR_NONE);
	CHECK_INT(central_log(&c, &log), ERR_NONE);
	CHECK_STR(log.id, "central-9");
	CHECK_INT(log.head_seq, 2);
	central_close(&c);
}

TEST(a_large_commit_is_sealed_inside)
{
	struct central c;
	struct log_row log;
	struct walk w;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 4), ERR_NONE);
	CHECK_INT(central_enter_many(&c, 1500), ERR_NONE);
	CHECK_INT(central_log(&c, &log), ERR_NONE);
	CHECK_INT(log.head_seq, 1501);
	CHECK(walk_log(&c, log.log, &w));
	CHECK(w.seals >= 6);
	CHECK(w.longest <= 256);
	central_close(&c);
}

TEST(what_was_undone_leaves_no_gap)
{
	struct central c;
	struct log_row log;
	struct record r;
	struct walk w;

	CHECK_INT(central_open(&c, ":memory:", "central-1", 5), ERR_NONE);
	CHECK_INT(ledger_begin(c.ledger), ERR_NONE);
	CHECK_INT(ledger_savepoint(c.ledger), ERR_NONE);
	CHECK_INT(central_enter(&c, "29A11111", &r), ERR_NONE);
	ledger_savepoint_undo(c.ledger);
	CHECK_INT(ledger_savepoint(c.ledger), ERR_NONE);
	CHECK_INT(central_enter(&c, "29A22222", &r), ERR_NONE);
	CHECK_INT(ledger_savepoint_keep(c.ledger), ERR_NONE);
	CHECK_INT(ledger_commit(c.ledger), ERR_NONE);
	CHECK_INT(ledger_begin(c.ledger), ERR_NONE);
	CHECK_INT(central_enter(&c, "29A33333", &r), ERR_NONE);
	CHECK_INT(r.seq, 3);
	ledger_rollback(c.ledger);
	CHECK_INT(ledger_begin(c.ledger), ERR_NONE);
	CHECK_INT(central_enter(&c, "29A44444", &r), ERR_NONE);
	CHECK_INT(r.seq, 3);
	CHECK_INT(ledger_commit(c.ledger), ERR_NONE);
	CHECK_INT(central_log(&c, &log), ERR_NONE);
	CHECK_INT(log.head_seq, 3);
	CHECK(walk_log(&c, log.log, &w));
	central_close(&c);
}

TEST(a_log_crosses_in_pages_and_arrives_the_same)
{
	struct central a, b;
	struct log_row log;
	struct walk w;
	struct history_filter all = { .limit = 1 };
	int64_t count;

	CHECK_INT(central_open(&a, ":memory:", "central-1", 6), ERR_NONE);
	CHECK_INT(central_open(&b, ":memory:", "central-2", 7), ERR_NONE);
	CHECK_INT(central_enter_many(&a, 1000), ERR_NONE);
	CHECK_INT(central_log(&a, &log), ERR_NONE);
	CHECK_INT(hand_over_log(&a, &b, log.log, 1), ERR_NONE);
	CHECK(same_heads(&a, &b, log.log));
	CHECK(walk_log(&b, log.log, &w));
	CHECK_INT(history_count(b.db, &all, &count), ERR_NONE);
	CHECK_INT(count, 1000);
	CHECK_INT(log_find(b.db, log.log, &log), ERR_NONE);
	CHECK_INT(log.flags, LOG_UNPINNED);
	central_close(&a);
	central_close(&b);
}

TEST(gaps_are_dropped_and_what_is_held_is_skipped)
{
	struct central a, b;
	struct take_result result;
	struct log_row log;
	int64_t next;

	CHECK_INT(central_open(&a, ":memory:", "central-1", 8), ERR_NONE);
	CHECK_INT(central_open(&b, ":memory:", "central-2", 9), ERR_NONE);
	for (int i = 0; i < 3; i++)
		CHECK_INT(central_enter_many(&a, 2), ERR_NONE);
	CHECK_INT(central_log(&a, &log), ERR_NONE);
	CHECK_INT(hand_over_page(&a, &b, log.log, 4, &result, &next), ERR_NONE);
	CHECK_INT(result.taken, TAKEN_GAP);
	CHECK_INT(hand_over_page(&a, &b, log.log, 1, &result, &next), ERR_NONE);
	CHECK_INT(result.taken, TAKEN_NEW);
	CHECK_INT(result.records, 7);
	CHECK_STR(result.author, "central-1");
	CHECK_INT(hand_over_page(&a, &b, log.log, 4, &result, &next), ERR_NONE);
	CHECK_INT(result.taken, TAKEN_HELD);
	CHECK_INT(central_enter_many(&a, 2), ERR_NONE);
	CHECK_INT(hand_over_page(&a, &b, log.log, 6, &result, &next), ERR_NONE);
	CHECK_INT(result.taken, TAKEN_NEW);
	CHECK_INT(result.records, 2);
	CHECK(same_heads(&a, &b, log.log));
	central_close(&a);
	central_close(&b);
}

/* A page of a's log with one thing changed, offered to b; nothing of it may stay. */
enum tamper { TAMPER_LINE, TAMPER_SEAL, TAMPER_CHAIN, TAMPER_SEQ, TAMPER_LOG, TAMPER_DROP };

static enum err offer_tampered(struct central *a, struct central *b, const char *log, enum tamper what, struct take_result *result)
{
	struct page *page = calloc(1, sizeof(*page));
	struct fault fault = { 0 };
	struct buf lines;
	enum err e;

	buf_init(&lines, MESSAGE_MAX);
	e = ledger_read_page(a->db, log, 1, 256, 192 * 1024, &lines, page);
	if (e == ERR_NONE && what == TAMPER_LINE)
		lines.data[lines.len - 4] ^= 1;
	if (what == TAMPER_SEAL)
		page->seal.byte[5] ^= 1;
	if (what == TAMPER_CHAIN)
		page->before.byte[5] ^= 1;
	if (what == TAMPER_SEQ)
		page->first_seq++;
	if (what == TAMPER_LOG)
		page->log[3] = page->log[3] == '0' ? '1' : '0';
	if (what == TAMPER_DROP)
		page->count--;
	if (e == ERR_NONE)
		e = ledger_begin(b->ledger);
	if (e == ERR_NONE) {
		e = ledger_take(b->ledger, page, result, &fault);
		if (e == ERR_NONE)
			e = ledger_commit(b->ledger);
		else
			ledger_rollback(b->ledger);
	}
	buf_free(&lines);
	free(page);
	return e;
}

TEST(nothing_that_was_tampered_with_is_taken)
{
	struct central a, b;
	struct take_result result;
	struct log_row log, got;

	CHECK_INT(central_open(&a, ":memory:", "central-1", 10), ERR_NONE);
	CHECK_INT(central_open(&b, ":memory:", "central-2", 11), ERR_NONE);
	CHECK_INT(central_enter_many(&a, 5), ERR_NONE);
	CHECK_INT(central_log(&a, &log), ERR_NONE);
	CHECK(offer_tampered(&a, &b, log.log, TAMPER_LINE, &result) != ERR_NONE);
	CHECK_INT(offer_tampered(&a, &b, log.log, TAMPER_SEAL, &result), ERR_DENIED);
	CHECK_INT(offer_tampered(&a, &b, log.log, TAMPER_CHAIN, &result), ERR_DENIED);
	CHECK_INT(offer_tampered(&a, &b, log.log, TAMPER_LOG, &result), ERR_SYNTAX);
	CHECK_INT(offer_tampered(&a, &b, log.log, TAMPER_DROP, &result), ERR_DENIED);
	CHECK_INT(offer_tampered(&a, &b, log.log, TAMPER_SEQ, &result), ERR_NONE);
	CHECK_INT(result.taken, TAKEN_GAP);
	CHECK_INT(log_find(b.db, log.log, &got), ERR_NOT_FOUND);
	CHECK_INT(hand_over_log(&a, &b, log.log, 1), ERR_NONE);
	CHECK_INT(offer_tampered(&a, &b, log.log, TAMPER_SEQ, &result), ERR_SYNTAX);
	CHECK(same_heads(&a, &b, log.log));
	central_close(&a);
	central_close(&b);
}

/* Two histories of one log: the same keys and chance from the same moment on, then different plates. */
TEST(a_fork_raises_the_alarm_and_the_first_stays)
{
	struct central a, twin, b;
	struct take_result result;
	struct log_row log, got, at_twin;
	struct record r;
	int64_t next;

	CHECK_INT(central_open(&a, ":memory:", "central-1", 12), ERR_NONE);
	CHECK_INT(central_open(&twin, ":memory:", "central-1", 12), ERR_NONE);
	CHECK_INT(central_open(&b, ":memory:", "central-2", 13), ERR_NONE);
	CHECK_INT(ledger_begin(a.ledger), ERR_NONE);
	CHECK_INT(central_enter(&a, "29A11111", &r), ERR_NONE);
	CHECK_INT(ledger_commit(a.ledger), ERR_NONE);
	CHECK_INT(ledger_begin(twin.ledger), ERR_NONE);
	CHECK_INT(central_enter(&twin, "29A22222", &r), ERR_NONE);
	CHECK_INT(ledger_commit(twin.ledger), ERR_NONE);
	CHECK_INT(central_log(&a, &log), ERR_NONE);
	CHECK_INT(central_log(&twin, &at_twin), ERR_NONE);
	CHECK_STR(at_twin.log, log.log);
	CHECK_INT(hand_over_page(&a, &b, log.log, 1, &result, &next), ERR_NONE);
	CHECK_INT(result.taken, TAKEN_NEW);
	CHECK_INT(hand_over_page(&twin, &b, log.log, 1, &result, &next), ERR_NONE);
	CHECK_INT(result.taken, TAKEN_FORK);
	CHECK_INT(log_find(b.db, log.log, &got), ERR_NONE);
	CHECK(chain_equal(&got.head, &log.head));
	CHECK((got.flags & LOG_FORKED) != 0);
	CHECK_INT(central_enter_many(&a, 1), ERR_NONE);
	CHECK_INT(hand_over_page(&a, &b, log.log, 3, &result, &next), ERR_NONE);
	CHECK_INT(result.taken, TAKEN_NEW); /* between those who hold the same it goes on */
	CHECK(same_heads(&a, &b, log.log));
	central_close(&a);
	central_close(&twin);
	central_close(&b);
}

static bool copy_file(const char *from, const char *to)
{
	char command[256];

	return text_format(command, sizeof(command), "cp %s %s", from, to) && system(command) == 0;
}

TEST(a_rolled_back_central_is_noticed_and_takes_its_rest_back)
{
	char folder[] = "/tmp/parkmesh-test-XXXXXX", now[64], old[64], command[128];
	struct central a, b;
	struct log_row lost, fresh, got;

	CHECK(mkdtemp(folder) != NULL);
	text_format(now, sizeof(now), "%s/now.db", folder);
	text_format(old, sizeof(old), "%s/old.db", folder);
	CHECK_INT(central_open(&b, ":memory:", "central-2", 15), ERR_NONE);
	CHECK_INT(central_open(&a, now, "central-1", 14), ERR_NONE);
	CHECK_INT(central_enter_many(&a, 2), ERR_NONE);
	CHECK_INT(db_checkpoint(a.db, 0), ERR_NONE);
	CHECK(copy_file(now, old));
	CHECK_INT(central_enter_many(&a, 2), ERR_NONE);
	CHECK_INT(central_log(&a, &lost), ERR_NONE);
	CHECK_INT(hand_over_log(&a, &b, lost.log, 1), ERR_NONE);
	central_close(&a);

	CHECK_INT(central_open(&a, old, "central-1", 16), ERR_NONE);
	a.fake.wall_ms += 3600000;
	CHECK_INT(central_enter_many(&a, 1), ERR_NONE);
	CHECK_INT(central_log(&a, &fresh), ERR_NONE);
	CHECK_STR(fresh.previous, lost.log);
	CHECK(fresh.previous_seq < lost.head_seq);
	CHECK_INT(hand_over_log(&a, &b, fresh.log, 1), ERR_NONE);
	CHECK_INT(log_find(b.db, lost.log, &got), ERR_NONE);
	CHECK((got.flags & LOG_ROLLED_BACK) != 0);
	CHECK_INT(hand_over_log(&b, &a, lost.log, fresh.previous_seq + 1), ERR_NONE);
	CHECK(same_heads(&a, &b, lost.log));
	CHECK_INT(log_find(a.db, lost.log, &got), ERR_NONE);
	CHECK((got.flags & LOG_ROLLED_BACK) != 0);
	central_close(&a);
	central_close(&b);
	text_format(command, sizeof(command), "rm -r %s", folder);
	CHECK_INT(system(command), 0);
}

TEST(the_clock_follows_what_it_receives)
{
	struct central a, b;
	struct log_row log;
	struct record r, before;

	CHECK_INT(central_open(&a, ":memory:", "central-1", 17), ERR_NONE);
	CHECK_INT(central_open(&b, ":memory:", "central-2", 18), ERR_NONE);
	a.fake.wall_ms += 86400000;
	CHECK_INT(ledger_begin(a.ledger), ERR_NONE);
	CHECK_INT(central_enter(&a, "29A11111", &before), ERR_NONE);
	CHECK_INT(ledger_commit(a.ledger), ERR_NONE);
	CHECK_INT(central_log(&a, &log), ERR_NONE);
	CHECK_INT(hand_over_log(&a, &b, log.log, 1), ERR_NONE);
	CHECK_INT(ledger_begin(b.ledger), ERR_NONE);
	CHECK_INT(central_enter(&b, "29A22222", &r), ERR_NONE);
	CHECK_INT(ledger_commit(b.ledger), ERR_NONE);
	CHECK_INT(r.hlc.ms, before.hlc.ms);
	CHECK(r.hlc.counter > before.hlc.counter);
	central_close(&a);
	central_close(&b);
}

/* A record as a later program might write it: sealed, of a type this version does not know. */
static enum err append_strange(struct central *c)
{
	struct record r;
	enum err e = ledger_begin(c->ledger);

	if (e == ERR_NONE)
		e = central_enter(c, "29A11111", &r);
	if (e == ERR_NONE) {
		struct record strange = { .type = RECORD_CONFIG, .at = -1 };

		strange.data.config = (struct config_data){ .key = "", .by = "a later version" };
		e = ledger_append(c->ledger, &strange);
	}
	return e == ERR_NONE ? ledger_commit(c->ledger) : e;
}

TEST(what_the_merge_cannot_read_is_kept_and_passed_on)
{
	struct central a, b, c;
	struct log_row log;
	struct walk w;

	CHECK_INT(central_open(&a, ":memory:", "central-1", 19), ERR_NONE);
	CHECK_INT(central_open(&b, ":memory:", "central-2", 20), ERR_NONE);
	CHECK_INT(central_open(&c, ":memory:", "central-3", 21), ERR_NONE);
	CHECK_INT(append_strange(&a), ERR_NONE);
	CHECK_INT(central_log(&a, &log), ERR_NONE);
	CHECK_INT(hand_over_log(&a, &b, log.log, 1), ERR_NONE);
	CHECK_INT(hand_over_log(&b, &c, log.log, 1), ERR_NONE);
	CHECK(walk_log(&c, log.log, &w));
	CHECK_INT(w.seq, 3);
	central_close(&a);
	central_close(&b);
	central_close(&c);
}

TEST(of_an_expected_key_no_other_is_pinned)
{
	struct central c;
	struct identity own;
	const struct actor by = {"anna", "", 1};
	unsigned char other[KEY_BYTES] = {7};
	char fingerprint[FINGERPRINT_SIZE];
	struct fault fault;

	CHECK_INT(central_open(&c, ":memory:", "central-2", 24), ERR_NONE);
	CHECK_INT(identity_read(c.db, &own), ERR_NONE);
	CHECK_INT(ledger_begin(c.ledger), ERR_NONE);
	CHECK_INT(ledger_pin(c.ledger, "central-1", other), ERR_NONE);
	key_fingerprint(own.keys.public_key, fingerprint);
	CHECK_INT(site_peer_repin(c.db, &by, "central-1", "nonsense", &fault), ERR_INVALID);
	CHECK_INT(site_peer_repin(c.db, &by, "central-9", fingerprint, &fault), ERR_NOT_FOUND);
	CHECK_INT(ledger_pinned(c.db, "central-1", other), ERR_NONE);
	CHECK_INT(site_peer_repin(c.db, &by, "central-1", fingerprint, &fault), ERR_NONE);
	CHECK_INT(ledger_pin(c.ledger, "central-1", other), ERR_DENIED);
	CHECK_INT(ledger_pin(c.ledger, "central-1", own.keys.public_key), ERR_NONE);
	CHECK_INT(ledger_pin(c.ledger, "central-1", other), ERR_DENIED);
	CHECK_INT(expected_key_find(c.db, "central-1", fingerprint), ERR_NOT_FOUND);
	CHECK_INT(site_peer_repin(c.db, &by, "central-1", NULL, &fault), ERR_NONE);
	CHECK_INT(ledger_pin(c.ledger, "central-1", other), ERR_NONE);
	CHECK_INT(ledger_commit(c.ledger), ERR_NONE);
	central_close(&c);
}

TEST(a_key_is_pinned_once)
{
	struct central a, b;
	struct identity self, other;
	struct log_row log;

	CHECK_INT(central_open(&a, ":memory:", "central-1", 22), ERR_NONE);
	CHECK_INT(central_open(&b, ":memory:", "central-2", 23), ERR_NONE);
	CHECK_INT(central_enter_many(&a, 1), ERR_NONE);
	CHECK_INT(central_log(&a, &log), ERR_NONE);
	CHECK_INT(hand_over_log(&a, &b, log.log, 1), ERR_NONE);
	CHECK_INT(identity_read(a.db, &self), ERR_NONE);
	CHECK_INT(identity_read(b.db, &other), ERR_NONE);
	CHECK_INT(ledger_begin(b.ledger), ERR_NONE);
	CHECK_INT(ledger_pin(b.ledger, "central-1", self.keys.public_key), ERR_NONE);
	CHECK_INT(ledger_pin(b.ledger, "central-1", self.keys.public_key), ERR_NONE);
	CHECK_INT(ledger_pin(b.ledger, "central-1", other.keys.public_key), ERR_DENIED);
	CHECK_INT(ledger_commit(b.ledger), ERR_NONE);
	CHECK_INT(log_find(b.db, log.log, &log), ERR_NONE);
	CHECK_INT(log.flags, 0);
	central_close(&a);
	central_close(&b);
}

TEST_MAIN
