#include "domain/ledger_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/judge.h"
#include "domain/replay.h"
#include "domain/stay.h"
#include "store/site.h"

/* Lines of a page with their newlines, at most: the envelope goes into the message as well. */
#define PAGE_BYTES_MAX (MESSAGE_MAX - MESSAGE_MAX_BEFORE_AUTH)

/* ---- pages out ---- */

struct collecting { struct buf *lines; struct page *page; size_t start, max_records, max_bytes; size_t offset[MESSAGE_RECORDS_MAX]; };

static bool collect(void *arg, int64_t seq, const char *line, size_t len, const struct chain *chain)
{
	struct collecting *c = arg;
	size_t n = c->page->count;

	(void)seq;
	(void)chain;
	if (n >= c->max_records || c->lines->len - c->start + len + 1 > c->max_bytes)
		return false;
	buf_char(c->lines, '\n');
	c->offset[n] = c->lines->len;
	buf_add(c->lines, line, len);
	c->page->line[n].len = len;
	c->page->count++;
	return !c->lines->failed;
}

static enum err collect_page(struct db *db, const char *log, int64_t first_seq, struct collecting *c)
{
	struct page *p = c->page;
	int64_t last = 0;
	enum err e;

	p->count = 0;
	buf_reset(c->lines);
	c->start = 0;
	e = record_each_of_log(db, log, first_seq, collect, c);
	if (e == ERR_NONE && c->lines->failed)
		e = ERR_MEMORY;
	if (e == ERR_NONE && p->count == 0)
		e = ERR_NOT_FOUND;
	if (e == ERR_NONE)
		e = seal_last_between(db, log, first_seq, first_seq + (int64_t)p->count - 1, &last, &p->seal);
	if (e == ERR_NONE)
		p->count = (size_t)(last - first_seq + 1);
	return e;
}

enum err ledger_read_page(struct db *db, const char *log, int64_t first_seq, size_t max_records, size_t max_bytes,
	struct buf *lines, struct page *out)
{
	struct collecting c = { .lines = lines, .page = out, .max_records = max_records, .max_bytes = max_bytes };
	struct log_row row;
	enum err e = log_find(db, log, &row);

	if (e != ERR_NONE)
		return e;
	if (first_seq > row.head_seq)
		return ERR_NOT_FOUND;
	e = collect_page(db, log, first_seq, &c);
	if (e == ERR_NOT_FOUND) {
		/* No seal within the caller's wish: as far as a message may go there is one, by what authors promise. */
		c.max_records = MESSAGE_RECORDS_MAX;
		c.max_bytes = PAGE_BYTES_MAX;
		e = collect_page(db, log, first_seq, &c);
	}
	if (e == ERR_NONE)
		e = record_chain(db, log, first_seq - 1, &out->before);
	if (e != ERR_NONE)
		return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
	text_copy(out->log, sizeof(out->log), log);
	out->first_seq = first_seq;
	for (size_t i = 0; i < out->count; i++)
		out->line[i].bytes = lines->data + c.offset[i];
	out->more = first_seq + (int64_t)out->count - 1 < row.head_seq;
	return ERR_NONE;
}

/* ---- pages in ---- */

/* A page on its way in: verified here in memory before anything of it is applied. */
struct incoming {
	const struct page *page;
	enum err wrong;                 /* what its lines came to … */
	struct fault fault;             /* … and why */
	bool sealed;                    /* its seal is one of verified_by */
	unsigned char verified_by[KEY_BYTES];
	struct log_row log;             /* as held, or as its LOG_OPEN says */
	bool held;                      /* the log was known before */
	size_t parsed;
	struct record record[MESSAGE_RECORDS_MAX];
	struct chain chain[MESSAGE_RECORDS_MAX];
	struct buf packed;              /* the lines as their rows keep them, one after another … */
	size_t packed_end[MESSAGE_RECORDS_MAX]; /* … each up to here */
};

void incoming_free(struct incoming *in)
{
	for (size_t i = 0; in != NULL && i < in->parsed; i++)
		record_free(&in->record[i]);
	if (in != NULL)
		buf_free(&in->packed);
	free(in);
}

