#include "catchup.h"

#include <string.h>

#include "base/journal.h"
#include "base/text.h"
#include "hearsay.h"
#include "relay.h"
#include "state.h"

#define HOLD_MS 30000
#define REST_MS 1000
#define LINK_QUEUE_ENOUGH (256u * 1024)
#define RUN_US 4000

void catchup_greet(struct mesh *m, struct peer *p)
{
	struct message msg = {.type = MESSAGE_SYNC_REQUEST, .vector = m->entries};
	msg.data.sync_request.has_logs = true;
	do {
		msg.vector_count = vector_since(&m->logs, &p->told, m->entries, VECTOR_PART);
		msg.data.sync_request.more = p->told < m->logs.moves;
		msg.request_id = p->next_request++;
		peer_send(m, p, &msg);
	} while (msg.data.sync_request.more);
}

static void enqueue(struct peer *p, uint32_t i)
{
	if (p->log[i].flags & WAITING)
		return;
	p->log[i].flags |= WAITING;
	p->log[i].next = LOG_NONE;
	if (p->last != LOG_NONE)
		p->log[p->last].next = i;
	else
		p->first = i;
	p->last = i;
}

static void dequeue(struct peer *p)
{
	uint32_t i = p->first;
	p->first = p->log[i].next;
	if (p->first == LOG_NONE)
		p->last = LOG_NONE;
	p->log[i].flags &= (uint8_t)~WAITING;
}

/* Queue log i if p is served it and lacks some of it. */
static void consider(const struct mesh *m, struct peer *p, uint32_t i)
{
	const struct peer_log *c = &p->log[i];
	const struct known_log *k = &m->logs.log[i];
	if (!(c->flags & SERVED) || (c->flags & STOPPED) || c->cursor > k->held)
		return;
	enqueue(p, i);
}

/* Where to go on with log i, which p says to hold up to seq. Of our own what it has not acknowledged to us begins with the last such
 * record, since only what it acknowledges counts for the marks. */
static int64_t next_after(const struct mesh *m, const struct peer *p, uint32_t i, int64_t seq)
{
	return marks_unconfirmed(m, p->neighbour, i, seq) ? seq : seq + 1;
}

static void serve(struct mesh *m, struct peer *p, uint32_t i)
{
	struct peer_log *c = peer_log(m, p, i);
	if (!c)
		return;
	if (!(c->flags & SERVED)) {
		c->flags |= SERVED;
		c->cursor = next_after(m, p, i, c->claimed);
	}
	consider(m, p, i);
}

/* Both holders have to raise the alarm, and only two sealed records prove a fork: the other side gets one page of ours. */
static void prove(const struct mesh *m, struct peer *p, uint32_t i, int64_t seq)
{
	if (seq < 1 || seq > m->logs.log[i].held)
		return;
	p->log[i].cursor = seq;
	p->log[i].flags |= PROOF;
	enqueue(p, i);
}

static void tell_stopped(struct mesh *m, const struct peer *p, uint32_t i, enum cause cause, const char *why)
{
	const struct known_log *k = &m->logs.log[i];
	reason_set(&p->neighbour->why, cause, k->author, 0, "Log %.8s… of %s is no longer exchanged with %s: %s.", k->log, k->author, p->id,
		why);
	m->version++;
}

void catchup_stop(struct mesh *m, struct peer *p, uint32_t i, int64_t differs, const char *why)
{
	struct peer_log *c = peer_log(m, p, i);
	if (!c || (c->flags & STOPPED))
		return;
	c->flags |= STOPPED;
	if (p->neighbour && differs)
		marks_fell(m, p->neighbour, i, 0);
	if (differs)
		m->counts.forks++;
	else
		m->counts.stopped++;
	prove(m, p, i, differs);
	if (mesh_may_tell(m, p->neighbour))
		journal_error("event=log_stopped log=%s author=%s peer=%s why=\"%s\"", m->logs.log[i].log, m->logs.log[i].author, p->id, why);
	if (p->neighbour)
		tell_stopped(m, p, i, differs ? CAUSE_OTHER_RECORDS : CAUSE_LOG_STOPPED, differs ? "its records differ from those held here" : why);
}

