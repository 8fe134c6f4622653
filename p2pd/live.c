#include "live.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/journal.h"
#include "base/text.h"
#include "box_side.h"
#include "domain/people.h"
#include "feed.h"
#include "listen.h"
#include "loop.h"
#include "store/edges.h"
#include "store/history.h"

#define CONNECTED_MAX (FEED_WATCHERS + BOXES_MAX + 16) /* some more, to be told that there are too many */
#define ACCEPT_AT_ONCE 16
#define PATH_SIZE 512
#define WATCHER_HEADER "x-parkmesh-watcher:"
#define WATCHER_SIZE 128 /* at most "edge ", 64 digits, and an address */

/* Codes of RFC 6455 and its registry. */
enum { GOING_AWAY = 1001, NO_SUCH_DATA = 1003, POLICY = 1008, TOO_LARGE = 1009, TRY_LATER = 1013 };

_Static_assert(EDGE_TOKEN_BYTES == USER_TOKEN_BYTES, "hashes of tokens and of log-ins have one place");

struct watching {
	struct watching *next;
	struct live *live;
	uint64_t id;
	struct loop_visitor *visitor;
	bool box;
	bool person;                             /* it watches as long as the log-in of hash lasts */
	bool token;                              /* it is a box as long as the token of hash is its edge's */
	unsigned char hash[USER_TOKEN_BYTES];
};

struct live {
	struct loop *loop;
	struct db *db;
	const struct world *world;
	struct feed *feed;
	struct boxes *boxes;
	struct box_side side;
	struct loop_timer *due;
	struct loop_watch *listener;
	int listener_fd;
	char path[PATH_SIZE];
	struct watching *first;
	size_t count;
	uint64_t last_id;
	bool failed, stopped;        /* the socket could not be made, which has been told */
};

static void run(struct live *l)
{
	int64_t due = feed_run(l->feed), boxes = boxes_run(l->boxes);
	if (boxes < due)
		due = boxes;
	if (due != INT64_MAX)
		loop_timer_set(l->due, due - world_mono_us(l->world));
}

static void on_due(void *arg)
{
	struct live *l = arg;
	if (!l->stopped)
		run(l);
}

/* ---- what the feed does ---- */

static const struct watching *watching_of(const struct live *l, uint64_t id)
{
	for (const struct watching *w = l->first; w; w = w->next)
		if (w->id == id)
			return w;
	return NULL;
}

static enum err mark(void *self, int64_t rows, struct history_mark *out)
{
	const struct live *l = self;
	return history_mark(l->db, rows, out);
}

static enum err changed(void *self, const struct history_mark *after, int64_t limit, history_each_fn *each, void *arg)
{
	const struct live *l = self;
	return history_changed(l->db, after, limit, each, arg);
}

static void send_frame(void *self, uint64_t watcher, const char *bytes, size_t len)
{
	const struct watching *w = watching_of(self, watcher);
	if (w)
		loop_visitor_send(w->visitor, bytes, len);
}

static size_t queued(void *self, uint64_t watcher)
{
	const struct watching *w = watching_of(self, watcher);
	return w ? loop_visitor_queued(w->visitor) : 0;
}

static void end(void *self, uint64_t watcher, enum feed_end why)
{
	const struct watching *w = watching_of(self, watcher);
	if (!w)
		return;
	switch (why) {
	case FEED_OVER:
		loop_visitor_end(w->visitor, GOING_AWAY, "Connect again; who may watch is asked from time to time.");
		break;
	case FEED_SLOW:
		loop_visitor_end(w->visitor, TRY_LATER, "What is sent is not read. Connect again and read anew what is shown.");
		break;
	case FEED_TALKS:
		loop_visitor_end(w->visitor, POLICY, "There is nothing to say here.");
		break;
	}
}

/* ---- what the boxes do ---- */

static void reading(void *self, uint64_t box, bool on)
{
	const struct watching *w = watching_of(self, box);
	if (w)
		loop_visitor_reading(w->visitor, on);
}

static void end_box(void *self, uint64_t box, enum box_end why)
{
	static const struct { int code; const char *why; } ends[] = {
		[BOX_SILENT] = {POLICY, "The first frame did not come."},
		[BOX_NO_NAME] = {POLICY, "The first frame has to say the edge_id."},
		[BOX_OTHER_EDGE] = {POLICY, "This token is of another edge than the first frame names."},
		[BOX_SLOW] = {TRY_LATER, "What is sent is not read."},
		[BOX_TOO_LARGE] = {TOO_LARGE, "A message has at most 64 KiB."},
		[BOX_BINARY] = {NO_SUCH_DATA, "Only text is spoken here."},
		[BOX_OVER] = {GOING_AWAY, "Connect again; who may is asked from time to time."},
		[BOX_NO_MEMORY] = {TRY_LATER, "There is no memory for now."},
	};
	const struct watching *w = watching_of(self, box);
	if (w)
		loop_visitor_end(w->visitor, ends[why].code, ends[why].why);
}

