#include "relay.h"

#include <string.h>

#include "base/journal.h"
#include "state.h"

void relay_lacking(struct mesh *m, uint32_t i)
{
	struct known_log *k = &m->logs.log[i];
	int64_t now = mesh_now(m);
	if (k->lacking_ms == 0)
		k->lacking_ms = now;
	if (now + RELAY_AFTER_MS < m->relay_ms)
		m->relay_ms = now + RELAY_AFTER_MS;
}

static void unask(struct mesh *m, struct known_log *k)
{
	struct peer *p = k->relay == LINK_NONE ? NULL : mesh_peer(m, k->relay);
	if (p) {
		p->relay_changed = true;
		p->relay_logs--;
	}
	k->relay = LINK_NONE;
}

static bool is_author(const struct peer *p, const struct known_log *k)
{
	return strcmp(p->id, k->author) == 0 && memcmp(p->hello.public_key, k->key, KEY_BYTES) == 0;
}

void relay_delivered(struct mesh *m, struct peer *p, uint32_t i)
{
	struct known_log *k = &m->logs.log[i];
	p->page_ms = mesh_now(m);
	p->unkept = 0;
	if (k->relay == LINK_NONE || k->relay == p->link || !is_author(p, k))
		return;
	unask(m, k);
	m->relay_ms = 0;
}

void relay_unask(struct mesh *m, uint32_t i)
{
	unask(m, &m->logs.log[i]);
}

void relay_lost(struct mesh *m, const struct peer *p)
{
	for (uint32_t i = 0; i < m->logs.count; i++)
		if (m->logs.log[i].relay == p->link)
			m->logs.log[i].relay = LINK_NONE;
}

static bool can_give(const struct peer *p, const struct known_log *k, uint32_t i)
{
	return p->state == PEER_READY && peer_claims(p, i) > k->held && !(p->log[i].flags & STOPPED) && !is_author(p, k);
}

/* Is the author connected and delivering? Then it will deliver this log as well. */
static bool author_delivers(const struct mesh *m, const struct known_log *k, uint32_t i, int64_t now)
{
	for (size_t n = 0; n < m->peers; n++) {
		const struct peer *p = m->peer[n];
		bool has = peer_claims(p, i) > k->held && !(p->log[i].flags & STOPPED);
		if (p->state == PEER_READY && is_author(p, k) && has && now < p->page_ms + RELAY_AFTER_MS)
			return true;
	}
	return false;
}

/* Is p to be asked rather than o? Those first that gave what they were asked for last time, so that who claims what it has not is
 * asked once and not again before everybody else; then those that are configured. 0: as good. */
static int better(const struct peer *p, const struct peer *o)
{
	if (p->unkept != o->unkept)
		return p->unkept < o->unkept ? 1 : -1;
	return p->neighbour->configured - o->neighbour->configured;
}

/* The best peer that can give it, chosen by lot among equals, but not the one asked before; that one only if there is no other. */
static struct peer *choose(struct mesh *m, const struct known_log *k, uint32_t i)
{
	struct peer *chosen = NULL, *before = NULL;
	uint32_t seen = 0;
	for (size_t n = 0; n < m->peers; n++) {
		struct peer *p = m->peer[n];
		if (!can_give(p, k, i))
			continue;
		int order = chosen ? better(p, chosen) : 1;
		if (p->link == k->relay) {
			before = p;
			continue;
		}
		if (order > 0)
			seen = 0;
		if (order >= 0 && world_random_below(m->world, ++seen) == 0)
			chosen = p;
	}
	return chosen ? chosen : before;
}

/* Ask somebody for log i, if it lags and it is time to. true: it lags. */
static bool look_at(struct mesh *m, uint32_t i, int64_t now)
{
	struct known_log *k = &m->logs.log[i];
	bool lags = false;
	for (size_t n = 0; n < m->peers && !lags; n++)
		lags = can_give(m->peer[n], k, i);
	if (!lags) {
		k->lacking_ms = 0;
		if (k->relay != LINK_NONE && (k->flags & LOG_CLOSED))
			unask(m, k);
		return false;
	}
	if (now < k->moved_ms + RELAY_AFTER_MS || now < k->lacking_ms + RELAY_AFTER_MS || author_delivers(m, k, i, now))
		return true;
	if (k->relay != LINK_NONE && now < k->asked_ms + RELAY_PATIENCE_MS)
		return true;
	struct peer *asked = k->relay == LINK_NONE ? NULL : mesh_peer(m, k->relay);
	if (asked && k->moved_ms < k->asked_ms)
		asked->unkept++;
	struct peer *p = choose(m, k, i);
	if (p->link != k->relay && p->relay_logs >= RELAY_LOGS)
		return true;
	unask(m, k);
	k->relay = p->link;
	k->asked_ms = now;
	p->relay_changed = true;
	p->relay_logs++;
	journal_debug("event=relay_asked log=%s author=%s peer=%s held=%lld", k->log, k->author, p->id, (long long)k->held);
	return true;
}

static void send_list(struct mesh *m, struct peer *p)
{
	char logs[RELAY_LOGS][LOG_ID_SIZE];
	size_t count = 0;
	for (uint32_t i = 0; i < m->logs.count && count < RELAY_LOGS; i++) {
		const struct known_log *k = &m->logs.log[i];
		if (k->relay != p->link)
			continue;
		memcpy(logs[count], k->log, LOG_ID_SIZE);
		vector_entry(k, &m->entries[count++]);
	}
	struct message msg = {.type = MESSAGE_SYNC_REQUEST, .vector = m->entries, .vector_count = count};
	msg.request_id = p->next_request++;
	msg.data.sync_request.has_logs = true;
	msg.data.sync_request.logs = logs;
	msg.data.sync_request.log_count = count;
	p->relay_changed = false;
	peer_send(m, p, &msg);
}

void relay_run(struct mesh *m)
{
	int64_t now = mesh_now(m);
	if (now < m->relay_ms)
		return;
	bool lags = false;
	for (uint32_t i = 0; i < m->logs.count; i++)
		if (m->logs.log[i].lacking_ms || m->logs.log[i].relay != LINK_NONE)
			lags |= look_at(m, i, now);
	for (size_t k = 0; k < m->peers; k++)
		if (m->peer[k]->relay_changed && m->peer[k]->state == PEER_READY)
			send_list(m, m->peer[k]);
	m->relay_ms = lags ? now + RELAY_LOOK_MS : INT64_MAX;
}
