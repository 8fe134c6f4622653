/* p2pd/boxes: camera boxes, without sockets or a database. */
#include "test.h"

#include <stdlib.h>

#include "chance.h"
#include "p2pd/boxes.h"

#define SECOND 1000000
#define BOXES 80
#define NEWS 3000

/* What was done with events (a transaction's takes count when it is committed), what passed, and what was done to each box. */
struct site {
	int64_t now;
	struct chance chance;
	struct world world;
	struct boxes *boxes;
	int64_t due;
	bool begun, broken, breaks;     /* nothing can be begun; commits fail */
	int taken, committed, rolled_back, transactions, wrote;
	int64_t news;                   /* passages 1 … news; each but the tenths is told of */
	const char *edge;               /* where they happen, at this central; NULL: elsewhere */
	char said[BOXES + 1][200];      /* the last frame */
	int frames[BOXES + 1], answers[BOXES + 1], pongs[BOXES + 1], passages[BOXES + 1];
	int64_t last[BOXES + 1];        /* the last passage told */
	size_t stuck[BOXES + 1];        /* bytes that do not leave */
	bool stopped[BOXES + 1];        /* it is not read from */
	bool ended[BOXES + 1];
	enum box_end why[BOXES + 1];
};

static int64_t site_now(void *self)
{
	return ((struct site *)self)->now;
}

static int64_t site_wall(void *self)
{
	return site_now(self) / 1000;
}

static void site_random(void *self, void *out, size_t len)
{
	chance_bytes(&((struct site *)self)->chance, out, len);
}

static void send_frame(void *self, uint64_t box, const char *bytes, size_t len)
{
	struct site *s = self;
	long long number = 0;
	if (s->ended[box])
		test_fail(__FILE__, __LINE__, "%d was ended, and is told something", (int)box);
	if (s->begun)
		test_fail(__FILE__, __LINE__, "%d is told something before the commit", (int)box);
	(void)snprintf(s->said[box], sizeof(s->said[box]), "%.*s", (int)len, bytes);
	s->frames[box]++;
	s->answers[box] += strncmp(s->said[box], "answer", 6) == 0;
	s->pongs[box] += strcmp(s->said[box], "{\"type\":\"pong\"}") == 0;
	if (sscanf(s->said[box], "passage %lld", &number) == 1) {
		if (number <= s->last[box])
			test_fail(__FILE__, __LINE__, "passage %lld after %lld", number, (long long)s->last[box]);
		s->last[box] = number;
		s->passages[box]++;
	}
	if (s->stuck[box])
		s->stuck[box] += len;
}

static size_t queued(void *self, uint64_t box)
{
	return ((struct site *)self)->stuck[box];
}

static void reading(void *self, uint64_t box, bool on)
{
	((struct site *)self)->stopped[box] = !on;
}

static void end(void *self, uint64_t box, enum box_end why)
{
	struct site *s = self;
	s->ended[box] = true;
	s->why[box] = why;
}

static enum err begin(void *self)
{
	struct site *s = self;
	if (s->broken)
		return ERR_UNAVAILABLE;
	s->begun = true;
	s->transactions++;
	s->taken = 0;
	return ERR_NONE;
}

/* A millisecond each. */
static enum err take(void *self, struct box_word *word, struct buf *answer)
{
	struct site *s = self;
	s->now += 1000;
	s->taken++;
	buf_printf(answer, "answer to %.*s of %s", (int)(word->len < 60 ? word->len : 60), word->bytes, word->edge_id);
	(void)text_copy(word->named, sizeof(word->named), word->edge_id);
	return ERR_NONE;
}

static enum err commit(void *self)
{
	struct site *s = self;
	s->begun = false;
	if (s->breaks)
		return ERR_UNAVAILABLE;
	s->committed += s->taken;
	return ERR_NONE;
}

static void rollback(void *self)
{
	struct site *s = self;
	s->begun = false;
	s->rolled_back++;
}

static void wrote(void *self)
{
	((struct site *)self)->wrote++;
}

static enum err newest(void *self, int64_t *out)
{
	*out = ((struct site *)self)->news;
	return ERR_NONE;
}

