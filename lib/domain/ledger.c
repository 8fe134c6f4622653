#include "domain/ledger_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/journal.h"
#include "base/text.h"
#include "domain/stay.h"
#include "store/counts.h"
#include "store/db.h"
#include "store/site.h"

#define UNREAD_BATCH 256            /* records merged again in one transaction */
#define SEAL_RECORDS 256            /* an author seals at least so often … */
#define SEAL_BYTES (192 * 1024)     /* … and before so many bytes of lines with their newlines */

/* ---- reading again what an earlier version could not ---- */

static enum err merge_again(struct ledger *l, const char *line, size_t len)
{
	struct merge m = { .db = l->db, .now_ms = world_wall_ms(l->world) };
	struct log_row log;
	struct record r;
	bool readable;
	enum err e = record_parse(line, len, &r);

	if (e != ERR_NONE)
		return e == ERR_MEMORY ? e : ERR_CORRUPT;
	e = log_find(l->db, r.log, &log);
	readable = e == ERR_NONE && ledger_may_merge(&r, log.id);
	if (e == ERR_NONE)
		e = record_mark(l->db, &r, readable ? 0 : MERGE_VERSION);
	if (e == ERR_NONE && readable)
		e = stay_merge(&m, &r);
	record_free(&r);
	return e;
}

/* One transaction's worth of them. ERR_NOT_FOUND: none is left. */
static enum err merge_some_unread(struct ledger *l)
{
	enum err e = ledger_begin(l), done;

	if (e != ERR_NONE)
		return e;
	for (int i = 0; e == ERR_NONE && i < UNREAD_BATCH; i++) {
		buf_reset(&l->line);
		e = record_next_unread(l->db, &l->line);
		if (e == ERR_NONE) {
			ledger_change(l);
			e = merge_again(l, buf_text(&l->line), l->line.len);
		}
	}
	if (e != ERR_NONE && e != ERR_NOT_FOUND) {
		ledger_rollback(l);
		return e;
	}
	done = ledger_commit(l);
	return done == ERR_NONE ? e : done;
}

static enum err merge_unread(struct ledger *l)
{
	enum err e;

	do
		e = merge_some_unread(l);
	while (e == ERR_NONE);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err ledger_open(struct db *db, const char *writer, const struct world *world, struct ledger **out)
{
	struct ledger *l = calloc(1, sizeof(*l));
	enum err e;

	if (l == NULL)
		return ERR_MEMORY;
	l->db = db;
	l->world = world;
	buf_init(&l->line, RECORD_MAX);
	if (!text_copy(l->writer, sizeof(l->writer), writer)) {
		ledger_close(l);
		return ERR_INVALID;
	}
	e = merge_unread(l);
	if (e != ERR_NONE) {
		ledger_close(l);
		return e;
	}
	*out = l;
	return ERR_NONE;
}

void ledger_close(struct ledger *l)
{
	if (l == NULL)
		return;
	buf_free(&l->line);
	explicit_bzero(&l->keys, sizeof(l->keys));
	free(l);
}

struct db *ledger_db(struct ledger *l)
{
	return l->db;
}

const struct world *ledger_world(const struct ledger *l)
{
	return l->world;
}

int64_t ledger_written(const struct ledger *l, char log[LOG_ID_SIZE])
{
	memcpy(log, l->now.log, LOG_ID_SIZE);
	return l->now.seq;
}

const char *ledger_central(const struct ledger *l)
{
	return l->now.central;
}

/* ---- transactions ---- */

/* Who this central is may have been changed since the last transaction: then the own log is another one from now on. */
static enum err know_self(struct ledger *l)
{
	struct identity self;
	enum err e = identity_read(l->db, &self);

	if (e == ERR_NOT_FOUND)
		return ERR_NONE; /* a new database; nothing can be appended before site_first_start */
	if (e != ERR_NONE)
		return e;
	if (strcmp(self.id, l->now.central) != 0 || memcmp(&self.keys, &l->keys, sizeof(l->keys)) != 0) {
		text_copy(l->now.central, sizeof(l->now.central), self.id);
		l->now.log[0] = '\0';
		l->keys = self.keys;
	}
	explicit_bzero(&self, sizeof(self));
	return ERR_NONE;
}

enum err ledger_begin(struct ledger *l)
{
	enum err e = db_begin(l->db);

