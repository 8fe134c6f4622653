#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "command.h"
#include "domain/import.h"
#include "domain/ledger.h"
#include "domain/site.h"
#include "output.h"
#include "store/db.h"
#include "store/old.h"
#include "store/stays.h"
#include "wire/json.h"

const char cmd_import_usage[] =
	"Usage: parkmeshctl [--db PATH] [--json] import OLD.db [--days N]\n"
	"Take over the history of the older Python system: its rows become records of this central and travel to its peers.\n"
	"OLD.db is not changed. May be run again: what is there already is not written twice. Gates work meanwhile.\n"
	"Rows that were not plain are named with what was done about them; then follow the stays still open for longer than\n"
	"N days (default 3), so that they can be ended. Exit status 1 if something of a row could not be taken over.\n";

enum { OPTION_DAYS };

#define DAYS_DEFAULT 3
#define DAYS_MAX 36500
#define DAY_MS (24 * 60 * 60 * 1000LL)
#define OPEN_PAGE 256
#define PAUSE_NS 200000L  /* between transactions, as long as a gate waits: so often, since one that is stopped waits for ever */
#define PAUSES 10

/* The document is printed as it comes about, since the number of rows to be named has no bound. */
struct importing {
	const struct ctl *ctl;
	struct db *db;
	struct progress progress;
	struct import_report report;
	int64_t total, days;
	bool first;               /* no element of the list at work was printed yet */
	struct open_stay last;    /* of the listing: where the page ended */
	size_t listed;
};

/* --- printing -------------------------------------------------------------------------------------------------------- */

static void print_element(struct importing *m, struct buf *object)
{
	buf_char(object, '}');
	printf("%s%s", m->first ? "" : ",", buf_text(object));
	m->first = false;
	buf_free(object);
}

static enum err print_note(void *arg, int64_t row, const char *event_id, bool lost, const char *note)
{
	struct importing *m = arg;
	struct buf out;

	progress_end(&m->progress);
	if (!m->ctl->json) {
		printf("Row %" PRId64 "%s%s: %s%s\n", row, event_id[0] ? ", " : "", event_id, lost ? "LOST: " : "", note);
		return ERR_NONE;
	}
	buf_init(&out, 64 * 1024);
	buf_char(&out, '{');
	json_add_integer(&out, "row", row);
	json_add_text(&out, "event_id", event_id[0] ? event_id : NULL);
	output_flag(&out, "lost", lost);
	json_add_text(&out, "note", note);
	print_element(m, &out);
	return ERR_NONE;
}

static enum err print_open(void *arg, const struct open_stay *s)
{
	struct importing *m = arg;
	struct buf out;

	m->last = *s;
	if (!m->ctl->json) {
		if (m->listed == 0)
			printf("Still inside for longer than %" PRId64 " days; end those that are not:\n", m->days);
		printf("  %-16s since %s  (%s)\n", s->plate_view, s->entry_time, s->event_id);
	} else {
		buf_init(&out, 64 * 1024);
		buf_char(&out, '{');
		json_add_integer(&out, "history_id", s->id);
		json_add_text(&out, "event_id", s->event_id);
		json_add_text(&out, "plate_view", s->plate_view);
		json_add_text(&out, "entry_time", s->entry_time);
		print_element(m, &out);
	}
	m->listed++;
	return ERR_NONE;
}

static enum err list_open(struct importing *m)
{
	int64_t before = world_wall_ms(&m->ctl->world) - m->days * DAY_MS;
	size_t start;
	enum err e;

	m->first = true;
	do {
		start = m->listed;
		e = stay_each_open(m->db, before, m->last.begin_ts, m->last.id, OPEN_PAGE, print_open, m);
	} while (e == ERR_NONE && m->listed - start == OPEN_PAGE);
	return e;
}

static void print_begin(struct importing *m)
{
	if (m->ctl->json)
		fputs("{\"notes\":[", stdout);
	m->first = true;
}

static void print_report(const struct importing *m)
{
	const struct import_report *r = &m->report;
	struct buf out;

	if (!m->ctl->json) {
		printf("%" PRId64 " rows: %" PRId64 " entries and %" PRId64 " exits written, %" PRId64 " rows held already, %" PRId64
			" put in order, %" PRId64 " with something lost. Fees: %" PRId64 " VND.\n", r->rows, r->entries, r->exits, r->known, r->noted,
			r->lost, r->fees);
		return;
	}
	buf_init(&out, 4096);
	json_add_integer(&out, "rows", r->rows);
	json_add_integer(&out, "entries", r->entries);
	json_add_integer(&out, "exits", r->exits);
	json_add_integer(&out, "known", r->known);
	json_add_integer(&out, "noted", r->noted);
	json_add_integer(&out, "lost", r->lost);
	json_add_integer(&out, "fees", r->fees);
	printf("],%s,\"open\":[", buf_text(&out));
	buf_free(&out);
}

