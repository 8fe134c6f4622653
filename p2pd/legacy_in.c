#include "legacy_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/journal.h"
#include "base/text.h"

#define TAKE_US 4000
#define PAUSE_US 2000   /* at least as long as the transaction took, up to this; a slow one is followed by a pause as long */
#define SLOW_US 20000
#define RETRY_US 1000000

/* ---- waiting ---- */

static void waiting_free(struct old_waiting *w)
{
	old_message_free(&w->message);
	free(w->bytes);
	free(w);
}

static void set_reading(struct legacy *l, struct old_link *k)
{
	bool full = k->bytes >= OLD_INBOX_BYTES;
	if (full == k->paused || k->gone)
		return;
	k->paused = full;
	l->io.links.reading(l->io.links.self, k->id, !full);
}

void old_queue(struct legacy *l, struct old_link *k, struct old_waiting *w)
{
	if (k->last)
		k->last->next = w;
	else
		k->first = w;
	k->last = w;
	if (!k->next)
		k->next = w;
	k->bytes += w->len;
	set_reading(l, k);
}

static void drop_first(struct old_link *k)
{
	struct old_waiting *w = k->first;
	k->first = w->next;
	if (!k->first)
		k->last = NULL;
	if (k->next == w)
		k->next = k->first;
	k->bytes -= w->len;
	waiting_free(w);
}

void old_forget(struct old_link *k)
{
	while (k->first)
		drop_first(k);
}

bool old_ready(const struct legacy *l, const struct old_link *k)
{
	if (!k->next || k->gone)
		return false;
	return k->next->message.type != OLD_MESSAGE_SYNC_RESPONSE || l->caught_up || old_now(l) >= k->began_ms + OLD_PATIENCE_MS;
}

int64_t old_take_due(const struct legacy *l)
{
	int64_t due = INT64_MAX;
	for (size_t i = 0; i < l->links; i++) {
		const struct old_link *k = l->link[i];
		int64_t at = old_ready(l, k) ? l->take_us : k->next && !k->gone ? (k->began_ms + OLD_PATIENCE_MS) * 1000 : INT64_MAX;
		if (at < due)
			due = at;
	}
	return due;
}

/* ---- how much one may write ---- */

static bool may_write(struct legacy *l, struct old_peer *p)
{
	int64_t now = old_now(l), earned = (now - p->credit_ms) * OLD_RATE / 1000;
	if (earned > 0) {
		p->credit = p->credit + earned > OLD_BURST ? OLD_BURST : p->credit + earned;
		p->credit_ms = now;
	}
	if (p->credit > p->written) {
		p->over = false;
		return true;
	}
	if (!p->over)
		journal_warning("event=old_central_floods peer=%s why=\"it told of more than %d events; what goes on is taken slowly or refused\"",
			p->row.id, OLD_BURST);
	p->over = true;
	l->counts.refused++;
	return false;
}

/* ---- taking ---- */

/* Done with the message, or one row of it; the transaction goes on. ERR_…: it cannot. */
static enum err write_told(struct legacy *l, struct old_link *k, const struct old_told *told, bool *refused)
{
	struct old_written w = {0};
	enum err e = l->io.rows.take(l->io.rows.self, told, &w);
	*refused = e == ERR_INVALID || e == ERR_TOO_LARGE;
	if (*refused)
		return ERR_NONE;
	k->peer->written += w.entries + w.exits + w.confirmations;
	return e;
}

static enum err take_event(struct legacy *l, struct old_link *k, struct old_told *told)
{
	struct fault fault = {0};
	const struct old_message *m = &k->next->message;
	enum err e = old_told_event(m, world_wall_ms(l->world), told, &fault);
	bool refused = false;
	if (e == ERR_MEMORY)
		return e;
	if (e == ERR_NONE && !may_write(l, k->peer)) {
		old_refuse(l, k, "Too many events came; this one was not taken.");
		return ERR_NONE;
	}
	if (e == ERR_NONE)
		e = write_told(l, k, told, &refused);
	if (refused)
		old_refuse(l, k, "What the event says does not fit into a record.");
	else if (e == ERR_INVALID)
		old_refuse(l, k, fault.sentence);
	return e == ERR_INVALID ? ERR_NONE : e;
}

