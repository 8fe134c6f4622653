#include "apply.h"

#include <stdlib.h>
#include <string.h>

#include "base/journal.h"
#include "base/text.h"
#include "catchup.h"
#include "relay.h"
#include "state.h"

enum verdict { VERDICT_TAKEN, VERDICT_FAULT, VERDICT_HOLD };

/* What became of one page of the transaction. */
struct done {
	struct peer *peer;
	enum verdict verdict;
	struct take_result result;
	int64_t request_id, first_seq, last;
	char log[LOG_ID_SIZE];
	char sentence[SENTENCE_SIZE];
};

bool mesh_page_at_fault(enum err e)
{
	switch (e) {
	case ERR_SYNTAX:
	case ERR_TOO_LARGE:
	case ERR_INVALID:
	case ERR_FIELD:
	case ERR_DENIED:
	case ERR_STRANGER:
		return true;
	case ERR_NONE:
	case ERR_NOT_FOUND:
	case ERR_CONFLICT:
	case ERR_UNAVAILABLE:
	case ERR_CORRUPT:
	case ERR_SYSTEM:
	case ERR_MEMORY:
		return false;
	}
	return false;
}

bool mesh_page_alone(enum err e)
{
	return mesh_page_at_fault(e) || e == ERR_CORRUPT;
}

static void set_reading(struct mesh *m, struct peer *p)
{
	bool full = p->pages >= INBOX_PAGES || p->page_bytes >= INBOX_BYTES;
	if (full == p->paused)
		return;
	p->paused = full;
	p->heard_ms = mesh_now(m); /* silence while it was not read from says nothing */
	m->io.links.reading(m->io.links.self, p->link, !full);
}

void apply_queue(struct mesh *m, struct peer *p, struct peer_event *e)
{
	if (e->message->request_id == 0 || e->message->page->count == 0) {
		peer_end(m, p, END_FAULT, "A page without request_id or without records came.");
		return;
	}
	struct waiting_page *w = malloc(sizeof(*w));
	if (!w) {
		peer_end(m, p, END_FULL, "No memory for a page of %s.", p->id);
		return;
	}
	*w = (struct waiting_page){.message = *e->message, .bytes = e->bytes, .len = e->len};
	e->kept = true;
	if (p->page_last)
		p->page_last->next = w;
	else
		p->page_first = w;
	p->page_last = w;
	p->pages++;
	p->page_bytes += w->len;
	m->apply.pages++;
	m->apply.bytes += w->len;
	set_reading(m, p);
}

static void drop_first(struct mesh *m, struct peer *p)
{
	struct waiting_page *w = p->page_first;
	p->page_first = w->next;
	if (!p->page_first)
		p->page_last = NULL;
	p->pages--;
	p->page_bytes -= w->len;
	m->apply.pages--;
	m->apply.bytes -= w->len;
	message_free(&w->message);
	free(w->bytes);
	free(w);
}

void apply_forget(struct mesh *m, struct peer *p)
{
	while (p->page_first)
		drop_first(m, p);
}

/* The next peer in turn with a page that waits. */
static struct peer *next_peer(struct mesh *m)
{
	for (size_t n = 0; n < m->peers; n++) {
		size_t k = (m->apply.turn + n) % m->peers;
		if (!m->peer[k]->page_first || peer_clogged(m, m->peer[k]))
			continue;
		m->apply.turn = (k + 1) % m->peers;
		return m->peer[k];
	}
	return NULL;
}

/* Take one page off the queue and note whose it was. */
static void note(struct mesh *m, struct peer *p, struct done *d)
{
	const struct message *msg = &p->page_first->message;
	d->peer = p;
	d->request_id = msg->request_id;
	d->first_seq = msg->page->first_seq;
	d->last = msg->page->first_seq + (int64_t)msg->page->count - 1;
	(void)text_copy(d->log, sizeof(d->log), msg->page->log);
	drop_first(m, p);
}

