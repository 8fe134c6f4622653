#include "feed.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/journal.h"
#include "base/text.h"
#include "domain/told_row.h"

#define FRAME_US (1000000 / FEED_RATE)
#define CREDIT_MAX (FEED_BURST * (int64_t)FRAME_US)
#define CREDIT_WAIT (FEED_BATCH / 2 * (int64_t)FRAME_US) /* more than one frame: a reading each would be dear */
#define FRAME_MAX (256 * 1024)

struct watcher { uint64_t id; char who[FEED_WHO_SIZE]; int64_t until_us; size_t said; };

struct feed {
	struct feed_io io;
	const struct world *world;
	struct watcher watcher[FEED_WATCHERS];
	size_t count;
	struct history_mark seen;    /* all up to here is told */
	bool expecting;              /* seen is of when the first one connected, who has not opened yet */
	bool lost;                   /* seen could not be read */
	bool look, failing;          /* rows may be behind seen; they could not be read last time */
	int64_t look_us;             /* not before */
	int64_t behind_us;           /* since when there are more than may be told; 0: there are not */
	int64_t credit_us, credited_us; /* what may be told at once, FRAME_US a frame, as of then */
	bool mesh;
	int64_t mesh_us;             /* not before */
	struct buf frame;
};

enum err feed_new(const struct feed_io *io, const struct world *world, struct feed **out)
{
	struct feed *f = calloc(1, sizeof(*f));
	if (!f)
		return ERR_MEMORY;
	f->io = *io;
	f->world = world;
	buf_init(&f->frame, FRAME_MAX);
	*out = f;
	return ERR_NONE;
}

void feed_free(struct feed *f)
{
	if (!f)
		return;
	buf_free(&f->frame);
	free(f);
}

size_t feed_watchers(const struct feed *f)
{
	return f->count;
}

/* ---- watchers ---- */

static struct watcher *watcher_of(struct feed *f, uint64_t id)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->watcher[i].id == id)
			return &f->watcher[i];
	return NULL;
}

static void forget(struct feed *f, struct watcher *w)
{
	*w = f->watcher[--f->count];
}

static void end(struct feed *f, struct watcher *w, enum feed_end why)
{
	uint64_t id = w->id;
	forget(f, w);
	f->io.end(f->io.self, id, why);
}

/* The first one: what is there now is not news. */
static void begin(struct feed *f, int64_t now)
{
	f->lost = f->io.mark(f->io.self, 0, &f->seen) != ERR_NONE;
	f->look = true;
	f->look_us = 0;
	f->behind_us = 0;
	f->credit_us = CREDIT_MAX;
	f->credited_us = now;
}

void feed_expect(struct feed *f)
{
	if (f->count > 0)
		return;
	begin(f, world_mono_us(f->world));
	f->expecting = true;
}

static size_t count_of(const struct feed *f, const char *who)
{
	size_t count = 0;
	for (size_t i = 0; i < f->count; i++)
		count += strncmp(f->watcher[i].who, who, FEED_WHO_SIZE - 1) == 0;
	return count;
}

bool feed_opened(struct feed *f, uint64_t watcher, const char *who)
{
	int64_t now = world_mono_us(f->world);
	if (f->count == FEED_WATCHERS || count_of(f, who) >= FEED_SHARE)
		return false;
	if (f->count == 0 && !f->expecting)
		begin(f, now);
	f->expecting = false;
	f->look = true;
	now += FEED_LIFE_US - world_random_below(f->world, FEED_LIFE_US / 5);
	struct watcher *w = &f->watcher[f->count++];
	*w = (struct watcher){.id = watcher, .until_us = now};
	text_format(w->who, sizeof(w->who), "%.*s", FEED_WHO_SIZE - 1, who);
	return true;
}

void feed_closed(struct feed *f, uint64_t watcher)
{
	struct watcher *w = watcher_of(f, watcher);
	if (w)
		forget(f, w);
}

void feed_heard(struct feed *f, uint64_t watcher, size_t len)
{
	struct watcher *w = watcher_of(f, watcher);
	if (!w)
		return;
	w->said += len;
	if (w->said > FEED_SAID_MAX)
		end(f, w, FEED_TALKS);
}

void feed_look(struct feed *f)
{
	f->look = true;
}

void feed_mesh(struct feed *f)
{
	f->mesh = true;
}

/* ---- telling ---- */

