#include "peer.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/journal.h"
#include "base/text.h"
#include "catchup.h"
#include "hearsay.h"
#include "heartbeat.h"
#include "hello.h"
#include "relay.h"
#include "state.h"

#define HANDSHAKE_MS 5000
#define SILENCE_MS 15000
#define NO_ACK_MS 10000
#define CLOGGED_BYTES (1024u * 1024)

/* code: what the other side is told with an ERROR; NULL: nothing, it knows or cannot do anything about it. */
static const struct end_kind { const char *name, *code; bool refused; enum journal_level level; enum cause cause; } end_kind[END_COUNT] = {
	[END_LOST] = {"lost", NULL, false, JOURNAL_INFO, CAUSE_LOST},
	[END_TIMEOUT] = {"time-out", NULL, false, JOURNAL_INFO, CAUSE_NO_ANSWER},
	[END_SILENT] = {"silent", NULL, false, JOURNAL_WARNING, CAUSE_SILENT},
	[END_NO_ACK] = {"no-ack", NULL, false, JOURNAL_WARNING, CAUSE_NO_ACK},
	[END_REPLACED] = {"replaced", NULL, false, JOURNAL_INFO, CAUSE_NONE},
	[END_RECONFIGURED] = {"reconfigured", NULL, false, JOURNAL_INFO, CAUSE_RECONFIGURED},
	[END_UNHEARD] = {"unheard", NULL, false, JOURNAL_INFO, CAUSE_UNHEARD},
	[END_STOPPED] = {"stopped", NULL, false, JOURNAL_INFO, CAUSE_STOPPED},
	[END_FAULT] = {"fault", "syntax", false, JOURNAL_WARNING, CAUSE_FAULT},
	[END_PAGE] = {"page", "page", false, JOURNAL_ERROR, CAUSE_PAGE},
	[END_VERSION] = {"version", "version", true, JOURNAL_WARNING, CAUSE_VERSION},
	[END_WRONG_MESH] = {"wrong-mesh", "wrong_mesh", true, JOURNAL_WARNING, CAUSE_WRONG_MESH},
	[END_WRONG_ID] = {"wrong-id", "wrong_id", true, JOURNAL_WARNING, CAUSE_WRONG_ID},
	[END_OWN_ID] = {"own-id", "own_id", true, JOURNAL_WARNING, CAUSE_OWN_ID},
	[END_NO_SECRET] = {"no-secret", "no_secret", true, JOURNAL_WARNING, CAUSE_NO_SECRET},
	[END_WRONG_SECRET] = {"wrong-secret", "wrong_secret", true, JOURNAL_WARNING, CAUSE_WRONG_SECRET},
	[END_WRONG_KEY] = {"wrong-key", "wrong_key", true, JOURNAL_WARNING, CAUSE_WRONG_KEY},
	[END_PLAIN] = {"plain", "tls_needed", true, JOURNAL_WARNING, CAUSE_PLAIN},
	[END_REFUSED] = {"refused", NULL, false, JOURNAL_WARNING, CAUSE_REFUSED},
	[END_FULL] = {"full", "full", false, JOURNAL_WARNING, CAUSE_FULL},
};

const char *peer_end_name(enum peer_end end)
{
	return end_kind[end].name;
}

const char *peer_end_code(enum peer_end end)
{
	return end_kind[end].code;
}

bool peer_end_refused(enum peer_end end)
{
	return end_kind[end].refused;
}

const char *peer_state_name(enum peer_state state)
{
	switch (state) {
	case PEER_OPENING:
		return "opening";
	case PEER_GREETING:
		return "greeting";
	case PEER_PROVING:
		return "proving";
	case PEER_READY:
		return "ready";
	case PEER_CLOSED:
		return "closed";
	}
	return "?";
}

struct peer *peer_new(struct mesh *m, uint64_t link, bool dialled, const char *address)
{
	struct peer *p = m->peers + (dialled ? 0 : PEERS_MAX) < LINKS_MAX ? calloc(1, sizeof(*p)) : NULL;
	if (!p)
		return NULL;
	p->state = dialled ? PEER_OPENING : PEER_GREETING;
	p->link = link;
	p->dialled = dialled;
	(void)text_copy(p->address, sizeof(p->address), address);
	p->next_request = 1;
	p->first = p->last = p->dropped_log = LOG_NONE;
	p->deadline_ms = mesh_now(m) + HANDSHAKE_MS;
	p->heard_ms = mesh_now(m);
	m->peer[m->peers++] = p;
	return p;
}

void peer_free(struct peer *p)
{
	free(p->log);
	free(p);
}