	if (e != ERR_NONE)
		return e;
	l->now.moved = false;
	memset(l->now.stored, 0, sizeof(l->now.stored));
	e = clock_read(l->db, &l->now.clock);
	if (e == ERR_NONE)
		e = know_self(l);
	if (e != ERR_NONE) {
		db_rollback(l->db);
		return e;
	}
	l->at_begin = l->now;
	return ERR_NONE;
}

void ledger_rollback(struct ledger *l)
{
	db_rollback(l->db);
	l->now = l->at_begin;
}

int64_t ledger_change(struct ledger *l)
{
	l->now.moved = true;
	return l->at_begin.clock.change + 1;
}

static enum err seal_own(struct ledger *l)
{
	struct seal s;
	enum err e;

	if (l->now.unsealed == 0)
		return ERR_NONE;
	seal_make(&l->keys, l->now.log, l->now.seq, &l->now.chain, &s);
	e = seal_insert(l->db, l->now.log, l->now.seq, &s);
	if (e == ERR_NONE)
		e = log_move_head(l->db, l->now.log, l->now.seq, &l->now.chain, ledger_change(l));
	l->now.unsealed = l->now.unsealed_bytes = 0;
	return e;
}

void ledger_count(struct ledger *l, const struct record *r, bool own)
{
	l->now.stored[r->type][own]++;
}

static enum err write_counts(struct ledger *l)
{
	enum err e = ERR_NONE;

	for (int i = 0; e == ERR_NONE && i < 2 * RECORD_TYPES; i++) {
		int32_t stored = l->now.stored[i / 2][i % 2];

		if (stored > 0)
			e = record_count_add(l->db, (enum record_type)(i / 2), i % 2, stored);
	}
	return e;
}

enum err ledger_commit(struct ledger *l)
{
	enum err e = seal_own(l);

	if (e == ERR_NONE)
		e = write_counts(l);
	if (e == ERR_NONE && l->now.moved) {
		l->now.clock.change = l->at_begin.clock.change + 1;
		e = clock_write(l->db, &l->now.clock);
	}
	if (e == ERR_NONE)
		e = db_commit(l->db);
	if (e != ERR_NONE)
		ledger_rollback(l);
	return e;
}

enum err ledger_savepoint(struct ledger *l)
{
	l->at_savepoint = l->now;
	return db_savepoint(l->db);
}

enum err ledger_savepoint_keep(struct ledger *l)
{
	return db_savepoint_keep(l->db);
}

void ledger_savepoint_undo(struct ledger *l)
{
	db_savepoint_undo(l->db);
	l->now = l->at_savepoint;
}

/* ---- appending ---- */

void ledger_follow(struct ledger *l, const struct record *r)
{
	struct hlc *c = &l->now.clock.hlc;

	/* The very last ms is not followed: there would be no next tick. */
	if (!r->has_hlc || r->hlc.ms >= INTEGER_MAX)
		return;
	if (r->hlc.ms > c->ms || (r->hlc.ms == c->ms && r->hlc.counter > c->counter)) {
		*c = r->hlc;
		l->now.moved = true;
	}
}

bool ledger_may_merge(const struct record *r, const char *author)
{
	return r->readable && (r->legacy || strcmp(r->source_central, author) == 0);
}

/* The hybrid clock's next tick: never behind the wall, never standing still. */
static struct hlc tick(struct ledger *l, int64_t wall)
{
	struct hlc *c = &l->now.clock.hlc;

	if (wall > c->ms)
		*c = (struct hlc){ wall, 0 };
	else if (c->counter < INTEGER_MAX)
		c->counter++;
	else
		*c = (struct hlc){ c->ms + 1, 0 };
	l->now.moved = true;
	return *c;
}

static enum err insert_next(struct ledger *l, struct record *r)
{
	struct merge m = { .db = l->db, .now_ms = r->timestamp, .local = true };
	enum err e;

