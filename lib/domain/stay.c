#include "domain/stay.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "domain/direct.h"
#include "domain/line_load.h"
#include "domain/renew.h"
#include "domain/replay.h"
#include "domain/said.h"
#include "domain/subscription.h"
#include "store/settings.h"
#include "wire/json.h"

#define PROMPT_MOST 4

void stay_flags_text(const struct flag_facts *f, char out[FLAGS_SIZE])
{
	const struct { bool on; const char *word; } flags[] = {
		{ f->missed, "missed" }, { f->no_entry, "no_entry" }, { f->second_exit, "second_exit" }, { f->negative, "negative" },
	};
	struct buf b;

	buf_init(&b, FLAGS_SIZE - 1);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (flags[i].on)
			buf_printf(&b, "%s%s", b.len > 0 ? "," : "", flags[i].word);
	}
	text_copy(out, FLAGS_SIZE, buf_text(&b));
	buf_free(&b);
}

enum err stay_renew_flags(struct db *db, const char *event_id)
{
	struct flag_facts facts;
	char text[FLAGS_SIZE];
	enum err e = stay_flag_facts(db, event_id, &facts);

	if (e != ERR_NONE)
		return e;
	stay_flags_text(&facts, text);
	return stay_write_flags(db, event_id, text, facts.exit_count);
}

/* ---- one record ---- */

/* The earliest confirmation counts; one whose row has not come waits in the records. */
static enum err merge_confirmed(const struct merge *m, const struct record *r)
{
	int64_t told = r->data.confirmed.confirmed_ts;
	struct stay_row stay;
	enum err e = stay_find(m->db, r->event_id, &stay);

	if (e != ERR_NONE)
		return e == ERR_NOT_FOUND ? ERR_NONE : e;
	if (stay.confirmed_ts >= 0) {
		replay_confirm(m->later, r->event_id);
		return ERR_NONE;
	}
	return stay_confirm(m->db, r->event_id, told >= 0 ? told : r->at, m->now_ms);
}

static enum err note_change(const struct merge *m, const struct record *r)
{
	const struct correction_data *d = &r->data.correction;
	struct change_row c = { .event_id = r->event_id, .type = r->type == RECORD_VOID ? "DELETE" : "UPDATE", .by = d->by,
		.now_ms = m->now_ms };
	struct stay_row old;
	char view[STAY_PLATE_SIZE];
	struct buf why;
	enum err e = stay_find(m->db, r->event_id, &old);

	if (e != ERR_NONE && e != ERR_NOT_FOUND)
		return e;
	if (e == ERR_NONE) {
		c.old_plate_id = old.plate_id;
		c.old_plate_view = old.plate_view;
	}
	if (r->type == RECORD_CORRECTION) {
		said_view(d->plate_id, d->plate_view, view);
		c.new_plate_id = d->plate_id;
		c.new_plate_view = view;
	}
	buf_init(&why, 6 * RECORD_MAX); /* every character may need an escape */
	if (d->why != NULL) {
		buf_str(&why, "{\"why\":");
		buf_json_str(&why, d->why);
		buf_char(&why, '}');
		c.new_data = buf_text(&why);
	}
	e = why.failed ? ERR_MEMORY : change_insert(m->db, &c);
	buf_free(&why);
	return e;
}

/* An entry or exit by hand is a change a person made; what it says goes into new_data. Noted after it was merged, so that the row
 * is there. */
static enum err note_by_hand(const struct merge *m, const struct record *r)
{
	bool entry = r->type == RECORD_ENTRY;
	const char *by = entry ? r->data.entry.by : r->data.exit.by, *why = entry ? r->data.entry.why : r->data.exit.why;
	char own[EXIT_NAME_SIZE];
	struct change_row c = { .event_id = r->event_id, .type = "UPDATE", .by = by, .now_ms = m->now_ms };
	struct buf data;
	enum err e;

	if (by == NULL || r->legacy)
		return ERR_NONE;
	if (c.event_id == NULL) {
		exit_name_make(r->log, r->seq, own);
		c.event_id = own;
	}
	if (entry)
		c.new_plate_id = r->data.entry.plate_id;
	buf_init(&data, 6 * RECORD_MAX);
	buf_char(&data, '{');
	json_add_text(&data, "action", entry ? "entry" : "exit");
	if (!entry) {
		json_add_text(&data, "reason", r->data.exit.reason);
		json_add_integer(&data, "fee", r->data.exit.fee);
	}
	json_add_text(&data, "why", why);
	buf_char(&data, '}');
	c.new_data = buf_text(&data);
	e = data.failed ? ERR_MEMORY : change_insert(m->db, &c);
	buf_free(&data);
	return e;
}

