#include "neighbour.h"

#include <stdlib.h>
#include <string.h>

#include "backoff.h"
#include "base/journal.h"
#include "base/text.h"
#include "base/trust.h"
#include "domain/site.h"
#include "heartbeat.h"
#include "state.h"

struct neighbour *neighbour_find(struct mesh *m, const char *id)
{
	for (size_t k = 0; k < m->neighbours; k++)
		if (strcmp(m->neighbour[k]->row.id, id) == 0)
			return m->neighbour[k];
	return NULL;
}

static bool has_room(const struct mesh *m, bool configured)
{
	size_t guests = 0;
	for (size_t k = 0; k < m->neighbours; k++)
		guests += !m->neighbour[k]->configured;
	return m->neighbours < NEIGHBOURS_MAX && (configured || guests < NEIGHBOURS_MAX - PEERS_MAX);
}

struct neighbour *neighbour_add(struct mesh *m, const char *id, bool configured)
{
	struct neighbour *n = has_room(m, configured) ? calloc(1, sizeof(*n)) : NULL;
	if (!n)
		return NULL;
	(void)text_copy(n->row.id, sizeof(n->row.id), id);
	n->rtt_ms = -1;
	m->neighbour[m->neighbours++] = n;
	m->version++;
	return n;
}

static void neighbour_free(struct neighbour *n)
{
	free(n->log);
	free(n->acked);
	free(n);
}

void neighbours_free(struct mesh *m)
{
	for (size_t k = 0; k < m->neighbours; k++)
		neighbour_free(m->neighbour[k]);
	m->neighbours = 0;
}

/* End what connections it has, then forget it. */
static void remove_at(struct mesh *m, size_t k)
{
	struct neighbour *n = m->neighbour[k];
	for (size_t i = 0; i < m->peers; i++) {
		if (m->peer[i]->neighbour != n)
			continue;
		m->peer[i]->neighbour = NULL;
		peer_end(m, m->peer[i], END_RECONFIGURED, "%s was removed from the configuration.", n->row.id);
	}
	command_failed(m, n);
	m->neighbour[k] = m->neighbour[--m->neighbours];
	neighbour_free(n);
	m->version++;
}

static bool same_place(const struct peer_row *a, const struct peer_row *b)
{
	return strcmp(a->ip, b->ip) == 0 && a->p2p_port == b->p2p_port && strcmp(a->dialect, b->dialect) == 0 && a->tls == b->tls;
}

static void load_row(struct mesh *m, struct neighbour *n, const struct peer_row *row)
{
	bool moved = n->configured && !same_place(&n->row, row);
	n->row = *row;
	n->marked = true;
	if (!n->configured || moved)
		neighbour_hurry(m, n);
	n->configured = true;
	for (size_t i = 0; i < m->peers; i++)
		if (m->peer[i]->neighbour == n && (moved || (row->tls && m->peer[i]->state == PEER_READY && !m->peer[i]->tls)))
			peer_end(m, m->peer[i], END_RECONFIGURED, "How %s is reached was changed.", row->id);
}

enum err neighbours_load(struct mesh *m, const struct peer_row *rows, size_t count)
{
	for (size_t k = 0; k < m->neighbours; k++)
		m->neighbour[k]->marked = !m->neighbour[k]->configured;
	for (size_t k = 0; k < count; k++) {
		struct neighbour *n = neighbour_find(m, rows[k].id);
		if (site_dialect_old(rows[k].dialect))
			continue;
		if (!n)
			n = neighbour_add(m, rows[k].id, true);
		if (!n)
			return ERR_MEMORY;
		load_row(m, n, &rows[k]);
	}
	for (size_t k = m->neighbours; k-- > 0;)
		if (!m->neighbour[k]->marked)
			remove_at(m, k);
	marks_reweighed(m);
	return ERR_NONE;
}

void neighbour_joined(struct mesh *m, struct neighbour *n, struct peer *p)
{
	n->refused = false;
	n->why = (struct reason){0};
	if (n->key_known && memcmp(n->key, p->hello.public_key, sizeof(n->key)) != 0)
		marks_forget(m, n);
	n->key_known = true;
	memcpy(n->key, p->hello.public_key, sizeof(n->key));
	n->heard_wall_ms = world_wall_ms(m->world);
	free(n->log);
	n->log = NULL;
	n->log_count = 0;
	m->version++;
}

static void wait_longer(struct mesh *m, struct neighbour *n)
{
	n->dial_ms = mesh_now(m) + backoff_wait(m->world, &n->attempts);
}

