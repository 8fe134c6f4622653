#include "mesh.h"

#include <stdlib.h>
#include <string.h>

#include "base/journal.h"
#include "base/text.h"
#include "catchup.h"
#include "heartbeat.h"
#include "hearsay.h"
#include "hello.h"
#include "marks.h"
#include "relay.h"
#include "state.h"
#include "suspect.h"

enum err mesh_new(const struct mesh_io *io, const struct world *world, struct mesh **out)
{
	struct mesh *m = calloc(1, sizeof(*m));
	if (!m)
		return ERR_MEMORY;
	m->io = *io;
	m->world = world;
	m->relay_ms = INT64_MAX;
	buf_init(&m->out, MESSAGE_MAX);
	buf_init(&m->lines, MESSAGE_MAX);
	uint64_t seed[2];
	world_random(world, seed, sizeof(seed));
	vector_init(&m->logs, seed);
	*out = m;
	return ERR_NONE;
}

/* Free the connections that ended. */
static void sweep(struct mesh *m)
{
	for (size_t k = m->peers; k-- > 0;) {
		if (m->peer[k]->state != PEER_CLOSED)
			continue;
		peer_free(m->peer[k]);
		m->peer[k] = m->peer[--m->peers];
	}
}

static void end_all(struct mesh *m, enum peer_end end, const char *sentence)
{
	for (size_t k = 0; k < m->peers; k++)
		peer_end(m, m->peer[k], end, "%s", sentence);
	sweep(m);
}

void mesh_stop(struct mesh *m)
{
	commands_stop(m);
	end_all(m, END_STOPPED, "p2pd is stopping.");
	neighbours_free(m);
	m->configured = false;
}

void mesh_free(struct mesh *m)
{
	if (!m)
		return;
	mesh_stop(m);
	apply_end(m);
	marks_free(&m->marks);
	vector_free(&m->logs);
	buf_free(&m->out);
	buf_free(&m->lines);
	explicit_bzero(&m->self, sizeof(m->self));
	free(m);
}

static bool same_self(const struct identity *a, const struct identity *b)
{
	return strcmp(a->id, b->id) == 0 && strcmp(a->mesh, b->mesh) == 0 && strcmp(a->mesh_secret, b->mesh_secret) == 0 &&
		memcmp(a->mesh_key, b->mesh_key, sizeof(a->mesh_key)) == 0 &&
		memcmp(a->keys.public_key, b->keys.public_key, sizeof(a->keys.public_key)) == 0 &&
		memcmp(a->keys.secret_key, b->keys.secret_key, sizeof(a->keys.secret_key)) == 0;
}

/* What is known of the logs is read again under the new name: which are our own follows from it. */
static void begin_anew(struct mesh *m, const struct identity *self)
{
	end_all(m, END_RECONFIGURED, "The identity of this central was changed.");
	neighbours_free(m);
	uint64_t seed[2] = {m->logs.seed[0], m->logs.seed[1]};
	marks_free(&m->marks);
	vector_free(&m->logs);
	vector_init(&m->logs, seed);
	m->last_change = 0;
	m->self = *self;
	m->configured = true;
	mesh_look(m);
	journal_info("event=identity id=%s mesh=%s secret=%s logs=%u", self->id, self->mesh, self->mesh_secret[0] ? "set" : "none",
		m->logs.count);
}

enum err mesh_configure(struct mesh *m, const struct identity *self, const struct peer_row *rows, size_t count)
{
	if (!m->configured || !same_self(&m->self, self))
		begin_anew(m, self);
	m->self = *self;
	return neighbours_load(m, rows, count);
}

static bool log_changed(void *arg, const struct log_row *row)
{
	struct mesh *m = arg;
	uint32_t i = vector_add(&m->logs, row->log, false);
	if (i == LOG_NONE) {
		journal_error("event=log_unknown log=%s why=\"no memory\"", row->log);
		return false;
	}
	struct known_log *k = &m->logs.log[i];
	(void)text_copy(k->author, sizeof(k->author), row->id);
	memcpy(k->key, row->public_key, sizeof(k->key));
	k->own = strcmp(row->id, m->self.id) == 0 && memcmp(row->public_key, m->self.keys.public_key, sizeof(k->key)) == 0;
	k->flags = row->flags;
	m->last_change = row->change;
	if (row->head_seq <= k->held)
		return true;
	hearsay_held(m, i);
	vector_move(&m->logs, i, row->head_seq, &row->head, mesh_now(m));
	if (k->own)
		marks_moved(m, i);
	catchup_moved(m, i);
	return true;
}

