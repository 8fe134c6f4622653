#include "domain/verify.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "domain/ledger.h"
#include "domain/stay.h"
#include "store/audit.h"
#include "store/db.h"

#define PAGE 256        /* records or rows in one read transaction */
#define FEW 1000        /* records that may be caught up with inside one */
#define ROUNDS 8        /* tries to come that close to writers at work */

/* How far one log is checked. */
struct place {
	char log[LOG_ID_SIZE];
	int64_t seq, sealed;
	struct chain chain;
};

struct verify {
	struct db *db, *anew;
	const struct verify_watch *watch;
	struct verify_counts *counts;
	struct verify_finding *finding;
	struct place *place;           /* sorted by log */
	size_t places, room;
	int64_t change;                /* the clock's counter up to which all is checked */
	/* the page at work */
	struct log_row log;
	struct place *at;
	struct chain before, chain[PAGE];
	int64_t first;
	size_t count;
};

static enum err found(struct verify *v, int64_t seq, const char *what)
{
	text_copy(v->finding->log, sizeof(v->finding->log), v->log.log);
	v->finding->seq = seq;
	text_copy(v->finding->what, sizeof(v->finding->what), what);
	return ERR_CONFLICT;
}

/* ---- one record ---- */

static bool same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* The first record says whose log it is; the log's id and its row must be made of just that. */
static const char *check_open(const struct log_row *log, const struct record *r)
{
	const struct log_open_data *open = &r->data.log_open;
	char id[LOG_ID_SIZE];

	if (r->type != RECORD_LOG_OPEN || !r->readable)
		return "The log does not begin with a LOG_OPEN.";
	log_id_make(open->id, open->public_key, open->random, id);
	if (strcmp(id, log->log) != 0)
		return "The log's id is not made of its LOG_OPEN: another central wrote this.";
	if (strcmp(log->id, open->id) != 0 || strcmp(log->writer, open->writer) != 0
	    || memcmp(log->public_key, open->public_key, KEY_BYTES) != 0)
		return "The row of logs names another author or key than the LOG_OPEN.";
	if (strcmp(log->previous, open->previous_log == NULL ? "" : open->previous_log) != 0
	    || log->previous_seq != (open->previous_log == NULL ? -1 : open->previous_seq))
		return "The row of logs names another previous log than the LOG_OPEN.";
	return NULL;
}

static const char *check_columns(const struct audit_record *row, const struct record *r, bool readable)
{
	if (row->hlc_ms != (r->has_hlc ? r->hlc.ms : -1) || row->hlc_counter != (r->has_hlc ? r->hlc.counter : -1))
		return "The columns hlc_ms and hlc_counter are not what the record says.";
	if (row->at != r->at)
		return "The column at is not what the record says.";
	if (!same(row->type, r->type_name))
		return "The column type is not what the record says.";
	if (!same(row->event_id, r->event_id))
		return "The column event_id is not what the record says.";
	if (!same(row->plate_id, readable ? record_plate(r) : NULL))
		return "The column plate_id is not what the record says.";
	return (row->unread == 0) == readable ? NULL : "The column unread says otherwise than the record whether the merge can read it.";
}

static enum err merge_anew(struct verify *v, const struct audit_record *row, const struct record *r, bool readable)
{
	struct merge m = { .db = v->anew };
	enum err e = record_insert(v->anew, r, row->line, row->len, &row->chain, readable);

	return e == ERR_NONE && readable ? stay_merge(&m, r) : e;
}

static enum err check_parsed(struct verify *v, const struct audit_record *row, const struct record *r)
{
	bool readable = ledger_may_merge(r, v->log.id);
	const char *wrong = NULL;

	if (strcmp(r->log, v->log.log) != 0 || r->seq != row->seq)
		wrong = "The record itself names another log or number.";
	if (wrong == NULL && row->seq == 1)
		wrong = check_open(&v->log, r);
	if (wrong == NULL)
		wrong = check_columns(row, r, readable);
	return wrong == NULL ? merge_anew(v, row, r, readable) : found(v, row->seq, wrong);
}

static enum err check_record(void *arg, const struct audit_record *row)
{
	struct verify *v = arg;
	int64_t expected = v->first + (int64_t)v->count;
	struct chain *chain = &v->chain[v->count];
	struct record r;
	enum err e;

	if (row->seq != expected)
		return found(v, expected, "This record is missing.");
	if (row->seq > v->log.head_seq)
		return found(v, row->seq, "This record lies beyond the end of its log.");
	*chain = v->count == 0 ? v->before : v->chain[v->count - 1];
	chain_next(chain, row->line == NULL ? "" : row->line, row->len);
	if (!chain_equal(chain, &row->chain))
		return found(v, row->seq, "The chain does not fit: this record is not as it was written, or the one before it is missing.");
	e = record_parse(row->line == NULL ? "" : row->line, row->len, &r);
	if (e != ERR_NONE)
		return e == ERR_MEMORY ? e : found(v, row->seq, "These bytes are no record.");
	e = check_parsed(v, row, &r);
	record_free(&r);
	v->count++;
	v->counts->records++;
	return e;
}

