#include "hearsay.h"

#include <string.h>

#include "relay.h"
#include "state.h"

/* Nobody refers to the index any more: another log may get it. */
static void forget(struct mesh *m, uint32_t i)
{
	relay_unask(m, i);
	for (size_t k = 0; k < m->peers; k++)
		if (i < m->peer[k]->log_count)
			m->peer[k]->log[i] = (struct peer_log){.cursor = 1, .next = LOG_NONE};
	for (size_t k = 0; k < m->neighbours; k++)
		if (i < m->neighbour[k]->log_count)
			m->neighbour[k]->log[i] = (struct peer_log){.cursor = 1, .next = LOG_NONE};
	vector_forget(&m->logs, i);
}

static void count_to(struct mesh *m, struct peer *p, uint32_t i)
{
	m->logs.log[i].teller = p->link;
	p->hearsay++;
}

/* Another peer that has told of it, the one with the fewest. */
static struct peer *another(struct mesh *m, const struct peer *not, uint32_t i)
{
	struct peer *best = NULL;
	for (size_t k = 0; k < m->peers; k++) {
		struct peer *p = m->peer[k];
		if (p != not && p->state == PEER_READY && peer_claims(p, i) > 0 && (!best || p->hearsay < best->hearsay))
			best = p;
	}
	return best;
}

/* Take one place from the peer that has most of them, if that is more than p has. */
static bool make_room(struct mesh *m, const struct peer *p)
{
	struct peer *most = m->peer[0];
	for (size_t k = 1; k < m->peers; k++)
		if (m->peer[k]->hearsay > most->hearsay)
			most = m->peer[k];
	if (most->hearsay <= p->hearsay + 1)
		return false;
	for (uint32_t n = 0; n < m->logs.count; n++) {
		uint32_t i = m->hearsay_hand = (m->hearsay_hand + 1) % m->logs.count;
		if (m->logs.log[i].teller != most->link)
			continue;
		most->hearsay--;
		struct peer *other = another(m, most, i);
		if (!other || other->hearsay >= most->hearsay) {
			most->unheard = true;
			forget(m, i);
			return true;
		}
		count_to(m, other, i);
	}
	return false;
}

uint32_t hearsay_add(struct mesh *m, struct peer *p, const char *log)
{
	if (m->logs.hearsay >= HEARSAY_MAX && !make_room(m, p)) {
		p->unheard = true;
		return LOG_NONE;
	}
	uint32_t i = vector_add(&m->logs, log, true);
	if (i != LOG_NONE)
		count_to(m, p, i);
	return i;
}

void hearsay_held(struct mesh *m, uint32_t i)
{
	struct peer *p = m->logs.log[i].teller == LINK_NONE ? NULL : mesh_peer(m, m->logs.log[i].teller);
	if (p)
		p->hearsay--;
	m->logs.log[i].teller = LINK_NONE;
}

bool hearsay_wants_again(const struct mesh *m, const struct peer *p)
{
	return p->unheard && m->logs.hearsay < HEARSAY_MAX / 2;
}

void hearsay_lost(struct mesh *m, struct peer *p)
{
	for (uint32_t i = 0; p->hearsay > 0 && i < m->logs.count; i++) {
		if (m->logs.log[i].teller != p->link)
			continue;
		struct peer *other = another(m, p, i);
		p->hearsay--;
		if (other)
			count_to(m, other, i);
		else
			forget(m, i);
	}
}
