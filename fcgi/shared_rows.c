#include "shared_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/fold.h"
#include "base/text.h"
#include "base/zone.h"
#include "domain/plate.h"
#include "wire/json.h"

#define DAY_MS (24 * 3600 * 1000LL)

struct search {
	const struct rows_wish *wish;
	struct rows *out;
	char day[DAY_SIZE];
	char text[ROWS_TEXT_SIZE];   /* folded */
	char plate[PLATE_SIZE];      /* what is left of it as a plate */
};

void rows_day(int64_t ms, char day[DAY_SIZE])
{
	char text[ZONE_TEXT];

	zone_text(ms, text);
	text_format(day, DAY_SIZE, "%.10s", text);
}

bool rows_ends_soon(const struct subscription_look *s, int64_t now_ms)
{
	char last[DAY_SIZE];

	rows_day(now_ms + (SOON_DAYS - 1) * DAY_MS, last);
	return s->state == SUBSCRIPTION_IN_FORCE && s->end[0] && strcmp(s->end, last) <= 0;
}

static bool has(const struct search *s, const char *text)
{
	char folded[2 * ROWS_TEXT_SIZE];

	text_fold(text, folded, sizeof folded);
	return strstr(folded, s->text) != NULL;
}

/* --- does one fit? ----------------------------------------------------------------------------------------------------- */

static bool state_fits(const struct search *s, const struct subscription_look *look)
{
	switch (s->wish->state) {
	case ROWS_ALL: return true;
	case ROWS_IN_FORCE: return look->state == SUBSCRIPTION_IN_FORCE;
	case ROWS_SOON: return rows_ends_soon(look, s->wish->now_ms);
	case ROWS_OVER: return look->state == SUBSCRIPTION_OVER;
	case ROWS_OFF: break;
	}
	return look->state != SUBSCRIPTION_IN_FORCE && look->state != SUBSCRIPTION_OVER;
}

static enum err subscription_fits(const struct search *s, const char *json, char sort[ROWS_TEXT_SIZE], bool *fits)
{
	struct subscription_look look;
	char plate[PLATE_SIZE];
	enum err e = subscription_look(json, s->day, &look);

	if (e != ERR_NONE)
		return e;
	plate_reduce(look.number, plate);
	*fits = state_fits(s, &look) && (!s->text[0] || (s->plate[0] && strstr(plate, s->plate)) || has(s, look.owner));
	text_format(sort, ROWS_TEXT_SIZE, "%s%s", s->wish->state == ROWS_SOON ? look.end : "", plate);
	return ERR_NONE;
}

static enum err staff_fits(const struct search *s, const char *json, char sort[ROWS_TEXT_SIZE], bool *fits)
{
	char name[ROWS_TEXT_SIZE], role[ROWS_TEXT_SIZE], phone[ROWS_TEXT_SIZE];
	struct json_word words[] = {{"name", name, sizeof name}, {"role", role, sizeof role}, {"phone", phone, sizeof phone}};
	enum err e = json_words(json, words, sizeof words / sizeof *words);

	if (e == ERR_MEMORY)
		return e;
	*fits = !s->text[0] || (e == ERR_NONE && (has(s, name) || has(s, role) || has(s, phone)));
	if (e == ERR_NONE)
		text_fold(name, sort, ROWS_TEXT_SIZE);
	return ERR_NONE;
}

/* --- all of them ------------------------------------------------------------------------------------------------------- */

static enum err keep(struct rows *out, const struct row_found *row)
{
	if (out->total++ < ROWS_MAX)
		buf_add(&out->memory, row, sizeof *row);
	return out->memory.failed ? ERR_MEMORY : ERR_NONE;
}

static enum err look_at(void *arg, const char *id, const char *json)
{
	struct search *s = arg;
	struct row_found row = {.sort = ""};
	bool fits = false;
	enum err e;

	if (!text_copy(row.id, sizeof row.id, id))
		return ERR_NONE; /* no request can name it: made by no program of ours */
	e = s->wish->kind == SHARED_STAFF ? staff_fits(s, json, row.sort, &fits) : subscription_fits(s, json, row.sort, &fits);
	return e == ERR_NONE && fits ? keep(s->out, &row) : e;
}

static int by_sort(const void *a, const void *b)
{
	const struct row_found *one = a, *other = b;
	int order = strcmp(one->sort, other->sort);

	return order ? order : strcmp(one->id, other->id);
}

static void choose(const struct rows_wish *w, struct rows *out)
{
	struct row_found *rows = (struct row_found *)(void *)out->memory.data; /* characters alone, so it is aligned */
	size_t held = out->memory.len / sizeof *rows;

	if (held > 1)
		qsort(rows, held, sizeof *rows, by_sort);
	if (w->offset >= held)
		return;
	out->row = rows + w->offset;
	out->count = held - w->offset < w->limit ? held - w->offset : w->limit;
}

enum err rows_search(struct db *db, const struct rows_wish *w, struct rows *out)
{
	struct search s = {.wish = w, .out = out};
	char tag[TAG_SIZE];
	enum err e;

	*out = (struct rows){.row = NULL};
	buf_init(&out->memory, ROWS_MAX * sizeof *out->row);
	rows_day(w->now_ms, s.day);
	text_fold(w->text ? w->text : "", s.text, sizeof s.text);
	plate_reduce(w->text ? w->text : "", s.plate);
	e = shared_list(db, w->kind, look_at, &s, tag);
	if (e == ERR_NONE)
		choose(w, out);
	return e;
}

void rows_free(struct rows *r)
{
	buf_free(&r->memory);
}
