#include "domain/verify_page.h"

#include <string.h>

#include "base/text.h"
#include "domain/ledger.h"
#include "store/audit.h"
#include "store/db.h"

void verify_page_free(struct verify_page *p)
{
	while (p->parsed > 0)
		record_free(&p->record[--p->parsed]);
}

static enum err found(struct verify_page *p, int64_t seq, const char *what)
{
	text_copy(p->finding.log, sizeof(p->finding.log), p->id);
	p->finding.seq = seq;
	text_copy(p->finding.what, sizeof(p->finding.what), what);
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

static enum err check_parsed(struct verify_page *p, const struct audit_record *row)
{
	const struct record *r = &p->record[p->count];
	bool readable = ledger_may_merge(r, p->log.id);
	const char *wrong = NULL;

	if (strcmp(r->log, p->log.log) != 0 || r->seq != row->seq)
		wrong = "The record itself names another log or number.";
	if (wrong == NULL && row->seq == 1)
		wrong = check_open(&p->log, r);
	if (wrong == NULL)
		wrong = check_columns(row, r, readable);
	if (wrong != NULL)
		return found(p, row->seq, wrong);
	p->readable[p->count] = readable;
	p->count++;
	return ERR_NONE;
}

static enum err check_record(void *arg, const struct audit_record *row)
{
	struct verify_page *p = arg;
	int64_t expected = p->first + (int64_t)p->count;
	struct chain *chain = &p->chain[p->count];
	const char *line = row->line;
	enum err e;

	if (row->seq != expected)
		return found(p, expected, "This record is missing.");
	if (row->seq > p->log.head_seq)
		return found(p, row->seq, "This record lies beyond the end of its log.");
	*chain = p->count == 0 ? p->before : p->chain[p->count - 1];
	chain_next(chain, line, row->len);
	if (!chain_equal(chain, &row->chain))
		return found(p, row->seq, "The chain does not fit: this record is not as it was written, or the one before it is missing.");
	e = record_parse(line, row->len, &p->record[p->count]);
	if (e != ERR_NONE)
		return e == ERR_MEMORY ? e : found(p, row->seq, "These bytes are no record.");
	p->parsed++;
	return check_parsed(p, row);
}

static enum err check_seal(void *arg, int64_t seq, const struct seal *s)
{
	struct verify_page *p = arg;

	if (!seal_verify(p->log.public_key, p->log.log, seq, &p->chain[seq - p->first], s))
		return found(p, seq, "The seal here does not verify: it is forged, or a record up to here was changed.");
	p->sealed = seq;
	p->seals++;
	return ERR_NONE;
}

/* ---- all of them ---- */

static enum err check(struct verify_page *p, struct db *db)
{
	enum err e = log_find(db, p->id, &p->log), before;

	if (e != ERR_NONE)
		return e;
	before = record_chain(db, p->id, p->first - 1, &p->before);
	if (before == ERR_NOT_FOUND || before == ERR_CORRUPT)
		chain_zero(&p->before); /* the page before this one tells of it */
	else if (before != ERR_NONE)
		return before;
	e = audit_records(db, p->id, p->first, VERIFY_PAGE, check_record, p);
	if (e == ERR_NONE && p->count > 0)
		e = audit_seals(db, p->id, p->first, p->first + (int64_t)p->count - 1, check_seal, p);
	return e;
}

void verify_page_check(struct verify_page *p, struct db *db, bool own)
{
	verify_page_free(p);
	p->count = 0;
	p->seals = p->sealed = 0;
	p->e = own ? db_read_begin(db) : ERR_NONE;
	if (p->e == ERR_NONE)
		p->e = check(p, db);
	if (own)
		db_read_end(db);
}
