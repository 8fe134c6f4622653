#include "legacy_side.h"

#include <string.h>

#include "base/text.h"
#include "store/db.h"
#include "store/site.h"
#include "store/stays.h"

static enum err begin(void *self)
{
	const struct legacy_side *s = self;
	return s->mesh.begin(s->mesh.self);
}

static enum err take(void *self, const struct old_told *told, struct old_written *out)
{
	const struct legacy_side *s = self;
	enum err e = ledger_savepoint(s->rows->ledger);
	if (e)
		return e;
	e = old_told_write(s->rows->ledger, told, out);
	if (!e)
		return ledger_savepoint_keep(s->rows->ledger);
	if (e == ERR_INVALID || e == ERR_TOO_LARGE)
		ledger_savepoint_undo(s->rows->ledger);
	return e;
}

static enum err commit(void *self)
{
	const struct legacy_side *s = self;
	return s->mesh.commit(s->mesh.self);
}

static void rollback(void *self)
{
	const struct legacy_side *s = self;
	s->mesh.rollback(s->mesh.self);
}

static bool disk_low(void *self)
{
	const struct legacy_side *s = self;
	return s->mesh.disk_low(s->mesh.self);
}

static enum err find(void *self, const char *id, int64_t *told, int64_t *asked_ms)
{
	const struct legacy_side *s = self;
	return old_central_find(s->rows->db, id, told, asked_ms);
}

static enum err newest(void *self, int64_t *out)
{
	const struct legacy_side *s = self;
	return record_newest(s->rows->db, out);
}

static enum err to_tell(void *self, const char *author, int64_t after, int64_t last, int64_t limit, record_told_fn *each, void *arg)
{
	const struct legacy_side *s = self;
	return record_each_to_tell(s->rows->db, author, after, last, limit, each, arg);
}

static enum err back(void *self, const struct history_mark *before, int64_t limit, history_back_fn *each, void *arg)
{
	const struct legacy_side *s = self;
	return history_back(s->rows->db, before, limit, each, arg);
}

static enum err changed(void *self, const struct history_mark *after, int64_t limit, history_each_fn *each, void *arg)
{
	const struct legacy_side *s = self;
	return history_changed(s->rows->db, after, limit, each, arg);
}

static enum err note_begin(void *arg, const struct open_stay *row)
{
	*(int64_t *)arg = row->begin_ts;
	return ERR_NONE;
}

static enum err oldest_open(void *self, int64_t *out)
{
	const struct legacy_side *s = self;
	*out = -1;
	enum err e = stay_each_open(s->rows->db, INTEGER_MAX, -1, -1, 1, note_begin, out);
	return !e && *out < 0 ? ERR_NOT_FOUND : e;
}

static enum err write_marks(struct db *db, const char *id, int64_t told, int64_t asked_ms, int64_t now_ms)
{
	struct sync_state state = {.last_sync_ms = asked_ms, .updated_ms = now_ms};
	if (told < 0)
		return old_central_forget(db, id);
	enum err e = old_central_write(db, id, told);
	(void)text_copy(state.peer, sizeof(state.peer), id);
	return e || asked_ms == 0 ? e : sync_state_write(db, &state);
}

static enum err save(void *self, const char *id, int64_t told, int64_t asked_ms)
{
	const struct legacy_side *s = self;
	struct db *db = s->rows->db;
	enum err e = db_begin(db);
	if (e)
		return e;
	e = write_marks(db, id, told, asked_ms, world_wall_ms(s->rows->world));
	if (e) {
		db_rollback(db);
		return e;
	}
	return db_commit(db);
}

static void answer(void *self, int64_t command, bool ok, double rtt_ms, const struct reason *why)
{
	const struct legacy_side *s = self;
	s->mesh.answer(s->mesh.self, command, ok, rtt_ms, why);
}

static const struct legacy_rows table = {
	.begin = begin, .take = take, .commit = commit, .rollback = rollback, .disk_low = disk_low, .find = find, .newest = newest,
	.to_tell = to_tell, .back = back, .changed = changed, .oldest_open = oldest_open, .save = save, .answer = answer,
};

/* ---- what the links tell ---- */

static bool old_known(void *self, const char *address, bool http)
{
	const struct legacy_side *s = self;
	return legacy_knows(s->legacy, address, http);
}

static void old_resolved(void *self, uint64_t link, const char *address)
{
	const struct legacy_side *s = self;
	legacy_resolved(s->legacy, link, address);
}

static void old_opened(void *self, uint64_t link, const char *address)
{
	const struct legacy_side *s = self;
	legacy_opened(s->legacy, link, address);
	s->soon(s->arg);
}

static void old_message(void *self, uint64_t link, char *bytes, size_t len)
{
	const struct legacy_side *s = self;
	legacy_message(s->legacy, link, bytes, len);
	s->soon(s->arg);
}

static void old_fault(void *self, uint64_t link, const char *text)
{
	const struct legacy_side *s = self;
	legacy_fault(s->legacy, link, text);
	s->soon(s->arg);
}

static void old_closed(void *self, uint64_t link, enum cause cause, const char *text)
{
	const struct legacy_side *s = self;
	legacy_closed(s->legacy, link, cause, text);
	s->soon(s->arg);
}

static void old_drained(void *self)
{
	const struct legacy_side *s = self;
	s->soon(s->arg);
}

void legacy_side_told(struct legacy_side *s, struct links_told *out)
{
	*out = (struct links_told){.self = s, .opened = old_opened, .message = old_message, .fault = old_fault, .closed = old_closed,
		.drained = old_drained, .knows = old_known, .resolved = old_resolved};
}

void legacy_side_place(struct legacy_side *s, const char *live)
{
	const char *slash = live ? strrchr(live, '/') : NULL;
	if (!live || !text_format(s->path, sizeof(s->path), "%.*sold.sock", slash ? (int)(slash - live + 1) : 0, live))
		s->path[0] = '\0';
}

void legacy_side_rows(struct legacy_side *s, struct legacy_rows *out)
{
	*out = table;
	out->self = s;
}

enum err legacy_side_open(struct legacy_side *s, struct links *links, struct rows *rows, const struct mesh_rows *mesh,
	const struct world *world)
{
	struct legacy_io io;
	legacy_side_rows(s, &io.rows);
	links_old_table(links, &io.links);
	s->rows = rows;
	s->mesh = *mesh;
	return legacy_new(&io, world, &s->legacy);
}