void mesh_check_pins(struct mesh *m)
{
	for (size_t k = 0; m->configured && k < m->peers; k++) {
		struct peer *p = m->peer[k];
		if (p->state == PEER_READY && !m->io.rows.pinned(m->io.rows.self, p->id, p->hello.public_key))
			peer_end(m, p, END_RECONFIGURED, "The key of %s is to be confirmed anew.", p->id);
	}
}

void mesh_look(struct mesh *m)
{
	if (!m->configured)
		return;
	enum err e = m->io.rows.changed(m->io.rows.self, m->last_change, log_changed, m);
	if (e)
		journal_error("event=logs_unreadable error=%s", err_name(e));
}

struct peer *mesh_peer(struct mesh *m, uint64_t link)
{
	for (size_t k = 0; k < m->peers; k++)
		if (m->peer[k]->link == link && m->peer[k]->state != PEER_CLOSED)
			return m->peer[k];
	return NULL;
}

struct peer *mesh_ready_peer(struct mesh *m, const char *id)
{
	for (size_t k = 0; k < m->peers; k++)
		if (m->peer[k]->state == PEER_READY && strcmp(m->peer[k]->id, id) == 0)
			return m->peer[k];
	return NULL;
}

void mesh_settle(struct mesh *m, struct peer *p)
{
	bool ours_goes = strcmp(m->self.id, p->id) > 0;
	for (size_t k = 0; k < m->peers && p->state == PEER_READY; k++) {
		struct peer *o = m->peer[k];
		if (o == p || o->state != PEER_READY || strcmp(o->id, p->id) != 0)
			continue;
		if (o->dialled == p->dialled) {
			suspect_replaced(m, o, p);
			peer_end(m, o, END_REPLACED, "%s has connected anew.", p->id);
		} else if (ours_goes) {
			peer_end(m, o->dialled ? o : p, END_REPLACED, "%s is connected the other way round.", p->id);
		}
	}
}

bool mesh_may_tell(struct mesh *m, struct neighbour *n)
{
	uint64_t withheld;
	struct allowance *a = !n ? &m->strangers_told : n->configured ? &n->told : &m->guests_told;
	if (!allowance_take(a, mesh_now(m), &withheld))
		return false;
	if (withheld)
		journal_info("event=lines_withheld about=%s count=%llu", !n ? "strangers" : n->configured ? n->row.id : "guests",
			(unsigned long long)withheld);
	return true;
}

void mesh_opened(struct mesh *m, uint64_t link, const char *address)
{
	struct peer *p = mesh_peer(m, link);
	if (!p)
		p = m->configured ? peer_new(m, link, false, address) : NULL;
	if (!p) {
		m->io.links.close(m->io.links.self, link, "no room");
		return;
	}
	struct peer_event e = {.input = INPUT_OPENED, .text = address};
	p->tls = m->io.links.certificate(m->io.links.self, link, p->certificate);
	if (!p->tls)
		memset(p->certificate, 0, sizeof(p->certificate));
	peer_event(m, p, &e);
}

void mesh_fault(struct mesh *m, uint64_t link, const char *text)
{
	struct peer_event e = {.input = INPUT_FAULT, .text = text};
	struct peer *p = mesh_peer(m, link);
	if (p)
		peer_event(m, p, &e);
}

void mesh_closed(struct mesh *m, uint64_t link, enum cause cause, const char *text)
{
	struct peer_event e = {.input = INPUT_LOST, .text = text, .cause = cause};
	struct peer *p = mesh_peer(m, link);
	if (p)
		peer_event(m, p, &e);
}

