/* A central that is not here: it writes a log, page by page, as a peer would bring it. Include after test.h. */
#ifndef PARKMESH_TEST_AUTHOR_H
#define PARKMESH_TEST_AUTHOR_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "domain/ledger.h"
#include "store/db.h"

#define AUTHOR_TIME 1733140800000LL
#define AUTHOR_PAGE 256

struct author {
	const char *id;
	int64_t time_ms;               /* its wall clock */
	struct key_pair keys;
	struct chain chain;
	struct page page;
	struct buf lines;
	size_t offset[AUTHOR_PAGE];
	int64_t seq;
};

static inline void author_begin_page(struct author *a)
{
	buf_reset(&a->lines);
	a->page.count = 0;
	a->page.first_seq = a->seq + 1;
	a->page.before = a->chain;
}

/* Write r, of which type, event_id, at and data are given, at the end of the page. */
static inline void author_say(struct author *a, struct record *r)
{
	struct buf line;

	r->source_central = a->id;
	r->timestamp = a->time_ms;
	r->seq = ++a->seq;
	r->has_hlc = true;
	r->hlc = (struct hlc){ AUTHOR_TIME, a->seq };
	text_copy(r->log, sizeof(r->log), a->page.log);
	buf_init(&line, RECORD_MAX);
	if (a->page.count == AUTHOR_PAGE || record_write(r, &line) != ERR_NONE)
		abort();
	chain_next(&a->chain, buf_text(&line), line.len);
	a->offset[a->page.count] = a->lines.len;
	a->page.line[a->page.count++].len = line.len;
	buf_add(&a->lines, buf_text(&line), line.len);
	buf_free(&line);
}

/* The page is sealed and taken, in a transaction of its own; 0, or the error. */
static inline enum err author_give(struct author *a, struct ledger *l)
{
	struct take_result result;
	struct fault fault = { 0 };
	enum err e = ledger_begin(l);

	seal_make(&a->keys, a->page.log, a->seq, &a->chain, &a->page.seal);
	for (size_t i = 0; i < a->page.count; i++)
		a->page.line[i].bytes = a->lines.data + a->offset[i];
	if (e == ERR_NONE)
		e = ledger_take(l, &a->page, &result, &fault);
	if (e == ERR_NONE)
		return ledger_commit(l);
	fprintf(stderr, "page refused: %s\n", fault.sentence);
	ledger_rollback(l);
	return e;
}

/* A new log of this id, with keys made of number, at time_ms, that names previous up to its seq (NULL: none); its LOG_OPEN is on the
 * page that was begun. Free with author_free. */
static inline void author_begin(struct author *a, const char *id, unsigned char number, int64_t time_ms, const char *previous, int64_t seq)
{
	const unsigned char seed[32] = { number };
	struct record r = { .type = RECORD_LOG_OPEN, .at = time_ms };
	struct log_open_data *open = &r.data.log_open;

	*a = (struct author){ .id = id, .time_ms = time_ms };
	buf_init(&a->lines, MESSAGE_MAX);
	key_pair_make(seed, &a->keys);
	*open = (struct log_open_data){ .id = id, .writer = "fcgi", .previous_log = previous, .previous_seq = seq };
	memcpy(open->public_key, a->keys.public_key, KEY_BYTES);
	memcpy(open->random, &time_ms, sizeof(time_ms));
	log_id_make(id, a->keys.public_key, open->random, a->page.log);
	chain_zero(&a->chain);
	author_begin_page(a);
	author_say(a, &r);
}

/* A new log of central-7's; its LOG_OPEN is taken at once. Free with author_free. */
static inline enum err author_open(struct author *a, struct ledger *l)
{
	author_begin(a, "central-7", 7, AUTHOR_TIME, NULL, 0);
	return author_give(a, l);
}

static inline void author_free(struct author *a)
{
	buf_free(&a->lines);
}

#endif
