#include "found.h"

#include "base/journal.h"
#include "store/db.h"

void found_by_others(struct discovery *d, const struct identity *self, bool reachable)
{
	struct announcement what = {.port = reachable ? self->p2p_port : 0};
	(void)text_copy(what.id, sizeof(what.id), self->id);
	(void)text_copy(what.mesh, sizeof(what.mesh), self->mesh);
	key_fingerprint(self->keys.public_key, what.fingerprint);
	discovery_announce(d, &what);
}

static enum err write_rows(const struct found *f, struct db *db)
{
	enum err e = db_begin(db);
	if (e)
		return e;
	e = discovered_replace(db, f->list, f->count);
	if (!e)
		return db_commit(db);
	db_rollback(db);
	return e;
}

void found_look(struct found *f, struct discovery *d, struct db *db)
{
	if (d && discovery_take(d, f->list, &f->count))
		f->written = false;
	if (f->written)
		return;
	enum err e = write_rows(f, db);
	f->written = e == ERR_NONE;
	if (e && !f->failing)
		journal_warning("event=found_not_written error=%s", err_name(e));
	f->failing = e != ERR_NONE;
}