/* Everything of this transaction is put off: the senders keep it. */
static void hold_all(struct done *done, size_t count)
{
	for (size_t k = 0; k < count; k++)
		if (done[k].verdict == VERDICT_TAKEN)
			done[k].verdict = VERDICT_HOLD;
}

static void note_slow(struct mesh *m, const struct peer *p, const struct done *d, int64_t took_us)
{
	if (took_us < APPLY_SLOW_US)
		return;
	m->counts.slow_pages++;
	journal_warning("event=slow_page peer=%s log=%s records=%zu ms=%lld", p->id, d->log, d->result.records, (long long)took_us / 1000);
}

/* Does a gate wait for the database? If so they are at work. */
static bool gate_waits(struct mesh *m)
{
	if (!m->io.rows.wanted(m->io.rows.self))
		return false;
	m->apply.gates_until_us = world_mono_us(m->world) + APPLY_GATES_US;
	return true;
}

static bool beside_gates(const struct mesh *m)
{
	return world_mono_us(m->world) < m->apply.gates_until_us;
}

/* After so many pages of a transaction: may another one be begun in it? */
static bool may_go_on(struct mesh *m, size_t count, int64_t until_us)
{
	return count == 0 || (count < APPLY_PAGES && world_mono_us(m->world) < until_us && !gate_waits(m));
}

/* The first page of p's, in the transaction that is open. false: that cannot stand. */
static bool take_page(struct mesh *m, struct peer *p, struct done *d)
{
	struct fault fault = {0};
	int64_t began = world_mono_us(m->world);
	enum err e = m->io.rows.take(m->io.rows.self, p->page_first->message.page, &d->result, &fault);
	note(m, p, d);
	note_slow(m, p, d, world_mono_us(m->world) - began);
	if (e && !mesh_page_at_fault(e))
		journal_error("event=apply_failed peer=%s log=%s error=%s", p->id, d->log, err_name(e));
	d->verdict = !e ? VERDICT_TAKEN : mesh_page_at_fault(e) ? VERDICT_FAULT : VERDICT_HOLD;
	(void)text_copy(d->sentence, sizeof(d->sentence), fault.sentence);
	return !e || mesh_page_alone(e);
}

/* Pages into done, in one transaction that is open. false: it cannot stand. */
static bool take_pages(struct mesh *m, struct done *done, size_t *count, int64_t until_us)
{
	struct peer *p;
	while (may_go_on(m, *count, until_us) && (p = next_peer(m)) != NULL)
		if (!take_page(m, p, &done[(*count)++]))
			return false;
	return true;
}

/* A transaction's worth of pages, without one: there is no room to store them. */
static size_t refuse_pages(struct mesh *m, struct done *done)
{
	size_t count = 0;
	struct peer *p;
	while (count < APPLY_PAGES && (p = next_peer(m)) != NULL) {
		done[count].verdict = VERDICT_HOLD;
		note(m, p, &done[count++]);
	}
	return count;
}

/* What was begun then is over: when may the next follow? */
static void pause_after(struct mesh *m, int64_t began, bool slow)
{
	int64_t now = world_mono_us(m->world), took = now - began;
	bool gates = gate_waits(m) || beside_gates(m);
	int64_t pause = slow || took < APPLY_PAUSE_US ? took : APPLY_PAUSE_US;
	m->apply.due_us = gates || took < APPLY_PAUSE_US ? now + pause : now;
}

static size_t transaction(struct mesh *m, struct done *done)
{
	const struct mesh_rows *rows = &m->io.rows;
	size_t count = 0;
	int64_t began = world_mono_us(m->world), slow_before = m->counts.slow_pages;
	if (rows->disk_low(rows->self) || rows->begin(rows->self) != ERR_NONE)
		return refuse_pages(m, done);
	if (!take_pages(m, done, &count, world_mono_us(m->world) + (beside_gates(m) ? APPLY_BESIDE_US : APPLY_US))) {
		rows->rollback(rows->self);
		hold_all(done, count);
	} else if (rows->commit(rows->self) != ERR_NONE) {
		hold_all(done, count);
	}
	pause_after(m, began, m->counts.slow_pages != slow_before);
	return count;
}

