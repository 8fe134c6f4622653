#include "domain/judge.h"

#include <string.h>

#include "base/buf.h"
#include "base/journal.h"
#include "domain/ledger_internal.h"
#include "domain/warnings.h"
#include "store/site.h"

#define OPEN_LOGS_MAX 8 /* of one writer, compared with each other: more come only of being rolled back more often */

static bool own(const struct ledger *l, const struct log_row *log)
{
	return strcmp(log->id, l->now.central) == 0 && memcmp(log->public_key, l->keys.public_key, KEY_BYTES) == 0;
}

enum err judge_pinned(struct ledger *l, const struct log_row *log, bool *yes)
{
	unsigned char pinned[KEY_BYTES];
	enum err e;

	if (strcmp(log->id, l->now.central) == 0) {
		*yes = own(l, log);
		return ERR_NONE;
	}
	e = pin_find(l->db, log->id, pinned);
	*yes = e == ERR_NONE && memcmp(log->public_key, pinned, KEY_BYTES) == 0;
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

static enum err raise_warning(struct ledger *l, const struct happening *what)
{
	return warning_raise(l->db, what, world_wall_ms(l->world));
}

static enum err flag(struct ledger *l, struct log_row *log, unsigned flags)
{
	if ((log->flags & flags) == flags)
		return ERR_NONE;
	log->flags |= flags;
	return log_add_flags(l->db, log->log, flags, ledger_change(l));
}

/* The log that this one names as its previous one. What another author names so says nothing of it: that is none, as one that is
 * not held. ERR_NOT_FOUND. */
static enum err previous_of(struct ledger *l, const struct log_row *log, struct log_row *out)
{
	enum err e = log->previous[0] == '\0' ? ERR_NOT_FOUND : log_find(l->db, log->previous, out);
	bool same = e == ERR_NONE && strcmp(log->id, out->id) == 0 && strcmp(log->writer, out->writer) == 0
		&& memcmp(log->public_key, out->public_key, KEY_BYTES) == 0;

	return e == ERR_NONE && !same ? ERR_NOT_FOUND : e;
}

enum err judge_fork(struct ledger *l, const struct log_row *log)
{
	struct happening what = { .code = WARNING_FORK, .central = log->id, .log = log->log };
	bool due = false;
	enum err e;

	if ((log->flags & LOG_FORKED) != 0)
		return ERR_NONE;
	e = warning_due(l->db, &what, world_wall_ms(l->world), &due);
	if (e != ERR_NONE)
		return e;
	if (due) /* not one a log: who seals them can seal any number */
		journal_error("event=fork log=%s author=%s note=\"two sealed histories of one log; the one held here stays\"", log->log, log->id);
	e = log_add_flags(l->db, log->log, LOG_FORKED, ledger_change(l));
	return e == ERR_NONE ? raise_warning(l, &what) : e;
}

/* ---- the times of records ---- */

/* When the author wrote this record, by its wall clock; -1 not known. */
static enum err written_at(struct ledger *l, const char *log, int64_t seq, int64_t *at_ms)
{
	struct buf line;
	struct record r;
	enum err e;

	buf_init(&line, RECORD_MAX);
	*at_ms = -1;
	e = record_line(l->db, log, seq, &line);
	if (e == ERR_NONE)
		e = record_parse(buf_text(&line), line.len, &r);
	if (e == ERR_NONE) {
		*at_ms = r.timestamp;
		record_free(&r);
	}
	buf_free(&line);
	return e;
}

struct span { int64_t from_ms, to_ms; };

static enum err span_of(struct ledger *l, const struct log_row *log, struct span *out)
{
	enum err e = written_at(l, log->log, 1, &out->from_ms);

	return e == ERR_NONE ? written_at(l, log->log, log->head_seq, &out->to_ms) : e;
}

/* ---- two centrals ---- */

/* Were both written to at one time? */
static enum err compare(struct ledger *l, const struct log_row *a, const struct log_row *b)
{
	struct happening what = { .code = WARNING_TWO_CENTRALS, .central = a->id };
	struct span x = { -1, -1 }, y = { -1, -1 };
	enum err e = span_of(l, a, &x);

	if (e == ERR_NONE)
		e = span_of(l, b, &y);
	if (e != ERR_NONE || x.from_ms < 0 || y.from_ms < 0 || x.from_ms >= y.to_ms || y.from_ms >= x.to_ms)
		return e;
	what.at_ms = x.to_ms < y.to_ms ? x.to_ms : y.to_ms;
	return raise_warning(l, &what);
}

static enum err compare_with_successors(struct ledger *l, const struct log_row *log)
{
	struct log_row next;
	char after[LOG_ID_SIZE] = "";
	enum err e = ERR_NONE;

	for (int i = 0; e == ERR_NONE && i < OPEN_LOGS_MAX; i++) {
		e = log_successor(l->db, log->log, after, &next);
		if (e != ERR_NONE)
			return e == ERR_NOT_FOUND ? ERR_NONE : e;
		memcpy(after, next.log, sizeof(after));
		e = compare(l, log, &next);
	}
	return e;
}

/* Does later go on from log, over at most so many others? */
static enum err goes_on_from(struct ledger *l, const struct log_row *later, const struct log_row *log, bool *yes)
{
	struct log_row at = *later, before;
	enum err e = ERR_NONE;

