#include "boxes.h"

#include <stdlib.h>
#include <string.h>

#include "base/journal.h"
#include "domain/camera_told.h"
#include "queue.h"
#include "wire/json.h"

#define MESSAGE_US (1000000 / BOX_RATE)
#define CREDIT_MAX (BOX_BURST * (int64_t)MESSAGE_US)
#define TOLD_US (1000000 / PASSAGE_RATE)
#define TOLD_MAX (PASSAGE_RATE * (int64_t)TOLD_US)
#define TAKE_US 4000
#define PAUSE_US 2000 /* between two transactions: as long as the last one took, up to this */
#define RETRY_US 1000000
#define ANSWER_MAX (8 * BOX_MESSAGE_MAX) /* it may say an event_id again, in which each byte can take six */
#define PING_BYTES 512 /* a longer message is no ping */

struct waiting {
	struct waiting *next;
	char *bytes;
	size_t len;
	int64_t arrived_ms;
	bool ping;
	struct buf answer;
	char named[EDGE_ID_SIZE];
};

struct box {
	uint64_t id;
	char address[BOX_ADDRESS_SIZE];
	char edge_id[EDGE_ID_SIZE], named[EDGE_ID_SIZE]; /* its own; the one that its last event named */
	bool token, greeted, paused;
	int64_t until_us;
	struct assembly rx;
	struct waiting *first, *last, *next; /* next: what is before it was taken in the transaction that is open */
	size_t count, bytes;
	int64_t credit_us, credited_us;
};

struct boxes {
	struct boxes_io io;
	const struct world *world;
	struct box *box[BOXES_MAX];
	size_t count, turn;
	int64_t take_us;             /* no transaction before */
	bool failing, unreadable;
	bool look, lost;             /* there may be records above seen; seen is not known */
	int64_t seen, look_us;
	int64_t told_us, told_at_us; /* what may be told at once, TOLD_US a frame, as of then */
	struct buf frame;
};

enum err boxes_new(const struct boxes_io *io, const struct world *world, struct boxes **out)
{
	struct boxes *b = calloc(1, sizeof(*b));
	if (!b)
		return ERR_MEMORY;
	b->io = *io;
	b->world = world;
	buf_init(&b->frame, ANSWER_MAX);
	*out = b;
	return ERR_NONE;
}

size_t boxes_count(const struct boxes *b)
{
	return b->count;
}

/* ---- what waits ---- */

static void drop_first(struct box *x)
{
	struct waiting *w = x->first;
	x->first = w->next;
	if (!x->first)
		x->last = NULL;
	if (x->next == w)
		x->next = x->first;
	x->count--;
	x->bytes -= w->len;
	buf_free(&w->answer);
	free(w->bytes);
	free(w);
}

static void set_reading(struct boxes *b, struct box *x)
{
	bool full = x->count >= BOX_WAITING || x->bytes >= BOX_WAITING_BYTES;
	if (full == x->paused)
		return;
	x->paused = full;
	b->io.links.reading(b->io.links.self, x->id, !full);
}

/* bytes become the box's. */
static bool add(struct boxes *b, struct box *x, char *bytes, size_t len, bool ping)
{
	struct waiting *w = calloc(1, sizeof(*w));
	if (!w)
		return false;
	*w = (struct waiting){.bytes = bytes, .len = len, .arrived_ms = world_wall_ms(b->world), .ping = ping};
	buf_init(&w->answer, ANSWER_MAX);
	if (x->last)
		x->last->next = w;
	else
		x->first = w;
	x->last = w;
	if (!x->next)
		x->next = w;
	x->count++;
	x->bytes += len;
	set_reading(b, x);
	return true;
}

/* ---- coming and going ---- */

static struct box *box_of(const struct boxes *b, uint64_t id)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->box[i]->id == id)
			return b->box[i];
	return NULL;
}

static void forget(struct boxes *b, struct box *x)
{
	size_t i = 0;
	while (b->box[i] != x)
		i++;
	b->box[i] = b->box[--b->count];
	while (x->first)
		drop_first(x);
	free(x->rx.data);
	free(x);
}

