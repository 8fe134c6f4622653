#include "domain/line_load.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct loading { struct line *line; const struct line_range *range; const struct key *until; size_t stay_cap, exit_cap; };

/* Room for one more element of size in a list that doubles. */
static bool grow(void **list, size_t count, size_t *cap, size_t size)
{
	size_t wanted = *cap == 0 ? 8 : *cap * 2;
	void *more;

	if (count < *cap)
		return true;
	more = reallocarray(*list, wanted, size);
	if (more == NULL)
		return false;
	*list = more;
	*cap = wanted;
	return true;
}

static enum err load_stay(void *arg, const struct stay_row *row)
{
	struct loading *l = arg;
	void *list = l->line->stays;

	if (!grow(&list, l->line->stay_count, &l->stay_cap, sizeof(struct line_stay)))
		return ERR_MEMORY;
	l->line->stays = list;
	l->line->stays[l->line->stay_count++] = (struct line_stay){ .row = *row };
	return ERR_NONE;
}

/* Does it name a stay of this line that lies before the range? */
static bool names_earlier(const struct loading *l, const struct line_exit *x)
{
	return x->known && !x->row.stay_void && !x->row.void_ && key_compare(&x->row.stay_entry, &l->range->from) < 0
		&& strcmp(x->row.stay_plate, l->line->plate) == 0;
}

static enum err load_exit(void *arg, const struct exit_row *row)
{
	struct loading *l = arg;
	struct line_exit x = { .row = *row, .known = row->stay_known && row->stay_entry.at <= l->range->as_of };
	void *list = l->line->exits;

	x.position = line_position(&x);
	if (key_compare(&x.position, &l->range->from) < 0 || (l->until != NULL && key_compare(&x.position, l->until) >= 0))
		return ERR_NONE;
	if (names_earlier(l, &x)) {
		if (l->range->joined)
			return ERR_CONFLICT;
		/* what is before the range is settled, and the exit is bound to it already: whatever changes the stay it names, or the
		 * exit itself, makes the range begin before both */
		text_copy(x.earlier, sizeof(x.earlier), row->bound);
	}
	if (!grow(&list, l->line->exit_count, &l->exit_cap, sizeof(x)))
		return ERR_MEMORY;
	l->line->exits = list;
	l->line->exits[l->line->exit_count++] = x;
	return ERR_NONE;
}

enum err line_outside(struct db *db, const char *plate_id, const struct key *before, struct line_range *out)
{
	enum err e;

	*out = (struct line_range){ .as_of = INT64_MAX };
	e = stay_outside_before(db, plate_id, before, &out->from);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err line_load(struct db *db, const char *plate_id, const struct line_range *range, struct line *out, bool *more)
{
	struct loading l = { .line = out, .range = range };
	int64_t to_at = range->as_of;
	enum err e;

	*out = (struct line){ .plate = plate_id, .joined = range->joined };
	e = stay_each_of_plate(db, plate_id, &range->from, range->as_of, range->stays, load_stay, &l);
	*more = range->stays > 0 && out->stay_count == range->stays;
	if (*more) {
		l.until = &out->stays[out->stay_count - 1].row.entry;
		to_at = l.until->at;
	}
	if (e == ERR_NONE)
		e = exit_each_of_plate(db, plate_id, range->from.at, to_at, load_exit, &l);
	return e == ERR_NONE ? line_run(out) : e;
}

void line_unload(struct line *l)
{
	free(l->stays);
	free(l->exits);
	*l = (struct line){ 0 };
}
