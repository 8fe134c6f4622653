#include "apply.h"

#include <stdlib.h>
#include <string.h>

#include "base/journal.h"
#include "base/text.h"
#include "batch.h"
#include "catchup.h"
#include "relay.h"
#include "state.h"

_Static_assert(2 * APPLY_RECORDS == FLIGHTS_MAX * PAGE_RECORDS, "one half of what a peer has on its way is read while the other is stored");

static void set_reading(struct mesh *m, struct peer *p)
{
	bool full = p->pages >= INBOX_PAGES || p->page_bytes >= INBOX_BYTES;
	if (full == p->paused)
		return;
	p->paused = full;
	p->heard_ms = mesh_now(m); /* silence while it was not read from says nothing */
	m->io.links.reading(m->io.links.self, p->link, !full);
}

/* It has to wait: then what can be done without the database is done meanwhile. Failing to costs only time. */
static void read_ahead(struct mesh *m, struct waiting_page *w)
{
	const struct page *page = w->message.page;
	uint32_t i = vector_find(&m->logs, page->log);
	bool known = i != LOG_NONE && m->logs.log[i].held > 0;
	if (!m->io.aside.begin || m->apply.pages <= 1 || m->apply.ahead >= APPLY_AHEAD)
		return;
	if (incoming_read(page, known ? m->logs.log[i].key : NULL, &w->read) == ERR_NONE)
		m->apply.ahead++;
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
	read_ahead(m, w);
	set_reading(m, p);
}

static void page_free(struct mesh *m, struct waiting_page *w)
{
	m->apply.pages--;
	m->apply.bytes -= w->len;
	m->apply.ahead -= w->read != NULL;
	incoming_free(w->read);
	message_free(&w->message);
	free(w->bytes);
	free(w);
}

/* Off the queue; it still counts as p's. */
static struct waiting_page *pop(struct peer *p)
{
	struct waiting_page *w = p->page_first;
	p->page_first = w->next;
	if (!p->page_first)
		p->page_last = NULL;
	return w;
}

static void push_front(struct peer *p, struct waiting_page *w)
{
	w->next = p->page_first;
	p->page_first = w;
	if (!p->page_last)
		p->page_last = w;
}