/* ---- what the loop tells ---- */

static void end_over(const struct watching *w)
{
	loop_visitor_end(w->visitor, POLICY, w->box ? "The token is no longer known." : "The log-in is over.");
}

static void take_in_box(struct watching *w, const char *address, const char *edge_id)
{
	if (!boxes_opened(w->live->boxes, w->id, address, edge_id))
		loop_visitor_end(w->visitor, TRY_LATER, "Too many are here already.");
}

/* "edge HASH ADDRESS": the edge is looked up again, so that a token that was replaced since says nothing. */
static void open_with_token(struct watching *w, char *hash)
{
	char *address = strchr(hash, ' ');
	struct edge_row row;
	w->box = true;
	if (address)
		*address++ = '\0';
	w->token = address && hex_decode(w->hash, sizeof(w->hash), hash) &&
		edge_find_by_token(w->live->db, w->hash, &row) == ERR_NONE;
	if (w->token)
		take_in_box(w, address, row.edge_id);
	else
		end_over(w);
}

/* false: it is no box. */
static bool open_box(struct watching *w)
{
	char said[WATCHER_SIZE];
	loop_visitor_header(w->visitor, WATCHER_HEADER, said, sizeof(said));
	if (strncmp(said, "edge ", 5) == 0) {
		open_with_token(w, said + 5);
		return true;
	}
	w->box = strncmp(said, "box ", 4) == 0;
	if (w->box)
		take_in_box(w, said + 4, NULL);
	return w->box;
}

/* Whose share of the places w takes. false: of a log-in that is over. */
static bool find_who(struct watching *w, char who[FEED_WHO_SIZE])
{
	char said[WATCHER_SIZE];
	struct session_row row;
	loop_visitor_header(w->visitor, WATCHER_HEADER, said, sizeof(said));
	text_format(who, FEED_WHO_SIZE, "%.*s", FEED_WHO_SIZE - 1, said);
	w->person = strncmp(said, "session ", 8) == 0 && hex_decode(w->hash, sizeof(w->hash), said + 8);
	if (!w->person)
		return true;
	enum err e = people_session(w->live->db, w->hash, world_wall_ms(w->live->world), &row);
	if (e == ERR_NONE)
		text_format(who, FEED_WHO_SIZE, "person %s", row.user);
	return e != ERR_NOT_FOUND;
}

static void opened(void *mine)
{
	struct watching *w = mine;
	struct live *l = w->live;
	char who[FEED_WHO_SIZE];
	if (l->stopped)
		return;
	if (open_box(w))
		;
	else if (!find_who(w, who))
		end_over(w);
	else if (!feed_opened(l->feed, w->id, who))
		loop_visitor_end(w->visitor, TRY_LATER, "Too many watch already.");
	run(l);
}

static void heard(void *mine, const struct loop_heard *part)
{
	struct watching *w = mine;
	const struct box_part said = {.bytes = part->bytes, .len = part->len, .expect = part->expect, .final = part->final,
		.binary = part->binary};
	struct live *l = w->live;
	if (l->stopped)
		return;
	if (w->box)
		boxes_heard(l->boxes, w->id, &said);
	else
		feed_heard(l->feed, w->id, part->len);
	if (w->box) /* not from here: it may be in the middle of what was read */
		loop_timer_set(l->due, 0);
}

static void unlist(struct watching *w)
{
	struct watching **at = &w->live->first;
	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	w->live->count--;
	free(w);
}

static void gone(void *mine)
{
	struct watching *w = mine;
	feed_closed(w->live->feed, w->id);
	boxes_closed(w->live->boxes, w->id);
	unlist(w);
}

/* ---- coming in ---- */

static void take(struct live *l, int fd)
{
	struct watching *w = l->count < CONNECTED_MAX ? calloc(1, sizeof(*w)) : NULL;
	if (!w) {
		close(fd);
		return;
	}
	*w = (struct watching){.next = l->first, .live = l, .id = ++l->last_id};
	l->first = w;
	l->count++;
	feed_expect(l->feed); /* he is told that he is in before we are */
	if (loop_visitor_new(l->loop, fd, w, &w->visitor) != ERR_NONE)
		unlist(w);
}

