#include "suspect.h"

#include <string.h>

#include "base/journal.h"
#include "base/text.h"
#include "domain/warnings.h"
#include "state.h"

void suspect_warn(struct mesh *m, const struct happening *what)
{
	enum err e = m->io.rows.warn(m->io.rows.self, what);
	if (e)
		journal_error("event=warning_unwritable code=%s central=%s error=%s", warning_name(what->code), what->central, err_name(e));
}

void suspect_asked(struct mesh *m, struct peer *p)
{
	if (p->asked_moves == 0)
		p->asked_moves = m->logs.moves;
}

/* Records of p's own logs that it did not know of, and that were held here when the first heartbeat went out. */
static int64_t count_lost(const struct mesh *m, const struct peer *p)
{
	int64_t lost = 0;
	for (uint32_t i = 0; i < m->logs.count; i++) {
		const struct known_log *k = &m->logs.log[i];
		bool its = strcmp(p->id, k->author) == 0 && memcmp(p->hello.public_key, k->key, KEY_BYTES) == 0;
		if (!its || k->moved > p->asked_moves || (i < p->log_count && (p->log[i].flags & STOPPED)))
			continue;
		if (peer_claims(p, i) < k->held)
			lost += k->held - peer_claims(p, i);
	}
	return lost;
}

static const struct peer *other_way_round(const struct mesh *m, const struct peer *p)
{
	for (size_t k = 0; k < m->peers; k++) {
		const struct peer *o = m->peer[k];
		if (o != p && o->state == PEER_READY && o->dialled != p->dialled && strcmp(o->id, p->id) == 0)
			return o;
	}
	return NULL;
}

static void two_centrals(struct mesh *m, struct peer *p, const char *place)
{
	struct happening what = {.code = WARNING_TWO_CENTRALS, .central = p->id, .place = place};
	suspect_warn(m, &what);
	if (p->told_two)
		return;
	p->told_two = true;
	struct message msg = {.type = MESSAGE_ERROR};
	(void)text_copy(msg.data.error.code, sizeof(msg.data.error.code), TWO_CENTRALS);
	(void)text_format(msg.data.error.error, sizeof(msg.data.error.error), "Two centrals use the id %s; give one of them another.", p->id);
	peer_send(m, p, &msg);
	m->counts.error_sent[END_REFUSED]++;
}

/* It takes our key: a listener is READY before the other side has looked at that. */
static void not_refused(struct mesh *m, const struct peer *p)
{
	enum err e = m->io.rows.over(m->io.rows.self, WARNING_KEY_REFUSED, p->id);
	if (e)
		journal_error("event=warning_unwritable code=%s central=%s error=%s", warning_name(WARNING_KEY_REFUSED), p->id, err_name(e));
}

void suspect_echoed(struct mesh *m, struct peer *p)
{
	const struct peer *o = other_way_round(m, p);
	int64_t now = mesh_now(m);
	if (o && now >= o->ready_ms + BOTH_MS && now >= p->ready_ms + BOTH_MS && now < o->heard_ms + ALIVE_MS)
		two_centrals(m, p, o->address);
	if (p->judged || !p->vector_known)
		return;
	p->judged = true;
	not_refused(m, p);
	struct happening what = {.code = WARNING_ROLLED_BACK, .central = p->id, .records = count_lost(m, p)};
	if (what.records)
		suspect_warn(m, &what);
}

void suspect_replaced(struct mesh *m, struct peer *old, struct peer *p)
{
	struct neighbour *n = p->neighbour;
	int64_t now = mesh_now(m);
	if (now >= old->heard_ms + ALIVE_MS)
		return;
	if (n->replaced == 0 || now >= n->replaced_ms + REPLACED_MS) {
		n->replaced_ms = now;
		n->replaced = 0;
	}
	n->replaced++;
	bool elsewhere = strcmp(old->address, p->address) != 0;
	if (n->replaced < (elsewhere ? REPLACED_FEW : REPLACED_MOST))
		return;
	two_centrals(m, old, p->address);
	two_centrals(m, p, old->address);
}

void suspect_own_id(struct mesh *m, struct peer *p)
{
	struct happening what = {.code = WARNING_TWO_CENTRALS, .central = m->self.id, .place = p->address};
	suspect_warn(m, &what);
}

void suspect_key(struct mesh *m, struct peer *p)
{
	char fingerprint[FINGERPRINT_SIZE];
	struct happening what = {.code = WARNING_WRONG_KEY, .central = p->id, .place = fingerprint};
	key_fingerprint(p->hello.public_key, fingerprint);
	const struct peer *pinned = mesh_ready_peer(m, p->id);
	struct neighbour *n = p->neighbour;
	if (pinned && n && n->other_key_ms && pinned->heard_ms > n->other_key_ms) {
		what.code = WARNING_TWO_CENTRALS;
		what.place = p->address;
	}
	if (n)
		n->other_key_ms = mesh_now(m);
	suspect_warn(m, &what);
}

void suspect_refused(struct mesh *m, struct peer *p, const char *code)
{
	struct happening what = {.code = WARNING_KEY_REFUSED, .central = p->id, .place = m->self.id};
	if (p->id[0] && strcmp(code, "wrong_key") == 0)
		suspect_warn(m, &what);
	else if (p->dialled && strcmp(code, "own_id") == 0)
		suspect_own_id(m, p);
}

void suspect_told(struct mesh *m, struct peer *p, const struct message *msg)
{
	struct happening what = {.code = WARNING_TWO_CENTRALS, .central = m->self.id, .place = p->id};
	if (strcmp(msg->data.error.code, TWO_CENTRALS) == 0)
		suspect_warn(m, &what);
}
