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

static void say_entry(struct said *s, struct record *r, const struct key *k)
{
	if (s->entry.type != RECORD_UNKNOWN && key_compare(k, &s->entry_key) >= 0) {
		record_free(r);
		return;
	}
	said_free(s);
	s->entry = *r;
	s->entry_key = *k;
}

static void say_confirmed(struct said *s, const struct record *r, const struct key *k)
{
	if (s->confirmed && key_compare(k, &s->confirmed_key) >= 0)
		return;
	s->confirmed = true;
	s->confirmed_key = *k;
	s->confirmed_ts = r->data.confirmed.confirmed_ts >= 0 ? r->data.confirmed.confirmed_ts : r->at;
}

static void say_correction(struct said *s, const struct record *r, const struct key *k)
{
	if (s->corrected && key_compare_written(k, &s->corrected_key) <= 0)
		return;
	s->corrected = true;
	s->corrected_key = *k;
	text_copy(s->plate_id, sizeof(s->plate_id), r->data.correction.plate_id);
	said_view(r->data.correction.plate_id, r->data.correction.plate_view, s->plate_view);
}

static void say_void(struct said *s, const struct key *k)
{
	if (s->void_told && key_compare_written(k, &s->void_key) <= 0)
		return;
	s->void_told = true;
	s->void_key = *k;
}

static enum err say(void *arg, const char *line, size_t len)
{
	struct said *s = arg;
	struct record r;
	struct key k;
	enum err e = record_parse(line, len, &r);

	if (e != ERR_NONE)
		return e == ERR_MEMORY ? e : ERR_CORRUPT;
	k = record_key(&r);
	switch (r.readable ? r.type : RECORD_UNKNOWN) {
	case RECORD_ENTRY:
		say_entry(s, &r, &k);
		return ERR_NONE;
	case RECORD_CONFIRMED:
		say_confirmed(s, &r, &k);
		break;
	case RECORD_CORRECTION:
		say_correction(s, &r, &k);
		break;
	case RECORD_VOID:
		say_void(s, &k);
		break;
	case RECORD_UNKNOWN:
	case RECORD_LOG_OPEN:
	case RECORD_EXIT:
	case RECORD_CONFIG:
		break;
	}
	record_free(&r);
	return ERR_NONE;
}

enum err said_of(struct db *db, const char *event_id, struct said *out)
{
	*out = (struct said){ 0 };
	return record_each_of_event(db, event_id, say, out);
}

bool said_void(const struct said *s)
{
	return s->void_told && (!s->corrected || key_compare_written(&s->void_key, &s->corrected_key) > 0);
}