static bool is_held(const struct done *d)
{
	return d->verdict == VERDICT_TAKEN && (d->result.taken == TAKEN_NEW || d->result.taken == TAKEN_HELD);
}

/* A head that could not be read again after the commit counts as put off: nothing is acknowledged that is not known to be held. */
static void send_ack(struct mesh *m, struct peer *p, const struct done *d, bool dropped)
{
	struct vector_entry entry = {0};
	uint32_t i = vector_find(&m->logs, d->log);
	(void)text_copy(entry.log, sizeof(entry.log), d->log);
	if (i != LOG_NONE)
		vector_entry(&m->logs.log[i], &entry);
	struct message msg = {.type = MESSAGE_ACK, .request_id = d->request_id, .vector = &entry, .vector_count = 1};
	msg.data.ack.dropped = dropped;
	msg.data.ack.hold = d->verdict == VERDICT_HOLD || (is_held(d) && entry.seq < d->last);
	peer_send(m, p, &msg);
}

/* A page was taken, or turned out to be held: its sender holds that log up to there. */
static void delivered(struct mesh *m, const struct done *d)
{
	struct peer *p = d->peer;
	uint32_t i = vector_find(&m->logs, d->log);
	if (i == LOG_NONE)
		return;
	catchup_claimed(m, p, i, d->last);
	if (d->result.taken != TAKEN_NEW)
		return;
	m->counts.pages_taken++;
	m->counts.records_taken += (int64_t)d->result.records;
	relay_delivered(m, p, i);
	if (p->neighbour) {
		p->neighbour->synced = true;
		p->neighbour->synced_wall_ms = world_wall_ms(m->world);
	}
}

static void forked(struct mesh *m, const struct done *d)
{
	uint32_t i = vector_find(&m->logs, d->log);
	if (i != LOG_NONE)
		catchup_stop(m, d->peer, i, d->last < m->logs.log[i].held ? d->last : m->logs.log[i].held,
			"its page verifies but does not continue what is held here");
	send_ack(m, d->peer, d, false);
}

static void answer_taken(struct mesh *m, const struct done *d)
{
	switch (d->result.taken) {
	case TAKEN_NEW:
	case TAKEN_HELD:
		delivered(m, d);
		send_ack(m, d->peer, d, false);
		break;
	case TAKEN_GAP:
		m->counts.gaps++;
		send_ack(m, d->peer, d, true);
		break;
	case TAKEN_FORK:
		forked(m, d);
		break;
	}
}

static void answer(struct mesh *m, const struct done *d)
{
	if (d->peer->state != PEER_READY)
		return;
	set_reading(m, d->peer);
	switch (d->verdict) {
	case VERDICT_TAKEN:
		answer_taken(m, d);
		break;
	case VERDICT_HOLD:
		m->counts.held_off++;
		send_ack(m, d->peer, d, false);
		break;
	case VERDICT_FAULT:
		peer_end(m, d->peer, END_PAGE, "%s sent a wrong page of log %.8s from %lld on: %s", d->peer->id, d->log,
			(long long)d->first_seq, d->sentence);
		break;
	}
}

int64_t apply_due(const struct mesh *m)
{
	for (size_t k = 0; m->apply.pages && k < m->peers; k++)
		if (m->peer[k]->page_first && !peer_clogged(m, m->peer[k]))
			return m->apply.due_us;
	return INT64_MAX;
}

void apply_run(struct mesh *m)
{
	int64_t now = world_mono_us(m->world);
	if (now < apply_due(m))
		return;
	if (m->io.rows.checkpoint(m->io.rows.self)) {
		pause_after(m, now, false);
		return;
	}
	struct done *done = calloc(APPLY_PAGES, sizeof(*done));
	if (!done)
		return;
	size_t count = transaction(m, done);
	mesh_look(m);
	for (size_t k = 0; k < count; k++)
		answer(m, &done[k]);
	free(done);
}