/* One row, or the end: *done. */
static enum err take_row(struct legacy *l, struct old_link *k, struct old_told *told, bool *done)
{
	struct old_rows *r = &k->next->rows;
	const char *row;
	size_t len;
	bool refused;
	enum err e = old_rows_next(&r->at, &r->left, &row, &len);
	*done = e != ERR_NONE;
	if (e == ERR_SYNTAX)
		old_refuse(l, k, "The events of the answer are no list of rows.");
	if (*done)
		return ERR_NONE;
	r->seen++;
	e = old_told_row(row, len, told);
	if (told->created_ms >= 0)
		r->last_created = told->created_ms;
	if (e != ERR_NONE)
		return e == ERR_MEMORY ? e : ERR_NONE; /* rows from before there were event_ids, and the like, are not of interest */
	if (!may_write(l, k->peer)) {
		*done = r->cut = true;
		return ERR_NONE;
	}
	return write_told(l, k, told, &refused);
}

static struct old_link *next_link(struct legacy *l)
{
	for (size_t n = 0; n < l->links; n++) {
		struct old_link *k = l->link[(l->turn + n) % l->links];
		if (!old_ready(l, k))
			continue;
		l->turn = (l->turn + n + 1) % l->links;
		return k;
	}
	return NULL;
}

/* One event or row of the link whose turn it is. */
static enum err take_one(struct legacy *l, struct old_link *k, struct old_told *told)
{
	bool done = true;
	enum err e = k->next->message.type == OLD_MESSAGE_SYNC_RESPONSE ? take_row(l, k, told, &done) : take_event(l, k, told);
	if (!e && done)
		k->next = k->next->next;
	return e;
}

/* What was taken is on disk. */
static void committed(struct legacy *l)
{
	for (size_t i = 0; i < l->peers; i++) {
		struct old_peer *p = l->peer[i];
		p->credit -= p->written;
		l->counts.records += p->written;
		p->written = 0;
	}
	for (size_t i = 0; i < l->links; i++) {
		struct old_link *k = l->link[i];
		while (k->first != k->next) {
			if (k->first->message.type == OLD_MESSAGE_SYNC_RESPONSE)
				old_answered(l, k, &k->first->rows);
			drop_first(k);
		}
		if (k->first)
			k->first->committed = k->first->rows;
		set_reading(l, k);
	}
}

/* Nothing of it is: all is to be taken again. */
static void undone(struct legacy *l)
{
	for (size_t i = 0; i < l->peers; i++)
		l->peer[i]->written = 0;
	for (size_t i = 0; i < l->links; i++) {
		struct old_link *k = l->link[i];
		k->next = k->first;
		for (struct old_waiting *w = k->first; w; w = w->next)
			w->rows = w->committed;
	}
}

static void failed(struct legacy *l, enum err e)
{
	if (!l->failing)
		journal_error("event=old_events_unwritable error=%s", err_name(e));
	l->failing = true;
	l->take_us = world_mono_us(l->world) + RETRY_US;
}

static enum err take_some(struct legacy *l, struct old_told *told, int64_t until_us)
{
	struct old_link *k;
	enum err e = ERR_NONE;
	while (!e && world_mono_us(l->world) < until_us && (k = next_link(l)) != NULL)
		e = take_one(l, k, told);
	return e;
}

void old_take(struct legacy *l)
{
	int64_t began = world_mono_us(l->world);
	if (began < l->take_us || began < old_take_due(l))
		return;
	struct old_told *told = calloc(1, sizeof(*told));
	enum err e = !told ? ERR_MEMORY : l->io.rows.disk_low(l->io.rows.self) ? ERR_UNAVAILABLE : l->io.rows.begin(l->io.rows.self);
	if (!e) {
		e = take_some(l, told, began + TAKE_US);
		if (e)
			l->io.rows.rollback(l->io.rows.self);
		else
			e = l->io.rows.commit(l->io.rows.self);
		if (e)
			undone(l);
		else
			committed(l);
	}
	free(told);
	if (e) {
		failed(l, e);
		return;
	}
	int64_t now = world_mono_us(l->world), took = now - began;
	l->failing = false;
	l->take_us = now + (took > PAUSE_US && took < SLOW_US ? PAUSE_US : took);
}
