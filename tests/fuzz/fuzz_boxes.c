/*
 * What a camera box says by its WebSocket: whatever it is, it is read as an event of a valid plate, or refused with a sentence, and each
 * message gets one answer, which is JSON. Each line is a message; one that ends in '\' comes in pieces. It is read as by HTTP, too.
 */
#include "fuzz.h"

#include "base/buf.h"
#include "domain/camera_told.h"
#include "p2pd/boxes.h"
#include "wire/json.h"

struct side { int64_t now; int answers, asked; bool ended; };

static int64_t side_now(void *self)
{
	return ((struct side *)self)->now;
}

static void side_random(void *self, void *out, size_t len)
{
	(void)self;
	memset(out, 0xff, len);
}

static void send_frame(void *self, uint64_t box, const char *bytes, size_t len)
{
	struct side *s = self;
	(void)box;
	MUST(json_is_object(bytes, len));
	s->answers++;
}

static size_t queued(void *self, uint64_t box)
{
	(void)self;
	(void)box;
	return 0;
}

static void reading(void *self, uint64_t box, bool on)
{
	(void)self;
	(void)box;
	(void)on;
}

static void end(void *self, uint64_t box, enum box_end why)
{
	(void)box;
	(void)why;
	((struct side *)self)->ended = true;
}

static enum err nothing(void *self)
{
	(void)self;
	return ERR_NONE;
}

static void done(void *self)
{
	(void)self;
}

static bool is_plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 127)
			return false;
	return true;
}

/* Read by one door; answered as if it were a repeat, which says most of what came again. */
static void read_one(const struct box_word *word, const char *box, struct buf *answer)
{
	struct camera_told told;
	enum err e = camera_told_read(word->bytes, word->len, box, &told);
	const struct camera_event *ev = &told.event;
	MUST((e == ERR_NONE) == (told.fault.code[0] == '\0'));
	MUST(strlen(told.edge_id) < EDGE_ID_SIZE && strlen(told.camera_id) < CAMERA_ID_SIZE && is_plain(told.camera_id));
	if (e) {
		MUST(told.fault.sentence[0]);
		camera_told_refusal(&told.fault, answer);
	} else {
		bool plate = ev->change == CHANGE_NONE || ev->change == CHANGE_PLATE;
		MUST(told.edge_id[0] && is_plain(told.edge_id) && ev->type && (box || ev->change == CHANGE_NONE));
		MUST(!plate || (strlen(ev->plate_id) >= PLATE_MIN && strlen(ev->plate_id) <= PLATE_MAX && ev->plate_view[0]));
		MUST(ev->change == CHANGE_NONE ? ev->camera_id != NULL : ev->event_id != NULL);
		MUST(ev->confidence <= 1);
		told.answer.outcome = CAMERA_REPEATED;
		camera_told_answer(&told, answer);
	}
	MUST(!answer->failed && json_is_object(buf_text(answer), answer->len));
	camera_told_free(&told);
}

static enum err take(void *self, struct box_word *word, struct buf *answer)
{
	struct side *s = self;
	struct buf by_http;
	s->asked++;
	buf_init(&by_http, answer->limit);
	read_one(word, NULL, &by_http);
	read_one(word, word->edge_id, answer);
	buf_free(&by_http);
	return ERR_NONE;
}

static enum err newest(void *self, int64_t *out)
{
	(void)self;
	*out = 0;
	return ERR_NONE;
}

static enum err news(void *self, int64_t after, int64_t limit, box_news_fn *each, void *arg)
{
	(void)self;
	(void)after;
	(void)limit;
	(void)each;
	(void)arg;
	return ERR_NONE;
}

static void say(struct boxes *b, const char *line, size_t len)
{
	size_t half = len > 0 && line[len - 1] == '\\' ? --len / 2 : 0;
	if (half > 0)
		boxes_heard(b, 1, &(struct box_part){.bytes = line, .len = half, .expect = len - half});
	boxes_heard(b, 1, &(struct box_part){.bytes = line + half, .len = len - half, .final = true});
}

static void say_all(struct side *s, struct boxes *b, const char *text, size_t len)
{
	for (const char *at = text, *last = text + len; at < last && !s->ended;) {
		const char *newline = memchr(at, '\n', (size_t)(last - at)), *stop = newline ? newline : last;
		say(b, at, (size_t)(stop - at));
		s->now += 1000000;
		(void)boxes_run(b);
		at = stop + 1;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct side side = {.now = 1000000};
	const struct world world = {side_now, side_now, side_random, &side};
	const struct boxes_io io = {
		.links = {.self = &side, .send = send_frame, .queued = queued, .reading = reading, .end = end},
		.rows = {.self = &side, .begin = nothing, .take = take, .commit = nothing, .rollback = done, .wrote = done, .newest = newest,
			.news = news},
	};
	struct boxes *b = NULL;
	char *copy = fuzz_copy(bytes, len);
	MUST(boxes_new(&io, &world, &b) == ERR_NONE && boxes_opened(b, 1, "a", NULL));
	say_all(&side, b, copy, len);
	side.now += 100000000;
	(void)boxes_run(b);
	MUST(side.answers >= side.asked); /* and the greeting, and pongs */
	boxes_free(b);
	free(copy);
	return 0;
}