void boxes_free(struct boxes *b)
{
	if (!b)
		return;
	while (b->count > 0)
		forget(b, b->box[0]);
	buf_free(&b->frame);
	free(b);
}

static void end(struct boxes *b, struct box *x, enum box_end why)
{
	uint64_t id = x->id;
	forget(b, x);
	b->io.links.end(b->io.links.self, id, why);
}

static size_t count_of(const struct boxes *b, const char *address)
{
	size_t count = 0;
	for (size_t i = 0; i < b->count; i++)
		count += strncmp(b->box[i]->address, address, BOX_ADDRESS_SIZE - 1) == 0;
	return count;
}

bool boxes_opened(struct boxes *b, uint64_t box, const char *address, const char *edge_id)
{
	int64_t now = world_mono_us(b->world);
	bool room = b->count < BOXES_MAX && count_of(b, address) < BOXES_SHARE;
	struct box *x = room ? calloc(1, sizeof(*x)) : NULL;
	if (!x)
		return false;
	*x = (struct box){.id = box, .token = edge_id != NULL, .until_us = now + BOX_HELLO_US, .credit_us = CREDIT_MAX,
		.credited_us = now};
	(void)text_format(x->address, sizeof(x->address), "%.*s", BOX_ADDRESS_SIZE - 1, address);
	(void)text_copy(x->edge_id, sizeof(x->edge_id), edge_id ? edge_id : "");
	if (b->count == 0) { /* what is there now is not news */
		b->lost = b->io.rows.newest(b->io.rows.self, &b->seen) != ERR_NONE;
		b->told_us = TOLD_MAX;
		b->told_at_us = now;
		b->look_us = 0;
	}
	b->box[b->count++] = x;
	return true;
}

void boxes_closed(struct boxes *b, uint64_t box)
{
	struct box *x = box_of(b, box);
	if (x)
		forget(b, x);
}

/* ---- what it says ---- */

static bool greet(struct boxes *b, struct box *x, const char *bytes, size_t len)
{
	char edge_id[EDGE_ID_SIZE];
	if (!camera_box_read(bytes, len, edge_id)) {
		end(b, x, BOX_NO_NAME);
		return false;
	}
	if (x->token && strcmp(edge_id, x->edge_id) != 0) {
		end(b, x, BOX_OTHER_EDGE);
		return false;
	}
	(void)text_copy(x->edge_id, sizeof(x->edge_id), edge_id);
	x->greeted = true;
	x->until_us = x->token ? INT64_MAX : world_mono_us(b->world) + BOX_LIFE_US;
	if (!x->token)
		x->until_us -= world_random_below(b->world, (uint32_t)(BOX_LIFE_US / 5));
	buf_reset(&b->frame);
	buf_str(&b->frame, "{\"type\":\"connected\"");
	json_add_text(&b->frame, "message", "Connected.");
	json_add_text(&b->frame, "edge_id", edge_id);
	buf_char(&b->frame, '}');
	b->io.links.send(b->io.links.self, x->id, buf_text(&b->frame), b->frame.len);
	return true;
}

enum kind { KIND_EVENT, KIND_PING, KIND_PONG };

static enum kind kind_of(const char *bytes, size_t len)
{
	struct cJSON *message;
	if (len > PING_BYTES || json_read(bytes, len, &message) != ERR_NONE)
		return KIND_EVENT;
	const char *type = json_text(message, "type");
	enum kind kind = type && strcmp(type, "ping") == 0 ? KIND_PING : type && strcmp(type, "pong") == 0 ? KIND_PONG : KIND_EVENT;
	json_free(message);
	return kind;
}

static void take_in(struct boxes *b, struct box *x, char *bytes, size_t len)
{
	enum kind kind = x->greeted ? kind_of(bytes, len) : KIND_PONG;
	if (x->greeted && kind != KIND_PONG && add(b, x, bytes, len, kind == KIND_PING))
		return;
	if (!x->greeted)
		(void)greet(b, x, bytes, len);
	else if (kind != KIND_PONG)
		end(b, x, BOX_NO_MEMORY);
	free(bytes);
}

