#include "marks.h"

#include <stdlib.h>
#include <string.h>

#include "base/journal.h"
#include "base/text.h"
#include "domain/quorum.h"
#include "state.h"

#define OWN_FIRST 16u

void marks_free(struct marks *k)
{
	free(k->own);
	*k = (struct marks){0};
}

static struct own_log *own_log(const struct mesh *m, uint32_t i)
{
	uint32_t mark = m->logs.log[i].mark;
	return mark == LOG_NONE ? NULL : &m->marks.own[mark];
}

static void stale(struct mesh *m, struct own_log *o)
{
	o->stale = true;
	m->marks.stale = true;
}

static bool grow(struct marks *k)
{
	uint32_t wanted = k->cap ? 2 * k->cap : OWN_FIRST;
	struct own_log *own = realloc(k->own, wanted * sizeof(*own));
	if (!own)
		return false;
	k->own = own;
	k->cap = wanted;
	return true;
}

/* A log of which an earlier run said something begins with that. */
static struct own_log *add(struct mesh *m, uint32_t i)
{
	struct known_log *k = &m->logs.log[i];
	if ((!m->marks.own || m->marks.count == m->marks.cap) && !grow(&m->marks))
		return NULL;
	struct own_log *o = &m->marks.own[m->marks.count];
	*o = (struct own_log){.log = i};
	enum err e = m->io.rows.mark(m->io.rows.self, k->log, &o->now);
	if (e && e != ERR_NOT_FOUND)
		journal_error("event=mark_unreadable log=%s error=%s", k->log, err_name(e));
	(void)text_copy(o->now.log, sizeof(o->now.log), k->log);
	o->quorum = o->now.quorum;
	o->every = o->now.every;
	k->mark = m->marks.count++;
	return o;
}

void marks_moved(struct mesh *m, uint32_t i)
{
	struct own_log *o = own_log(m, i);
	if (!o)
		o = add(m, i);
	if (o)
		stale(m, o);
}

void marks_reweighed(struct mesh *m)
{
	for (uint32_t k = 0; k < m->marks.count; k++)
		stale(m, &m->marks.own[k]);
}

static int64_t acked_by(const struct mesh *m, const struct neighbour *n, uint32_t i)
{
	uint32_t mark = m->logs.log[i].mark;
	return mark < n->acked_count ? n->acked[mark] : 0;
}

/* Room for what n acknowledges of each own log. */
static bool make_room(const struct mesh *m, struct neighbour *n)
{
	if (n->acked_count >= m->marks.count)
		return true;
	int64_t *acked = realloc(n->acked, m->marks.cap * sizeof(*acked));
	if (!acked)
		return false;
	memset(acked + n->acked_count, 0, (m->marks.cap - n->acked_count) * sizeof(*acked));
	n->acked = acked;
	n->acked_count = m->marks.cap;
	return true;
}

void marks_fell(struct mesh *m, struct neighbour *n, uint32_t i, int64_t seq)
{
	struct own_log *o = own_log(m, i);
	if (!o || acked_by(m, n, i) <= seq)
		return;
	n->acked[m->logs.log[i].mark] = seq;
	stale(m, o);
}

void marks_acked(struct mesh *m, struct neighbour *n, const struct acked *a)
{
	struct own_log *o = own_log(m, a->log);
	if (!o)
		return;
	if (!a->taken) {
		marks_fell(m, n, a->log, a->seq);
		return;
	}
	if (a->seq <= acked_by(m, n, a->log) || !make_room(m, n))
		return;
	n->acked[m->logs.log[a->log].mark] = a->seq;
	stale(m, o);
}

void marks_forget(struct mesh *m, struct neighbour *n)
{
	free(n->acked);
	n->acked = NULL;
	n->acked_count = 0;
	marks_reweighed(m);
}

void marks_greeted(struct mesh *m, const struct peer *p)
{
	for (uint32_t k = 0; p->neighbour && k < m->marks.count; k++)
		marks_fell(m, p->neighbour, m->marks.own[k].log, peer_claims(p, m->marks.own[k].log));
}

bool marks_unconfirmed(const struct mesh *m, const struct neighbour *n, uint32_t i, int64_t seq)
{
	const struct own_log *o = own_log(m, i);
	return o && n && seq > 0 && seq <= m->logs.log[i].held && seq > o->now.every && acked_by(m, n, i) < seq;
}

/* As things are now; what was reached once stays. */
static void work_out(const struct mesh *m, struct own_log *o)
{
	struct vote votes[1 + PEERS_MAX] = {{.weight = OWN_WEIGHT, .seq = m->logs.log[o->log].held}};
	size_t count = 1;
	for (size_t k = 0; k < m->neighbours && count <= PEERS_MAX; k++) {
		const struct neighbour *n = m->neighbour[k];
		if (n->configured && strcmp(n->row.dialect, "native") == 0)
			votes[count++] = (struct vote){.weight = n->row.weight, .seq = acked_by(m, n, o->log)};
	}
	int64_t every = quorum_every(votes, count), quorum = quorum_mark(votes, count);
	if (every > o->now.every)
		o->now.every = every;
	if (quorum > o->now.quorum)
		o->now.quorum = quorum;
	o->stale = false;
}

bool mesh_marks_moved(const struct mesh *m)
{
	return m->marks.stale;
}

size_t mesh_marks(struct mesh *m, struct mark *out, size_t max)
{
	size_t count = 0;
	for (uint32_t k = 0; m->marks.stale && k < m->marks.count && count < max; k++) {
		struct own_log *o = &m->marks.own[k];
		if (o->stale)
			work_out(m, o);
		if (o->now.quorum != o->quorum || o->now.every != o->every)
			out[count++] = o->now;
	}
	if (count < max)
		m->marks.stale = count > 0;
	return count;
}

void mesh_marks_written(struct mesh *m, const struct mark *rows, size_t count)
{
	for (size_t k = 0; k < count; k++) {
		uint32_t i = vector_find(&m->logs, rows[k].log);
		struct own_log *o = i == LOG_NONE ? NULL : own_log(m, i);
		if (!o)
			continue;
		o->quorum = rows[k].quorum;
		o->every = rows[k].every;
	}
}

int64_t mesh_marked(const struct mesh *m, const char *log)
{
	uint32_t i = vector_find(&m->logs, log);
	const struct own_log *o = i == LOG_NONE ? NULL : own_log(m, i);
	return o ? o->quorum : INTEGER_MAX;
}
