#include "domain/import.h"

#include <string.h>

#include "domain/ledger.h"
#include "domain/old_row.h"
#include "domain/tariff.h"
#include "store/logs.h"
#include "store/old.h"

#define BATCH_ROWS 100      /* a transaction ends after so many rows, … */
#define BATCH_US 5000       /* … or so much time: a gate waits no longer */
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

/* ---- what is held ---- */

struct held { const struct old_facts *facts; bool entry, exit; };

static enum err look_at(void *arg, const char *line, size_t len)
{
	struct held *h = arg;
	struct record r;
	enum err e = record_parse(line, len, &r);

	if (e != ERR_NONE)
		return e == ERR_MEMORY ? e : ERR_CORRUPT;
	if (r.type == RECORD_ENTRY)
		h->entry = true;
	if (r.type == RECORD_EXIT && r.legacy && r.data.exit.exit_time != NULL && strcmp(r.data.exit.exit_time, h->facts->exit_time) == 0)
		h->exit = true;
	record_free(&r);
	return ERR_NONE;
}

/* ---- records ---- */

static const char *text_or_null(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

/* A time ahead of now counts as now: it must not keep the plate's next events from counting. */
static int64_t counts_at(const struct import *m, int64_t ms)
{
	int64_t now = world_wall_ms(ledger_world(m->l));

	return ms < now ? ms : now;
}

static enum err write_entry(struct import *m, const struct old_facts *f)
{
	struct record r = { .type = RECORD_ENTRY, .event_id = f->event_id, .legacy = true, .at = counts_at(m, f->entry_ms),
		.source_central = text_or_null(f->source_central) };

	r.data.entry = (struct entry_data){ .plate_id = f->plate_id, .plate_view = text_or_null(f->plate_view),
		.edge_id = text_or_null(f->edge_id), .camera_id = text_or_null(f->entry_camera_id),
		.camera_name = text_or_null(f->entry_camera_name), .direction = "ENTRY", .entry_time = f->entry_time,
		.entry_ts = f->entry_ms, .confidence = f->confidence, .source = text_or_null(f->entry_source) };
	m->report->entries++;
	return ledger_append(m->l, &r);
}

static enum err write_exit(struct import *m, const struct old_facts *f)
{
	char made[DURATION_SIZE];
	struct record r = { .type = RECORD_EXIT, .event_id = f->event_id, .legacy = true, .at = counts_at(m, f->exit_ms),
		.source_central = text_or_null(f->source_central) };

	duration_text(f->entered ? stay_seconds(f->entry_ms, f->exit_ms) : 0, made);
	r.data.exit = (struct exit_data){ .plate_id = f->plate_id, .camera_id = text_or_null(f->exit_camera_id),
		.camera_name = text_or_null(f->exit_camera_name), .exit_time = f->exit_time, .exit_ts = f->exit_ms, .fee = f->fee,
		.duration = f->duration[0] != '\0' ? f->duration : made, .reason = f->reason, .edge_fee = -1 };
	m->report->exits++;
	return ledger_append(m->l, &r);
}

static enum err write_missing(struct import *m, const struct old_facts *f)
{
	struct held h = { .facts = f };
	enum err e = record_each_of_event(ledger_db(m->l), f->event_id, look_at, &h);
	bool entry = f->entered && !h.entry, exit = f->left && !h.exit;

	if (e == ERR_NONE && entry)
		e = write_entry(m, f);
	if (e == ERR_NONE && exit)
		e = write_exit(m, f);
	m->report->known += !entry && !exit;
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

static enum err import_batch(struct import *m)
{
	const struct world *world = ledger_world(m->l);
	int64_t until = world_mono_us(world) + BATCH_US;
	struct old_row row;
	enum err e = ERR_NONE;

	for (int i = 0; e == ERR_NONE && i < BATCH_ROWS && world_mono_us(world) < until; i++) {
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