struct peer_log *peer_log(struct mesh *m, struct peer *p, uint32_t i)
{
	if (i < p->log_count)
		return &p->log[i];
	uint32_t wanted = m->logs.cap > i ? m->logs.cap : i + 1;
	struct peer_log *log = realloc(p->log, wanted * sizeof(*log));
	if (!log)
		return NULL;
	for (uint32_t k = p->log_count; k < wanted; k++)
		log[k] = (struct peer_log){.cursor = 1, .next = LOG_NONE};
	p->log = log;
	p->log_count = wanted;
	return &p->log[i];
}

int64_t peer_claims(const struct peer *p, uint32_t i)
{
	return i < p->log_count ? p->log[i].claimed : 0;
}

void peer_send(struct mesh *m, struct peer *p, struct message *msg)
{
	(void)text_copy(msg->source_central, sizeof(msg->source_central), m->self.id);
	msg->timestamp = world_wall_ms(m->world);
	buf_reset(&m->out);
	enum err e = message_write(msg, &m->out);
	if (e) {
		journal_error("event=unsendable type=%s peer=%s error=%s", message_type_name(msg->type), p->id, err_name(e));
		return;
	}
	m->io.links.send(m->io.links.self, p->link, m->out.data, m->out.len);
	m->counts.sent++;
}

bool peer_clogged(const struct mesh *m, const struct peer *p)
{
	return m->io.links.queued(m->io.links.self, p->link) >= CLOGGED_BYTES;
}

static void send_error(struct mesh *m, struct peer *p, const char *code, const char *sentence)
{
	struct message msg = {.type = MESSAGE_ERROR};
	(void)text_copy(msg.data.error.code, sizeof(msg.data.error.code), code);
	(void)text_copy(msg.data.error.error, sizeof(msg.data.error.error), sentence);
	peer_send(m, p, &msg);
}

/* The one place where a state changes: what entering it means is done here. */
static void change_state(struct mesh *m, struct peer *p, enum peer_state state)
{
	enum peer_state before = p->state;
	p->state = state;
	journal_debug("event=peer_state link=%llu peer=%s from=%s to=%s", (unsigned long long)p->link, p->id,
		peer_state_name(before), peer_state_name(state));
	switch (state) {
	case PEER_OPENING:
		break;
	case PEER_GREETING:
		p->deadline_ms = mesh_now(m) + HANDSHAKE_MS;
		hello_send(m, p);
		break;
	case PEER_PROVING:
		if (p->dialled)
			(void)auth_send(m, p);
		break;
	case PEER_READY:
		p->ready_ms = mesh_now(m);
		m->io.links.trust(m->io.links.self, p->link);
		if (mesh_may_tell(m, p->neighbour))
			journal_info("event=connected peer=%s address=%s dialled=%d tls=%d configured=%d software=\"%s\"", p->id, p->address,
				p->dialled, p->tls, p->neighbour->configured, p->hello.software);
		neighbour_joined(m, p->neighbour, p);
		mesh_settle(m, p);
		if (p->state == PEER_READY) {
			catchup_greet(m, p);
			heartbeat_send(m, p);
		}
		break;
	case PEER_CLOSED:
		apply_forget(m, p);
		relay_lost(m, p);
		hearsay_lost(m, p);
		break;
	}
}

void peer_end_why(struct mesh *m, struct peer *p, enum peer_end end, const struct reason *why)
{
	if (p->state == PEER_CLOSED)
		return;
	const struct end_kind *kind = &end_kind[end];
	m->counts.ended[end]++;
	if (mesh_may_tell(m, p->neighbour))
		journal_line(p->state == PEER_READY || p->dialled ? kind->level : JOURNAL_INFO,
			"event=disconnected cause=%s peer=%s address=%s dialled=%d state=%s why=\"%s\"", kind->name,
			p->id[0] ? p->id : p->hello.id, p->address, p->dialled, peer_state_name(p->state), why->sentence);
	bool was_open = p->state != PEER_OPENING, was_ready = p->state == PEER_READY;
	if (kind->code && was_open) {
		send_error(m, p, kind->code, why->sentence);
		m->counts.error_sent[end]++;
	}
	if (end != END_LOST)
		m->io.links.close(m->io.links.self, p->link, kind->name);
	change_state(m, p, PEER_CLOSED);
	if (p->neighbour)
		neighbour_left(m, p->neighbour, p, end, why, was_ready);
	p->neighbour = NULL;
}

void peer_end(struct mesh *m, struct peer *p, enum peer_end end, const char *format, ...)
{
	char sentence[SENTENCE_SIZE];
	struct reason why;
	va_list args;
	va_start(args, format);
	(void)text_vformat(sentence, sizeof(sentence), format, args);
	va_end(args);
	reason_set(&why, end_kind[end].cause, NULL, 0, "%s", sentence);
	peer_end_why(m, p, end, &why);
}

