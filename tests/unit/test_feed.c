/* p2pd/feed: what those are told who watch the history, without sockets or a database. */
#include "test.h"

#include <stdlib.h>

#include "chance.h"
#include "p2pd/feed.h"

#define SECOND 1000000
#define ROWS 2000
#define SEEN 4096 /* frames noted */

/* Rows 1 … count with when each was written last, as the table has them, and what was done to each watcher. */
struct site {
	int64_t now;
	struct chance chance;
	struct world world;
	struct feed *feed;
	int64_t due;
	int64_t change[ROWS + 1];
	int64_t count, changes;
	int reads;
	bool broken;
	int64_t told[SEEN];             /* row ids told to watcher 1, in order; 0: another frame */
	int64_t told_at[SEEN];
	int frames, reloads, mesh;
	char last[2000];
	size_t stuck[FEED_WATCHERS + 2]; /* bytes that do not leave */
	int got[FEED_WATCHERS + 2];
	int64_t ended_at[FEED_WATCHERS + 2];
	enum feed_end why[FEED_WATCHERS + 2];
};

static int64_t site_now(void *self)
{
	return ((struct site *)self)->now;
}

static void site_random(void *self, void *out, size_t len)
{
	chance_bytes(&((struct site *)self)->chance, out, len);
}

static bool is_before(const struct site *s, int64_t a, int64_t b)
{
	int64_t first = s->change[a], second = s->change[b];
	return first < second || (first == second && a < b);
}

/* The row behind the mark that comes first; 0: none. */
static int64_t next_of(const struct site *s, struct history_mark after)
{
	int64_t found = 0;
	for (int64_t id = 1; id <= s->count; id++) {
		bool behind = s->change[id] > after.change || (s->change[id] == after.change && id > after.id);
		if (behind && (!found || is_before(s, id, found)))
			found = id;
	}
	return found;
}

static enum err mark(void *self, int64_t rows, struct history_mark *out)
{
	const struct site *s = self;
	int64_t all = 0;
	*out = (struct history_mark){0};
	if (s->broken)
		return ERR_UNAVAILABLE;
	for (int64_t id = 1; id <= s->count; id++)
		all += s->change[id] > 0;
	for (; all > rows; all--) {
		int64_t id = next_of(s, *out);
		*out = (struct history_mark){s->change[id], id};
	}
	return ERR_NONE;
}

static enum err changed(void *self, const struct history_mark *after, int64_t limit, history_each_fn *each, void *arg)
{
	struct site *s = self;
	struct history_mark at = *after;
	s->reads++;
	if (s->broken)
		return ERR_UNAVAILABLE;
	for (int64_t n = 0; n < limit; n++) {
		int64_t id = next_of(s, at);
		const struct history_row row = {.id = id, .change = s->change[id], .event_id = "e", .status = "IN"};
		if (!id)
			break;
		at = (struct history_mark){row.change, id};
		enum err e = each(arg, &row);
		if (e)
			return e;
	}
	return ERR_NONE;
}

static void note(struct site *s, const char *bytes, size_t len)
{
	long long id = 0;
	(void)snprintf(s->last, sizeof(s->last), "%.*s", (int)len, bytes);
	s->reloads += strstr(s->last, "\"history_reload\"") != NULL;
	s->mesh += strstr(s->last, "\"mesh_update\"") != NULL;
	(void)sscanf(s->last, "{\"type\":\"history_update\",\"data\":{\"id\":%lld,", &id);
	if (s->frames == SEEN)
		test_fail(__FILE__, __LINE__, "too many frames");
	else {
		s->told[s->frames] = id;
		s->told_at[s->frames++] = s->now;
	}
}

static void send_frame(void *self, uint64_t watcher, const char *bytes, size_t len)
{
	struct site *s = self;
	if (s->ended_at[watcher])
		test_fail(__FILE__, __LINE__, "%d was ended, and is told something", (int)watcher);
	s->got[watcher]++;
	if (s->stuck[watcher])
		s->stuck[watcher] += len;
	if (watcher == 1)
		note(s, bytes, len);
}

