#include "rows.h"

#include <string.h>

#include "base/disk.h"
#include "base/journal.h"
#include "base/text.h"
#include "batch.h"
#include "store/db.h"
#include "store/site.h"

void rows_init(struct rows *r, struct ledger *ledger, const struct world *world, const char *path)
{
	*r = (struct rows){.db = ledger_db(ledger), .ledger = ledger, .world = world};
	const char *slash = strrchr(path, '/');
	if (!slash)
		(void)text_copy(r->folder, sizeof(r->folder), ".");
	else
		(void)text_format(r->folder, sizeof(r->folder), "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

enum err rows_open(struct rows *r, const char *path, const struct world *world, struct fault *fault)
{
	struct db *db = NULL;
	struct ledger *ledger = NULL;
	*r = (struct rows){0};
	enum err e = db_open(path, DB_WRITE, &db, fault);
	if (e)
		return e;
	e = ledger_open(db, "p2pd", world, &ledger);
	if (!e) {
		rows_init(r, ledger, world, path);
		return ERR_NONE;
	}
	db_close(db);
	return fault_set(fault, e, "ledger", "", "The records in %s cannot be worked with (%s).", path, err_name(e));
}

void rows_close(struct rows *r)
{
	if (!r->db)
		return;
	ledger_close(r->ledger);
	db_close(r->db);
	r->db = NULL;
}

static enum err changed(void *self, int64_t after, bool (*each)(void *arg, const struct log_row *row), void *arg)
{
	const struct rows *r = self;
	return log_each_changed(r->db, after, each, arg);
}

static enum err read_page(void *self, const char *log, int64_t first, size_t max_records, size_t max_bytes, struct buf *lines,
	struct page *out)
{
	const struct rows *r = self;
	return ledger_read_page(r->db, log, first, max_records, max_bytes, lines, out);
}

static enum err chain_at(void *self, const char *log, int64_t seq, struct chain *out)
{
	const struct rows *r = self;
	return record_chain(r->db, log, seq, out);
}

static enum err mark(void *self, const char *log, struct mark *out)
{
	const struct rows *r = self;
	return mark_find(r->db, log, out);
}

static enum err begin(void *self)
{
	const struct rows *r = self;
	return ledger_begin(r->ledger);
}

static enum err take(void *self, const struct page *page, struct incoming *read, struct take_result *out, struct fault *fault)
{
	const struct rows *r = self;
	return read ? ledger_take_read(r->ledger, read, out, fault) : ledger_take(r->ledger, page, out, fault);
}

bool rows_checkpoint(struct rows *r, int64_t at_least)
{
	if (!db_checkpoint_due(r->db, at_least))
		return false;
	bool failed = db_checkpoint(r->db, at_least) != ERR_NONE;
	if (failed && !r->checkpoint_failing)
		journal_error("event=checkpoint_failed sqlite=\"%s\"", db_last_error(r->db));
	if (!failed && r->checkpoint_failing)
		journal_info("event=checkpoint_works_again");
	r->checkpoint_failing = failed;
	return true;
}

static enum err commit(void *self)
{
	const struct rows *r = self;
	enum err e = ledger_commit(r->ledger);
	if (e)
		journal_error("event=commit_failed error=%s sqlite=\"%s\"", err_name(e), db_last_error(r->db));
	return e;
}

static bool wanted(void *self)
{
	const struct rows *r = self;
	return db_wanted(r->db);
}

static bool checkpoint(void *self, bool beside_gates)
{
	return rows_checkpoint(self, beside_gates ? DB_CHECKPOINT_USUAL : DB_CHECKPOINT_BACKLOG);
}

static void rollback(void *self)
{
	const struct rows *r = self;
	ledger_rollback(r->ledger);
}

static void look_at_disk(struct rows *r)
{
	struct disk disk;
	if (!disk_look(r->folder, &disk))
		return;
	bool low = disk_low(&disk);
	if (low && !r->disk_low)
		journal_error("event=disk_low folder=%s why=\"less than %d %% is free: records of peers are put off; make room\"", r->folder,
			DISK_LEAST_PERCENT);
	if (!low && r->disk_low)
		journal_info("event=disk_has_room folder=%s", r->folder);
	r->disk_low = low;
}

static bool no_room(void *self)
{
	struct rows *r = self;
	int64_t now = world_mono_ms(r->world);
	if (r->disk_looked_ms == 0 || now >= r->disk_looked_ms + DISK_LOOK_MS) {
		look_at_disk(r);
		r->disk_looked_ms = now;
	}
	return r->disk_low;
}

/* The end of a transaction of the ledger's: e is what became of it so far. */
static enum err end(const struct rows *r, enum err e)
{
	if (e) {
		ledger_rollback(r->ledger);
		return e;
	}
	return ledger_commit(r->ledger);
}

static enum err pin(void *self, const char *id, const unsigned char public_key[KEY_BYTES])
{
	const struct rows *r = self;
	enum err e = ledger_pinned(r->db, id, public_key);
	if (e != ERR_NOT_FOUND)
		return e;
	e = ledger_begin(r->ledger);
	return e ? e : end(r, ledger_pin(r->ledger, id, public_key));
}

static enum err warn(void *self, const struct happening *what)
{
	const struct rows *r = self;
	int64_t now = world_wall_ms(r->world);
	bool due = false;
	enum err e = warning_due(r->db, what, now, &due);
	if (e || !due)
		return e;
	e = ledger_begin(r->ledger);
	return e ? e : end(r, warning_raise(r->db, what, now));
}

static enum err over(void *self, enum warning_code code, const char *central)
{
	const struct rows *r = self;
	struct warning_row row;
	enum err e = warning_find(r->db, warning_name(code), central, "", &row);
	if (e || row.seen_ms)
		return e == ERR_NOT_FOUND ? ERR_NONE : e;
	e = ledger_begin(r->ledger);
	return e ? e : end(r, warning_over(r->db, code, central));
}

static bool pinned(void *self, const char *id, const unsigned char public_key[KEY_BYTES])
{
	const struct rows *r = self;
	unsigned char key[KEY_BYTES];
	return pin_find(r->db, id, key) == ERR_NONE && memcmp(key, public_key, KEY_BYTES) == 0;
}

static void answer(void *self, int64_t command, bool ok, double rtt_ms, const struct reason *why)
{
	const struct rows *r = self;
	enum err e = db_begin(r->db);
	if (!e) {
		e = command_finish(r->db, command, ok, rtt_ms, why);
		if (e)
			db_rollback(r->db);
		else
			e = db_commit(r->db);
	}
	if (e)
		journal_error("event=command_unanswered command=%lld error=%s", (long long)command, err_name(e));
}

void rows_table(struct rows *r, struct mesh_rows *out)
{
	*out = (struct mesh_rows){
		.self = r, .changed = changed, .read_page = read_page, .chain_at = chain_at, .mark = mark, .begin = begin, .take = take,
		.commit = commit, .rollback = rollback, .wanted = wanted, .checkpoint = checkpoint, .disk_low = no_room, .pin = pin, .warn = warn,
		.over = over, .pinned = pinned, .answer = answer,
	};
}
