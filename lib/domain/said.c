#include "domain/said.h"

#include <string.h>

#include "base/text.h"
#include "domain/plate.h"
#include "store/logs.h"

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

static void count(void *arg, enum record_type type, const struct key *k)
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
}

enum err said_read(struct db *db, const struct key *k, struct record *out)
{
	struct buf line;
	enum err e;

	buf_init(&line, RECORD_MAX);
	e = record_line(db, k->log, k->seq, &line);
	if (e == ERR_NONE)
		e = record_parse(buf_text(&line), line.len, out);
	buf_free(&line);
	return e == ERR_NOT_FOUND || e == ERR_SYNTAX || e == ERR_TOO_LARGE ? ERR_CORRUPT : e;
}

static enum err say_entry(struct db *db, struct said *s, const struct key *k)
{
	s->entry_key = *k;
	return said_read(db, k, &s->entry);
}

static enum err say_confirmed(struct db *db, struct said *s, const struct key *k)
{
	struct record r;
	enum err e = said_read(db, k, &r);

	if (e != ERR_NONE)
		return e;
	s->confirmed = true;
	s->confirmed_ts = r.data.confirmed.confirmed_ts >= 0 ? r.data.confirmed.confirmed_ts : r.at;
	record_free(&r);
	return ERR_NONE;
}

static enum err say_correction(struct db *db, struct said *s, const struct key *k)
{
	struct record r;
	enum err e = said_read(db, k, &r);

	if (e != ERR_NONE)
		return e;
	s->corrected = true;
	text_copy(s->plate_id, sizeof(s->plate_id), r.data.correction.plate_id);
	said_view(r.data.correction.plate_id, r.data.correction.plate_view, s->plate_view);
	record_free(&r);
	return ERR_NONE;
}

enum err said_of(struct db *db, const char *event_id, struct said *out)
{
	struct counting c = { 0 };
	enum err e = record_each_named(db, event_id, count, &c);

	*out = (struct said){ 0 };
	if (e == ERR_NONE && c.entry)
		e = say_entry(db, out, &c.entry_key);
	if (e == ERR_NONE && c.confirmed)
		e = say_confirmed(db, out, &c.confirmed_key);
	if (e == ERR_NONE && c.corrected)
		e = say_correction(db, out, &c.corrected_key);
	out->void_ = c.void_told && (!c.corrected || key_compare_written(&c.void_key, &c.corrected_key) > 0);
	return e;
}