void apply_forget(struct mesh *m, struct peer *p)
{
	struct batch *b = m->apply.batch;
	while (p->page_first)
		page_free(m, pop(p));
	for (size_t k = 0; b && k < b->count; k++)
		if (b->page[k].peer == p)
			b->page[k].peer = NULL;
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

/* -> records in them */
static size_t collect(struct mesh *m, struct batch *b)
{
	size_t records = 0;
	struct peer *p;
	while (b->count < APPLY_PAGES && (p = next_peer(m)) != NULL) {
		struct waiting_page *w = pop(p);
		b->page[b->count++] = (struct batch_page){.peer = p, .page = w};
		records += w->message.page->count;
	}
	return records;
}

static void note_slow(struct mesh *m, const struct batch_page *w)
{
	if (w->took_us < APPLY_SLOW_US)
		return;
	m->counts.slow_pages++;
	journal_warning("event=slow_page peer=%s log=%s records=%zu ms=%lld", w->peer ? w->peer->id : "gone", w->page->message.page->log,
		w->result.records, (long long)w->took_us / 1000);
}

static void note_failed(const struct batch_page *w)
{
	if (w->error && !mesh_page_at_fault(w->error))
		journal_error("event=apply_failed peer=%s log=%s error=%s", w->peer ? w->peer->id : "gone", w->page->message.page->log,
			err_name(w->error));
}

/* When may the next follow? */
static void pause_after(struct mesh *m, const struct batch *b)
{
	int64_t took = b->ended_us - b->began_us;
	m->apply.gates_until_us = b->gates_until_us;
	m->apply.due_us = b->ended_us < b->gates_until_us ? b->ended_us + took : b->ended_us;
}

static bool is_held(const struct batch_page *w)
{
	return w->verdict == VERDICT_TAKEN && (w->result.taken == TAKEN_NEW || w->result.taken == TAKEN_HELD);
}

static int64_t last_of(const struct batch_page *w)
{
	const struct page *page = w->page->message.page;
	return page->first_seq + (int64_t)page->count - 1;
}

/* A head that could not be read again after the commit counts as put off: nothing is acknowledged that is not known to be held. */
static void send_ack(struct mesh *m, const struct batch_page *w, bool dropped)
{
	struct vector_entry entry = {0};
	const struct page *page = w->page->message.page;
	uint32_t i = vector_find(&m->logs, page->log);
	(void)text_copy(entry.log, sizeof(entry.log), page->log);
	if (i != LOG_NONE)
		vector_entry(&m->logs.log[i], &entry);
	struct message msg = {.type = MESSAGE_ACK, .request_id = w->page->message.request_id, .vector = &entry, .vector_count = 1};
	msg.data.ack.dropped = dropped;
	msg.data.ack.hold = w->verdict == VERDICT_HOLD || (is_held(w) && entry.seq < last_of(w));
	peer_send(m, w->peer, &msg);
}

/* A page was taken, or turned out to be held: its sender holds that log up to there. */
static void delivered(struct mesh *m, const struct batch_page *w)
{
	struct peer *p = w->peer;
	uint32_t i = vector_find(&m->logs, w->page->message.page->log);
	if (i == LOG_NONE)
		return;
	catchup_claimed(m, p, i, last_of(w));
	if (w->result.taken != TAKEN_NEW)
		return;
	relay_delivered(m, p, i);
	if (p->neighbour) {
		p->neighbour->synced = true;
		p->neighbour->synced_wall_ms = world_wall_ms(m->world);
	}
}

static void forked(struct mesh *m, const struct batch_page *w)
{
	uint32_t i = vector_find(&m->logs, w->page->message.page->log);
	if (i != LOG_NONE)
		catchup_stop(m, w->peer, i, last_of(w) < m->logs.log[i].held ? last_of(w) : m->logs.log[i].held,
			"its page verifies but does not continue what is held here");
	send_ack(m, w, false);
}

static void answer_taken(struct mesh *m, const struct batch_page *w)
{
	switch (w->result.taken) {
	case TAKEN_NEW:
	case TAKEN_HELD:
		delivered(m, w);
		send_ack(m, w, false);
		break;
	case TAKEN_GAP:
		m->counts.gaps++;
		send_ack(m, w, true);
		break;
	case TAKEN_FORK:
		forked(m, w);
		break;
	}
}

static void answer(struct mesh *m, const struct batch_page *w)
{
	if (!w->peer || w->peer->state != PEER_READY)
		return;
	set_reading(m, w->peer);
	switch (w->verdict) {
	case VERDICT_TAKEN:
		answer_taken(m, w);
		break;
	case VERDICT_HOLD:
		m->counts.held_off++;
		send_ack(m, w, false);
		break;
	case VERDICT_FAULT:
		peer_end(m, w->peer, END_PAGE, "%s sent a wrong page of log %.8s from %lld on: %s", w->peer->id, w->page->message.page->log,
			(long long)w->page->message.page->first_seq, w->sentence);
		break;
	}
}

/* What was not come to waits again, where it was. */
static void give_back(struct mesh *m, struct batch *b)
{
	while (b->count > b->done) {
		struct batch_page *w = &b->page[--b->count];
		if (w->peer)
			push_front(w->peer, w->page);
		else
			page_free(m, w->page);
	}
}

/* It is over for its peer and for what is counted. */
static void note_done(struct mesh *m, struct batch_page *w)
{
	note_slow(m, w);
	note_failed(w);
	if (w->verdict == VERDICT_TAKEN && w->result.taken == TAKEN_NEW) {
		m->counts.pages_taken++;
		m->counts.records_taken += (int64_t)w->result.records;
	}
	if (!w->peer)
		return;
	w->peer->pages--;
	w->peer->page_bytes -= w->page->len;
}

void apply_worked(struct mesh *m)
{
	struct batch *b = m->apply.batch;
	if (!b)
		return;
	give_back(m, b);
	for (size_t k = 0; k < b->count; k++)
		note_done(m, &b->page[k]);
	pause_after(m, b);
	mesh_look(m);
	for (size_t k = 0; k < b->count; k++)
		answer(m, &b->page[k]);
	m->apply.batch = NULL; /* only now: a peer that one answer ends has no others */
	if (m->io.aside.begin) /* what is beside the loop goes on meanwhile: a thousand records take as long to free as a page to be read */
		apply_run(m);
	for (size_t k = 0; k < b->count; k++)
		page_free(m, b->page[k].page);
	free(b);
}

int64_t apply_due(const struct mesh *m)
{
	for (size_t k = 0; !m->apply.batch && m->apply.pages && k < m->peers; k++)
		if (m->peer[k]->page_first && !peer_clogged(m, m->peer[k]))
			return m->apply.due_us;
	return INT64_MAX;
}

/* All that waits is put off: there is no room to store it. */
static void refuse(struct mesh *m)
{
	struct batch *b = m->apply.batch;
	b->began_us = b->ended_us = world_mono_us(m->world);
	b->done = b->count;
	batch_hold(b);
	apply_worked(m);
}

void apply_run(struct mesh *m)
{
	const struct mesh_aside *aside = &m->io.aside;
	if (world_mono_us(m->world) < apply_due(m))
		return;
	struct batch *b = calloc(1, sizeof(*b));
	if (!b)
		return;
	b->rows = &m->io.taking;
	b->world = m->world;
	b->gates_until_us = m->apply.gates_until_us;
	m->apply.batch = b;
	size_t records = collect(m, b);
	if (m->io.rows.disk_low(m->io.rows.self)) {
		refuse(m);
	} else if (!aside->begin || !aside->begin(aside->self, records, batch_work, b)) {
		batch_work(b);
		apply_worked(m);
	}
}

void apply_end(struct mesh *m)
{
	struct batch *b = m->apply.batch;
	if (!b)
		return;
	m->io.aside.stop(m->io.aside.self);
	m->apply.batch = NULL;
	for (size_t k = 0; k < b->count; k++)
		page_free(m, b->page[k].page);
	free(b);
}