/* Does an entry of a peer's vector fit what is held here? */
static bool head_agrees(const struct mesh *m, const struct known_log *k, const struct vector_entry *e)
{
	struct chain at = k->head;
	if (e->seq == 0 || e->seq > k->held)
		return true;
	if (e->seq < k->held && m->io.rows.chain_at(m->io.rows.self, k->log, e->seq, &at) != ERR_NONE)
		return true;
	return memcmp(at.byte, e->chain_head, CHAIN_HEAD_BYTES) == 0;
}

void catchup_claimed(struct mesh *m, struct peer *p, uint32_t i, int64_t seq)
{
	struct peer_log *c = peer_log(m, p, i);
	if (!c || (c->flags & STOPPED))
		return;
	if (seq > c->claimed)
		c->claimed = seq;
	if (seq >= c->cursor)
		c->cursor = next_after(m, p, i, seq);
	if (seq > m->logs.log[i].held)
		relay_lacking(m, i);
}

static void claim(struct mesh *m, struct peer *p, const struct vector_entry *e)
{
	uint32_t i = vector_find(&m->logs, e->log);
	if (i == LOG_NONE && e->seq > 0)
		i = hearsay_add(m, p, e->log);
	if (i == LOG_NONE) {
		m->counts.hearsay_refused += e->seq > 0;
		return;
	}
	const struct peer_log *c = peer_log(m, p, i);
	if (!c || (c->flags & STOPPED))
		return;
	if (head_agrees(m, &m->logs.log[i], e))
		catchup_claimed(m, p, i, e->seq);
	else
		catchup_stop(m, p, i, e->seq, "its vector names another chain");
}

void catchup_claims(struct mesh *m, struct peer *p, const struct message *msg)
{
	for (size_t k = 0; k < msg->vector_count && p->state == PEER_READY; k++)
		claim(m, p, &msg->vector[k]);
}

/* The list of relayed logs is complete: those not named in it are served no more (own ones always are). */
static void relays_replaced(struct mesh *m, struct peer *p)
{
	for (uint32_t i = 0; i < p->log_count; i++) {
		struct peer_log *c = &p->log[i];
		if (!(c->flags & RELAYED))
			continue;
		if (c->turn == p->relay_turn) {
			serve(m, p, i);
			continue;
		}
		c->flags &= (uint8_t)~RELAYED;
		if (!m->logs.log[i].own)
			c->flags &= (uint8_t)~SERVED;
	}
}

static void serve_own(struct mesh *m, struct peer *p)
{
	for (uint32_t i = 0; i < m->logs.count; i++)
		if (m->logs.log[i].own)
			serve(m, p, i);
}

void catchup_request(struct mesh *m, struct peer *p, const struct message *msg)
{
	catchup_claims(m, p, msg);
	if (!p->in_request && msg->data.sync_request.has_logs)
		p->relay_turn++;
	for (size_t k = 0; msg->data.sync_request.has_logs && k < msg->data.sync_request.log_count; k++) {
		uint32_t i = vector_find(&m->logs, msg->data.sync_request.logs[k]);
		struct peer_log *c = i == LOG_NONE ? NULL : peer_log(m, p, i);
		if (!c)
			continue;
		c->flags |= RELAYED;
		c->turn = p->relay_turn;
	}
	p->in_request = msg->data.sync_request.more;
	if (p->in_request)
		return;
	if (msg->data.sync_request.has_logs)
		relays_replaced(m, p);
	if (!p->vector_known) {
		p->vector_known = true;
		marks_greeted(m, p);
		serve_own(m, p);
	}
}

/* Once we hold again what p held all the time, since we had been rolled back, p is asked to acknowledge that, too. */
static void moved_own(struct mesh *m, struct peer *p, uint32_t i)
{
	struct peer_log *c = peer_log(m, p, i);
	if (c && (c->flags & SERVED) && c->claimed > m->logs.log[i].before)
		c->cursor = next_after(m, p, i, c->claimed);
	serve(m, p, i);
}

void catchup_moved(struct mesh *m, uint32_t i)
{
	for (size_t k = 0; k < m->peers; k++) {
		struct peer *p = m->peer[k];
		if (p->state != PEER_READY || !p->vector_known)
			continue;
		if (m->logs.log[i].own)
			moved_own(m, p, i);
		else if (i < p->log_count)
			consider(m, p, i);
	}
}