static void keep_claims(struct neighbour *n, struct peer *p)
{
	free(n->log);
	n->log = p->log;
	n->log_count = p->log_count;
	p->log = NULL;
	p->log_count = 0;
}

static void forget_if_unknown(struct mesh *m, const struct neighbour *n)
{
	for (size_t k = 0; !n->configured && k < m->neighbours; k++)
		if (m->neighbour[k] == n) {
			remove_at(m, k);
			return;
		}
}

static bool busy(const struct mesh *m, const struct neighbour *n, bool also_accepted)
{
	for (size_t k = 0; k < m->peers; k++) {
		const struct peer *p = m->peer[k];
		if (p->neighbour == n && p->state != PEER_CLOSED && (p->state == PEER_READY || p->dialled || also_accepted))
			return true;
	}
	return false;
}

void neighbour_left(struct mesh *m, struct neighbour *n, struct peer *p, enum peer_end end, const struct reason *why,
	bool was_ready)
{
	m->version++;
	if (was_ready && mesh_now(m) >= p->ready_ms + LASTED_MS)
		n->attempts = 0;
	if (mesh_ready_peer(m, n->row.id) || end == END_REPLACED)
		return;
	n->refused = peer_end_refused(end);
	n->why = *why;
	if (was_ready)
		keep_claims(n, p);
	if (end != END_RECONFIGURED && (end != END_PLAIN || p->dialled)) /* by TLS it may be reached all the same */
		wait_longer(m, n);
	command_failed(m, n);
	forget_if_unknown(m, n);
}

void neighbour_hurry(struct mesh *m, struct neighbour *n)
{
	n->dial_ms = mesh_now(m);
}

/* Can it not be dialled at all? */
static bool obstacle(const struct mesh *m, const struct neighbour *n, struct reason *why)
{
	if (!m->self.mesh_secret[0] && address_is_numeric(n->row.ip) && !address_is_loopback(n->row.ip))
		reason_set(why, CAUSE_NO_SECRET, NULL, 0, "Set a mesh secret: without one only centrals on the same machine can be dialled.");
	else
		return false;
	return true;
}

static void failed_at_once(struct mesh *m, struct neighbour *n, const struct reason *why, bool refused)
{
	if (strcmp(n->why.sentence, why->sentence) != 0)
		journal_warning("event=not_dialled peer=%s why=\"%s\"", n->row.id, why->sentence);
	n->refused = refused;
	n->why = *why;
	wait_longer(m, n);
	command_failed(m, n);
	m->version++;
}

static void dial(struct mesh *m, struct neighbour *n)
{
	struct reason why;
	if (obstacle(m, n, &why)) {
		failed_at_once(m, n, &why, true);
		return;
	}
	uint64_t link = LINK_NONE;
	struct peer *p = NULL;
	if (m->io.links.dial(m->io.links.self, n->row.ip, n->row.p2p_port, n->row.tls, &link) == ERR_NONE) {
		p = peer_new(m, link, true, n->row.ip);
		if (!p)
			m->io.links.close(m->io.links.self, link, "no memory");
	}
	if (!p) {
		reason_set(&why, CAUSE_FULL, NULL, 0, "It could not be dialled: no room or no memory for another connection.");
		failed_at_once(m, n, &why, false);
		return;
	}
	(void)text_copy(p->id, sizeof(p->id), n->row.id);
	p->neighbour = n;
	m->version++;
}

static bool to_dial(const struct mesh *m, const struct neighbour *n)
{
	return n->configured && !busy(m, n, false);
}

void neighbours_run(struct mesh *m)
{
	int64_t now = mesh_now(m);
	for (size_t k = 0; k < m->neighbours; k++)
		if (now >= m->neighbour[k]->dial_ms && to_dial(m, m->neighbour[k]))
			dial(m, m->neighbour[k]);
}

int64_t neighbours_due(const struct mesh *m)
{
	int64_t due = INT64_MAX;
	for (size_t k = 0; k < m->neighbours; k++)
		if (m->neighbour[k]->dial_ms < due && to_dial(m, m->neighbour[k]))
			due = m->neighbour[k]->dial_ms;
	return due;
}