static size_t queued(void *self, uint64_t watcher)
{
	return ((struct site *)self)->stuck[watcher];
}

static void end(void *self, uint64_t watcher, enum feed_end why)
{
	struct site *s = self;
	s->ended_at[watcher] = s->now;
	s->why[watcher] = why;
}

static struct site *site_new(void)
{
	struct site *s = calloc(1, sizeof(*s));
	const struct feed_io io = {.self = s, .mark = mark, .changed = changed, .send = send_frame, .queued = queued, .end = end};
	s->now = 77 * SECOND;
	s->chance = (struct chance){1};
	s->world = (struct world){site_now, site_now, site_random, s};
	s->due = INT64_MAX;
	if (feed_new(&io, &s->world, &s->feed) != ERR_NONE)
		test_fail(__FILE__, __LINE__, "no feed");
	return s;
}

static void site_free(struct site *s)
{
	feed_free(s->feed);
	free(s);
}

static void run(struct site *s)
{
	s->due = feed_run(s->feed);
}

static void open_up_to(struct site *s, int count)
{
	for (int k = 1; k <= count; k++)
		if (!feed_opened(s->feed, (uint64_t)k, k % 2 ? k % 4 > 1 ? "a" : "b" : k % 4 > 1 ? "c" : "d"))
			test_fail(__FILE__, __LINE__, "watcher %d is not taken", k);
	run(s);
}

/* One transaction writes these rows, and the feed is told to look. */
static void write_rows(struct site *s, int64_t first, int64_t last)
{
	s->changes++;
	for (int64_t id = first; id <= last; id++)
		s->change[id] = s->changes;
	if (last > s->count)
		s->count = last;
	feed_look(s->feed);
	run(s);
}

/* Time passes, and the feed is called whenever it wants to be. */
static void pass(struct site *s, int64_t us)
{
	int64_t until = s->now + us;
	while (s->due <= until) {
		if (s->due > s->now)
			s->now = s->due;
		run(s);
	}
	s->now = until;
}

TEST(a_change_is_told_to_all_at_once)
{
	struct site *s = site_new();
	write_rows(s, 1, 5);
	open_up_to(s, 3);
	pass(s, SECOND);
	CHECK_INT(s->frames, 0); /* what was there before is no news */
	write_rows(s, 6, 6);
	CHECK(s->got[1] == 1 && s->got[2] == 1 && s->got[3] == 1);
	CHECK(strncmp(s->last, "{\"type\":\"history_update\",\"data\":{\"id\":6,\"event_id\":\"e\",\"source_central\":null,", 76) == 0);
	CHECK_STR(s->last + strlen(s->last) - 19, "\"updated_at\":null}}");
	site_free(s);
}

TEST(the_first_one_misses_nothing_from_when_he_connects)
{
	struct site *s = site_new();
	write_rows(s, 1, 1);
	feed_expect(s->feed);
	write_rows(s, 2, 2);
	pass(s, SECOND);
	feed_opened(s->feed, 1, "a");
	run(s);
	pass(s, SECOND);
	CHECK_INT(s->frames, 1);
	CHECK_INT(s->told[0], 2);
	feed_closed(s->feed, 1);
	write_rows(s, 3, 3);
	feed_opened(s->feed, 1, "a"); /* what was written while nobody watched is no news */
	run(s);
	pass(s, SECOND);
	CHECK_INT(s->frames, 1);
	site_free(s);
}

TEST(in_the_order_of_writing_and_again_when_written_again)
{
	struct site *s = site_new();
	const int64_t want[] = {1, 2, 3, 2, 1};
	open_up_to(s, 1);
	write_rows(s, 1, 3);
	pass(s, SECOND);
	write_rows(s, 2, 2);
	pass(s, SECOND);
	write_rows(s, 1, 1);
	pass(s, SECOND);
	CHECK_INT(s->frames, 5);
	for (int i = 0; i < 5; i++)
		CHECK_INT(s->told[i], want[i]);
	site_free(s);
}