static void flight_add(const struct mesh *m, struct peer *p, const struct message *msg, uint32_t i)
{
	for (size_t k = 0; k < FLIGHTS_MAX; k++) {
		if (p->flight[k].request_id)
			continue;
		p->flight[k] = (struct flight){.request_id = msg->request_id, .log = i,
			.last = msg->page->first_seq + (int64_t)msg->page->count - 1, .bytes = m->out.len};
		if (p->flights++ == 0)
			p->progress_ms = mesh_now(m);
		p->flight_bytes += m->out.len;
		return;
	}
}

/* Into m->page. Peers mostly lack the same, so what was read for one serves the next as long as the log has not moved. */
static enum err read_page(struct mesh *m, const struct known_log *k, int64_t first)
{
	if (m->page_held == k->held && m->page.first_seq == first && strcmp(m->page.log, k->log) == 0)
		return ERR_NONE;
	m->page_held = 0;
	buf_reset(&m->lines);
	enum err e = m->io.rows.read_page(m->io.rows.self, k->log, first, PAGE_RECORDS, PAGE_BYTES, &m->lines, &m->page);
	if (!e && m->page.count == 0)
		e = ERR_NOT_FOUND;
	if (!e)
		m->page_held = k->held;
	return e;
}

/* The next page of the first log in the queue. */
static void send_page(struct mesh *m, struct peer *p)
{
	uint32_t i = p->first;
	const struct known_log *k = &m->logs.log[i];
	struct peer_log *c = &p->log[i];
	dequeue(p);
	bool proof = (c->flags & PROOF) != 0;
	c->flags &= (uint8_t)~PROOF;
	if (!proof && (!(c->flags & SERVED) || (c->flags & STOPPED) || c->cursor > k->held))
		return;
	enum err e = read_page(m, k, c->cursor);
	if (e) {
		journal_error("event=page_unreadable log=%s seq=%lld peer=%s error=%s", k->log, (long long)c->cursor, p->id, err_name(e));
		if (e == ERR_CORRUPT) {
			catchup_stop(m, p, i, 0, "a page of it cannot be read here");
			return;
		}
		if (proof) /* it is owed still */
			c->flags |= PROOF;
		p->hold_ms = mesh_now(m) + HOLD_MS;
		enqueue(p, i);
		return;
	}
	struct message msg = {.type = c->cursor > k->before ? MESSAGE_BATCH : MESSAGE_SYNC_RESPONSE, .page = &m->page};
	msg.request_id = p->next_request++;
	peer_send(m, p, &msg);
	m->counts.pages_sent++;
	flight_add(m, p, &msg, i);
	p->sent_us = world_mono_us(m->world);
	c->cursor = m->page.first_seq + (int64_t)m->page.count;
	consider(m, p, i);
	if (c->cursor > k->held + 1) /* more was committed since we looked; its ACK is not to be taken for one beyond what is held */
		mesh_look(m);
}

/* At most one page of at most one log is lacking: such peers are served first. */
static bool lacks_little(const struct mesh *m, const struct peer *p)
{
	const struct peer_log *c = &p->log[p->first];
	return c->next == LOG_NONE && m->logs.log[p->first].held - c->cursor < PAGE_RECORDS;
}

int64_t catchup_gathers(const struct mesh *m, const struct peer *p)
{
	if (p->state != PEER_READY || p->first == LOG_NONE || p->flights == 0 || !lacks_little(m, p))
		return 0;
	return p->sent_us + GATHER_US;
}

static bool may_send(const struct mesh *m, const struct peer *p)
{
	return p->state == PEER_READY && p->first != LOG_NONE && p->flights < FLIGHTS_MAX &&
		p->flight_bytes + PAGE_BYTES <= FLIGHT_BYTES_MAX && mesh_now(m) >= p->hold_ms &&
		m->io.links.queued(m->io.links.self, p->link) < LINK_QUEUE_ENOUGH &&
		world_mono_us(m->world) >= catchup_gathers(m, p);
}

static void serve_small(struct mesh *m)
{
	for (size_t k = 0; k < m->peers; k++)
		if (may_send(m, m->peer[k]) && lacks_little(m, m->peer[k]))
			send_page(m, m->peer[k]);
}