static enum err check_seal(void *arg, int64_t seq, const struct seal *s)
{
	struct verify *v = arg;

	if (!seal_verify(v->log.public_key, v->log.log, seq, &v->chain[seq - v->first], s))
		return found(v, seq, "The seal here does not verify: it is forged, or a record up to here was changed.");
	v->at->sealed = seq;
	v->counts->seals++;
	return ERR_NONE;
}

/* ---- one page of a log ---- */

static enum err check_end(struct verify *v)
{
	if (v->log.head_seq > v->at->seq)
		return found(v, v->at->seq + 1, "This record is missing: the log's head lies behind it.");
	if (!chain_equal(&v->log.head, &v->at->chain))
		return found(v, v->at->seq, "The log's head has another chain than its last record.");
	return v->at->sealed == v->at->seq ? ERR_NONE : found(v, v->at->seq, "The last seal is missing.");
}

static enum err know_log(struct verify *v)
{
	struct log_row copy = v->log;
	struct log_row held;
	enum err e = log_find(v->anew, v->log.log, &held);

	return e == ERR_NOT_FOUND ? log_insert(v->anew, &copy) : e;
}

static enum err check_page_anew(struct verify *v)
{
	enum err e = know_log(v);

	v->first = v->at->seq + 1;
	v->before = v->at->chain;
	v->count = 0;
	if (e == ERR_NONE)
		e = audit_records(v->db, v->log.log, v->first, PAGE, check_record, v);
	if (e == ERR_NONE && v->count > 0)
		e = audit_seals(v->db, v->log.log, v->first, v->first + (int64_t)v->count - 1, check_seal, v);
	if (e == ERR_NONE && v->count > 0) {
		v->at->seq += (int64_t)v->count;
		v->at->chain = v->chain[v->count - 1];
	}
	return e == ERR_NONE && v->count < PAGE ? check_end(v) : e;
}

/* own: with a read transaction of its own. */
static enum err check_page(struct verify *v, bool own)
{
	enum err e = own ? db_read_begin(v->db) : ERR_NONE;

	if (e == ERR_NONE)
		e = log_find(v->db, v->log.log, &v->log);
	if (e == ERR_NONE)
		e = db_begin(v->anew);
	if (e == ERR_NONE) {
		e = check_page_anew(v);
		if (e == ERR_NONE)
			e = db_commit(v->anew);
		else
			db_rollback(v->anew);
	}
	if (own)
		db_read_end(v->db);
	v->watch->show(v->watch->arg, v->counts);
	return e;
}

/* ---- all logs ---- */

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

/* Where v->log is in the list, put there if it is new. */
static enum err find_place(struct verify *v)
{
	size_t low = 0, high = v->places;
	enum err e;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(v->place[middle].log, v->log.log) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == v->places || strcmp(v->place[low].log, v->log.log) != 0) {
		e = grow(v);
		if (e != ERR_NONE)
			return e;
		memmove(&v->place[low + 1], &v->place[low], (v->places++ - low) * sizeof(*v->place));
		v->place[low] = (struct place){ 0 };
		text_copy(v->place[low].log, sizeof(v->place[low].log), v->log.log);
		v->counts->logs++;
	}
	v->at = &v->place[low];
	return ERR_NONE;
}

static enum err check_log(struct verify *v, bool own)
{
	enum err e = find_place(v);

	if (e != ERR_NONE || (v->at->seq > 0 && v->at->seq == v->log.head_seq))
		return e;
	do /* the page that is not full is the last */
		e = check_page(v, own);
	while (e == ERR_NONE && v->count == PAGE);
	return e;
}

static enum err check_logs(struct verify *v, bool own)
{
	enum err e;

	v->log = (struct log_row){ 0 };
	while ((e = log_next(v->db, v->log.log, &v->log)) == ERR_NONE) {
		e = check_log(v, own);
		if (e != ERR_NONE)
			return e;
	}
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
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
		e = audit_compare(v->db, v->anew, table, after, PAGE, rows, &differ);
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
	size_t rows = PAGE;
	enum err e = after == NULL ? ERR_MEMORY : ERR_NONE;

	while (e == ERR_NONE && rows == PAGE) {
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
	*v = (struct verify){ .db = db, .watch = watch, .counts = counts, .finding = finding, .change = -1 };
	e = db_open("", DB_WRITE, &v->anew, &fault);
	if (e == ERR_NONE)
		e = check_all_logs(v);
	for (int table = 0; e == ERR_NONE && table < AUDIT_TABLES; table++)
		e = compare_table(v, (enum audit_table)table);
	db_close(v->anew);
	free(v->place);
	free(v);
	return e;
}