	*yes = false;
	for (int i = 0; !*yes && i < OPEN_LOGS_MAX; i++) {
		e = previous_of(l, &at, &before);
		if (e != ERR_NONE)
			break;
		*yes = strcmp(before.log, log->log) == 0;
		at = before;
	}
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

/* One that goes on from another is later than that, whatever the clocks said; what the other held beyond is compared as a roll-back. */
static enum err compare_unrelated(struct ledger *l, const struct log_row *log, const struct log_row *open)
{
	bool follows = false;
	enum err e = goes_on_from(l, open, log, &follows);

	return e != ERR_NONE || follows ? e : compare(l, log, open);
}

/* Logs that no other has ended: of an undisturbed writer there is one. */
static enum err compare_with_open(struct ledger *l, const struct log_row *log)
{
	struct log_row open[OPEN_LOGS_MAX];
	size_t count;
	enum err e = log_open_of(l->db, log->id, log->writer, open, OPEN_LOGS_MAX, &count);

	for (size_t i = 0; e == ERR_NONE && i < count; i++)
		if (strcmp(open[i].log, log->log) != 0)
			e = compare_unrelated(l, log, &open[i]);
	return e;
}

static enum err judge_two_centrals(struct ledger *l, const struct log_row *log)
{
	struct log_row previous;
	enum err e = compare_with_open(l, log);

	if (e == ERR_NONE && (log->flags & LOG_ROLLED_BACK) != 0)
		e = compare_with_successors(l, log);
	if (e == ERR_NONE)
		e = previous_of(l, log, &previous);
	if (e == ERR_NONE && (previous.flags & LOG_ROLLED_BACK) != 0)
		e = compare(l, &previous, log);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

/* ---- rolled back ---- */

static enum err tell_rolled_back(struct ledger *l, const struct log_row *log, int64_t lost, int64_t at_ms)
{
	struct happening what = { .code = WARNING_ROLLED_BACK, .central = log->id, .records = lost, .at_ms = at_ms };

	return own(l, log) ? ERR_NONE : raise_warning(l, &what); /* of itself a central tells what it gets back */
}

/* A new log names its previous one: that is ended, and its author knew no more of it. */
static enum err judge_previous(struct ledger *l, const struct log_row *log)
{
	struct log_row previous;
	size_t successors = 0;
	int64_t ended_at = -1, lost = 0, at_ms = 0;
	enum err e = previous_of(l, log, &previous);

	if (e != ERR_NONE)
		return e == ERR_NOT_FOUND ? ERR_NONE : e; /* not held yet: judged when it comes */
	e = log_count_previous(l->db, previous.log, &successors, &ended_at);
	if (e == ERR_NONE)
		e = flag(l, &previous, LOG_CLOSED);
	if (e != ERR_NONE || (successors < 2 && previous.head_seq <= log->previous_seq))
		return e;
	e = flag(l, &previous, LOG_ROLLED_BACK);
	if (e == ERR_NONE)
		e = log_count_lost(l->db, previous.log, log->log, &lost);
	if (e == ERR_NONE)
		e = written_at(l, log->log, 1, &at_ms);
	if (previous.head_seq > log->previous_seq)
		lost += previous.head_seq - log->previous_seq;
	return e == ERR_NONE ? tell_rolled_back(l, &previous, lost, at_ms) : e;
}

/* More of a log came than those that name it as previous knew. */
static enum err judge_ended(struct ledger *l, struct log_row *log)
{
	size_t successors = 0;
	int64_t ended_at = -1, at_ms = 0;
	enum err e = log_count_previous(l->db, log->log, &successors, &ended_at);

	if (e != ERR_NONE || successors == 0)
		return e;
	e = flag(l, log, LOG_CLOSED);
	if (e != ERR_NONE || (log->flags & LOG_ROLLED_BACK) != 0 || (successors < 2 && log->head_seq <= ended_at))
		return e;
	e = flag(l, log, LOG_ROLLED_BACK);
	if (e == ERR_NONE)
		e = written_at(l, log->log, log->head_seq, &at_ms);
	return e == ERR_NONE ? tell_rolled_back(l, log, log->head_seq > ended_at ? log->head_seq - ended_at : 0, at_ms) : e;
}

/* What this central wrote itself is here, unless this database is older than that. */
static enum err judge_own(struct ledger *l, struct log_row *log, int64_t count)
{
	struct happening what = { .code = WARNING_ROLLED_BACK, .central = log->id, .records = count, .add = true };
	enum err e = flag(l, log, LOG_ROLLED_BACK);

	return e == ERR_NONE ? raise_warning(l, &what) : e;
}

enum err judge_taken(struct ledger *l, const char *id, bool first, int64_t count)
{
	struct log_row log;
	enum err e = log_find(l->db, id, &log);

	if (e == ERR_NONE && first)
		e = judge_previous(l, &log);
	if (e == ERR_NONE)
		e = judge_ended(l, &log);
	if (e == ERR_NONE && own(l, &log))
		e = judge_own(l, &log, count);
	return e == ERR_NONE ? judge_two_centrals(l, &log) : e;
}