bool neighbour_clock_off(const struct neighbour *n, struct reason *out)
{
	bool behind = n->clock_offset_ms < 0;
	int64_t off_s = (behind ? -n->clock_offset_ms : n->clock_offset_ms) / 1000;
	if (!n->clock_known || (n->clock_offset_ms <= CLOCK_OFF_MS && n->clock_offset_ms >= -CLOCK_OFF_MS))
		return false;
	reason_set(out, behind ? CAUSE_CLOCK_BEHIND : CAUSE_CLOCK_AHEAD, NULL, off_s, "Its clock is %lld s %s ours; set the clocks of both right.",
		(long long)off_s, behind ? "behind" : "ahead of");
	return true;
}

/* What a peer claims may be anything; the sum stays an integer that every reader takes. */
static int64_t added(int64_t sum, int64_t more)
{
	return sum > INTEGER_MAX - more ? INTEGER_MAX : sum + more;
}

/* How much it lacks and we lack, by what it last claimed. Nothing is known of one that never was connected. */
static void compare(const struct mesh *m, const struct peer_log *log, uint32_t count, struct peer_status *out)
{
	for (uint32_t i = 0; log && i < m->logs.count; i++) {
		int64_t claimed = i < count ? log[i].claimed : 0, held = m->logs.log[i].held;
		if (claimed < held)
			out->behind = added(out->behind, held - claimed);
		else
			out->ahead = added(out->ahead, claimed - held);
	}
}

static const struct peer *ready_peer(const struct mesh *m, const struct neighbour *n)
{
	for (size_t k = 0; k < m->peers; k++)
		if (m->peer[k]->neighbour == n && m->peer[k]->state == PEER_READY)
			return m->peer[k];
	return NULL;
}

void neighbour_status(const struct mesh *m, const struct neighbour *n, struct peer_status *out)
{
	const struct peer *p = ready_peer(m, n);
	bool trying = !p && busy(m, n, true);
	memset(out, 0, sizeof(*out));
	(void)text_copy(out->id, sizeof(out->id), n->row.id);
	(void)text_copy(out->ip, sizeof(out->ip), n->configured || !p ? n->row.ip : p->address);
	(void)text_copy(out->state, sizeof(out->state), p ? "connected" : n->refused ? "refused" : trying ? "connecting" : "waiting");
	out->why = n->why;
	if (p && !n->why.sentence[0])
		(void)neighbour_clock_off(n, &out->why);
	out->port = n->row.p2p_port;
	out->configured = n->configured;
	out->connected = p != NULL;
	out->tls = p && p->tls;
	out->last_ping_ms = n->heard_wall_ms;
	out->rtt_ms = n->rtt_ms;
	out->clock_known = n->clock_known;
	out->clock_offset_ms = n->clock_offset_ms;
	out->key_known = n->key_known;
	memcpy(out->public_key, n->key, sizeof(out->public_key));
	if (p && p->vector_known)
		compare(m, p->log, p->log_count, out);
	else if (!p)
		compare(m, n->log, n->log_count, out);
}

bool mesh_caught_up(const struct mesh *m)
{
	for (size_t k = 0; k < m->neighbours; k++) {
		struct peer_status s = {0};
		const struct peer *p = ready_peer(m, m->neighbour[k]);
		if (!m->neighbour[k]->configured)
			continue;
		if (!p || !p->vector_known)
			return false;
		compare(m, p->log, p->log_count, &s);
		if (s.ahead > 0)
			return false;
	}
	return true;
}

static bool add_claim(struct claim *out, size_t max, size_t *count, const char *log, const char *peer, int64_t seq)
{
	if (*count == max)
		return false;
	out[*count] = (struct claim){.seq = seq};
	(void)text_copy(out[*count].log, sizeof(out[*count].log), log);
	(void)text_copy(out[*count].peer, sizeof(out[*count].peer), peer);
	++*count;
	return true;
}

size_t neighbour_claims(const struct mesh *m, const struct neighbour *n, struct claim *out, size_t max)
{
	const struct peer *p = ready_peer(m, n);
	const struct peer_log *log = p ? p->log : n->log;
	uint32_t logs = p ? p->log_count : n->log_count;
	size_t count = 0;
	if (p ? !p->vector_known : !n->log)
		return 0;
	bool room = add_claim(out, max, &count, "", n->row.id, 1);
	for (uint32_t i = 0; room && i < m->logs.count; i++) {
		const struct known_log *k = &m->logs.log[i];
		int64_t claimed = log && i < logs ? log[i].claimed : 0;
		if (k->held > 0 && (!(k->flags & LOG_CLOSED) || claimed < k->held))
			room = add_claim(out, max, &count, k->log, n->row.id, claimed);
	}
	return room ? count : 0;
}
