#include "store/outline.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/logs.h"
#include "store/plate_set.h"
#include "store/sql.h"

#define STRETCH_ROWS 1000           /* counted in 40 us */
#define FOLLOW_MOST 20000           /* rows that changed since the last look; reading more takes as long as beginning anew */
#define PLATES_ALWAYS 4             /* so few are looked up in any case */
#define LOOK_COST 20                /* a row of a plate that is looked up, in rows that are passed by in the index: 1.2 us and 0.06 */

#define QUESTIONS 64
#define STRETCHES_BYTES (64 * 1024 * 1024)

/* Up to where the next one begins. rows -1: not counted. none: a bit for each question for which there is no row here. */
struct stretch { int64_t from_ts, rows; uint64_t none; };
/* Number n has place n % QUESTIONS, until a later one takes it. */
struct question { int64_t number; char words[QUESTION_SIZE]; };

struct outline {
	pthread_mutex_t mutex;
	int64_t change;                 /* what is known is as of it; -1: nothing is */
	struct buf list;                /* holds stretches */
	struct stretch *stretches;      /* by from_ts, the first from 0 */
	size_t count;
	struct question questions[QUESTIONS];
	int64_t asked;                  /* the number of the last question */
	struct plate_set plates;
	enum { PLATES_UNKNOWN, PLATES_KNOWN, PLATES_TOO_MANY } plates_are;
};

static enum err insert(struct outline *o, size_t at, int64_t from_ts)
{
	const struct stretch fresh = { .from_ts = from_ts, .rows = -1 };

	buf_add(&o->list, &fresh, sizeof(fresh));
	if (o->list.failed)
		return ERR_MEMORY;
	o->stretches = (void *)o->list.data;
	memmove(&o->stretches[at + 1], &o->stretches[at], (o->count++ - at) * sizeof(fresh));
	o->stretches[at] = fresh;
	return ERR_NONE;
}

/* All of time is one stretch. Of what was there once there is room. */
static void forget(struct outline *o)
{
	o->change = -1;
	o->list.len = sizeof(*o->stretches);
	o->list.failed = false;
	o->count = 1;
	o->stretches[0] = (struct stretch){ .rows = -1 };
	o->plates_are = PLATES_UNKNOWN;
	plate_set_free(&o->plates);
}

enum err outline_open(struct outline **out)
{
	struct outline *o = calloc(1, sizeof(*o));

	*out = o;
	if (o == NULL)
		return ERR_MEMORY;
	pthread_mutex_init(&o->mutex, NULL);
	buf_init(&o->list, STRETCHES_BYTES);
	plate_set_init(&o->plates);
	o->change = -1;
	return insert(o, 0, 0);
}

void outline_close(struct outline *o)
{
	if (o == NULL)
		return;
	plate_set_free(&o->plates);
	buf_free(&o->list);
	pthread_mutex_destroy(&o->mutex);
	free(o);
}

/* ---- stretches ---- */

static uint64_t bit_of(int64_t question)
{
	return (uint64_t)1 << question % QUESTIONS;
}

/* The last one that begins at or before ts. */
static size_t stretch_at(const struct outline *o, int64_t ts)
{
	size_t low = 0, high = o->count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (o->stretches[middle].from_ts <= ts)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static struct span span_of(const struct outline *o, size_t i)
{
	return (struct span){ o->stretches[i].from_ts, i + 1 < o->count ? o->stretches[i + 1].from_ts - 1 : INT64_MAX };
}

/* One number of a row that is there or not. */
static enum err number(struct db *db, sqlite3_stmt *st, int64_t *out)
{
	enum err e = sql_row(db, st);

	if (e == ERR_NONE)
		*out = sqlite3_column_int64(st, 0);
	sql_end(st);
	return e;
}

static enum err begin_behind(struct db *db, int64_t from_ts, int64_t rows, int64_t *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_OUTLINE_BEGIN);

	put_int(st, 1, from_ts);
	put_int(st, 2, rows);
	return number(db, st, out);
}

/* Make stretches of the usual length out of one. All rows of a millisecond are in the same one; and none ends at 0, which stands for no
 * end in filters. */
static enum err divide(struct outline *o, struct db *db, size_t i)
{
	int64_t end = span_of(o, i).to_ts, from = o->stretches[i].from_ts, next = 0;
	enum err e;

	while ((e = begin_behind(db, from, STRETCH_ROWS, &next)) == ERR_NONE) {
		if (next == from || next < 2)
			e = begin_behind(db, from < 1 ? 2 : from + 1, 0, &next);
		if (e != ERR_NONE || next > end)
			break;
		o->stretches[i] = (struct stretch){ .from_ts = from, .rows = -1 };
		e = insert(o, ++i, next);
		if (e != ERR_NONE)
			return e;
		from = next;
	}
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

static enum err count_rows(struct db *db, struct span of, int64_t *out)
{
	sqlite3_stmt *st = sql_use(db, SQL_OUTLINE_COUNT);

	put_int(st, 1, of.from_ts);
	put_int(st, 2, of.to_ts);
	return number(db, st, out);
}

/* What of and the stretch have in common. */
static struct span common(const struct outline *o, size_t i, struct span of)
{
	struct span all = span_of(o, i);