void boxes_heard(struct boxes *b, uint64_t box, const struct box_part *part)
{
	struct box *x = box_of(b, box);
	size_t len;
	if (!x)
		return;
	if (part->binary)
		end(b, x, BOX_BINARY);
	else if (!assembly_add(&x->rx, part->bytes, part->len, part->expect, BOX_MESSAGE_MAX))
		end(b, x, BOX_TOO_LARGE);
	else if (part->final) {
		char *bytes = assembly_take(&x->rx, &len);
		take_in(b, x, bytes, len);
	}
}

/* ---- taking ---- */

/* When something of it may be taken. */
static int64_t ready_us(const struct box *x)
{
	if (!x->next)
		return INT64_MAX;
	return x->credit_us >= MESSAGE_US ? 0 : x->credited_us + MESSAGE_US - x->credit_us;
}

static int64_t take_due(const struct boxes *b)
{
	int64_t due = INT64_MAX;
	for (size_t i = 0; i < b->count; i++)
		if (ready_us(b->box[i]) < due)
			due = ready_us(b->box[i]);
	return due > b->take_us ? due : b->take_us;
}

static void earn(struct boxes *b, int64_t now)
{
	for (size_t i = 0; i < b->count; i++) {
		struct box *x = b->box[i];
		x->credit_us += now - x->credited_us;
		x->credited_us = now;
		if (x->credit_us > CREDIT_MAX)
			x->credit_us = CREDIT_MAX;
	}
}

static struct box *next_box(struct boxes *b)
{
	for (size_t n = 0; n < b->count; n++) {
		struct box *x = b->box[(b->turn + n) % b->count];
		if (!x->next || x->credit_us < MESSAGE_US)
			continue;
		b->turn = (b->turn + n + 1) % b->count;
		return x;
	}
	return NULL;
}

static enum err take_one(struct boxes *b, struct box *x, bool *begun)
{
	struct waiting *w = x->next;
	struct box_word word = {.bytes = w->bytes, .len = w->len, .arrived_ms = w->arrived_ms, .edge_id = x->edge_id,
		.token = x->token};
	enum err e = ERR_NONE;
	buf_reset(&w->answer);
	if (w->ping) {
		buf_str(&w->answer, "{\"type\":\"pong\"}");
	} else {
		e = *begun ? ERR_NONE : b->io.rows.begin(b->io.rows.self);
		*begun = *begun || !e;
		if (!e)
			e = b->io.rows.take(b->io.rows.self, &word, &w->answer);
		(void)text_copy(w->named, sizeof(w->named), word.named);
	}
	if (e)
		return e;
	x->credit_us -= MESSAGE_US;
	x->next = w->next;
	return w->answer.failed ? ERR_MEMORY : ERR_NONE;
}

/* false: it does not read, and is gone. */
static bool send_or_end(struct boxes *b, struct box *x, const char *bytes, size_t len)
{
	size_t queued = b->io.links.queued(b->io.links.self, x->id);
	if (queued > 0 && queued + len > BOX_QUEUE_MAX) {
		end(b, x, BOX_SLOW);
		return false;
	}
	b->io.links.send(b->io.links.self, x->id, bytes, len);
	return true;
}

static void answer_box(struct boxes *b, struct box *x)
{
	while (x->first != x->next) {
		const struct waiting *w = x->first;
		if (!send_or_end(b, x, buf_text(&w->answer), w->answer.len))
			return;
		if (w->named[0])
			(void)text_copy(x->named, sizeof(x->named), w->named);
		drop_first(x);
	}
	set_reading(b, x);
}

/* What was taken is on disk. From the last to the first, since whoever is ended has the last one put in its place. */
static void answer(struct boxes *b)
{
	for (size_t i = b->count; i-- > 0;)
		answer_box(b, b->box[i]);
}

/* Nothing of it is: all is to be taken again. */
static void undo(struct boxes *b, enum err e)
{
	for (size_t i = 0; i < b->count; i++)
		b->box[i]->next = b->box[i]->first;
	if (!b->failing)
		journal_error("event=box_events_unwritable error=%s", err_name(e));
}