TEST(nobody_watches_and_nothing_is_read)
{
	struct site *s = site_new();
	write_rows(s, 1, 5);
	CHECK(s->reads == 0 && s->due == INT64_MAX);
	open_up_to(s, 1);
	pass(s, SECOND);
	int reads = s->reads;
	pass(s, 30 * SECOND); /* idle: only its end is waited for */
	CHECK_INT(s->reads, reads);
	feed_closed(s->feed, 1);
	write_rows(s, 6, 6);
	CHECK(s->reads == reads && s->due == INT64_MAX && feed_watchers(s->feed) == 0);
	site_free(s);
}

/* Forty at once are told within a tenth of a second. */
TEST(a_burst_is_told_at_once)
{
	struct site *s = site_new();
	open_up_to(s, 1);
	write_rows(s, 1, 40);
	pass(s, SECOND / 10);
	CHECK_INT(s->frames, 40);
	CHECK_INT(s->reloads, 0);
	site_free(s);
}

static int64_t most_in_a_second(const struct site *s)
{
	int most = 0;
	for (int i = 0, j = 0; i < s->frames; i++) {
		while (s->told_at[i] - s->told_at[j] >= SECOND)
			j++;
		if (i - j + 1 > most)
			most = i - j + 1;
	}
	return most;
}

/* 10 000 writes in 10 s: a bounded number of frames, none much older than the newest, and in the end the newest of all. */
TEST(a_flood_is_told_by_its_newest)
{
	struct site *s = site_new();
	open_up_to(s, 2);
	for (int i = 0; i < 1000; i++) {
		write_rows(s, i % 200 * 10 + 1, i % 200 * 10 + 10);
		pass(s, SECOND / 100);
	}
	CHECK(s->frames > 400 && s->frames < FEED_BURST + 10 * FEED_RATE + 10);
	CHECK(most_in_a_second(s) <= FEED_BURST + FEED_RATE + 1);
	CHECK(s->reloads >= 3 && s->reloads <= 6);
	pass(s, 5 * SECOND);
	CHECK_INT(s->told[s->frames - 1], 2000);
	CHECK_INT(s->got[2], s->frames);
	int frames = s->frames;
	pass(s, 5 * SECOND);
	CHECK_INT(s->frames, frames); /* it has caught up */
	write_rows(s, 7, 7);
	CHECK_INT(s->told[s->frames - 1], 7);
	site_free(s);
}

/* More than may be told at once, but not for long: all are told. */
TEST(a_short_flood_is_told_whole)
{
	struct site *s = site_new();
	open_up_to(s, 1);
	write_rows(s, 1, FEED_BURST + FEED_RATE);
	pass(s, 3 * SECOND);
	CHECK(s->frames == FEED_BURST + FEED_RATE && s->reloads == 0);
	for (int i = 0; i < s->frames; i++)
		CHECK_INT(s->told[i], i + 1);
	site_free(s);
}

TEST(who_does_not_read_is_ended_and_nobody_else)
{
	struct site *s = site_new();
	open_up_to(s, 3);
	s->stuck[2] = 1;
	for (int64_t i = 1; i <= 400 && !s->ended_at[2]; i++) {
		write_rows(s, i, i);
		pass(s, SECOND / 10);
	}
	CHECK(s->ended_at[2] && s->why[2] == FEED_SLOW && s->stuck[2] <= FEED_QUEUE_MAX);
	CHECK(!s->ended_at[1] && !s->ended_at[3] && feed_watchers(s->feed) == 2);
	CHECK_INT(s->got[3], s->got[1]); /* not passed over when that one went */
	int got = s->got[3];
	write_rows(s, 1, 1);
	CHECK_INT(s->got[3], got + 1);
	site_free(s);
}

