#include "domain/line.h"

#include <stdlib.h>
#include <string.h>

/* One step of the line: an entry or an exit. */
struct step { const struct key *position; const struct key *key; struct line_stay *stay; struct line_exit *exit; };

struct key line_position(const struct line_exit *x)
{
	if (x->known && key_compare(&x->row.stay_entry, &x->row.key) > 0)
		return x->row.stay_entry;
	return x->row.key;
}

/* In line order; of one position the entry goes first, then exits by their own K. */
static int compare_steps(const void *a, const void *b)
{
	const struct step *x = a, *y = b;
	int c = key_compare(x->position, y->position);

	if (c == 0)
		c = (x->exit != NULL) - (y->exit != NULL);
	return c != 0 ? c : key_compare(x->key, y->key);
}

/* What s stands for by now. The way there is made short for the next time, so that thousands of exits of a stay that began
 * thousands of stays ago do not walk it each. */
static struct line_stay *stands_for(struct line_stay *s)
{
	struct line_stay *end = s, *next;

	while (end->heir != NULL)
		end = end->heir;
	for (; s != end; s = next) {
		next = s->heir;
		s->heir = end;
	}
	return end;
}

static struct line_stay *stay_at(const struct line *l, const struct key *entry)
{
	size_t low = 0, high = l->stay_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int c = key_compare(&l->stays[middle].row.entry, entry);

		if (c == 0)
			return &l->stays[middle];
		if (c < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static void enter(const struct line *l, struct line_stay *s, struct line_stay **open)
{
	struct line_stay *held = *open;

	if (s->row.status == STAY_VOID) {
		s->status = STAY_VOID;
		return;
	}
	s->status = STAY_IN;
	s->opened = held == NULL && !(l->joined && s == l->stays);
	if (held != NULL && s->row.entry.at - held->row.entry.at <= SAME_CAR_MS) {
		s->status = STAY_SUPERSEDED;
		s->superseded_by = s->heir = held;
		return;
	}
	if (held != NULL) {
		held->status = STAY_OUT;
		held->missed_by = held->heir = s;
	}
	*open = s;
}

static void close_stay(struct line_exit *x, struct line_stay *target, struct line_stay **open)
{
	x->end = LINE_STAY;
	x->stay = target;
	if (target->exit != NULL) {
		x->kind = EXIT_SECOND;
		return;
	}
	x->kind = EXIT_COUNTED;
	target->exit = x;
	target->status = STAY_OUT;
	if (*open == target)
		*open = NULL;
}

/* An exit that names no stay, an unknown one or a voided one, on the line of its own plate. */
static void leave_unnamed(struct line_exit *x, struct line_stay **open)
{
	if (*open != NULL)
		close_stay(x, *open, open);
	else
		x->end = x->known ? LINE_VOIDED : LINE_OWN;
}

static void leave(const struct line *l, struct line_exit *x, struct line_stay **open)
{
	bool own_line = strcmp(x->row.plate_id, l->plate) == 0;
	struct line_stay *named;

	x->end = LINE_ELSEWHERE;
	if (x->row.void_ || !x->known || x->row.stay_void) {
		if (own_line && x->row.void_)
			x->end = LINE_OWN;
		else if (own_line)
			leave_unnamed(x, open);
		return;
	}
	if (strcmp(x->row.stay_plate, l->plate) != 0)
		return;
	if (x->earlier[0] != '\0') {
		x->end = LINE_EARLIER;
		x->kind = EXIT_SECOND;
		return;
	}
	named = stay_at(l, &x->row.stay_entry);
	if (named != NULL)
		close_stay(x, stands_for(named), open);
}

static size_t gather_steps(struct line *l, struct step *steps)
{
	size_t n = 0;

	for (size_t i = 0; i < l->stay_count; i++) {
		struct line_stay *s = &l->stays[i];

		s->superseded_by = s->missed_by = s->heir = NULL;
		s->exit = NULL;
		s->opened = false;
		steps[n++] = (struct step){ &s->row.entry, &s->row.entry, s, NULL };
	}
	for (size_t i = 0; i < l->exit_count; i++) {
		struct line_exit *x = &l->exits[i];

		x->position = line_position(x);
		steps[n++] = (struct step){ &x->position, &x->row.key, NULL, x };
	}
	return n;
}

enum err line_run(struct line *l)
{
	struct step *steps = calloc(l->stay_count + l->exit_count + 1, sizeof(*steps));
	struct line_stay *open = NULL;
	size_t n;

	if (steps == NULL)
		return ERR_MEMORY;
	n = gather_steps(l, steps);
	qsort(steps, n, sizeof(*steps), compare_steps);
	for (size_t i = 0; i < n; i++) {
		if (steps[i].stay != NULL)
			enter(l, steps[i].stay, &open);
		else
			leave(l, steps[i].exit, &open);
	}
	free(steps);
	return ERR_NONE;
}
