#include "legacy_state.h"

#include <string.h>

#include "base/journal.h"
#include "base/text.h"
#include "mesh_io.h"
#include "wire/json.h"
#include "wire/record.h"

#define TELL_AT_ONCE 100
#define SAVE_MS 5000
#define DEEP_MS (10 * 60 * 1000LL)
#define AGAIN_MS 60000

/* ---- marks ---- */

void old_load(struct legacy *l, struct old_peer *p)
{
	int64_t told = 0;
	enum err e = l->io.rows.find(l->io.rows.self, p->row.id, &told, &p->asked_ms);
	p->loaded = e == ERR_NONE;
	if (e == ERR_NOT_FOUND) { /* what was written before it was a peer it learns by asking */
		e = l->io.rows.newest(l->io.rows.self, &told);
		if (!e)
			e = l->io.rows.save(l->io.rows.self, p->row.id, told, 0);
		p->loaded = e == ERR_NONE;
	}
	if (e)
		journal_error("event=old_central_unreadable peer=%s error=%s", p->row.id, err_name(e));
	p->sent = p->mark = p->sure = p->saved = told;
	p->mark_ms = old_now(l);
}

void old_save(struct legacy *l, bool all)
{
	if (!all && old_now(l) < l->save_ms)
		return;
	l->save_ms = old_now(l) + SAVE_MS;
	for (size_t i = 0; i < l->peers; i++) {
		struct old_peer *p = l->peer[i];
		if (!p->loaded || (p->sure == p->saved && !p->save_asked))
			continue;
		if (l->io.rows.save(l->io.rows.self, p->row.id, p->sure, p->save_asked ? p->asked_ms : 0) != ERR_NONE)
			continue; /* the next time */
		p->saved = p->sure;
		p->save_asked = false;
	}
}

void old_tell_anew(struct old_peer *p)
{
	p->sent = p->mark = p->sure;
	p->teller = LINK_NONE;
	p->all_told = false;
}

static void move_mark(struct legacy *l, struct old_peer *p)
{
	int64_t now = old_now(l);
	if (now < p->mark_ms + OLD_SURE_MS)
		return;
	if (p->teller != LINK_NONE)
		p->sure = p->mark;
	p->mark = p->sent;
	p->mark_ms = now;
}

/* ---- asking ---- */

static void ask_since(struct legacy *l, struct old_link *k, int64_t since_ms)
{
	struct buf *out = &l->out;
	k->peer->since_ms = since_ms;
	buf_reset(out);
	old_message_begin(out, "SYNC_REQUEST", l->id, world_wall_ms(l->world), NULL);
	json_add_integer(out, "since_timestamp", since_ms);
	old_message_end(out);
	old_send(l, k);
}

/* Their answer leaves exits of older stays out: so back to the oldest that is open here, though not at every flicker of the line. */
static int64_t deep_since(struct legacy *l, struct old_peer *p, int64_t since_ms)
{
	int64_t now = old_now(l), oldest, least = world_wall_ms(l->world) - OLD_FIRST_MS;
	if (now < p->deep_ms || l->io.rows.oldest_open(l->io.rows.self, &oldest) != ERR_NONE)
		return since_ms;
	p->deep_ms = now + DEEP_MS;
	oldest = oldest - OLD_MARGIN_MS > least ? oldest - OLD_MARGIN_MS : least;
	return oldest < since_ms ? oldest : since_ms;
}

void old_ask(struct legacy *l, struct old_link *k)
{
	struct old_peer *p = k->peer;
	int64_t wall = world_wall_ms(l->world), since = wall - OLD_FIRST_MS;
	p->ask_ms = INT64_MAX;
	p->asking_ms = wall;
	if (p->asked_ms > 0 && p->asked_ms - OLD_MARGIN_MS > since)
		since = deep_since(l, p, p->asked_ms - OLD_MARGIN_MS);
	else
		p->deep_ms = old_now(l) + DEEP_MS;
	ask_since(l, k, since > 0 ? since : 0);
}

void old_answered(struct legacy *l, struct old_link *k, const struct old_rows *rows)
{
	struct old_peer *p = k->peer;
	if (!k->dialled || p->asking_ms == 0)
		return;
	if (rows->cut) {
		p->asking_ms = 0;
		p->ask_ms = old_now(l) + AGAIN_MS;
	} else if (rows->seen >= OLD_ROWS_MAX && rows->last_created > p->since_ms) {
		ask_since(l, k, rows->last_created);
	} else {
		if (rows->seen >= OLD_ROWS_MAX)
			journal_warning("event=old_answer_stuck peer=%s why=\"its rows are not in the order in which they were written\"", p->row.id);
		p->asked_ms = p->asking_ms;
		p->asking_ms = 0;
		p->save_asked = true;
	}
}

/* ---- telling ---- */

struct walk { struct legacy *l; struct old_link *k; int64_t rows; };

