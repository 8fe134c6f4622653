#include "store/history_page.h"

#include <string.h>

#include "base/text.h"
#include "store/figures.h"
#include "store/outline.h"

#define PLATES_BYTES (256 * 1024)   /* of those whose rows are looked at, as JSON */
#define COUNT_LOOKS 2               /* stretches that are counted when the page is full */
#define WANTED_MOST 1000000         /* beyond, an offset is far in any case */

struct walk {
	struct outline_look look;
	struct history_filter f;
	history_each_fn *each;
	void *arg;
	struct history_found *out;
};

/* The one beyond the page only says that there is one. */
static enum err take(void *arg, const struct history_row *row)
{
	struct walk *w = arg;

	if (w->out->count == w->f.limit) {
		w->out->more = true;
		return ERR_NONE;
	}
	w->out->next = (struct history_cursor){ row->begin_ts, row->id };
	w->out->count++;
	return w->each(w->arg, row);
}

static bool has_text(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static bool is_status(const struct history_filter *f, const char *status)
{
	return f->status != NULL && strcmp(f->status, status) == 0;
}

/* By time alone: what the outline counts. */
static bool is_plain(const struct history_filter *f)
{
	return f->status == NULL && !f->in_parking_only && !has_text(f->search) && f->central == NULL && f->edge == NULL && !f->flagged
		&& !f->entries_only;
}

/* Only rows that fit stand in an index of their own. */
static bool has_index(const struct history_filter *f)
{
	return f->flagged || f->in_parking_only || is_status(f, "IN") || is_status(f, "SUPERSEDED");
}

static struct span span_of(const struct history_filter *f)
{
	return (struct span){ f->from_ts, f->to_ts > 0 ? f->to_ts : INT64_MAX };
}

/* One row more than wanted is asked for. */
static enum err list_rows(struct walk *w, struct span of, int64_t offset)
{
	struct history_filter f = w->f;

	f.from_ts = of.from_ts;
	f.to_ts = of.to_ts;
	f.offset = offset;
	f.limit = w->f.limit - w->out->count + 1;
	return history_list(w->look.db, &f, take, w);
}

/* ---- ways to go ---- */

static enum err walk_plain(struct walk *w)
{
	struct span of = span_of(&w->f);
	int64_t offset = w->f.offset;
	enum err e = ERR_NONE;

	if (offset > 0 && !w->f.has_after)
		e = outline_skip(&w->look, w->f.oldest_first, &of, &offset);
	return e == ERR_NONE ? list_rows(w, of, offset) : e;
}

/* Where a walk by stretches begins, given the row it comes after. */
static struct span span_left(const struct history_filter *f)
{
	struct span of = span_of(f);

	if (f->has_after && f->oldest_first && f->after.begin_ts > of.from_ts)
		of.from_ts = f->after.begin_ts;
	if (f->has_after && !f->oldest_first && f->after.begin_ts < of.to_ts)
		of.to_ts = f->after.begin_ts;
	return of;
}

/* Behind all rows that come before that span. */
static struct history_cursor behind(const struct history_filter *f, struct span of)
{
	return f->oldest_first ? (struct history_cursor){ of.from_ts - 1, INTEGER_MAX } : (struct history_cursor){ of.to_ts + 1, 0 };
}

/* What is looked for, wherever it lies. One that is too long for it is not remembered. */
static int64_t question_of(const struct walk *w)
{
	const struct history_filter *f = &w->f;
	const char *search = has_text(f->search) ? f->search : "", *status = f->status != NULL ? f->status : "";
	char words[QUESTION_SIZE] = "";

	if (!text_format(words, sizeof(words), "%s\n%s\n%d\n%s\n%s", search, status, f->entries_only,
		f->central != NULL ? f->central : "", f->edge != NULL ? f->edge : ""))
		return 0;
	return outline_question(&w->look, words);
}

/* Is all of it behind the row that the walk comes after? */
static bool is_whole(const struct history_filter *f, struct span part)
{
	return !f->has_after || (f->oldest_first ? part.from_ts > f->after.begin_ts : part.to_ts < f->after.begin_ts);
}

static enum err walk_stretches(struct walk *w)
{
	struct span left = span_left(&w->f), here;
	int64_t question = question_of(w);
	enum err e = ERR_NONE;

	for (int looks = 0; e == ERR_NONE && !w->out->more && outline_first(&w->look, question, w->f.oldest_first, left, &here); looks++) {
		int64_t before = w->out->count;

		if (looks == HISTORY_LOOKS) {
			w->out->stopped = true;
			w->out->next = behind(&w->f, here);
			break;
		}
		e = list_rows(w, here, 0);
		if (e == ERR_NONE && w->out->count == before && !w->out->more && is_whole(&w->f, here))
			outline_none(&w->look, question, here);
		if (!span_go_behind(&left, here, w->f.oldest_first))
			break;
	}
	return e;
}

struct keys { struct walk *walk; struct history_cursor page[HISTORY_PAGE_MAX + 1]; int64_t passed, count; };

static enum err take_key(void *arg, const struct history_cursor *key)
{
	struct keys *k = arg;

	if (k->passed++ >= k->walk->f.offset && k->count <= k->walk->f.limit && k->count <= HISTORY_PAGE_MAX)
		k->page[k->count++] = *key;
	return ERR_NONE;
}

/* All rows of the plates have to be looked at for their order; that says how many there are, too. */
static enum err walk_plates(struct walk *w)
{
	struct history_filter f = w->f;
	struct keys k = { .walk = w };
	enum err e;

	f.limit = f.offset < WANTED_MOST ? f.offset + f.limit + 1 : INTEGER_MAX;
	if (!f.has_after && f.limit < HISTORY_COUNT_FEW)
		f.limit = HISTORY_COUNT_FEW;
	e = history_keys(w->look.db, &f, take_key, &k);
	for (int64_t i = 0; e == ERR_NONE && i < k.count; i++)
		e = history_find(w->look.db, k.page[i].id, take, w);
	if (!w->f.has_after) {
		w->out->total = k.passed;
		w->out->total_exact = k.passed < f.limit;
	}
	return e;
}

/* ---- how many ---- */

static enum err count_up_to(struct walk *w, int64_t most)
{
	enum err e = history_count_most(w->look.db, &w->f, most, &w->out->total);

	w->out->total_exact = w->out->total < most;
	return e;
}

/* By time alone. */
static enum err count_inside(struct walk *w, int64_t *out, bool *exact)
{
	struct history_filter inside = w->f;
	enum err e;

	inside.in_parking_only = true;
	if (w->f.from_ts == 0 && w->f.to_ts == 0)
		e = vehicles_inside(w->look.db, out); /* a third of the time */
	else
		e = history_count(w->look.db, &inside, out);
	*exact = (w->f.from_ts == 0 && w->f.to_ts == 0) || *out < HISTORY_COUNT_MAX;
	return e;
}

/* Those that have left are all but those inside. */
static enum err count_left(struct walk *w)
{
	int64_t all = 0, inside = 0;
	enum err e = outline_count(&w->look, span_of(&w->f), &all);

	if (e == ERR_NONE)
		e = count_inside(w, &inside, &w->out->total_exact);
	w->out->total = all - inside;
	return e;
}

/* Of the first few stretches, which are all of a small history. */
static enum err count_near(struct walk *w)
{
	struct span left = span_of(&w->f), here;
	struct history_filter f = w->f;
	int64_t question = question_of(w), sum = 0, rows;
	enum err e = ERR_NONE;
	bool more = outline_first(&w->look, question, f.oldest_first, left, &here);

	for (int looks = 0; e == ERR_NONE && more && looks < COUNT_LOOKS && sum < HISTORY_COUNT_FEW; looks++) {
		f.from_ts = here.from_ts;
		f.to_ts = here.to_ts;
		e = history_count_most(w->look.db, &f, HISTORY_COUNT_FEW - sum, &rows);
		sum += e == ERR_NONE ? rows : 0;
		more = span_go_behind(&left, here, f.oldest_first) && outline_first(&w->look, question, f.oldest_first, left, &here);
	}
	w->out->total_exact = !more && sum < HISTORY_COUNT_FEW;
	if (sum > w->out->total)
		w->out->total = sum;
	return e;
}

static enum err count_all(struct walk *w, bool by_stretches)
{
	struct history_filter any = w->f;
	struct history_found *out = w->out;
	bool inside = w->f.in_parking_only || is_status(&w->f, "IN");
	enum err e = ERR_NONE;

	any.status = NULL;
	any.in_parking_only = false;
	if (w->f.has_after)
		return ERR_NONE;
	out->total = w->f.offset + out->count;
	out->total_exact = !out->more && !out->stopped && (out->count > 0 || w->f.offset == 0);
	if (out->total_exact)
		return ERR_NONE;
	if (is_plain(&w->f)) {
		out->total_exact = true;
		e = outline_count(&w->look, span_of(&w->f), &out->total);
	} else if (is_status(&w->f, "OUT") && !inside && is_plain(&any)) {
		e = count_left(w);
	} else if (by_stretches) {
		e = count_near(w);
	} else if (inside && is_plain(&any)) {
		e = count_inside(w, &out->total, &out->total_exact);
	} else {
		e = count_up_to(w, HISTORY_COUNT_FEW);
	}
	return e;
}

/* ---- all ---- */

/* Nothing says where the rows lie. An offset has to be gone over then, however far it is. */
static bool goes_through(const struct history_filter *f)
{
	return !is_plain(f) && !has_index(f) && f->offset == 0;
}

static enum err walk(struct walk *w)
{
	bool by_stretches = goes_through(&w->f);
	enum err e;

	if (w->f.plates != NULL)
		return walk_plates(w);
	if (by_stretches)
		e = walk_stretches(w);
	else if (is_plain(&w->f))
		e = walk_plain(w);
	else
		e = list_rows(w, span_of(&w->f), w->f.offset);
	return e == ERR_NONE ? count_all(w, by_stretches) : e;
}

enum err history_page(struct outline *o, struct db *db, const struct history_filter *f, history_each_fn *each, void *arg,
	struct history_found *out)
{
	struct walk w = { .f = *f, .each = each, .arg = arg, .out = out };
	int64_t wanted = f->limit + (f->offset < WANTED_MOST ? f->offset : WANTED_MOST);
	struct buf plates;
	bool few = false;
	enum err e = outline_look(o, db, &w.look);

	*out = (struct history_found){ .total = -1 };
	buf_init(&plates, PLATES_BYTES);
	if (e == ERR_NONE && has_text(f->search))
		e = outline_plates(&w.look, f->search, wanted, &plates, &few);
	w.f.plates = few ? buf_text(&plates) : NULL;
	if (e == ERR_NONE)
		e = walk(&w);
	buf_free(&plates);
	return e;
}
