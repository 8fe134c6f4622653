#include "domain/said.h"

#include <string.h>

#include "base/text.h"
#include "domain/plate.h"

struct key record_key(const struct record *r)
{
	struct key k = { .at = r->at, .hlc = r->hlc, .seq = r->seq };

	text_copy(k.log, sizeof(k.log), r->log);
	return k;
}

void said_view(const char *plate_id, const char *plate_view, char out[STAY_PLATE_SIZE])
{
	char made[PLATE_VIEW_SIZE];

	if (plate_view != NULL && plate_view[0] != '\0' && text_copy(out, STAY_PLATE_SIZE, plate_view))
		return;
	if (strlen(plate_id) < PLATE_SIZE) {
		plate_view_make(plate_id, made);
		text_copy(out, STAY_PLATE_SIZE, made);
	} else {
		text_copy(out, STAY_PLATE_SIZE, plate_id);
	}
}

void said_free(struct said *s)
{
	if (s->entry.type != RECORD_UNKNOWN)
		record_free(&s->entry);
}

/* Records of one name that are looked at to see whether there are others. Where there are so many, what comes is merged the long way,
 * which is right for all. */
#define LOOKED_AT 16

static struct db *records_of(const struct merge *m)
{
	return m->from == NULL ? m->db : m->from->db;
}

struct walk { const struct merge_from *from; record_named_fn *each; void *arg; };

static bool give_merged(void *arg, enum record_type type, const struct key *k)
{
	const struct walk *w = arg;

	return !w->from->merged(w->from->arg, k) || w->each(w->arg, type, k);
}

enum err said_each(const struct merge *m, const char *event_id, record_named_fn *each, void *arg)
{
	struct walk w = { m->from, each, arg };

	if (m->from == NULL)
		return record_each_named(m->db, event_id, each, arg);
	return record_each_named(m->from->db, event_id, give_merged, &w);
}

struct looking { const struct merge_from *from; size_t seen, merged; };

static bool look(void *arg, enum record_type type, const struct key *k)
{
	struct looking *l = arg;

	(void)type;
	l->merged += l->from->merged(l->from->arg, k);
	return ++l->seen < LOOKED_AT;
}

enum err said_count(const struct merge *m, const char *event_id, size_t *count)
{
	struct looking l = { .from = m->from };
	enum err e;

	if (m->from == NULL)
		return record_count_of_event(m->db, event_id, count);
	e = record_each_named(m->from->db, event_id, look, &l);
	*count = l.seen < LOOKED_AT ? l.merged : l.seen;
	return e;
}

/* Which of the records count; only those are read. */
struct counting { bool entry, confirmed, corrected, void_told; struct key entry_key, confirmed_key, corrected_key, void_key; };

static void earliest(bool *any, struct key *held, const struct key *k)
{
	if (!*any || key_compare(k, held) < 0)
		*held = *k;
	*any = true;
}

static void latest_written(bool *any, struct key *held, const struct key *k)
{
	if (!*any || key_compare_written(k, held) > 0)
		*held = *k;
	*any = true;
}

static bool count(void *arg, enum record_type type, const struct key *k)
{
	struct counting *c = arg;

	switch (type) {
	case RECORD_ENTRY:
		earliest(&c->entry, &c->entry_key, k);
		break;
	case RECORD_CONFIRMED:
		earliest(&c->confirmed, &c->confirmed_key, k);
		break;
	case RECORD_CORRECTION:
		latest_written(&c->corrected, &c->corrected_key, k);
		break;
	case RECORD_VOID:
		latest_written(&c->void_told, &c->void_key, k);
		break;
	case RECORD_UNKNOWN:
	case RECORD_LOG_OPEN:
	case RECORD_EXIT:
	case RECORD_CONFIG:
		break;
	}
	return true;
}

enum err said_read(const struct merge *m, const struct key *k, struct record *out)
{
	struct buf line;
	enum err e;

	buf_init(&line, RECORD_MAX);
	e = record_line(records_of(m), k->log, k->seq, &line);
	if (e == ERR_NONE)
		e = record_parse(buf_text(&line), line.len, out);
	buf_free(&line);
	return e == ERR_NOT_FOUND || e == ERR_SYNTAX || e == ERR_TOO_LARGE ? ERR_CORRUPT : e;
}

static enum err say_entry(const struct merge *m, struct said *s, const struct key *k)
{
	s->entry_key = *k;
	return said_read(m, k, &s->entry);
}

static enum err say_confirmed(const struct merge *m, struct said *s, const struct key *k)
{
	struct record r;
	enum err e = said_read(m, k, &r);

	if (e != ERR_NONE)
		return e;
	s->confirmed = true;
	s->confirmed_ts = r.data.confirmed.confirmed_ts >= 0 ? r.data.confirmed.confirmed_ts : r.at;
	record_free(&r);
	return ERR_NONE;
}

static enum err say_correction(const struct merge *m, struct said *s, const struct key *k)
{
	struct record r;
	enum err e = said_read(m, k, &r);

	if (e != ERR_NONE)
		return e;
	s->corrected = true;
	text_copy(s->plate_id, sizeof(s->plate_id), r.data.correction.plate_id);
	said_view(r.data.correction.plate_id, r.data.correction.plate_view, s->plate_view);
	record_free(&r);
	return ERR_NONE;
}

enum err said_of(const struct merge *m, const char *event_id, struct said *out)
{
	struct counting c = { 0 };
	enum err e = said_each(m, event_id, count, &c);

	*out = (struct said){ 0 };
	if (e == ERR_NONE && c.entry)
		e = say_entry(m, out, &c.entry_key);
	if (e == ERR_NONE && c.confirmed)
		e = say_confirmed(m, out, &c.confirmed_key);
	if (e == ERR_NONE && c.corrected)
		e = say_correction(m, out, &c.corrected_key);
	out->void_ = c.void_told && (!c.corrected || key_compare_written(&c.void_key, &c.corrected_key) > 0);
	return e;
}