void mesh_message(struct mesh *m, uint64_t link, char *bytes, size_t len)
{
	struct peer *p = mesh_peer(m, link);
	if (!p) {
		free(bytes);
		return;
	}
	struct message msg = {0};
	struct fault fault = {0};
	struct peer_event e = {.input = INPUT_MESSAGE, .message = &msg, .bytes = bytes, .len = len, .text = fault.sentence};
	m->counts.received++;
	bool readable = message_parse(bytes, len, &msg, &fault) == ERR_NONE;
	if (!readable)
		e.input = INPUT_FAULT;
	peer_event(m, p, &e);
	if (e.kept)
		return;
	if (readable)
		message_free(&msg);
	free(bytes);
}

void mesh_worked(struct mesh *m)
{
	apply_worked(m);
}

void mesh_test(struct mesh *m, int64_t command, const char *peer)
{
	command_start(m, command, peer);
}

/* What its code says is said in our words; else its own have to do. */
static enum cause reported(const char *code)
{
	if (strcmp(code, TWO_CENTRALS) == 0)
		return CAUSE_REPORTED_TWO;
	if (strcmp(code, peer_end_code(END_FULL)) == 0)
		return CAUSE_REPORTED_FULL;
	bool fault = strcmp(code, peer_end_code(END_FAULT)) == 0 || strcmp(code, peer_end_code(END_PAGE)) == 0;
	return fault ? CAUSE_REPORTED_FAULT : CAUSE_REPORTED;
}

static void told_error(struct mesh *m, struct peer *p, const struct message *msg)
{
	if (hello_refused(m, p, msg))
		return;
	suspect_told(m, p, msg);
	char code[sizeof(msg->data.error.code)], said[sizeof(msg->data.error.error)];
	(void)text_copy(code, sizeof(code), msg->data.error.code);
	(void)text_copy(said, sizeof(said), msg->data.error.error);
	text_tame(code);
	text_tame(said);
	reason_set(&p->neighbour->why, reported(code), said, 0, "It reported: %s", said);
	if (mesh_may_tell(m, p->neighbour))
		journal_warning("event=error_from_peer peer=%s code=\"%s\" why=\"%s\"", p->id, code, p->neighbour->why.sentence);
	m->version++;
}

void mesh_route(struct mesh *m, struct peer *p, struct peer_event *e)
{
	const struct message *msg = e->message;
	struct acked acked;
	p->neighbour->heard_wall_ms = world_wall_ms(m->world);
	switch (msg->type) {
	case MESSAGE_HELLO:
	case MESSAGE_AUTH:
		peer_end(m, p, END_FAULT, "A message of type %s came out of turn.", message_type_name(msg->type));
		break;
	case MESSAGE_SYNC_REQUEST:
		catchup_request(m, p, msg);
		break;
	case MESSAGE_SYNC_RESPONSE:
	case MESSAGE_BATCH:
		apply_queue(m, p, e);
		break;
	case MESSAGE_ACK:
		if (catchup_ack(m, p, msg, &acked))
			marks_acked(m, p->neighbour, &acked);
		break;
	case MESSAGE_HEARTBEAT:
		heartbeat_received(m, p, msg);
		break;
	case MESSAGE_ERROR:
		told_error(m, p, msg);
		break;
	case MESSAGE_UNKNOWN:
		m->counts.unknown_type++;
		break;
	}
}