	text_copy(r->log, sizeof(r->log), l->now.log);
	r->seq = l->now.seq + 1;
	buf_reset(&l->line);
	e = record_write(r, &l->line);
	if (e != ERR_NONE)
		return e;
	if (l->now.unsealed >= SEAL_RECORDS || (l->now.unsealed > 0 && l->now.unsealed_bytes + l->line.len + 1 > SEAL_BYTES)) {
		e = seal_own(l);
		if (e != ERR_NONE)
			return e;
	}
	chain_next(&l->now.chain, buf_text(&l->line), l->line.len);
	l->now.seq = r->seq;
	l->now.unsealed++;
	l->now.unsealed_bytes += l->line.len + 1;
	e = record_insert(l->db, r, buf_text(&l->line), l->line.len, &l->now.chain, true);
	ledger_count(l, r, !r->legacy);
	return e == ERR_NONE ? stay_merge(&m, r) : e;
}

static enum err insert_own_log(struct ledger *l, const struct log_open_data *open)
{
	struct log_row row = { .previous_seq = -1 };

	text_copy(row.log, sizeof(row.log), l->now.log);
	text_copy(row.id, sizeof(row.id), l->now.central);
	text_copy(row.writer, sizeof(row.writer), l->writer);
	memcpy(row.public_key, l->keys.public_key, sizeof(row.public_key));
	if (open->previous_log != NULL) {
		text_copy(row.previous, sizeof(row.previous), open->previous_log);
		row.previous_seq = open->previous_seq;
	}
	row.change = ledger_change(l);
	return log_insert(l->db, &row);
}

/* The first own record after start opens a log of its own; the last one of this writer is closed by it. */
static enum err open_own_log(struct ledger *l, int64_t wall)
{
	struct log_row last;
	struct record r = { .type = RECORD_LOG_OPEN, .type_name = record_type_name(RECORD_LOG_OPEN), .timestamp = wall, .at = wall,
		.has_hlc = true, .source_central = l->now.central };
	struct log_open_data *open = &r.data.log_open;
	enum err e = log_last_of(l->db, l->now.central, l->writer, l->keys.public_key, &last);

	if (e != ERR_NONE && e != ERR_NOT_FOUND)
		return e;
	open->id = l->now.central;
	open->writer = l->writer;
	memcpy(open->public_key, l->keys.public_key, sizeof(open->public_key));
	world_random(l->world, open->random, sizeof(open->random));
	if (e == ERR_NONE) {
		open->previous_log = last.log;
		open->previous_seq = last.head_seq;
		open->previous_chain = last.head;
		e = log_add_flags(l->db, last.log, LOG_CLOSED, ledger_change(l));
		if (e != ERR_NONE)
			return e;
	}
	log_id_make(l->now.central, l->keys.public_key, open->random, l->now.log);
	l->now.seq = 0;
	l->now.unsealed = l->now.unsealed_bytes = 0;
	chain_zero(&l->now.chain);
	e = insert_own_log(l, open);
	r.hlc = tick(l, wall);
	return e == ERR_NONE ? insert_next(l, &r) : e;
}

enum err ledger_append(struct ledger *l, struct record *r)
{
	int64_t wall = world_wall_ms(l->world);
	enum err e;

	if (l->now.central[0] == '\0')
		return ERR_CORRUPT; /* no identity: site_first_start has not run */
	if (l->now.log[0] == '\0') {
		e = open_own_log(l, wall);
		if (e != ERR_NONE)
			return e;
	}
	r->type_name = record_type_name(r->type);
	if (!r->legacy || r->source_central == NULL)
		r->source_central = l->now.central;
	r->timestamp = wall;
	r->hlc = tick(l, wall);
	r->has_hlc = r->readable = true;
	if (r->at < 0)
		r->at = wall;
	return insert_next(l, r);
}
