#include "legacy_state.h"

#include <stdlib.h>
#include <string.h>

#include "backoff.h"
#include "base/journal.h"
#include "base/text.h"
#include "mesh_io.h"
#include "wire/json.h"

static struct old_link *link_of(const struct legacy *l, uint64_t id)
{
	for (size_t i = 0; i < l->links; i++)
		if (l->link[i]->id == id && !l->link[i]->gone)
			return l->link[i];
	return NULL;
}

bool old_may_log(struct legacy *l, struct old_peer *p)
{
	uint64_t withheld;
	if (!allowance_take(p ? &p->told_lines : &l->strangers, old_now(l), &withheld))
		return false;
	if (withheld)
		journal_info("event=lines_withheld about=%s count=%llu", p ? p->row.id : "strangers", (unsigned long long)withheld);
	return true;
}

/* ---- sending and closing ---- */

void old_send(struct legacy *l, struct old_link *k)
{
	if (l->out.failed || k->gone) {
		if (l->out.failed)
			journal_error("event=old_message_too_large link=%llu", (unsigned long long)k->id);
		return;
	}
	l->counts.sent++;
	l->io.links.send(l->io.links.self, k->id, buf_text(&l->out), l->out.len);
}

void old_refuse(struct legacy *l, struct old_link *k, const char *sentence)
{
	l->counts.refused++;
	if (old_may_log(l, k->peer))
		journal_warning("event=old_message_refused peer=%s why=\"%s\"", k->peer ? k->peer->row.id : "", sentence);
	buf_reset(&l->out);
	buf_char(&l->out, '{');
	json_add_text(&l->out, "type", "ERROR");
	json_add_text(&l->out, "error", sentence);
	json_add_integer(&l->out, "timestamp", world_wall_ms(l->world));
	buf_char(&l->out, '}');
	old_send(l, k);
}

static void wait_longer(struct legacy *l, struct old_peer *p)
{
	p->dial_ms = old_now(l) + backoff_wait(l->world, &p->attempts);
}

/* The link is over; it is freed at the end of the turn. */
static void left(struct legacy *l, struct old_link *k, enum cause cause, const char *why)
{
	struct old_peer *p = k->peer;
	k->gone = true;
	if (!p)
		return;
	l->version++;
	if (p->teller == k->id)
		old_tell_anew(p);
	if (k->dialled) {
		p->asking_ms = 0;
		if (k->open && old_now(l) >= k->began_ms + LASTED_MS)
			p->attempts = 0;
		wait_longer(l, p);
		reason_set(&p->why, cause, NULL, 0, "%s", why);
		old_finish_tests(l, p, false);
	}
	if (k->open && old_may_log(l, p))
		journal_info("event=old_central_left peer=%s dialled=%d why=\"%s\"", p->row.id, k->dialled, why);
}

void old_drop(struct legacy *l, struct old_link *k, const char *why)
{
	left(l, k, CAUSE_NONE, why);
	l->io.links.close(l->io.links.self, k->id, why);
}

void old_sweep(struct legacy *l)
{
	for (size_t i = l->links; i-- > 0;) {
		if (!l->link[i]->gone)
			continue;
		old_forget(l->link[i]);
		free(l->link[i]);
		l->link[i] = l->link[--l->links];
	}
}

/* ---- links ---- */

static struct old_link *add_link(struct legacy *l, uint64_t id)
{
	struct old_link *k = l->links < OLD_LINKS_MAX ? calloc(1, sizeof(*k)) : NULL;
	if (!k)
		return NULL;
	k->id = id;
	k->began_ms = old_now(l);
	k->began_us = world_mono_us(l->world);
	l->link[l->links++] = k;
	return k;
}

void legacy_resolved(struct legacy *l, uint64_t link, const char *address)
{
	struct old_link *k = link_of(l, link);
	if (!k || !k->peer || !address[0] || old_is_at(k->peer, address))
		return;
	(void)text_copy(k->peer->address[k->peer->next_address], OLD_ADDRESS_SIZE, address);
	k->peer->next_address = (k->peer->next_address + 1) % OLD_ADDRESSES;
}

static void greet(struct legacy *l, struct old_link *k)
{
	if (k->peer->http) {
		buf_reset(&l->out);
		buf_char(&l->out, '{');
		json_add_text(&l->out, "peer_id", l->id);
		buf_char(&l->out, '}');
		old_send(l, k);
	}
	old_ask(l, k);
}

static void served(struct legacy *l, struct old_link *k)
{
	k->open = true;
	k->beat_ms = old_now(l) + OLD_HEARTBEAT_MS;
	k->peer->why = (struct reason){0};
	l->version++;
	l->io.links.trust(l->io.links.self, k->id);
	if (old_may_log(l, k->peer))
		journal_info("event=old_central_joined peer=%s address=%s dialled=%d", k->peer->row.id, k->address, k->dialled);
}

void legacy_opened(struct legacy *l, uint64_t link, const char *address)
{
	struct old_link *k = link_of(l, link);
	if (!k)
		k = l->stopped ? NULL : add_link(l, link);
	if (!k) {
		l->io.links.close(l->io.links.self, link, "no room");
		return;
	}
	(void)text_copy(k->address, sizeof(k->address), address);
	k->began_ms = old_now(l);
	if (!k->dialled) {
		k->http = l->io.links.is_http(l->io.links.self, link);
		return;
	}
	k->peer->rtt_ms = (double)(world_mono_us(l->world) - k->began_us) / 1000;
	k->peer->heard_wall_ms = world_wall_ms(l->world);
	served(l, k);
	greet(l, k);
	old_finish_tests(l, k->peer, true);
}