static size_t index_of_turn(const struct mesh *m)
{
	for (size_t k = 0; k < m->peers; k++)
		if (m->peer[k]->link == m->turn_link)
			return k;
	return 0;
}

static void begin_turn(struct mesh *m, size_t k)
{
	m->turn_link = m->peer[k]->link;
	m->turn_pages = 0;
	m->turn_ms = mesh_now(m);
}

/* Whose page is sent next among those that lack much: the one whose turn it is, as long as it can be sent to; else, without
 * ending that turn, the next one. NULL: nobody can be sent to. */
static struct peer *next_large(struct mesh *m)
{
	size_t first = index_of_turn(m);
	bool over = m->turn_pages >= TURN_PAGES || mesh_now(m) >= m->turn_ms + TURN_MS;
	for (size_t n = over ? 1 : 0; n < m->peers + (over ? 1 : 0); n++) {
		size_t k = (first + n) % m->peers;
		if (!may_send(m, m->peer[k]))
			continue;
		if (over || m->peer[first]->first == LOG_NONE)
			begin_turn(m, k);
		return m->peer[k];
	}
	return NULL;
}

bool catchup_run(struct mesh *m)
{
	if (m->peers == 0)
		return false;
	serve_small(m);
	int64_t until = world_mono_us(m->world) + RUN_US;
	struct peer *p;
	while ((p = next_large(m)) != NULL) {
		if (world_mono_us(m->world) >= until)
			return true;
		send_page(m, p);
		if (p->link == m->turn_link)
			m->turn_pages++;
	}
	return false;
}

/* Go back to what the ACK says is held, unless that tells of a message sent before the last time. */
static void rewind_to(struct mesh *m, struct peer *p, const struct flight *f, int64_t seq)
{
	struct peer_log *c = &p->log[f->log];
	if (f->request_id < c->rewound)
		return;
	c->rewound = p->next_request;
	c->claimed = seq;
	c->cursor = next_after(m, p, f->log, seq);
	if (p->dropped_log == f->log && p->dropped_seq == seq && mesh_now(m) + REST_MS > p->hold_ms)
		p->hold_ms = mesh_now(m) + REST_MS;
	p->dropped_log = f->log;
	p->dropped_seq = seq;
	consider(m, p, f->log);
}

static bool flight_take(struct peer *p, int64_t request_id, struct flight *out)
{
	for (size_t k = 0; k < FLIGHTS_MAX; k++) {
		if (request_id == 0 || p->flight[k].request_id != request_id)
			continue;
		*out = p->flight[k];
		p->flight[k] = (struct flight){0};
		p->flights--;
		p->flight_bytes -= out->bytes;
		return true;
	}
	return false;
}

static int64_t acked_seq(const struct message *msg, const char *log)
{
	for (size_t k = 0; k < msg->vector_count; k++)
		if (strcmp(msg->vector[k].log, log) == 0)
			return msg->vector[k].seq;
	return 0;
}

bool catchup_ack(struct mesh *m, struct peer *p, const struct message *msg, struct acked *out)
{
	struct flight f;
	catchup_claims(m, p, msg);
	if (!flight_take(p, msg->request_id, &f)) {
		m->counts.stray_ack++;
		return false;
	}
	p->progress_ms = mesh_now(m);
	int64_t seq = acked_seq(msg, m->logs.log[f.log].log);
	*out = (struct acked){.log = f.log, .seq = seq};
	if (msg->data.ack.hold) {
		m->counts.held_off++;
		p->hold_ms = mesh_now(m) + HOLD_MS;
		rewind_to(m, p, &f, seq);
	} else if (msg->data.ack.dropped) {
		m->counts.gaps++;
		rewind_to(m, p, &f, seq);
	} else if (seq < f.last) {
		catchup_stop(m, p, f.log, 0, "it does not take this log");
	} else if (p->neighbour) {
		p->neighbour->synced = true;
		p->neighbour->synced_wall_ms = world_wall_ms(m->world);
		out->seq = f.last;
		out->taken = true;
	}
	return p->neighbour && !(p->log[f.log].flags & STOPPED) && seq <= m->logs.log[f.log].held;
}
