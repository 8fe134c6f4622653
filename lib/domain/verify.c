#include "domain/verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/replay.h"
#include "domain/verify_ahead.h"
#include "domain/verify_page.h"
#include "store/audit.h"
#include "store/db.h"

#define FEW 1000        /* records that may be caught up with inside one read transaction */
#define ROUNDS 8        /* tries to come that close to writers at work */

/* How far one log is checked. */
struct place {
	char log[LOG_ID_SIZE];
	int64_t seq, sealed;           /* all up to here is checked and merged */
	struct chain chain;
	int64_t merged;                /* up to here, while a page is being merged */
	/* of the round at work: pages on their way */
	bool asked;                    /* all of them have been asked for */
	int64_t next, head;            /* where the next one begins; where the log ends, as far as is known */
	int64_t hlc_ms;                /* when the record next was written */
};

struct verify {
	struct db *db, *anew;
	struct merge_from records;     /* those of db, as far as they are merged */
	const struct verify_watch *watch;
	struct verify_counts *counts;
	struct verify_finding *finding;
	struct ahead *ahead;
	struct place *place;           /* sorted by log */
	size_t places, room;
	int64_t change;                /* the clock's counter up to which all is checked */
	bool own;                      /* pages are checked in read transactions of their own */
};

/* ---- logs ---- */

static enum err grow(struct verify *v)
{
	size_t room = v->room == 0 ? 64 : 2 * v->room;
	struct place *place = v->places < v->room ? v->place : reallocarray(v->place, room, sizeof(*place));

	if (place == NULL)
		return ERR_MEMORY;
	if (v->places == v->room)
		v->room = room;
	v->place = place;
	return ERR_NONE;
}