/* What is taken must be such that it can be passed on: a sealed run that fills a message to its brim could not. */
static enum err check_size(const struct page *p, struct fault *fault)
{
	size_t bytes = 0;

	for (size_t i = 0; i < p->count; i++)
		bytes += p->line[i].len + 1;
	if (bytes <= PAGE_BYTES_MAX)
		return ERR_NONE;
	return fault_set(fault, ERR_TOO_LARGE, "page_size", "", "A page of log %s is too large to be passed on.", p->log);
}

/* Before the first record there is nothing: another chain there is no fork but a page that nobody can ever have held. */
static enum err check_begin(const struct page *p, struct fault *fault)
{
	struct chain zero;

	chain_zero(&zero);
	if (p->first_seq > 1 || chain_equal(&p->before, &zero))
		return ERR_NONE;
	return fault_set(fault, ERR_DENIED, "page_begin", "", "The first page of log %s goes on from something before it.", p->log);
}

static enum err parse_lines(struct incoming *in, struct fault *fault)
{
	const struct page *p = in->page;
	struct chain chain = p->before;

	for (size_t i = 0; i < p->count; i++) {
		struct record *r = &in->record[i];
		enum err e = record_parse(p->line[i].bytes, p->line[i].len, r);

		if (e == ERR_MEMORY)
			return e;
		if (e != ERR_NONE)
			return fault_set(fault, ERR_SYNTAX, "record_syntax", "", "Line %zu of the page of log %s is no record.", i + 1, p->log);
		in->parsed++;
		if (strcmp(r->log, p->log) != 0 || r->seq != p->first_seq + (int64_t)i)
			return fault_set(fault, ERR_SYNTAX, "record_place", "", "Line %zu of the page of log %s names another log or number.",
				i + 1, p->log);
		chain_next(&chain, p->line[i].bytes, p->line[i].len);
		in->chain[i] = chain;
		record_pack(r, p->line[i].bytes, p->line[i].len, &in->packed);
		in->packed_end[i] = in->packed.len;
	}
	return in->packed.failed ? ERR_MEMORY : ERR_NONE;
}

/* The first record of a log says whose it is, and the log's id must be made of just that. */
static enum err learn_author(struct incoming *in, struct fault *fault)
{
	const struct record *r = &in->record[0];
	const struct log_open_data *open = &r->data.log_open;
	char id[LOG_ID_SIZE] = "";

	if (r->type == RECORD_LOG_OPEN && r->readable)
		log_id_make(open->id, open->public_key, open->random, id);
	if (strcmp(id, in->page->log) != 0 || !text_copy(in->log.id, sizeof(in->log.id), open->id)
	    || !text_copy(in->log.writer, sizeof(in->log.writer), open->writer))
		return fault_set(fault, ERR_DENIED, "log_open", "", "Log %s does not begin with its own LOG_OPEN.", in->page->log);
	text_copy(in->log.log, sizeof(in->log.log), id);
	memcpy(in->log.public_key, open->public_key, sizeof(in->log.public_key));
	in->log.previous_seq = -1;
	if (open->previous_log != NULL) {
		text_copy(in->log.previous, sizeof(in->log.previous), open->previous_log);
		in->log.previous_seq = open->previous_seq;
	}
	chain_zero(&in->log.head);
	return ERR_NONE;
}

static bool is_sealed_by(const struct incoming *in, const unsigned char key[KEY_BYTES])
{
	const struct page *p = in->page;

	return seal_verify(key, p->log, p->first_seq + (int64_t)p->count - 1, &in->chain[p->count - 1], &p->seal);
}

static enum err verify_seal(const struct incoming *in, struct fault *fault)
{
	const struct page *p = in->page;

	if ((in->sealed && memcmp(in->verified_by, in->log.public_key, KEY_BYTES) == 0) || is_sealed_by(in, in->log.public_key))
		return ERR_NONE;
	return fault_set(fault, ERR_DENIED, "seal", "", "The seal of a page of log %s does not verify.", p->log);
}