/* From the last to the first, since whoever is ended has the last one put in its place. */
static void send_all(struct feed *f)
{
	const struct buf *b = &f->frame;
	for (size_t i = f->count; i-- > 0;) {
		struct watcher *w = &f->watcher[i];
		size_t queued = f->io.queued(f->io.self, w->id);
		if (queued > 0 && queued + b->len > FEED_QUEUE_MAX)
			end(f, w, FEED_SLOW);
		else
			f->io.send(f->io.self, w->id, buf_text(b), b->len);
	}
}

static void tell(struct feed *f, const char *type, const struct history_row *row)
{
	buf_reset(&f->frame);
	buf_printf(&f->frame, "{\"type\":\"%s\",\"data\":", type);
	if (row)
		told_row_json(row, &f->frame);
	else
		buf_str(&f->frame, "{}");
	buf_char(&f->frame, '}');
	if (f->frame.failed)
		journal_warning("event=row_not_told id=%lld why=\"it is too large\"", row ? (long long)row->id : 0LL);
	else
		send_all(f);
}

struct reading { struct feed *feed; int64_t count; };

static enum err tell_row(void *arg, const struct history_row *row)
{
	struct reading *r = arg;
	tell(r->feed, "history_update", row);
	r->feed->seen = (struct history_mark){row->change, row->id};
	r->count++;
	return ERR_NONE;
}

static void earn(struct feed *f, int64_t now)
{
	f->credit_us += now - f->credited_us;
	f->credited_us = now;
	if (f->credit_us > CREDIT_MAX)
		f->credit_us = CREDIT_MAX;
}

/* Too much for too long: go on with the newest. */
static enum err leave_out(struct feed *f, int64_t now)
{
	struct history_mark mark;
	enum err e = f->io.mark(f->io.self, FEED_BATCH, &mark);
	if (e)
		return e;
	if (mark.change > f->seen.change || (mark.change == f->seen.change && mark.id > f->seen.id)) {
		f->seen = mark;
		tell(f, "history_reload", NULL);
	}
	f->behind_us = now;
	return ERR_NONE;
}

static enum err look(struct feed *f, int64_t now)
{
	struct reading r = {.feed = f};
	int64_t limit = f->credit_us / FRAME_US < FEED_BATCH ? f->credit_us / FRAME_US : FEED_BATCH;
	enum err e = ERR_NONE;
	if (f->behind_us && now - f->behind_us > FEED_BEHIND_US)
		e = leave_out(f, now);
	if (!e && f->lost)
		e = f->io.mark(f->io.self, 0, &f->seen);
	if (!e)
		e = f->io.changed(f->io.self, &f->seen, limit, tell_row, &r);
	if (e)
		return e;
	f->lost = false;
	f->credit_us -= r.count * FRAME_US;
	f->look = r.count == limit;
	if (!f->look)
		f->behind_us = 0;
	else if (!f->behind_us)
		f->behind_us = now;
	return ERR_NONE;
}

static void look_if_due(struct feed *f, int64_t now)
{
	if (!f->look || now < f->look_us)
		return;
	earn(f, now);
	f->look_us = now + FEED_GAP_US;
	if (f->credit_us < FRAME_US) {
		f->look_us = now + CREDIT_WAIT;
		return;
	}
	enum err e = look(f, now);
	if (e) {
		f->look = false;
		if (!f->failing)
			journal_error("event=history_unreadable error=%s", err_name(e));
	}
	f->failing = e != ERR_NONE;
}

static void tell_mesh_if_due(struct feed *f, int64_t now)
{
	if (!f->mesh || now < f->mesh_us)
		return;
	f->mesh = false;
	f->mesh_us = now + FEED_MESH_GAP_US;
	tell(f, "mesh_update", NULL);
}

/* Ends those whose time is over -> when the next one's is. */
static int64_t end_old(struct feed *f, int64_t now)
{
	int64_t next = INT64_MAX;
	for (size_t i = f->count; i-- > 0;) {
		if (f->watcher[i].until_us <= now)
			end(f, &f->watcher[i], FEED_OVER);
		else if (f->watcher[i].until_us < next)
			next = f->watcher[i].until_us;
	}
	return next;
}

int64_t feed_run(struct feed *f)
{
	int64_t now = world_mono_us(f->world), next = end_old(f, now);
	if (f->count == 0) {
		f->look = f->mesh = false;
		return INT64_MAX;
	}
	look_if_due(f, now);
	tell_mesh_if_due(f, now);
	if (f->look && f->look_us < next)
		next = f->look_us;
	if (f->mesh && f->mesh_us < next)
		next = f->mesh_us;
	return next;
}