static enum err news(void *self, int64_t after, int64_t limit, box_news_fn *each, void *arg)
{
	const struct site *s = self;
	char frame[300];
	for (int64_t n = after + 1; n <= s->news && n <= after + limit; n++) {
		struct box_news told = {.number = n, .frame = frame, .own = s->edge != NULL};
		(void)snprintf(frame, sizeof(frame), "passage %lld %200s", (long long)n, "");
		told.len = n % 10 ? strlen(frame) : 0;
		(void)text_copy(told.where.edge_id, sizeof(told.where.edge_id), s->edge ? s->edge : "edge-1");
		enum err e = each(arg, &told);
		if (e)
			return e;
	}
	return ERR_NONE;
}

static struct site *site_new(void)
{
	struct site *s = calloc(1, sizeof(*s));
	const struct boxes_io io = {
		.links = {.self = s, .send = send_frame, .queued = queued, .reading = reading, .end = end},
		.rows = {.self = s, .begin = begin, .take = take, .commit = commit, .rollback = rollback, .wrote = wrote, .newest = newest,
			.news = news},
	};
	s->now = 77 * SECOND;
	s->chance = (struct chance){1};
	s->world = (struct world){site_wall, site_now, site_random, s};
	s->due = INT64_MAX;
	if (boxes_new(&io, &s->world, &s->boxes) != ERR_NONE)
		test_fail(__FILE__, __LINE__, "no boxes");
	return s;
}

static void site_free(struct site *s)
{
	boxes_free(s->boxes);
	free(s);
}

static void run(struct site *s)
{
	s->due = boxes_run(s->boxes);
}

/* Time passes, and the boxes are called whenever they want to be. */
static void pass(struct site *s, int64_t us)
{
	int64_t until = s->now + us;
	run(s);
	while (s->due <= until) {
		if (s->due > s->now)
			s->now = s->due;
		run(s);
	}
	if (s->now < until)
		s->now = until;
}

static void say(struct site *s, uint64_t box, const char *text)
{
	const struct box_part part = {.bytes = text, .len = strlen(text), .final = true};
	boxes_heard(s->boxes, box, &part);
}

/* Box k, of edge k, at an address of its own for each ten. */
static void come(struct site *s, uint64_t box, const char *token)
{
	char address[20], hello[64];
	(void)snprintf(address, sizeof(address), "address %d", (int)box / 10);
	(void)snprintf(hello, sizeof(hello), "{\"edge_id\":\"edge-%d\"}", (int)box);
	if (!boxes_opened(s->boxes, box, address, token))
		test_fail(__FILE__, __LINE__, "box %d is not taken", (int)box);
	say(s, box, hello);
	run(s);
}

TEST(who_has_said_its_edge_is_connected)
{
	struct site *s = site_new();
	come(s, 1, NULL);
	come(s, 2, "edge-2");
	CHECK_STR(s->said[1], "{\"type\":\"connected\",\"message\":\"Connected.\",\"edge_id\":\"edge-1\"}");
	CHECK_INT(s->frames[2], 1);
	come(s, 3, "edge-2"); /* its token is of another edge than it says */
	CHECK(s->ended[3] && s->why[3] == BOX_OTHER_EDGE);
	CHECK(boxes_opened(s->boxes, 4, "a", NULL) && boxes_opened(s->boxes, 5, "a", NULL));
	say(s, 4, "hello");
	CHECK(s->ended[4] && s->why[4] == BOX_NO_NAME);
	pass(s, BOX_HELLO_US - 1);
	CHECK(!s->ended[5]);
	pass(s, 1);
	CHECK(s->ended[5] && s->why[5] == BOX_SILENT);
	CHECK_INT(boxes_count(s->boxes), 2);
	pass(s, BOX_LIFE_US / 5 * 4 - BOX_HELLO_US);
	CHECK(!s->ended[1]);
	pass(s, BOX_LIFE_US / 5);
	CHECK(s->ended[1] && s->why[1] == BOX_OVER && !s->ended[2]);
	site_free(s);
}