static enum err merge_movement(const struct merge *m, const struct record *r)
{
	enum err e = r->type == RECORD_ENTRY ? direct_entry(m, r) : direct_exit(m, r);

	return e == ERR_NONE ? note_by_hand(m, r) : e;
}

static enum err merge_correction(const struct merge *m, const struct record *r)
{
	replay_renew(m->later, r->event_id);
	return note_change(m, r);
}

static enum err set_config(const struct merge *m, const struct config_data *d, const struct key *written)
{
	static const char subscription[] = "subscription/";
	size_t len = sizeof(subscription) - 1;
	enum err e = setting_write(m->db, d->key, d->value, written);

	return e == ERR_NONE && strncmp(d->key, subscription, len) == 0 ? subscription_keep(m->db, d->key + len, d->value) : e;
}

/* The last by W wins per key. */
static enum err merge_config(const struct merge *m, const struct record *r)
{
	struct setting_row held = { 0 };
	struct key k = record_key(r);
	bool older;
	enum err e = setting_find(m->db, r->data.config.key, &held);

	if (e != ERR_NONE && e != ERR_NOT_FOUND)
		return e;
	older = e == ERR_NONE && key_compare_written(&k, &held.written) < 0;
	free(held.value);
	return older ? ERR_NONE : set_config(m, &r->data.config, &k);
}

static enum err merge_one(const struct merge *m, const struct record *r)
{
	switch (r->type) {
	case RECORD_ENTRY:
	case RECORD_EXIT:
		return merge_movement(m, r);
	case RECORD_CONFIRMED:
		return merge_confirmed(m, r);
	case RECORD_CORRECTION:
	case RECORD_VOID:
		return merge_correction(m, r);
	case RECORD_CONFIG:
		return merge_config(m, r);
	case RECORD_UNKNOWN:
	case RECORD_LOG_OPEN:
		return ERR_NONE;
	}
	return ERR_CORRUPT;
}

enum err stay_merge(const struct merge *m, const struct record *r)
{
	struct merge here = *m;
	struct replay own;
	enum err e;

	if (m->later != NULL)
		return merge_one(m, r);
	replay_init(&own, &here);
	here.later = &own;
	e = merge_one(&here, r);
	if (e == ERR_NONE)
		e = replay_run(&own);
	replay_free(&own);
	return e;
}

/* What a change changed is read from the row, so one that follows upon another waits for it: unless there are so many of them in
 * a page that nobody looks at each. */
enum err stay_merge_next(const struct merge *m, const struct record *r)
{
	bool change = r->type == RECORD_CORRECTION || r->type == RECORD_VOID;

	if (!change || !replay_concerns_name(m->later, r->event_id) || m->later->prompt++ >= PROMPT_MOST)
		return ERR_NONE;
	return replay_run(m->later);
}

/* ---- as of a moment ---- */

static enum err inside_then(struct db *db, const char *plate_id, int64_t as_of, struct stay_row *out)
{
	struct key limit = { .at = as_of, .hlc = { INT64_MAX, INT64_MAX }, .log = "~", .seq = INT64_MAX };
	struct line_range range;
	struct line line;
	int64_t early;
	bool more;
	enum err e = exit_first_early(db, plate_id, as_of, &early);

	if (e != ERR_NONE)
		return e;
	if (early < as_of)
		limit = (struct key){ .at = early };
	e = line_outside(db, plate_id, &limit, &range);
	if (e != ERR_NONE)
		return e;
	range.as_of = as_of;
	e = line_load(db, plate_id, &range, &line, &more);
	if (e == ERR_NONE) {
		e = ERR_NOT_FOUND;
		for (size_t i = 0; i < line.stay_count; i++) {
			if (line.stays[i].status == STAY_IN) {
				*out = line.stays[i].row;
				e = ERR_NONE;
			}
		}
	}
	line_unload(&line);
	return e;
}

enum err stay_inside(struct db *db, const char *plate_id, int64_t as_of, struct stay_row *out)
{
	return as_of == INT64_MAX ? stay_find_inside(db, plate_id, out) : inside_then(db, plate_id, as_of, out);
}