static bool on_listener(void *arg)
{
	struct live *l = arg;
	char unused[64];
	for (int n = 0; n < ACCEPT_AT_ONCE; n++) {
		int fd;
		enum err e = listen_accept(l->listener_fd, &fd, unused, sizeof(unused));
		if (e == ERR_NOT_FOUND)
			return true;
		if (e) { /* as in link.c */
			journal_error("event=accept_failed path=%s", l->path);
			l->listener = NULL;
			return false;
		}
		take(l, fd);
	}
	return true;
}

static void listen_on_path(struct live *l)
{
	char why[128] = "the loop refused";
	enum err e = listen_open_path(l->path, &l->listener_fd, why, sizeof(why));
	if (!e)
		e = loop_watch(l->loop, l->listener_fd, on_listener, l, &l->listener);
	if (e && !l->failed)
		journal_error("event=not_listening path=%s why=\"%s\"", l->path, why);
	if (!e)
		journal_info("event=listening path=%s", l->path);
	l->failed = e != ERR_NONE;
}

static enum err open_parts(struct live *l)
{
	const struct feed_io feed = {.self = l, .mark = mark, .changed = changed, .send = send_frame, .queued = queued, .end = end};
	struct boxes_io boxes = {.links = {.self = l, .send = send_frame, .queued = queued, .reading = reading, .end = end_box}};
	box_side_table(&l->side, &boxes.rows);
	enum err e = feed_new(&feed, l->world, &l->feed);
	return e ? e : boxes_new(&boxes, l->world, &l->boxes);
}

enum err live_open(struct loop *loop, struct rows *rows, const struct world *world, const char *path, const struct live_told *told,
	struct live **out)
{
	static const struct loop_visited visited = {.opened = opened, .heard = heard, .gone = gone};
	struct live *l = calloc(1, sizeof(*l));
	if (!l)
		return ERR_MEMORY;
	*l = (struct live){.loop = loop, .db = rows->db, .world = world};
	box_side_init(&l->side, rows, told->central, told->wrote, told->arg);
	*out = l;
	enum err e = text_copy(l->path, sizeof(l->path), path) ? open_parts(l) : ERR_INVALID;
	if (!e)
		e = loop_timer_new(loop, on_due, l, &l->due);
	if (!e)
		e = loop_receive_visitors(loop, &visited);
	if (!e)
		listen_on_path(l);
	return e;
}

void live_look(struct live *l)
{
	if (!l || l->stopped || feed_watchers(l->feed) + boxes_count(l->boxes) == 0)
		return;
	feed_look(l->feed);
	boxes_look(l->boxes);
	run(l);
}

void live_mesh(struct live *l)
{
	if (!l || l->stopped)
		return;
	feed_mesh(l->feed);
	run(l);
}

/* A database that cannot be read for now says nothing about log-ins and tokens. */
static bool is_over(const struct watching *w)
{
	const struct live *l = w->live;
	struct session_row session;
	struct edge_row edge;
	if (w->token)
		return edge_find_by_token(l->db, w->hash, &edge) == ERR_NOT_FOUND;
	return w->person && people_session(l->db, w->hash, world_wall_ms(l->world), &session) == ERR_NOT_FOUND;
}

static void end_those_over(struct live *l)
{
	for (struct watching *w = l->first; w; w = w->next) {
		if (!is_over(w))
			continue;
		w->person = w->token = false;
		feed_closed(l->feed, w->id);
		boxes_closed(l->boxes, w->id);
		end_over(w);
	}
}

void live_tick(struct live *l)
{
	if (!l || l->stopped)
		return;
	if (!l->listener)
		listen_on_path(l);
	end_those_over(l);
	live_look(l);
}

void live_stop(struct live *l)
{
	if (!l || l->stopped)
		return;
	l->stopped = true;
	loop_timer_free(l->due);
	l->due = NULL;
	loop_unwatch(l->listener);
	l->listener = NULL;
	for (const struct watching *w = l->first; w; w = w->next)
		loop_visitor_end(w->visitor, GOING_AWAY, "p2pd ends. Connect again.");
}

bool live_leaving(const struct live *l)
{
	for (const struct watching *w = l ? l->first : NULL; w; w = w->next)
		if (loop_visitor_leaving(w->visitor))
			return true;
	return false;
}

void live_free(struct live *l)
{
	if (!l)
		return;
	for (struct watching *w = l->first, *next; w; w = next) {
		next = w->next;
		free(w);
	}
	feed_free(l->feed);
	boxes_free(l->boxes);
	box_side_free(&l->side);
	free(l);
}