/* Where log is in the list, or belongs. */
static size_t position_of(const struct verify *v, const char *log)
{
	size_t low = 0, high = v->places;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(v->place[middle].log, log) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static enum err add_place(struct verify *v, const char *log, size_t i)
{
	enum err e = grow(v);

	if (e != ERR_NONE)
		return e;
	memmove(&v->place[i + 1], &v->place[i], (v->places++ - i) * sizeof(*v->place));
	v->place[i] = (struct place){ 0 };
	text_copy(v->place[i].log, sizeof(v->place[i].log), log);
	v->counts->logs++;
	return ERR_NONE;
}

/* Where log is in the list, put there if it is new. */
static enum err find_place(struct verify *v, const char *log, struct place **out)
{
	size_t i = position_of(v, log);
	enum err e = ERR_NONE;

	if (i == v->places || strcmp(v->place[i].log, log) != 0)
		e = add_place(v, log, i);
	*out = e == ERR_NONE ? &v->place[i] : NULL;
	return e;
}

/* ---- putting pages together ---- */

/* What was found first by log and number stays. */
static void note_finding(struct verify *v, const struct verify_finding *f)
{
	int c = v->finding->what[0] == '\0' ? -1 : strcmp(f->log, v->finding->log);

	if (c < 0 || (c == 0 && f->seq < v->finding->seq))
		*v->finding = *f;
}

static void found(struct verify *v, const struct place *at, int64_t seq, const char *what)
{
	struct verify_finding f = { .seq = seq };

	text_copy(f.log, sizeof(f.log), at->log);
	text_copy(f.what, sizeof(f.what), what);
	note_finding(v, &f);
}

/* Could something be found in this log that comes before what was found? */
static bool may_matter(const struct verify *v, const char *log)
{
	return v->finding->what[0] == '\0' || strcmp(log, v->finding->log) < 0;
}

static bool is_merged(void *arg, const struct key *k)
{
	const struct verify *v = arg;
	size_t i = position_of(v, k->log);

	return i < v->places && strcmp(v->place[i].log, k->log) == 0 && k->seq <= v->place[i].merged;
}

static enum err merge_records(struct place *at, struct merge *m, const struct verify_page *p)
{
	enum err e = ERR_NONE;

	for (size_t i = 0; e == ERR_NONE && i < p->count; i++) {
		const struct record *r = &p->record[i];

		if (p->readable[i])
			e = stay_merge_next(m, r);
		at->merged = r->seq;
		if (e == ERR_NONE && p->readable[i])
			e = stay_merge(m, r);
	}
	return e;
}

static enum err merge_into_anew(struct verify *v, struct place *at, const struct verify_page *p)
{
	struct merge m = { .db = v->anew, .from = &v->records };
	struct replay later;
	enum err e = db_begin(v->anew);

	if (e != ERR_NONE)
		return e;
	replay_init(&later, &m);
	m.later = &later;
	e = merge_records(at, &m, p);
	if (e == ERR_NONE)
		e = replay_run(&later);
	replay_free(&later);
	if (e == ERR_NONE)
		return db_commit(v->anew);
	db_rollback(v->anew);
	return e;
}

/* One transaction for all that is read of the records: beginning and ending one takes as long as reading does. */
static enum err merge_page(struct verify *v, struct place *at, const struct verify_page *p)
{
	enum err e = v->own ? db_read_begin(v->db) : ERR_NONE;

	if (e == ERR_NONE)
		e = merge_into_anew(v, at, p);
	if (v->own)
		db_read_end(v->db);
	return e;
}

static void check_end(struct verify *v, const struct place *at, const struct log_row *log)
{
	if (log->head_seq > at->seq)
		found(v, at, at->seq + 1, "This record is missing: the log's head lies behind it.");
	else if (!chain_equal(&log->head, &at->chain))
		found(v, at, at->seq, "The log's head has another chain than its last record.");
	else if (at->sealed != at->seq)
		found(v, at, at->seq, "The last seal is missing.");
}

/* A page that is good by itself, behind those before it. */
static enum err join(struct verify *v, struct place *at, const struct verify_page *p)
{
	enum err e = ERR_NONE;

	if (p->count > 0 && !chain_equal(&p->before, &at->chain)) {
		found(v, at, p->first, "The chain does not fit: this record is not as it was written, or the one before it is missing.");
		return ERR_NONE;
	}
	if (v->finding->what[0] == '\0')
		e = merge_page(v, at, p);
	if (p->count > 0) {
		at->seq += (int64_t)p->count;
		at->chain = p->chain[p->count - 1];
	}
	if (p->seals > 0)
		at->sealed = p->sealed;
	if (p->count < VERIFY_PAGE)
		check_end(v, at, &p->log);
	else if (at->next == at->seq + 1) { /* the page that is not full is the last */
		at->head = p->log.head_seq;
		at->asked = false;
		e = e == ERR_NONE ? audit_moment(v->db, at->log, at->next, &at->hlc_ms) : e;
	}
	return e;
}

static enum err look_at(struct verify *v, const struct verify_page *p)
{
	enum err e = p->e;

	if (!may_matter(v, p->id))
		return ERR_NONE;
	v->counts->records += (int64_t)p->count;
	v->counts->seals += p->seals;
	if (e == ERR_CONFLICT) {
		note_finding(v, &p->finding);
		e = ERR_NONE;
	} else if (e == ERR_NONE) {
		e = join(v, &v->place[position_of(v, p->id)], p);
	}
	v->watch->show(v->watch->arg, v->counts);
	return e;
}

/* ---- all logs ---- */

static enum err ask_for(struct verify *v, struct place *at, struct verify_page *p)
{
	text_copy(p->id, sizeof(p->id), at->log);
	p->first = at->next;
	ahead_push(v->ahead, v->own);
	at->next += VERIFY_PAGE;
	at->asked = at->next > at->head + 1;
	return at->asked ? ERR_NONE : audit_moment(v->db, at->log, at->next, &at->hlc_ms);
}

/* The log whose next page was written first: so that the merge mostly finds its records in order, whatever the ids of logs are. */
static struct place *earliest(struct verify *v)
{
	struct place *least = NULL;

	for (size_t i = 0; i < v->places; i++) {
		struct place *at = &v->place[i];

		if (!at->asked && (least == NULL || at->hlc_ms < least->hlc_ms) && may_matter(v, at->log))
			least = at;
	}
	return least;
}

static enum err ask_for_more(struct verify *v)
{
	struct verify_page *p;
	struct place *at;
	enum err e = ERR_NONE;

	while (e == ERR_NONE && (p = ahead_room(v->ahead, v->own)) != NULL && (at = earliest(v)) != NULL)
		e = ask_for(v, at, p);
	return e;
}

static enum err begin_log(struct verify *v, const struct log_row *log)
{
	struct place *at;
	enum err e = find_place(v, log->log, &at);

	if (e != ERR_NONE)
		return e;
	at->next = at->seq + 1;
	at->head = log->head_seq;
	at->asked = at->seq > 0 && at->seq == at->head;
	return at->asked ? ERR_NONE : audit_moment(v->db, at->log, at->next, &at->hlc_ms);
}

/* own: each page in a read transaction of its own; else all in the one that is open. */
static enum err check_logs(struct verify *v, bool own)
{
	const struct verify_page *p;
	struct log_row log = { 0 };
	enum err e;

	v->own = own;
	while ((e = log_next(v->db, log.log, &log)) == ERR_NONE) {
		e = begin_log(v, &log);
		if (e != ERR_NONE)
			return e;
	}
	e = e == ERR_NOT_FOUND ? ask_for_more(v) : e;
	while (e == ERR_NONE && (p = ahead_next(v->ahead)) != NULL) {
		e = look_at(v, p);
		ahead_pop(v->ahead);
		if (e == ERR_NONE)
			e = ask_for_more(v);
	}
	return e == ERR_NONE && v->finding->what[0] != '\0' ? ERR_CONFLICT : e;
}


/* ---- the rows that follow from the records ---- */

/* In a read transaction: check what was written since the last look, so that both sides are made of the same records. */
static enum err catch_up(struct verify *v)
{
	struct clock_row clock;
	enum err e = clock_read(v->db, &clock);

	if (e == ERR_NONE && clock.change != v->change) {
		e = check_logs(v, false);
		v->change = clock.change;
	}
	return e;
}

static enum err compare_page(struct verify *v, enum audit_table table, struct audit_place *after, size_t *rows)
{
	struct audit_difference differ = { .seq = 0 };
	enum err e = db_read_begin(v->db);

	if (e == ERR_NONE)
		e = catch_up(v);
	if (e == ERR_NONE) {
		e = audit_compare(v->db, v->anew, table, after, VERIFY_PAGE, rows, &differ);
		if (e == ERR_CONFLICT) {
			text_copy(v->finding->log, sizeof(v->finding->log), differ.log);
			v->finding->seq = differ.seq;
			text_copy(v->finding->what, sizeof(v->finding->what), differ.what);
		}
	}
	db_read_end(v->db);
	return e;
}

static enum err compare_table(struct verify *v, enum audit_table table)
{
	struct audit_place *after = calloc(1, sizeof(*after));
	size_t rows = VERIFY_PAGE;
	enum err e = after == NULL ? ERR_MEMORY : ERR_NONE;

	while (e == ERR_NONE && rows == VERIFY_PAGE) {
		e = compare_page(v, table, after, &rows);
		v->counts->rows += e == ERR_NONE ? (int64_t)rows : 0;
		v->watch->show(v->watch->arg, v->counts);
	}
	free(after);
	return e;
}

/* Page by page until so few records came meanwhile that the rest may be done inside one read transaction. */
static enum err check_all_logs(struct verify *v)
{
	enum err e = ERR_NONE;

	for (int round = 0; e == ERR_NONE && round < ROUNDS; round++) {
		int64_t before = v->counts->records;

		e = check_logs(v, true);
		if (v->counts->records - before < FEW)
			break;
	}
	return e;
}

enum err verify_run(struct db *db, const struct verify_watch *watch, struct verify_counts *counts, struct verify_finding *finding)
{
	struct verify *v = calloc(1, sizeof(*v));
	struct fault fault;
	enum err e;

	*counts = (struct verify_counts){ 0 };
	*finding = (struct verify_finding){ .seq = 0 };
	if (v == NULL)
		return ERR_MEMORY;
	*v = (struct verify){ .db = db, .records = { db, is_merged, v }, .watch = watch, .counts = counts, .finding = finding,
		.change = -1 };
	e = db_open("", DB_SCRATCH, &v->anew, &fault);
	if (e == ERR_NONE)
		e = ahead_open(db, watch->threads, &v->ahead);
	if (e == ERR_NONE)
		e = check_all_logs(v);
	for (int table = 0; e == ERR_NONE && table < AUDIT_TABLES; table++)
		e = compare_table(v, (enum audit_table)table);
	ahead_close(v->ahead);
	db_close(v->anew);
	free(v->place);
	free(v);
	return e;
}
