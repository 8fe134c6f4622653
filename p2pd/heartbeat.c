#include "heartbeat.h"

#include "base/journal.h"
#include "catchup.h"
#include "state.h"
#include "suspect.h"

#define CLOCK_SET_MS 1000

void heartbeat_send(struct mesh *m, struct peer *p)
{
	struct message msg = {.type = MESSAGE_HEARTBEAT, .vector = m->entries};
	msg.vector_count = vector_since(&m->logs, &p->told, m->entries, HEARTBEAT_ENTRIES);
	msg.request_id = p->next_request++;
	suspect_asked(m, p);
	p->asked_wall_ms = world_wall_ms(m->world);
	p->asked_us = world_mono_us(m->world);
	p->may_beat_ms = mesh_now(m) + HEARTBEAT_MS * 4 / 5;
	p->beat_ms = p->may_beat_ms + world_random_below(m->world, HEARTBEAT_MS * 2 / 5 + 1);
	msg.data.heartbeat.sent_at = p->asked_wall_ms;
	msg.data.heartbeat.echo_sent_at = msg.data.heartbeat.echo_received_at = -1;
	peer_send(m, p, &msg);
}

void heartbeats_join(struct mesh *m)
{
	int64_t now = mesh_now(m);
	bool due = false;
	for (size_t k = 0; k < m->peers && !due; k++)
		due = m->peer[k]->state == PEER_READY && now >= m->peer[k]->beat_ms;
	for (size_t k = 0; due && k < m->peers; k++)
		if (now >= m->peer[k]->may_beat_ms && now < m->peer[k]->beat_ms)
			m->peer[k]->beat_ms = now;
}

/* With what has changed, so that an echo tells what was committed before the question came. */
static void answer(struct mesh *m, struct peer *p, const struct message *msg)
{
	struct message reply = {.type = MESSAGE_HEARTBEAT, .vector = m->entries};
	reply.vector_count = vector_since(&m->logs, &p->told, m->entries, HEARTBEAT_ENTRIES);
	reply.data.heartbeat.echo_sent_at = msg->data.heartbeat.sent_at;
	reply.data.heartbeat.echo_received_at = reply.data.heartbeat.sent_at = world_wall_ms(m->world);
	peer_send(m, p, &reply);
}

static void clock_learned(struct mesh *m, struct neighbour *n, int64_t offset)
{
	bool was_off = n->clock_known && (n->clock_offset_ms > CLOCK_OFF_MS || n->clock_offset_ms < -CLOCK_OFF_MS);
	bool is_off = offset > CLOCK_OFF_MS || offset < -CLOCK_OFF_MS;
	n->clock_known = true;
	n->clock_offset_ms = offset;
	if (was_off == is_off)
		return;
	m->version++;
	if (!mesh_may_tell(m, n))
		return;
	if (is_off)
		journal_warning("event=clock_off peer=%s offset_ms=%lld", n->row.id, (long long)offset);
	else
		journal_info("event=clock_right peer=%s offset_ms=%lld", n->row.id, (long long)offset);
}

static void echoed(struct mesh *m, struct peer *p, const struct message *msg)
{
	int64_t elapsed_us = world_mono_us(m->world) - p->asked_us;
	int64_t received_at = msg->data.heartbeat.echo_received_at, sent_at = msg->data.heartbeat.sent_at;
	int64_t held_ms = sent_at > received_at ? sent_at - received_at : 0;
	int64_t held_us = held_ms < elapsed_us / 1000 ? held_ms * 1000 : 0; /* a clock that was set meanwhile says nothing */
	int64_t now = world_wall_ms(m->world), set_ms = now - p->asked_wall_ms - elapsed_us / 1000;
	p->asked_us = 0;
	p->neighbour->rtt_ms = (double)(elapsed_us - held_us) / 1000.0;
	/* Our own clock was set while the question was under way: half of it would be taken for the other's fault. */
	if (set_ms < CLOCK_SET_MS && set_ms > -CLOCK_SET_MS)
		clock_learned(m, p->neighbour, (received_at - p->asked_wall_ms + sent_at - now) / 2);
	command_echo(m, p->neighbour);
	suspect_echoed(m, p);
}

void heartbeat_received(struct mesh *m, struct peer *p, const struct message *msg)
{
	p->neighbour->heard_wall_ms = world_wall_ms(m->world);
	catchup_claims(m, p, msg);
	if (msg->request_id && !peer_clogged(m, p))
		answer(m, p, msg);
	if (p->asked_us && msg->data.heartbeat.sent_at >= 0 && msg->data.heartbeat.echo_received_at >= 0 &&
		msg->data.heartbeat.echo_sent_at == p->asked_wall_ms)
		echoed(m, p, msg);
}