static void peers_run(struct mesh *m)
{
	heartbeats_join(m);
	for (size_t k = 0; k < m->peers; k++) {
		struct peer_event e = {.input = INPUT_TIME};
		if (mesh_now(m) >= peer_due(m->peer[k]))
			peer_event(m, m->peer[k], &e);
	}
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t in_us(int64_t ms)
{
	return ms > INT64_MAX / 1000 ? INT64_MAX : ms * 1000;
}

/* Monotonic µs. */
static int64_t peers_due(const struct mesh *m)
{
	int64_t due = INT64_MAX, now = world_mono_us(m->world);
	for (size_t k = 0; k < m->peers; k++) {
		const struct peer *p = m->peer[k];
		int64_t gathers = catchup_gathers(m, p);
		due = earlier(due, in_us(peer_due(p)));
		if (p->state == PEER_READY && p->first != LOG_NONE && p->hold_ms > now / 1000)
			due = earlier(due, in_us(p->hold_ms));
		if (gathers > now)
			due = earlier(due, gathers);
	}
	return due;
}

int64_t mesh_run(struct mesh *m)
{
	apply_run(m);
	peers_run(m);
	neighbours_run(m);
	relay_run(m);
	commands_run(m);
	bool more = catchup_run(m);
	sweep(m);
	int64_t due = in_us(earlier(neighbours_due(m), earlier(commands_due(m), m->relay_ms)));
	return more ? world_mono_us(m->world) : earlier(earlier(due, peers_due(m)), apply_due(m));
}

size_t mesh_peer_statuses(const struct mesh *m, struct peer_status *out, size_t max)
{
	size_t count = 0;
	for (; count < m->neighbours && count < max; count++)
		neighbour_status(m, m->neighbour[count], &out[count]);
	return count;
}

size_t mesh_claims(const struct mesh *m, struct claim *out, size_t max)
{
	size_t count = 0;
	for (size_t k = 0; k < m->neighbours; k++)
		count += neighbour_claims(m, m->neighbour[k], out + count, max - count);
	return count;
}

size_t mesh_sync_states(struct mesh *m, struct sync_state *out, size_t max)
{
	size_t count = 0;
	for (size_t k = 0; k < m->neighbours && count < max; k++) {
		struct neighbour *n = m->neighbour[k];
		if (!n->synced)
			continue;
		n->synced = false;
		out[count] = (struct sync_state){.last_sync_ms = n->synced_wall_ms};
		(void)text_copy(out[count].peer, sizeof(out[count].peer), n->row.id);
		count++;
	}
	return count;
}

uint64_t mesh_version(const struct mesh *m)
{
	return m->version;
}

const struct mesh_counts *mesh_counts(const struct mesh *m)
{
	return &m->counts;
}

size_t mesh_waiting_bytes(const struct mesh *m)
{
	return m->apply.bytes;
}

static void dump_peers(const struct mesh *m)
{
	for (size_t k = 0; k < m->peers; k++) {
		const struct peer *p = m->peer[k];
		journal_info("event=dump_peer peer=%s link=%llu state=%s address=%s dialled=%d tls=%d flights=%zu flight_bytes=%zu queued=%zu "
			"pages=%zu relayed_by_it=%zu", p->id, (unsigned long long)p->link, peer_state_name(p->state), p->address, p->dialled, p->tls,
			p->flights, p->flight_bytes, m->io.links.queued(m->io.links.self, p->link), p->pages, p->relay_logs);
	}
	for (size_t k = 0; k < m->neighbours; k++) {
		struct peer_status s;
		neighbour_status(m, m->neighbour[k], &s);
		journal_info("event=dump_neighbour peer=%s state=%s configured=%d behind=%lld ahead=%lld rtt_ms=%.3f offset_ms=%lld "
			"last_error=\"%s\"", s.id, s.state, s.configured, (long long)s.behind, (long long)s.ahead, s.rtt_ms,
			(long long)s.clock_offset_ms, s.why.sentence);
	}
}

void mesh_dump(const struct mesh *m)
{
	const struct mesh_counts *c = &m->counts;
	journal_info("event=dump id=%s mesh=%s sent=%lld received=%lld records_taken=%lld pages_taken=%lld pages_sent=%lld gaps=%lld "
		"forks=%lld held_off=%lld unknown_type=%lld stray_ack=%lld hearsay_refused=%lld waiting_pages=%zu", m->self.id, m->self.mesh,
		(long long)c->sent, (long long)c->received, (long long)c->records_taken, (long long)c->pages_taken, (long long)c->pages_sent,
		(long long)c->gaps, (long long)c->forks, (long long)c->held_off, (long long)c->unknown_type, (long long)c->stray_ack,
		(long long)c->hearsay_refused, m->apply.pages);
	for (int k = 0; k < END_COUNT; k++)
		if (c->ended[k])
			journal_info("event=dump_ended cause=%s count=%lld", peer_end_name((enum peer_end)k), (long long)c->ended[k]);
	for (uint32_t i = 0; i < m->logs.count; i++) {
		const struct known_log *k = &m->logs.log[i];
		journal_info("event=dump_log log=%s author=%s own=%d held=%lld flags=%u", k->log, k->author, k->own, (long long)k->held,
			k->flags);
	}
	dump_peers(m);
}