	return (struct span){ of.from_ts > all.from_ts ? of.from_ts : all.from_ts, of.to_ts < all.to_ts ? of.to_ts : all.to_ts };
}

/* Only who sees all that is known here may change it. */
static bool is_current(const struct outline_look *look)
{
	return look->change == look->outline->change;
}

/* A stretch that has become long is divided next time. */
static enum err count_in(const struct outline_look *look, size_t i, struct span of, int64_t *out)
{
	struct stretch *s = &look->outline->stretches[i];
	struct span all = span_of(look->outline, i), here = common(look->outline, i, of);
	bool whole = here.from_ts == all.from_ts && here.to_ts == all.to_ts;
	enum err e;

	if (whole && s->rows >= 0) {
		*out = s->rows;
		return ERR_NONE;
	}
	e = count_rows(look->db, here, out);
	if (e == ERR_NONE && whole && is_current(look))
		s->rows = *out;
	return e;
}

/* ---- following ---- */

static enum err begin_anew(struct outline *o, struct db *db, int64_t change)
{
	enum err e;

	forget(o);
	e = divide(o, db, 0);
	if (e == ERR_NONE)
		o->change = change;
	return e;
}

static enum err add_plate(struct outline *o, const char *plate)
{
	enum err e = plate_set_add(&o->plates, plate);

	if (e != ERR_TOO_LARGE)
		return e;
	plate_set_free(&o->plates);
	o->plates_are = PLATES_TOO_MANY;
	return ERR_NONE;
}

/* A row that was written since. */
static enum err follow_row(struct outline *o, sqlite3_stmt *st)
{
	struct stretch *s = &o->stretches[stretch_at(o, sqlite3_column_int64(st, 0))];
	const char *plate = get_text_or_null(st, 1);

	s->rows = -1;
	s->none = 0;
	return o->plates_are == PLATES_KNOWN && plate != NULL ? add_plate(o, plate) : ERR_NONE;
}

static enum err follow(struct outline *o, struct db *db, int64_t change)
{
	sqlite3_stmt *st = sql_use(db, SQL_OUTLINE_CHANGED);
	int rows = 0;
	enum err e;

	put_int(st, 1, o->change);
	put_int(st, 2, FOLLOW_MOST);
	while ((e = sql_row(db, st)) == ERR_NONE) {
		rows++;
		e = follow_row(o, st);
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	if (e == ERR_NOT_FOUND && rows < FOLLOW_MOST) {
		o->change = change;
		return ERR_NONE;
	}
	return e == ERR_NOT_FOUND ? begin_anew(o, db, change) : e;
}

/* Rows come at the end, so the last stretch is the one that becomes long, besides those that a late log fills. */
static enum err divide_long(const struct outline_look *look)
{
	struct outline *o = look->outline;
	enum err e = ERR_NONE;

	for (size_t i = o->count; e == ERR_NONE && i-- > 0;) {
		if (o->stretches[i].rows > 2 * STRETCH_ROWS)
			e = divide(o, look->db, i);
	}
	return e;
}

/* With the mutex. A row that has moved since has left a stretch that it does not tell. */
static enum err catch_up(struct outline *o, struct db *db, int64_t change)
{
	int64_t moved = 0;
	enum err e = number(db, sql_use(db, SQL_OUTLINE_MOVED), &moved);

	if (e != ERR_NONE)
		return e;
	return o->change < 0 || moved > o->change ? begin_anew(o, db, change) : follow(o, db, change);
}

enum err outline_look(struct outline *o, struct db *db, struct outline_look *out)
{
	struct clock_row clock;
	enum err e = clock_read(db, &clock);

	*out = (struct outline_look){ o, db, clock.change };
	if (e != ERR_NONE)
		return e;
	pthread_mutex_lock(&o->mutex);
	if (o->change < clock.change)
		e = catch_up(o, db, clock.change);
	if (e == ERR_NONE && is_current(out))
		e = divide_long(out);
	if (e != ERR_NONE)
		forget(o);
	pthread_mutex_unlock(&o->mutex);
	return e;
}

/* ---- what is asked ---- */

enum err outline_count(const struct outline_look *look, struct span of, int64_t *out)
{
	struct outline *o = look->outline;
	int64_t rows = 0;
	enum err e = ERR_NONE;