static void lost(struct mesh *m, struct peer *p, const struct peer_event *e)
{
	struct reason why;
	enum cause cause = e->cause ? e->cause : p->state == PEER_OPENING ? CAUSE_UNREACHABLE : CAUSE_LOST;
	reason_set(&why, cause, NULL, 0, "%s", e->text);
	peer_end_why(m, p, END_LOST, &why);
}

static void opening(struct mesh *m, struct peer *p, const struct peer_event *e)
{
	if (e->input != INPUT_OPENED)
		return;
	(void)text_copy(p->address, sizeof(p->address), e->text);
	if (hello_address_allowed(m, p))
		change_state(m, p, PEER_GREETING);
}

static void greeting(struct mesh *m, struct peer *p, const struct peer_event *e)
{
	if (e->input == INPUT_OPENED) { /* somebody dialled us */
		if (hello_address_allowed(m, p))
			change_state(m, p, PEER_GREETING);
	} else if (e->input == INPUT_MESSAGE && e->message->type == MESSAGE_ERROR) {
		(void)hello_refused(m, p, e->message);
	} else if (e->input == INPUT_MESSAGE && e->message->type == MESSAGE_HELLO) {
		if (hello_check(m, p, e->message))
			change_state(m, p, PEER_PROVING);
	} else if (e->input == INPUT_MESSAGE) {
		peer_end(m, p, END_FAULT, "A message of type %s came before HELLO.", message_type_name(e->message->type));
	}
}

static void proving(struct mesh *m, struct peer *p, const struct peer_event *e)
{
	if (e->input != INPUT_MESSAGE)
		return;
	if (e->message->type == MESSAGE_ERROR)
		(void)hello_refused(m, p, e->message);
	else if (e->message->type != MESSAGE_AUTH)
		peer_end(m, p, END_FAULT, "A message of type %s came before AUTH.", message_type_name(e->message->type));
	else if (auth_check(m, p, e->message) && (p->dialled || auth_send(m, p)))
		change_state(m, p, PEER_READY);
}

static void ready_time(struct mesh *m, struct peer *p, int64_t now)
{
	if (!p->paused && now >= p->heard_ms + SILENCE_MS)
		peer_end(m, p, END_SILENT, "Nothing was heard from %s for 15 s.", p->id);
	else if (p->flights && now >= p->progress_ms + NO_ACK_MS)
		peer_end(m, p, END_NO_ACK, "%s acknowledged nothing for 10 s.", p->id);
	else if (now >= p->beat_ms && hearsay_wants_again(m, p))
		peer_end(m, p, END_UNHEARD, "%s told of more logs than there was room for; there is now, and it is connected anew.", p->id);
	else if (now >= p->beat_ms)
		heartbeat_send(m, p);
}

static void ready(struct mesh *m, struct peer *p, struct peer_event *e)
{
	if (e->input == INPUT_TIME)
		ready_time(m, p, mesh_now(m));
	else if (e->input == INPUT_MESSAGE)
		mesh_route(m, p, e);
}

void peer_event(struct mesh *m, struct peer *p, struct peer_event *e)
{
	if (p->state == PEER_CLOSED)
		return;
	if (e->input == INPUT_LOST) {
		lost(m, p, e);
		return;
	}
	if (e->input == INPUT_FAULT) {
		peer_end(m, p, END_FAULT, "%s", e->text);
		return;
	}
	if (e->input == INPUT_TIME && p->state != PEER_READY) {
		peer_end(m, p, END_TIMEOUT, "Time-out: %s did not answer within 5 s.", p->id[0] ? p->id : "the other side");
		return;
	}
	if (e->input == INPUT_MESSAGE) {
		p->heard_ms = mesh_now(m);
		if (e->message->type == MESSAGE_ERROR)
			counts_error_received(&m->counts, e->message->data.error.code);
	}
	switch (p->state) {
	case PEER_OPENING:
		opening(m, p, e);
		break;
	case PEER_GREETING:
		greeting(m, p, e);
		break;
	case PEER_PROVING:
		proving(m, p, e);
		break;
	case PEER_READY:
		ready(m, p, e);
		break;
	case PEER_CLOSED:
		break;
	}
}

int64_t peer_due(const struct peer *p)
{
	if (p->state == PEER_CLOSED)
		return INT64_MAX;
	if (p->state != PEER_READY)
		return p->deadline_ms;
	int64_t due = p->paused ? INT64_MAX : p->heard_ms + SILENCE_MS;
	if (p->beat_ms < due)
		due = p->beat_ms;
	if (p->flights && p->progress_ms + NO_ACK_MS < due)
		due = p->progress_ms + NO_ACK_MS;
	return due;
}