/* Does our chain at seq, where we hold it, agree with the page's there? */
static enum err agrees(struct ledger *l, const struct incoming *in, int64_t seq, bool *yes)
{
	const struct page *p = in->page;
	const struct chain *theirs = seq < p->first_seq ? &p->before : &in->chain[seq - p->first_seq];
	struct chain ours;
	enum err e = record_chain(l->db, p->log, seq, &ours);

	*yes = e == ERR_NONE && chain_equal(&ours, theirs);
	return e;
}

/* Where a page and what is held overlap they must be the same records, else somebody has sealed two for one number. */
static enum err find_fork(struct ledger *l, const struct incoming *in, bool *fork)
{
	int64_t last = in->page->first_seq + (int64_t)in->page->count - 1;
	int64_t both = last < in->log.head_seq ? last : in->log.head_seq;
	bool before = false, end = true;
	enum err e = agrees(l, in, in->page->first_seq - 1, &before);

	if (e == ERR_NONE && both >= in->page->first_seq)
		e = agrees(l, in, both, &end);
	*fork = !before || !end;
	return e;
}

static enum err insert_log(struct ledger *l, struct incoming *in)
{
	bool pinned = false;
	enum err e = judge_pinned(l, &in->log, &pinned);

	in->log.flags = pinned ? 0 : LOG_UNPINNED;
	in->log.change = ledger_change(l);
	return e == ERR_NONE ? log_insert(l->db, &in->log) : e;
}

static enum err insert_record(struct ledger *l, const struct incoming *in, size_t i, bool readable)
{
	size_t begin = i > 0 ? in->packed_end[i - 1] : 0;

	return record_insert_packed(l->db, &in->record[i], in->packed.data + begin, in->packed_end[i] - begin, &in->chain[i], readable);
}

/* What is new in the page, merged as a whole: a plate that many of its records are about is gone through again once. */
static enum err merge_page(struct ledger *l, struct incoming *in, struct take_result *out)
{
	const struct page *p = in->page;
	struct merge m = { .db = l->db, .now_ms = world_wall_ms(l->world) };
	struct replay later;
	enum err e = ERR_NONE;

	replay_init(&later, &m);
	m.later = &later;
	for (size_t i = (size_t)(in->log.head_seq + 1 - p->first_seq); e == ERR_NONE && i < p->count; i++) {
		const struct record *r = &in->record[i];
		bool readable = ledger_may_merge(r, in->log.id);

		if (readable)
			e = stay_merge_next(&m, r);
		if (e == ERR_NONE)
			e = insert_record(l, in, i, readable);
		if (e == ERR_NONE && readable)
			e = stay_merge(&m, r);
		ledger_count(l, r, false);
		ledger_follow(l, r);
		out->records++;
	}
	if (e == ERR_NONE)
		e = replay_run(&later);
	replay_free(&later);
	return e;
}

static enum err apply(struct ledger *l, struct incoming *in, struct take_result *out)
{
	const struct page *p = in->page;
	int64_t last = p->first_seq + (int64_t)p->count - 1;
	enum err e;

	out->wrote = true;
	e = in->held ? ERR_NONE : insert_log(l, in);

	if (e == ERR_NONE)
		e = merge_page(l, in, out);
	if (e == ERR_NONE)
		e = seal_insert(l->db, p->log, last, &p->seal);
	if (e == ERR_NONE)
		e = log_move_head(l->db, p->log, last, &in->chain[p->count - 1], ledger_change(l));
	return e == ERR_NONE ? judge_taken(l, p->log, !in->held, (int64_t)out->records) : e;
}

static enum err take_known(struct ledger *l, struct incoming *in, struct take_result *out)
{
	bool fork = false;
	enum err e = find_fork(l, in, &fork);

	if (e != ERR_NONE)
		return e;
	if (fork) {
		out->taken = TAKEN_FORK;
		out->wrote = true;
		return judge_fork(l, &in->log);
	}
	if (in->page->first_seq + (int64_t)in->page->count - 1 <= in->log.head_seq) {
		out->taken = TAKEN_HELD;
		return ERR_NONE;
	}
	out->taken = TAKEN_NEW;
	return apply(l, in, out);
}