void legacy_closed(struct legacy *l, uint64_t link, enum cause cause, const char *text)
{
	struct old_link *k = link_of(l, link);
	if (k)
		left(l, k, cause, text);
}

void legacy_fault(struct legacy *l, uint64_t link, const char *text)
{
	struct old_link *k = link_of(l, link);
	if (!k)
		return;
	old_refuse(l, k, text);
	old_drop(l, k, text);
}

void old_dial(struct legacy *l, struct old_peer *p)
{
	uint64_t link = LINK_NONE;
	struct old_link *k = NULL;
	if (l->io.links.dial(l->io.links.self, p->row.ip, p->row.p2p_port, p->http, &link) == ERR_NONE) {
		k = add_link(l, link);
		if (!k)
			l->io.links.close(l->io.links.self, link, "no memory");
	}
	if (!k) {
		reason_set(&p->why, CAUSE_FULL, NULL, 0, "It could not be dialled: no room or no memory for another connection.");
		wait_longer(l, p);
		old_finish_tests(l, p, false);
		return;
	}
	k->dialled = true;
	k->http = p->http;
	k->peer = p;
	l->version++;
}

bool old_dialled(const struct legacy *l, const struct old_peer *p)
{
	for (size_t i = 0; i < l->links; i++)
		if (l->link[i]->peer == p && l->link[i]->dialled && !l->link[i]->gone)
			return true;
	return false;
}

/* ---- who it is ---- */

/* Of a new accepted connection more than there may be: the oldest is a leftover. */
static void make_room(struct legacy *l, const struct old_peer *p)
{
	struct old_link *oldest = NULL;
	size_t count = 0;
	for (size_t i = 0; i < l->links; i++) {
		struct old_link *k = l->link[i];
		if (k->peer != p || k->dialled || k->gone)
			continue;
		count++;
		if (!oldest || k->id < oldest->id)
			oldest = k;
	}
	if (count > OLD_ACCEPTED_MAX)
		old_drop(l, oldest, "It has connected anew.");
}

static bool identify(struct legacy *l, struct old_link *k, const struct old_message *m)
{
	struct old_peer *p = old_peer_of(l, m->source_central);
	if (!p || p->http != k->http || !old_is_at(p, k->address) || (k->http && m->type != OLD_MESSAGE_PEER_ID)) {
		if (old_may_log(l, NULL))
			journal_warning("event=old_central_unknown address=%s why=\"no peer of the old dialect with the id it gives is configured there\"",
				k->address);
		return false;
	}
	k->peer = p;
	served(l, k);
	make_room(l, p);
	return true;
}

/* ---- messages ---- */

static void told_error(struct legacy *l, struct old_link *k, const struct old_message *m)
{
	char said[100];
	if (!json_scalar(m->document, "error", said, sizeof(said)))
		(void)text_copy(said, sizeof(said), "?");
	text_tame(said);
	if (old_may_log(l, k->peer))
		journal_warning("event=error_from_old_central peer=%s why=\"%s\"", k->peer->row.id, said);
}

/* true: it was kept, to be taken in its turn. */
static bool route(struct legacy *l, struct old_link *k, struct old_waiting *w)
{
	switch (w->message.type) {
	case OLD_MESSAGE_ENTRY:
	case OLD_MESSAGE_CONFIRMED:
	case OLD_MESSAGE_EXIT:
	case OLD_MESSAGE_SYNC_RESPONSE:
		w->rows = (struct old_rows){.at = w->message.rows, .left = w->message.rows_len, .last_created = -1};
		w->committed = w->rows;
		old_queue(l, k, w);
		return true;
	case OLD_MESSAGE_SYNC_REQUEST:
		old_requested(l, k, &w->message);
		return false;
	case OLD_MESSAGE_CHANGE:
		if (old_may_log(l, k->peer))
			journal_warning("event=old_change_ignored peer=%s why=\"it names the sender's row number, which is another car's here\"",
				k->peer->row.id);
		return false;
	case OLD_MESSAGE_ERROR:
		told_error(l, k, &w->message);
		return false;
	case OLD_MESSAGE_PEER_ID:
	case OLD_MESSAGE_HEARTBEAT:
	case OLD_MESSAGE_UNKNOWN:
		return false;
	}
	return false;
}

/* true: kept. */
static bool heard(struct legacy *l, struct old_link *k, struct old_waiting *w)
{
	struct fault fault = {0};
	enum err e = old_message_read(w->bytes, w->len, &w->message, &fault);
	const struct old_message *m = &w->message;
	if (!k->peer && (e || !identify(l, k, m))) {
		old_drop(l, k, "It is not one of the old centrals that are configured.");
		return false;
	}
	if (e) {
		old_refuse(l, k, fault.sentence);
		return false;
	}
	if (strcmp(m->source_central, k->peer->row.id) != 0 && !(m->type == OLD_MESSAGE_ERROR && !m->source_central[0])) {
		old_refuse(l, k, "source_central is not the id of this peer.");
		return false;
	}
	k->peer->heard_wall_ms = world_wall_ms(l->world);
	return route(l, k, w);
}

void legacy_message(struct legacy *l, uint64_t link, char *bytes, size_t len)
{
	struct old_link *k = link_of(l, link);
	struct old_waiting *w = k ? calloc(1, sizeof(*w)) : NULL;
	if (!w) {
		free(bytes);
		return;
	}
	l->counts.received++;
	w->bytes = bytes;
	w->len = len;
	if (heard(l, k, w))
		return;
	old_message_free(&w->message);
	free(bytes);
	free(w);
}