static struct old_link *teller_of(struct legacy *l, struct old_peer *p)
{
	struct old_link *found = NULL;
	for (size_t i = 0; i < l->links; i++) {
		struct old_link *k = l->link[i];
		if (k->peer == p && k->open && !k->gone && (!found || (k->dialled && !found->dialled)))
			found = k;
	}
	return found;
}

static void begin_event(struct legacy *l, const struct record *r, const char *event_id)
{
	buf_reset(&l->out);
	old_message_begin(&l->out, record_type_name(r->type), l->id, r->timestamp, event_id);
}

static bool write_event(struct legacy *l, const struct record *r, const char *bound)
{
	struct buf *out = &l->out;
	if (r->type == RECORD_ENTRY && r->event_id) {
		const struct entry_data *d = &r->data.entry;
		begin_event(l, r, r->event_id);
		json_add_text(out, "plate_id", d->plate_id);
		json_add_text(out, "plate_view", d->plate_view ? d->plate_view : d->plate_id);
		json_add_text(out, "edge_id", d->edge_id);
		json_add_text(out, "camera_type", d->camera_type);
		json_add_text(out, "direction", d->direction ? d->direction : "ENTRY");
		json_add_text(out, "entry_time", d->entry_time);
		old_message_end(out);
		return true;
	}
	if (r->type == RECORD_CONFIRMED && r->event_id) {
		begin_event(l, r, r->event_id);
		json_add_text(out, "confirmed_time", r->data.confirmed.confirmed_time);
		old_message_end(out);
		return true;
	}
	if (r->type == RECORD_EXIT) {
		const struct exit_data *d = &r->data.exit;
		const char *stay = r->event_id ? r->event_id : bound && !exit_name_is(bound) ? bound : NULL;
		const struct old_exit x = {d->plate_id, d->exit_central, d->exit_edge, d->exit_time, d->duration, d->fee, r->timestamp};
		if (stay)
			old_exit_write(l, stay, &x);
		return stay != NULL;
	}
	return false;
}

static enum err tell_record(void *arg, const struct record_told *told)
{
	struct walk *w = arg;
	struct record r;
	enum err e = record_parse(told->line, told->len, &r);
	w->k->peer->sent = told->number;
	w->rows++;
	if (e)
		return e == ERR_MEMORY ? e : ERR_NONE;
	if (!r.legacy && r.readable && write_event(w->l, &r, told->bound))
		old_send(w->l, w->k);
	record_free(&r);
	return ERR_NONE;
}

/* -> true: there is more */
static bool tell(struct legacy *l, struct old_peer *p)
{
	struct old_link *k = teller_of(l, p);
	struct walk w = {.l = l, .k = k};
	int64_t newest;
	if (!k || k->id != p->teller) {
		old_tell_anew(p);
		p->teller = k ? k->id : LINK_NONE;
	}
	if (!k || p->all_told || !p->loaded || l->io.links.queued(l->io.links.self, k->id) > OLD_QUEUE_SHORT)
		return false;
	enum err e = l->io.rows.newest(l->io.rows.self, &newest);
	if (!e)
		e = l->io.rows.to_tell(l->io.rows.self, l->id, p->sent, newest, TELL_AT_ONCE, tell_record, &w);
	if (e) {
		journal_error("event=old_central_not_told peer=%s error=%s", p->row.id, err_name(e));
		p->all_told = true; /* until the next look */
		return false;
	}
	p->all_told = w.rows < TELL_AT_ONCE;
	if (p->all_told && newest > p->sent)
		p->sent = newest;
	return !p->all_told;
}

/* ---- the clock ---- */

static void beat(struct legacy *l, struct old_link *k)
{
	if (old_now(l) < k->beat_ms)
		return;
	k->beat_ms = old_now(l) + OLD_HEARTBEAT_MS;
	buf_reset(&l->out);
	old_message_begin(&l->out, "HEARTBEAT", l->id, world_wall_ms(l->world), NULL);
	old_message_end(&l->out);
	old_send(l, k);
}

bool old_out_run(struct legacy *l)
{
	bool more = false;
	for (size_t i = 0; i < l->links; i++) {
		struct old_link *k = l->link[i];
		if (!k->peer || !k->open || k->gone)
			continue;
		beat(l, k);
		if (k->dialled && old_now(l) >= k->peer->ask_ms)
			old_ask(l, k);
		more |= old_answer_run(l, k);
	}
	for (size_t i = 0; i < l->peers; i++) {
		more |= tell(l, l->peer[i]);
		move_mark(l, l->peer[i]);
	}
	old_save(l, false);
	return more;
}

int64_t old_out_due(const struct legacy *l)
{
	int64_t due = l->save_ms;
	for (size_t i = 0; i < l->links; i++) {
		const struct old_link *k = l->link[i];
		if (!k->peer || !k->open || k->gone)
			continue;
		if (k->beat_ms < due)
			due = k->beat_ms;
		if (k->dialled && k->peer->ask_ms < due)
			due = k->peer->ask_ms;
		if (k->answer.state == ANSWER_NONE && k->answer.again && k->answer.not_before_ms < due)
			due = k->answer.not_before_ms;
	}
	return due;
}