static void take_some(struct boxes *b, int64_t began)
{
	bool begun = false;
	struct box *x;
	enum err e = ERR_NONE;
	earn(b, began);
	while (!e && world_mono_us(b->world) < began + TAKE_US && (x = next_box(b)) != NULL)
		e = take_one(b, x, &begun);
	if (e && begun)
		b->io.rows.rollback(b->io.rows.self);
	else if (begun)
		e = b->io.rows.commit(b->io.rows.self);
	if (e)
		undo(b, e);
	else
		answer(b);
	if (!e && begun)
		b->io.rows.wrote(b->io.rows.self);
	int64_t now = world_mono_us(b->world), took = now - began;
	b->failing = e != ERR_NONE;
	b->look = b->look || begun;
	b->take_us = now + (e ? RETRY_US : !begun ? 0 : took < PAUSE_US ? took : PAUSE_US);
}

/* ---- telling ---- */

void boxes_look(struct boxes *b)
{
	b->look = b->count > 0;
}

static bool made_it(const struct box *x, const struct box_news *n)
{
	return n->own && n->where.edge_id[0] && (strcmp(n->where.edge_id, x->edge_id) == 0 || strcmp(n->where.edge_id, x->named) == 0);
}

static void tell(struct boxes *b, const struct box_news *n)
{
	for (size_t i = b->count; i-- > 0;) {
		struct box *x = b->box[i];
		if (x->greeted && !made_it(x, n))
			(void)send_or_end(b, x, n->frame, n->len);
	}
}

struct reading { struct boxes *boxes; int64_t count; bool put_off; };

static enum err take_news(void *arg, const struct box_news *n)
{
	struct reading *r = arg;
	struct boxes *b = r->boxes;
	r->put_off = n->len > 0 && b->told_us < TOLD_US;
	if (r->put_off)
		return ERR_NOT_FOUND; /* the walk ends; this one is the next to be read */
	if (n->len > 0) {
		b->told_us -= TOLD_US;
		tell(b, n);
	}
	b->seen = n->number;
	r->count++;
	return ERR_NONE;
}

static void look(struct boxes *b, int64_t now)
{
	struct reading r = {.boxes = b};
	enum err e = b->lost ? b->io.rows.newest(b->io.rows.self, &b->seen) : ERR_NONE;
	b->told_us += now - b->told_at_us;
	b->told_at_us = now;
	if (b->told_us > TOLD_MAX)
		b->told_us = TOLD_MAX;
	if (!e)
		e = b->io.rows.news(b->io.rows.self, b->seen, PASSAGE_BATCH, take_news, &r);
	if (r.put_off)
		e = ERR_NONE;
	b->lost = b->lost && e != ERR_NONE;
	b->look_us = now + PASSAGE_GAP_US;
	b->look = r.put_off || (!e && r.count == PASSAGE_BATCH);
	if (e && !b->unreadable)
		journal_error("event=passages_unreadable error=%s", err_name(e));
	b->unreadable = e != ERR_NONE;
}

/* Ends those whose time is over -> when the next one's is. */
static int64_t end_old(struct boxes *b, int64_t now)
{
	int64_t next = INT64_MAX;
	for (size_t i = b->count; i-- > 0;) {
		struct box *x = b->box[i];
		if (x->until_us <= now)
			end(b, x, x->greeted ? BOX_OVER : BOX_SILENT);
		else if (x->until_us < next)
			next = x->until_us;
	}
	return next;
}

int64_t boxes_run(struct boxes *b)
{
	int64_t now = world_mono_us(b->world), next = end_old(b, now), due;
	if (b->count == 0) {
		b->look = false;
		return INT64_MAX;
	}
	if (take_due(b) <= now)
		take_some(b, now);
	if (b->look && now >= b->look_us)
		look(b, now);
	due = take_due(b);
	if (b->look && b->look_us < due)
		due = b->look_us;
	return due < next ? due : next;
}