TEST(nobody_takes_all_places)
{
	struct site *s = site_new();
	for (uint64_t k = 1; k <= FEED_SHARE; k++)
		CHECK(feed_opened(s->feed, k, "address 10.0.0.1"));
	CHECK(!feed_opened(s->feed, 30, "address 10.0.0.1"));
	CHECK(feed_opened(s->feed, 31, "address 10.0.0.11") && feed_opened(s->feed, 32, "person anna"));
	feed_closed(s->feed, 3);
	CHECK(feed_opened(s->feed, 33, "address 10.0.0.1") && !feed_opened(s->feed, 34, "address 10.0.0.1"));
	site_free(s);
}

TEST(there_is_room_for_so_many)
{
	struct site *s = site_new();
	open_up_to(s, FEED_WATCHERS);
	CHECK(!feed_opened(s->feed, FEED_WATCHERS + 1, "somebody else"));
	feed_closed(s->feed, 5);
	CHECK(feed_opened(s->feed, FEED_WATCHERS + 1, "somebody else"));
	pass(s, SECOND);
	write_rows(s, 1, 1);
	CHECK(s->got[FEED_WATCHERS] == 1 && s->got[FEED_WATCHERS + 1] == 1 && s->got[5] == 0);
	site_free(s);
}

TEST(each_ends_in_time_and_not_all_together)
{
	struct site *s = site_new();
	int64_t begin = s->now, first = INT64_MAX, last = 0;
	open_up_to(s, FEED_WATCHERS);
	pass(s, FEED_LIFE_US + SECOND);
	CHECK_INT(feed_watchers(s->feed), 0);
	for (int k = 1; k <= FEED_WATCHERS; k++) {
		CHECK(s->why[k] == FEED_OVER && s->ended_at[k] > begin + FEED_LIFE_US / 5 * 4 && s->ended_at[k] <= begin + FEED_LIFE_US);
		first = s->ended_at[k] < first ? s->ended_at[k] : first;
		last = s->ended_at[k] > last ? s->ended_at[k] : last;
	}
	CHECK(last - first > 20 * (int64_t)SECOND);
	site_free(s);
}

TEST(who_talks_is_ended)
{
	struct site *s = site_new();
	open_up_to(s, 2);
	feed_heard(s->feed, 1, FEED_SAID_MAX);
	CHECK(!s->ended_at[1]);
	feed_heard(s->feed, 1, 1);
	CHECK(s->ended_at[1] && s->why[1] == FEED_TALKS && !s->ended_at[2]);
	feed_heard(s->feed, 1, 1); /* on its way */
	feed_closed(s->feed, 1);
	CHECK_INT(feed_watchers(s->feed), 1);
	site_free(s);
}

TEST(the_mesh_is_told_of_once_a_second_at_most)
{
	struct site *s = site_new();
	open_up_to(s, 1);
	for (int i = 0; i < 300; i++) {
		feed_mesh(s->feed);
		run(s);
		pass(s, SECOND / 100);
	}
	pass(s, 2 * SECOND);
	CHECK_INT(s->mesh, 4); /* the last one after the last change */
	CHECK_STR(s->last, "{\"type\":\"mesh_update\",\"data\":{}}");
	site_free(s);
}

TEST(rows_that_cannot_be_read_are_read_later)
{
	struct site *s = site_new();
	s->broken = true;
	open_up_to(s, 1);
	s->broken = false;
	write_rows(s, 1, 1); /* not known whether it came before or after: no news */
	pass(s, SECOND);
	write_rows(s, 2, 2);
	CHECK(s->frames == 1 && s->told[0] == 2);
	s->broken = true;
	pass(s, SECOND);
	write_rows(s, 3, 3);
	pass(s, SECOND);
	CHECK_INT(s->frames, 1);
	s->broken = false;
	feed_look(s->feed); /* the next second */
	run(s);
	CHECK(s->frames == 2 && s->told[1] == 3);
	site_free(s);
}

TEST_MAIN