static enum err read_lines(struct incoming *in, struct fault *fault)
{
	const struct page *page = in->page;
	enum err e;

	if (page->count == 0 || page->count > MESSAGE_RECORDS_MAX || page->first_seq < 1)
		return fault_set(fault, ERR_SYNTAX, "page", "", "A page has 1 to %d records.", MESSAGE_RECORDS_MAX);
	e = check_size(page, fault);
	if (e == ERR_NONE)
		e = check_begin(page, fault);
	return e == ERR_NONE ? parse_lines(in, fault) : e;
}

enum err incoming_read(const struct page *page, const unsigned char *key, struct incoming **out)
{
	struct incoming *in = calloc(1, sizeof(*in));

	if (in == NULL)
		return ERR_MEMORY;
	in->page = page;
	buf_init(&in->packed, PAGE_BYTES_MAX);
	in->wrong = read_lines(in, &in->fault);
	if (in->wrong == ERR_MEMORY) {
		incoming_free(in);
		return ERR_MEMORY;
	}
	if (in->wrong == ERR_NONE && key != NULL) {
		memcpy(in->verified_by, key, KEY_BYTES);
		in->sealed = is_sealed_by(in, key);
	}
	*out = in;
	return ERR_NONE;
}

enum err ledger_take_read(struct ledger *l, struct incoming *in, struct take_result *out, struct fault *fault)
{
	enum err e;

	*out = (struct take_result){ 0 };
	in->log = (struct log_row){ 0 };
	e = log_find(l->db, in->page->log, &in->log);
	if (e != ERR_NONE && e != ERR_NOT_FOUND)
		return e;
	in->held = e == ERR_NONE;
	if (in->page->first_seq > in->log.head_seq + 1) {
		text_copy(out->author, sizeof(out->author), in->log.id);
		out->taken = TAKEN_GAP;
		return ERR_NONE;
	}
	e = in->wrong;
	if (e != ERR_NONE && fault != NULL)
		*fault = in->fault;
	if (e == ERR_NONE && !in->held)
		e = learn_author(in, fault);
	if (e == ERR_NONE)
		e = verify_seal(in, fault);
	text_copy(out->author, sizeof(out->author), in->log.id);
	return e == ERR_NONE ? take_known(l, in, out) : e;
}

enum err ledger_take(struct ledger *l, const struct page *page, struct take_result *out, struct fault *fault)
{
	struct incoming *in = NULL;
	enum err e = incoming_read(page, NULL, &in);

	if (e == ERR_NONE)
		e = ledger_take_read(l, in, out, fault);
	incoming_free(in);
	return e;
}

/* ---- keys ---- */

enum err ledger_pinned(struct db *db, const char *id, const unsigned char public_key[KEY_BYTES])
{
	unsigned char pinned[KEY_BYTES];
	char expected[FINGERPRINT_SIZE], fingerprint[FINGERPRINT_SIZE];
	enum err e = pin_find(db, id, pinned);

	if (e == ERR_NONE)
		return memcmp(pinned, public_key, KEY_BYTES) == 0 ? ERR_NONE : ERR_DENIED;
	if (e == ERR_NOT_FOUND)
		e = expected_key_find(db, id, expected);
	if (e != ERR_NONE)
		return e;
	key_fingerprint(public_key, fingerprint);
	return strcmp(expected, fingerprint) == 0 ? ERR_NOT_FOUND : ERR_DENIED;
}

enum err ledger_pin(struct ledger *l, const char *id, const unsigned char public_key[KEY_BYTES])
{
	char log[LOG_ID_SIZE];
	enum err e = ledger_pinned(l->db, id, public_key);

	if (e != ERR_NOT_FOUND)
		return e;
	e = expected_key_delete(l->db, id);
	if (e == ERR_NONE)
		e = pin_insert(l->db, id, public_key, world_wall_ms(l->world));
	while (e == ERR_NONE && (e = log_find_flagged(l->db, id, public_key, LOG_UNPINNED, log)) == ERR_NONE)
		e = log_drop_flags(l->db, log, LOG_UNPINNED, ledger_change(l));
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}