TEST(a_bounded_number_of_them)
{
	struct site *s = site_new();
	for (uint64_t k = 1; k <= BOXES_MAX; k++)
		come(s, k, NULL);
	CHECK(!boxes_opened(s->boxes, 70, "another", NULL));
	boxes_closed(s->boxes, 1);
	CHECK(boxes_opened(s->boxes, 70, "another", NULL));
	for (uint64_t k = 2; k <= BOXES_MAX; k++)
		boxes_closed(s->boxes, k);
	for (uint64_t k = 1; k < BOXES_SHARE; k++)
		CHECK(boxes_opened(s->boxes, k, "another", NULL));
	CHECK(!boxes_opened(s->boxes, 71, "another", NULL));
	CHECK(boxes_opened(s->boxes, 72, "yet another", NULL));
	site_free(s);
}

TEST(answers_come_after_the_commit_in_the_order_of_what_was_said)
{
	struct site *s = site_new();
	come(s, 1, NULL);
	say(s, 1, "one");
	say(s, 1, "{\"type\":\"ping\"}");
	say(s, 1, "{\"type\":\"pong\"}");
	say(s, 1, "two");
	CHECK_INT(s->frames[1], 1);
	s->breaks = true;
	pass(s, SECOND / 2);
	CHECK_INT(s->frames[1], 1); /* neither is on disk */
	CHECK_INT(s->committed, 0);
	s->breaks = false;
	s->broken = true;
	pass(s, SECOND);
	s->broken = false;
	pass(s, SECOND);
	CHECK_INT(s->committed, 2);
	CHECK_INT(s->wrote, 1);
	CHECK_INT(s->answers[1], 2);
	CHECK_INT(s->pongs[1], 1);
	CHECK_STR(s->said[1], "answer to two of edge-1");
	site_free(s);
}

TEST(a_ping_alone_takes_no_transaction)
{
	struct site *s = site_new();
	come(s, 1, NULL);
	say(s, 1, "{\"type\":\"ping\",\"timestamp\":1.5}");
	run(s);
	CHECK_INT(s->pongs[1], 1);
	CHECK_INT(s->transactions, 0);
	site_free(s);
}

TEST(a_box_that_goes_takes_what_waits_with_it)
{
	struct site *s = site_new();
	come(s, 1, NULL);
	come(s, 2, NULL);
	say(s, 1, "one");
	say(s, 2, "two");
	boxes_closed(s->boxes, 1);
	say(s, 1, "three");
	pass(s, SECOND);
	CHECK_INT(s->committed, 1);
	CHECK_INT(s->answers[1], 0);
	CHECK_INT(s->answers[2], 1);
	site_free(s);
}

TEST(who_says_too_much_waits_and_nobody_else)
{
	struct site *s = site_new();
	int said = 0;
	come(s, 1, NULL);
	come(s, 2, NULL);
	for (int round = 0; round < 400; round++) {
		for (; !s->stopped[1] && said < 100000; said++)
			say(s, 1, "flood");
		if (round % 40 == 0)
			say(s, 2, "now and then");
		pass(s, SECOND / 40);
		if (round % 40 == 0)
			CHECK_INT(s->answers[2], round / 40 + 1);
	}
	CHECK(!s->ended[1]);
	CHECK(said - s->answers[1] <= BOX_WAITING);
	CHECK(s->answers[1] >= BOX_BURST + 9 * BOX_RATE && s->answers[1] <= BOX_BURST + 11 * BOX_RATE);
	site_free(s);
}

TEST(a_transaction_is_short)
{
	struct site *s = site_new();
	for (uint64_t k = 1; k <= 20; k++)
		come(s, k, NULL);
	for (uint64_t k = 1; k <= 20; k++) {
		say(s, k, "one");
		say(s, k, "two");
	}
	run(s);
	CHECK_INT(s->transactions, 1);
	CHECK_INT(s->committed, 4); /* of a ms each */
	CHECK(s->due >= s->now + 2000); /* others may write */
	pass(s, SECOND);
	CHECK_INT(s->committed, 40);
	for (uint64_t k = 1; k <= 20; k++)
		CHECK_INT(s->answers[k], 2);
	site_free(s);
}