	*out = 0;
	pthread_mutex_lock(&o->mutex);
	for (size_t i = stretch_at(o, of.from_ts); e == ERR_NONE && i < o->count && o->stretches[i].from_ts <= of.to_ts; i++) {
		e = count_in(look, i, of, &rows);
		*out += rows;
	}
	pthread_mutex_unlock(&o->mutex);
	return e;
}

bool span_go_behind(struct span *of, struct span part, bool oldest_first)
{
	if (oldest_first ? part.to_ts >= of->to_ts : part.from_ts <= of->from_ts)
		return false;
	if (oldest_first)
		of->from_ts = part.to_ts + 1;
	else
		of->to_ts = part.from_ts - 1;
	return true;
}

/* ---- questions ---- */

int64_t outline_question(const struct outline_look *look, const char *words)
{
	struct outline *o = look->outline;
	int64_t number = 0;

	pthread_mutex_lock(&o->mutex);
	for (int i = 0; number == 0 && i < QUESTIONS; i++) {
		if (o->questions[i].number > 0 && strcmp(o->questions[i].words, words) == 0)
			number = o->questions[i].number;
	}
	if (number == 0) {
		struct question *q = &o->questions[++o->asked % QUESTIONS];

		number = q->number = o->asked;
		text_copy(q->words, sizeof(q->words), words);
		for (size_t i = 0; i < o->count; i++)
			o->stretches[i].none &= ~bit_of(number);
	}
	pthread_mutex_unlock(&o->mutex);
	return number;
}

/* Is its place still its own? */
static bool is_asked(const struct outline *o, int64_t number)
{
	return number > 0 && o->questions[number % QUESTIONS].number == number;
}

bool outline_first(const struct outline_look *look, int64_t question, bool oldest_first, struct span of, struct span *part)
{
	struct outline *o = look->outline;
	bool found = false, left = of.from_ts <= of.to_ts;

	pthread_mutex_lock(&o->mutex);
	while (left && !found) {
		size_t i = stretch_at(o, oldest_first ? of.from_ts : of.to_ts);

		*part = common(o, i, of);
		found = !is_asked(o, question) || !(o->stretches[i].none & bit_of(question));
		left = span_go_behind(&of, *part, oldest_first);
	}
	pthread_mutex_unlock(&o->mutex);
	return found;
}

void outline_none(const struct outline_look *look, int64_t question, struct span of)
{
	struct outline *o = look->outline;

	pthread_mutex_lock(&o->mutex);
	for (size_t i = stretch_at(o, of.from_ts); is_current(look) && is_asked(o, question) && i < o->count; i++) {
		struct span all = span_of(o, i);

		if (all.to_ts > of.to_ts)
			break;
		if (all.from_ts >= of.from_ts)
			o->stretches[i].none |= bit_of(question);
	}
	pthread_mutex_unlock(&o->mutex);
}

enum err outline_skip(const struct outline_look *look, bool oldest_first, struct span *of, int64_t *offset)
{
	struct outline *o = look->outline;
	enum err e = ERR_NONE;
	int64_t rows = 0;

	pthread_mutex_lock(&o->mutex);
	for (bool left = of->from_ts <= of->to_ts; left;) {
		size_t i = stretch_at(o, oldest_first ? of->from_ts : of->to_ts);

		e = count_in(look, i, *of, &rows);
		if (e != ERR_NONE || rows > *offset)
			break;
		left = span_go_behind(of, common(o, i, *of), oldest_first);
		*offset -= left ? rows : 0; /* behind the last one nothing is */
	}
	pthread_mutex_unlock(&o->mutex);
	return e;
}

/* Who does not see all that has been followed would miss plates of others for good. */
static enum err know_plates(const struct outline_look *look)
{
	struct outline *o = look->outline;
	sqlite3_stmt *st;
	enum err e;

	if (o->plates_are != PLATES_UNKNOWN || !is_current(look))
		return ERR_NONE;
	o->plates_are = PLATES_KNOWN;
	st = sql_use(look->db, SQL_OUTLINE_PLATES);
	while ((e = sql_row(look->db, st)) == ERR_NONE && o->plates_are == PLATES_KNOWN) {
		const char *plate = get_text_or_null(st, 0);

		e = plate != NULL ? add_plate(o, plate) : ERR_NONE;
		if (e != ERR_NONE)
			break;
	}
	sql_end(st);
	if (e == ERR_NOT_FOUND || e == ERR_NONE)
		return ERR_NONE;
	plate_set_free(&o->plates);
	o->plates_are = PLATES_UNKNOWN;
	return e;
}

/* So many plates are worth looking up, each with its rows: beyond, so many rows pass by soon that wanted of them fit. */
static bool is_few(const struct outline *o, int64_t found, int64_t wanted)
{
	int64_t rows = (int64_t)o->count * STRETCH_ROWS, plates = (int64_t)o->plates.count;

	return found * (rows / plates + 1) * LOOK_COST <= (wanted + 1) * (plates / found + 1);
}

enum err outline_plates(const struct outline_look *look, const char *part, int64_t wanted, struct buf *out, bool *few)
{
	struct outline *o = look->outline;
	size_t at = 0;
	int64_t found = 0;
	const char *plate;
	enum err e;

	pthread_mutex_lock(&o->mutex);
	e = know_plates(look);
	*few = e == ERR_NONE && o->plates_are == PLATES_KNOWN;
	buf_char(out, '[');
	while (*few && (plate = plate_set_next(&o->plates, part, &at)) != NULL) {
		if (found++ > 0)
			buf_char(out, ',');
		buf_json_str(out, plate);
		*few = found <= PLATES_ALWAYS || is_few(o, found, wanted);
	}
	pthread_mutex_unlock(&o->mutex);
	buf_char(out, ']');
	return e == ERR_NONE && out->failed ? ERR_MEMORY : e;
}
