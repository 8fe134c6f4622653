/*
 * Histories that make merging one more page dear: many records about one plate or one stay, then a page of AUTHOR_PAGE late ones.
 * Shared by the test that bounds the work and by the benchmark that shows its time. Include after central.h.
 */
#ifndef PARKMESH_TEST_LONG_LINE_H
#define PARKMESH_TEST_LONG_LINE_H

#include "author.h"
#include "central.h"

#define MINUTE 60000LL

static inline void say_entry(struct author *a, const char *event_id, int64_t at)
{
	struct record r = { .type = RECORD_ENTRY, .event_id = event_id, .at = at };

	r.data.entry = (struct entry_data){ .plate_id = "29A12345", .plate_view = "29A-123.45", .edge_id = "edge-1", .camera_type = "car",
		.direction = "ENTRY", .entry_time = "2024-12-02 19:00:00", .entry_ts = at, .confidence = 0.5 };
	author_say(a, &r);
}

static inline void say_exit(struct author *a, const char *event_id, int64_t at)
{
	struct record r = { .type = RECORD_EXIT, .event_id = event_id, .at = at };

	r.data.exit = (struct exit_data){ .plate_id = "29A12345", .exit_central = "central-7", .exit_edge = "edge-2", .exit_ts = at,
		.exit_time = "2024-12-02 20:00:00", .fee = 5000, .edge_fee = -1, .reason = "normal" };
	author_say(a, &r);
}

static inline void say_correction(struct author *a, const char *event_id, int64_t at)
{
	struct record r = { .type = RECORD_CORRECTION, .event_id = event_id, .at = at };

	r.data.correction = (struct correction_data){ .plate_id = "29A12345", .plate_view = "29A-123.45", .by = "minh", .why = "misread" };
	author_say(a, &r);
}

static inline void name_stay(char out[STAY_NAME_SIZE], const char *what, int number)
{
	text_format(out, STAY_NAME_SIZE, "central-7_%s%d_29A12345", what, number);
}

/* Number i of the records already there, and of the page that comes. */
struct long_line { const char *name; void (*held)(struct author *a, int i); void (*late)(struct author *a, int i); };

static inline void held_missed(struct author *a, int i)
{
	char name[STAY_NAME_SIZE];

	name_stay(name, "h", i);
	say_entry(a, name, AUTHOR_TIME + 30 * MINUTE * i);
}

/* Between those held, further than ten minutes from each. */
static inline void late_between(struct author *a, int i)
{
	char name[STAY_NAME_SIZE];

	name_stay(name, "l", i);
	say_entry(a, name, AUTHOR_TIME + 30 * MINUTE * i + 15 * MINUTE);
}

static inline void late_exits_of_first(struct author *a, int i)
{
	char name[STAY_NAME_SIZE];

	name_stay(name, "h", 0);
	say_exit(a, name, AUTHOR_TIME + 30 * MINUTE * 1000000 + i);
}

static inline void held_close_together(struct author *a, int i)
{
	char name[STAY_NAME_SIZE];

	name_stay(name, "h", i);
	say_entry(a, name, AUTHOR_TIME + 9 * MINUTE * i);
}

/* Before all others: who is superseded by whom changes each time, all along the line. */
static inline void late_before(struct author *a, int i)
{
	char name[STAY_NAME_SIZE];

	name_stay(name, "l", i);
	say_entry(a, name, AUTHOR_TIME - 9 * MINUTE * (i + 1));
}

static inline void held_corrections(struct author *a, int i)
{
	char name[STAY_NAME_SIZE];

	name_stay(name, "h", 0);
	if (i == 0)
		say_entry(a, name, AUTHOR_TIME);
	else
		say_correction(a, name, AUTHOR_TIME + i);
}

static inline void late_corrections(struct author *a, int i)
{
	held_corrections(a, i + 1);
}

static inline void held_second_exits(struct author *a, int i)
{
	char name[STAY_NAME_SIZE];

	name_stay(name, "h", 0);
	if (i == 0)
		say_entry(a, name, AUTHOR_TIME);
	else
		say_exit(a, name, AUTHOR_TIME + i * MINUTE);
}

static inline void late_exits_between(struct author *a, int i)
{
	char name[STAY_NAME_SIZE];

	name_stay(name, "h", 0);
	say_exit(a, name, AUTHOR_TIME + i * MINUTE + MINUTE / 2);
}

/* What a site does all day, to compare with: every car once, in order. */
static inline void say_other(struct author *a, int i)
{
	char plate[16], name[STAY_NAME_SIZE];
	struct record r = { .type = RECORD_ENTRY, .event_id = name, .at = AUTHOR_TIME + i };

	text_format(plate, sizeof(plate), "29B%06d", i);
	text_format(name, sizeof(name), "central-7_%lld_%s", (long long)r.at, plate);
	r.data.entry = (struct entry_data){ .plate_id = plate, .plate_view = plate, .edge_id = "edge-1", .camera_type = "car",
		.direction = "ENTRY", .entry_time = "2024-12-02 19:00:00", .entry_ts = r.at, .confidence = 0.5 };
	author_say(a, &r);
}

static inline void late_other(struct author *a, int i)
{
	say_other(a, 1000000 + i);
}

static const struct long_line LONG_LINES[] = {
	{ "every plate once, in order", say_other, late_other },
	{ "entries without exits, entries between", held_missed, late_between },
	{ "entries without exits, exits of the first", held_missed, late_exits_of_first },
	{ "entries 9 minutes apart, entries before", held_close_together, late_before },
	{ "corrections of one stay, corrections", held_corrections, late_corrections },
	{ "exits of one stay, exits between", held_second_exits, late_exits_between },
};
#define LONG_LINE_COUNT (sizeof(LONG_LINES) / sizeof(LONG_LINES[0]))

/* A central that holds count records of this kind. */
static inline enum err long_line_open(struct central *c, struct author *a, const struct long_line *kind, int count)
{
	enum err e = central_open(c, ":memory:", "central-1", 1);

	if (e == ERR_NONE)
		e = author_open(a, c->ledger);
	for (int i = 0; e == ERR_NONE && i < count;) {
		author_begin_page(a);
		for (int last = i + AUTHOR_PAGE < count ? i + AUTHOR_PAGE : count; i < last; i++)
			kind->held(a, i);
		e = author_give(a, c->ledger);
	}
	return e;
}

/* The late page is taken. */
static inline enum err long_line_late(struct central *c, struct author *a, const struct long_line *kind)
{
	author_begin_page(a);
	for (int i = 0; i < AUTHOR_PAGE; i++)
		kind->late(a, i);
	return author_give(a, c->ledger);
}

static inline void long_line_close(struct central *c, struct author *a)
{
	author_free(a);
	central_close(c);
}

#endif