/* The end of the document, whatever became of it. */
static enum ctl_end print_end(const struct importing *m, enum err e, const struct fault *fault)
{
	const char *sentence = fault->sentence[0] ? fault->sentence : "The import did not come to its end. Mend what is wrong and run it again.";
	bool good = e == ERR_NONE && m->report.lost == 0;
	struct buf out;

	if (e != ERR_NONE)
		fprintf(stderr, "parkmeshctl: %s (%s)\n", sentence, err_name(e));
	else if (!good)
		fprintf(stderr, "parkmeshctl: of %" PRId64 " rows something could not be taken over; they are named above. Look at them in the "
			"older database.\n", m->report.lost);
	if (m->ctl->json) {
		buf_init(&out, 4096);
		output_flag(&out, "success", good);
		if (e != ERR_NONE)
			json_add_text(&out, "error", sentence);
		printf("],%s}\n", buf_text(&out));
		buf_free(&out);
	}
	return output_done() == CTL_DONE && good ? CTL_DONE : CTL_FAILED;
}

/* --- importing ------------------------------------------------------------------------------------------------------- */

static void let_gates_work(const struct importing *m)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};

	for (int i = 0; i < PAUSES && db_wanted(m->db); i++)
		nanosleep(&pause, NULL);
}

static void between(void *arg, const struct import_report *so_far)
{
	struct importing *m = arg;

	ctl_ring(m->ctl);
	progress_show(&m->progress, "%" PRId64 " of %" PRId64 " rows", so_far->rows, m->total);
	let_gates_work(m);
	/* p2pd does it much sooner; this is for when nothing else runs. A failure is tried again after the next batch. */
	(void)db_checkpoint(m->db, DB_CHECKPOINT_LATE);
}

static enum err import(struct importing *m, struct old_db *old)
{
	const struct import_watch watch = {print_note, between, m};
	struct ledger *ledger = NULL;
	enum err e = ledger_open(m->db, "ctl", &m->ctl->world, &ledger);

	if (e == ERR_NONE)
		e = import_old(ledger, old, &watch, &m->report);
	ledger_close(ledger);
	progress_end(&m->progress);
	return e;
}

/* One parkmeshctl at a time writes records. */
static enum err take_lock(const struct ctl *c, int *fd, struct fault *fault)
{
	enum err e = db_hold_writer_lock(c->db_path, "ctl", fd);

	if (e == ERR_CONFLICT)
		fault_set(fault, e, "busy", "", "Another parkmeshctl is importing into this database. Wait until it is done.");
	return e;
}

static enum err open_both(struct importing *m, struct old_db **old, struct fault *fault)
{
	enum err e = old_open(m->ctl->word[0], old, fault);

	if (e == ERR_NONE)
		e = old_count(*old, &m->total);
	return e == ERR_NONE ? ctl_open_write(m->ctl, &m->db, fault) : e;
}

static enum ctl_end import_and_list(struct importing *m, struct old_db *old)
{
	struct fault fault = {0};
	enum err e;

	print_begin(m);
	progress_begin(&m->progress, &m->ctl->world);
	e = import(m, old);
	print_report(m);
	if (e == ERR_NONE)
		e = list_open(m);
	else
		fault_set(&fault, e, "import", "", "The import stopped: %.160s. Mend that and run it again.",
			db_last_error(m->db)[0] ? db_last_error(m->db) : old_last_error(old));
	return print_end(m, e, &fault);
}

enum ctl_end cmd_import(const struct ctl *c)
{
	struct importing m = {.ctl = c, .days = DAYS_DEFAULT};
	struct fault fault = {0};
	struct old_db *old = NULL;
	enum ctl_end end;
	int lock = -1;
	enum err e;

	if (c->option[OPTION_DAYS] && !number_parse(c->option[OPTION_DAYS], DAYS_MAX, &m.days)) {
		fprintf(stderr, "parkmeshctl: %s: a number of days from 0 to %d. Try 'parkmeshctl import --help'.\n", c->option[OPTION_DAYS],
			DAYS_MAX);
		return CTL_WRONG;
	}
	e = open_both(&m, &old, &fault);
	if (e == ERR_NONE)
		e = take_lock(c, &lock, &fault);
	end = e == ERR_NONE ? import_and_list(&m, old) : output_failed(c, e, &fault);
	if (lock >= 0)
		close(lock);
	db_close(m.db);
	old_close(old);
	return end;
}
