#include "domain/import.h"

#include <string.h>

#include "domain/ledger.h"
#include "domain/old_row.h"
#include "domain/old_write.h"
#include "store/db.h"
#include "store/logs.h"
#include "store/old.h"

#define BATCH_ROWS 256      /* a transaction ends after so many rows, … */
#define BATCH_US 20000      /* … or so much time, … */
#define NAME_TRIES 100000
#define CENTRAL_UNKNOWN "unknown" /* in names only */

struct import {
	struct ledger *l;
	struct old_db *old;
	const struct import_watch *watch;
	struct import_report *report;
};

/* ---- names ---- */

/* In a file that several centrals have (of a mesh), a row's name must not depend on who imports it. */
static const char *central_in_name(const struct import *m, const struct old_facts *f)
{
	if (f->source_central[0] != '\0')
		return f->source_central;
	return old_has(m->old, OLD_SOURCE_CENTRAL) ? CENTRAL_UNKNOWN : ledger_central(m->l);
}

/* A row without a name of its own gets that of its moment, raised until no earlier row of the file has it. */
static enum err name_anew(struct import *m, struct old_facts *f)
{
	int64_t ms = f->entered ? f->entry_ms : f->exit_ms;
	bool fresh = false;
	enum err e = ERR_NONE;

	for (int i = 0; e == ERR_NONE && !fresh && i < NAME_TRIES; i++) {
		text_format(f->event_id, sizeof(f->event_id), "%s_%lld_%s", central_in_name(m, f), (long long)ms + i, f->plate_id);
		e = old_take_name(m->old, f->event_id, &fresh);
	}
	return e == ERR_NONE && !fresh ? ERR_CONFLICT : e;
}

static enum err give_name(struct import *m, struct old_facts *f)
{
	bool fresh = false;
	enum err e;

	if (f->event_id[0] == '\0')
		return name_anew(m, f);
	e = old_take_name(m->old, f->event_id, &fresh);
	if (e != ERR_NONE || fresh)
		return e;
	if (f->note[0] == '\0')
		text_copy(f->note, sizeof(f->note), "Another row has the same event_id; it got a new one.");
	return name_anew(m, f);
}

/* ---- records ---- */

static enum err write_missing(struct import *m, const struct old_facts *f)
{
	struct old_written w = { 0 };
	enum err e = old_write(m->l, f, &w);

	m->report->entries += w.entries;
	m->report->exits += w.exits;
	m->report->known += w.entries == 0 && w.exits == 0;
	m->report->fees += f->left ? f->fee : 0;
	return e;
}

/* ---- rows ---- */

static enum err tell(struct import *m, int64_t row, const struct old_facts *f)
{
	if (f->note[0] == '\0')
		return ERR_NONE;
	m->report->lost += f->lost;
	m->report->noted += !f->lost;
	return m->watch->note(m->watch->arg, row, f->event_id, f->lost, f->note);
}

/* In a savepoint of its own, so that a row that can be no record leaves nothing half done. */
static enum err write_row(struct import *m, struct old_facts *f)
{
	struct import_report before = *m->report;
	enum err e = ledger_savepoint(m->l);

	if (e == ERR_NONE)
		e = write_missing(m, f);
	if (e == ERR_NONE)
		return ledger_savepoint_keep(m->l);
	ledger_savepoint_undo(m->l);
	if (e != ERR_INVALID && e != ERR_TOO_LARGE)
		return e;
	*m->report = before;
	f->lost = true;
	text_copy(f->note, sizeof(f->note), "It was not imported: what it says does not fit into a record.");
	return ERR_NONE;
}

static enum err import_row(struct import *m, const struct old_row *row)
{
	struct old_facts f;
	enum err e = ERR_NONE;

	old_facts_read(row, &f);
	m->report->rows++;
	if (f.entered || f.left) {
		e = give_name(m, &f);
		if (e == ERR_NONE)
			e = write_row(m, &f);
	}
	return e == ERR_NONE ? tell(m, row->row, &f) : e;
}

/* … or when a gate waits, but never without a row: one that is stopped while it waits waits for ever. */
static bool goes_on(struct import *m, int rows, int64_t until)
{
	return rows < BATCH_ROWS && world_mono_us(ledger_world(m->l)) < until && !(rows > 0 && db_wanted(ledger_db(m->l)));
}

static enum err import_batch(struct import *m)
{
	int64_t until = world_mono_us(ledger_world(m->l)) + BATCH_US;
	struct old_row row;
	enum err e = ERR_NONE;

	for (int i = 0; e == ERR_NONE && goes_on(m, i, until); i++) {
		e = old_next(m->old, &row);
		if (e == ERR_NONE)
			e = import_row(m, &row);
	}
	return e;
}

enum err import_old(struct ledger *l, struct old_db *old, const struct import_watch *watch, struct import_report *out)
{
	struct import m = { .l = l, .old = old, .watch = watch, .report = out };
	enum err e = ERR_NONE;

	*out = (struct import_report){ 0 };
	while (e == ERR_NONE) {
		enum err committed = ledger_begin(l);

		if (committed != ERR_NONE)
			return committed;
		e = import_batch(&m);
		if (e != ERR_NONE && e != ERR_NOT_FOUND) {
			ledger_rollback(l);
			return e;
		}
		committed = ledger_commit(l);
		if (committed != ERR_NONE)
			return committed;
		watch->between(watch->arg, out);
	}
	return ERR_NONE;
}