TEST(messages_in_pieces_and_too_large_ones)
{
	static char large[BOX_MESSAGE_MAX + 1];
	struct site *s = site_new();
	memset(large, 'x', sizeof(large));
	come(s, 1, NULL);
	boxes_heard(s->boxes, 1, &(struct box_part){.bytes = "on", .len = 2, .expect = 1});
	boxes_heard(s->boxes, 1, &(struct box_part){.bytes = "e", .len = 1, .final = true});
	pass(s, SECOND);
	CHECK_STR(s->said[1], "answer to one of edge-1");
	for (int n = 0; n < 3; n++)
		boxes_heard(s->boxes, 1, &(struct box_part){.bytes = large, .len = BOX_MESSAGE_MAX, .final = true});
	CHECK(s->stopped[1] && !s->ended[1]);
	pass(s, SECOND);
	CHECK(!s->stopped[1]);
	CHECK_INT(s->answers[1], 4);
	boxes_heard(s->boxes, 1, &(struct box_part){.bytes = large, .len = BOX_MESSAGE_MAX});
	boxes_heard(s->boxes, 1, &(struct box_part){.bytes = "e", .len = 1, .final = true});
	CHECK(s->ended[1] && s->why[1] == BOX_TOO_LARGE);
	come(s, 2, NULL);
	boxes_heard(s->boxes, 2, &(struct box_part){.bytes = "e", .len = 1, .expect = BOX_MESSAGE_MAX});
	CHECK(s->ended[2] && s->why[2] == BOX_TOO_LARGE);
	come(s, 3, NULL);
	boxes_heard(s->boxes, 3, &(struct box_part){.bytes = "e", .len = 1, .final = true, .binary = true});
	CHECK(s->ended[3] && s->why[3] == BOX_BINARY);
	site_free(s);
}

static void happen(struct site *s, int64_t count, const char *edge)
{
	s->news += count;
	s->edge = edge;
	boxes_look(s->boxes);
	run(s);
}

TEST(passages_are_told_to_all_but_who_made_them)
{
	struct site *s = site_new();
	s->news = 500;
	come(s, 1, NULL);
	come(s, 2, NULL);
	CHECK(boxes_opened(s->boxes, 3, "a", NULL)); /* has not said who it is */
	happen(s, 5, NULL);
	CHECK_INT(s->passages[1], 5); /* those before were no news */
	CHECK_INT(s->passages[2], 5);
	CHECK_INT(s->passages[3], 0);
	happen(s, 4, "edge-1");
	pass(s, SECOND);
	CHECK_INT(s->passages[1], 5);
	CHECK_INT(s->passages[2], 9);
	happen(s, 4, ""); /* by an operator */
	pass(s, SECOND);
	CHECK_INT(s->passages[1], 8);
	CHECK_INT(s->passages[2], 12);
	site_free(s);
}

TEST(what_was_missed_is_told_in_order_and_not_too_fast)
{
	struct site *s = site_new();
	come(s, 1, NULL);
	pass(s, SECOND);
	happen(s, NEWS, NULL);
	pass(s, SECOND);
	CHECK(s->passages[1] >= PASSAGE_RATE && s->passages[1] <= 2 * PASSAGE_RATE + 1);
	pass(s, 20 * SECOND);
	CHECK_INT(s->passages[1], NEWS / 10 * 9);
	CHECK(s->due > s->now + SECOND);
	site_free(s);
}

TEST(who_does_not_read_is_ended)
{
	struct site *s = site_new();
	come(s, 1, "edge-1");
	come(s, 2, "edge-2");
	come(s, 3, "edge-3");
	s->stuck[2] = s->stuck[3] = 1;
	for (int n = 0; n < 20000 && !s->ended[3]; n++) {
		say(s, 3, "{\"type\":\"ping\"}");
		pass(s, SECOND);
	}
	CHECK(s->ended[3] && s->why[3] == BOX_SLOW); /* of its own answers */
	happen(s, NEWS, NULL);
	pass(s, 20 * SECOND);
	CHECK(s->ended[2] && s->why[2] == BOX_SLOW);
	CHECK(s->stuck[2] <= BOX_QUEUE_MAX && s->stuck[3] <= BOX_QUEUE_MAX);
	CHECK(!s->ended[1]);
	CHECK_INT(s->passages[1], NEWS / 10 * 9);
	site_free(s);
}

TEST_MAIN
