#include "mark_rows.h"

#include "base/journal.h"
#include "mesh.h"
#include "store/db.h"

void mark_rows_look(struct mark_rows *r, struct db *db)
{
	enum err e = mark_wanted_read(db, &r->wanted);
	if (e && e != ERR_NOT_FOUND)
		journal_error("event=mark_wanted_unreadable error=%s", err_name(e));
}

static enum err write_rows(struct db *db, const struct mark *rows, size_t count)
{
	enum err e = db_begin(db);
	if (e)
		return e;
	for (size_t k = 0; !e && k < count; k++)
		e = mark_write(db, &rows[k]);
	if (!e)
		return db_commit(db);
	db_rollback(db);
	return e;
}

/* A full disk stays full for a while: told once. */
static void note_failing(struct mark_rows *r, enum err e)
{
	if (e && !r->failing)
		journal_error("event=marks_unwritable error=%s", err_name(e));
	if (!e && r->failing)
		journal_info("event=marks_writable_again");
	r->failing = e != ERR_NONE;
}

static void write_moved(struct mark_rows *r, struct db *db, struct mesh *m, const struct world *world)
{
	struct mark rows[MARKS_WRITE];
	size_t count = mesh_marks(m, rows, MARKS_WRITE);
	int64_t began = world_mono_us(world);
	if (count == 0)
		return;
	enum err e = write_rows(db, rows, count);
	note_failing(r, e);
	if (!e)
		mesh_marks_written(m, rows, count);
	int64_t now = world_mono_us(world), took = now - began;
	r->due_us = now + (took > MARKS_GAP_US ? took : MARKS_GAP_US);
}

int64_t mark_rows_run(struct mark_rows *r, struct db *db, struct mesh *m, const struct world *world)
{
	if (r->failing || !mesh_marks_moved(m) || mesh_marked(m, r->wanted.log) >= r->wanted.seq)
		return INT64_MAX;
	if (world_mono_us(world) < r->due_us)
		return r->due_us;
	write_moved(r, db, m, world);
	return INT64_MAX;
}

void mark_rows_tick(struct mark_rows *r, struct db *db, struct mesh *m, const struct world *world)
{
	if (mesh_marks_moved(m))
		write_moved(r, db, m, world);
}
