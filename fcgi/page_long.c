/* Stays that are open for longer than a few days: mostly cars whose leaving nobody told. One by one, or all at once. */
#include "pages.h"

#include <inttypes.h>
#include <string.h>

#include "answer.h"
#include "base/text.h"
#include "caller.h"
#include "domain/ledger.h"
#include "domain/operator.h"
#include "form.h"
#include "page.h"
#include "serve.h"
#include "stay_show.h"
#include "stay_typed.h"
#include "store/history.h"

#define DAY_MS (24LL * 60 * 60 * 1000)
#define DAYS_USUAL 3
#define DAYS_MAX 3650
#define ROWS 50
#define BATCH 32          /* stays ended in one transaction: gates wait for no more */
#define AT_ONCE 5000      /* stays ended by one request */
#define COUNT(list) (sizeof list / sizeof *list)

const struct field page_long_fields[2] = {
	{"days", FIELD_TEXT, FROM_QUERY, false, 0, TYPED_MAX, NULL},
	{"after", FIELD_TEXT, FROM_QUERY, false, 0, HISTORY_CURSOR_SIZE - 1, NULL},
};
const struct field page_long_end_fields[1] = {{"days", FIELD_INTEGER, FROM_QUERY, true, 1, DAYS_MAX, NULL}};
const struct field page_long_ending_fields[3] = {
	{"days", FIELD_INTEGER, FROM_BODY, true, 1, DAYS_MAX, NULL},
	{"before", FIELD_INTEGER, FROM_BODY, true, 1, INTEGER_MAX, NULL},
	{"why", FIELD_TEXT, FROM_BODY, false, 0, TYPED_MAX, NULL},
};

static const struct form_field days_form[] = {{.name = "days", .label = "history.days", .inputmode = "numeric", .max = 4}};
static const struct form_field why_form[] = {{.name = "why", .label = "stay.why", .help = "stay.why_help", .required = true,
	.max = WHY_BYTES}};

static struct history_filter open_before(int64_t before, int64_t limit)
{
	return (struct history_filter){.in_parking_only = true, .oldest_first = true, .to_ts = before, .limit = limit};
}

/* --- the list -------------------------------------------------------------------------------------------------------- */

static void add_total(struct call *c, cJSON *page, int64_t days, int64_t count)
{
	cJSON *values = cJSON_CreateObject();

	page_number(c, values, "count", count);
	page_number(c, values, "days", days);
	cJSON_AddBoolToObject(values, "over", count >= HISTORY_COUNT_MAX);
	page_words(c, page, "total", "history.long_total", values);
	cJSON_Delete(values);
}

static void add_link(cJSON *page, const char *name, const char *path, int64_t days, const struct history_cursor *after)
{
	char href[160], cursor[HISTORY_CURSOR_SIZE] = "";

	if (after)
		history_cursor_write(after, cursor);
	text_format(href, sizeof href, "%s?days=%" PRId64 "%s%s", path, days, after ? "&after=" : "", cursor);
	cJSON_AddStringToObject(page, name, href);
}

static enum err add_list(struct call *c, cJSON *page, int64_t days)
{
	struct stay_list list = {.call = c, .rows = cJSON_AddArrayToObject(page, "rows"), .limit = ROWS};
	struct history_filter f = open_before(call_now(c) - days * DAY_MS, ROWS + 1);
	const char *after = params_text(&c->params, "after");
	int64_t count = 0;
	enum err e;

	f.has_after = after && history_cursor_read(after, &f.after);
	e = history_list(c->desk->db, &f, stay_list_each, &list);
	if (e == ERR_NONE)
		e = history_count(c->desk->db, &f, &count);
	add_total(c, page, days, count);
	cJSON_AddBoolToObject(page, "none", list.count == 0);
	if (count > 0)
		add_link(page, "end_all", "/history/long/end", days, NULL);
	if (f.has_after)
		add_link(page, "first", "/history/long", days, NULL);
	if (list.more)
		add_link(page, "next", "/history/long", days, &list.last);
	return e;
}

enum err page_long(struct call *c, struct fault *fault)
{
	cJSON *page, *form;
	const char *text = params_text(&c->params, "days");
	int64_t days = DAYS_USUAL;
	bool good = !text || (number_parse(text, DAYS_MAX, &days) && days > 0);
	enum err e = call_read(c, fault);

	if (e != ERR_NONE)
		return e;
	page = cJSON_CreateObject();
	form = form_make(c, days_form, COUNT(days_form), &c->params);
	cJSON_AddItemToObject(page, "form", form);
	if (!text)
		form_value(form, "days", "3");
	if (good)
		e = add_list(c, page, days);
	else
		form_wrong(c, form, "days", "history.wrong_days", NULL);
	cJSON_AddBoolToObject(page, "wrong", !good);
	if (e == ERR_NONE)
		return page_show(c, good ? 200 : 400, "long", page);
	cJSON_Delete(page);
	return e;
}

/* --- ending all ------------------------------------------------------------------------------------------------------ */

/* What is asked about is what will be ended: those that were open at the same moment, by the moment that goes along. form is taken
 * over. */
static enum err ask(struct call *c, int status, cJSON *form, int64_t days, int64_t before, struct fault *fault)
{
	struct history_filter f = open_before(before, 1);
	cJSON *page = cJSON_CreateObject(), *values = cJSON_CreateObject();
	int64_t count = 0;
	enum err e = call_read(c, fault);

	if (e == ERR_NONE)
		e = history_count(c->desk->db, &f, &count);
	page_number(c, values, "count", count);
	page_number(c, values, "days", days);
	cJSON_AddBoolToObject(values, "over", count >= HISTORY_COUNT_MAX);
	page_words(c, page, "text", "history.end_all_text", values);
	page_words(c, page, "button", "history.end_all_button", values);
	cJSON_Delete(values);
	cJSON_AddBoolToObject(page, "none", count == 0);
	cJSON_AddNumberToObject(page, "days", (double)days);
	cJSON_AddNumberToObject(page, "before", (double)before);
	cJSON_AddItemToObject(page, "form", form);
	if (e == ERR_NONE)
		return page_show(c, status, "end_all", page);
	cJSON_Delete(page);
	return e;
}

enum err page_long_end(struct call *c, struct fault *fault)
{
	int64_t days = params_integer(&c->params, "days", DAYS_USUAL);

	return ask(c, 200, form_make(c, why_form, COUNT(why_form), NULL), days, call_now(c) - days * DAY_MS, fault);
}

struct batch {
	int64_t id[BATCH];
	size_t count, ended;
	struct history_cursor last;
	struct operator_word word;
	struct fault fault;
};

static enum err add_id(void *arg, const struct history_row *h)
{
	struct batch *b = arg;

	b->id[b->count++] = h->id;
	b->last = (struct history_cursor){h->begin_ts, h->id};
	return ERR_NONE;
}

/* One that ended meanwhile is as good. */
static enum err end_batch(struct ledger *l, void *arg)
{
	struct batch *b = arg;
	struct exit_written written;
	struct stay_row row;

	b->ended = 0;
	for (size_t i = 0; i < b->count; i++) {
		struct operator_exit exit = {.history_id = b->id[i], .reason = "missed", .fee = 0};
		enum err e = operator_leave(l, &exit, &b->word, &row, &written, &b->fault);

		if (e != ERR_NONE && e != ERR_CONFLICT && e != ERR_NOT_FOUND)
			return e;
		b->ended += e == ERR_NONE;
	}
	return ERR_NONE;
}

static enum err end_next(struct call *c, struct history_filter *f, struct batch *b, struct fault *fault)
{
	enum err e = call_read(c, fault);

	b->count = b->ended = 0;
	if (e == ERR_NONE)
		e = history_list(c->desk->db, f, add_id, b);
	if (e == ERR_NONE && b->count > 0)
		e = page_write(c, end_batch, b, fault);
	call_read_end(c);
	f->has_after = true;
	f->after = b->last;
	return e;
}

static enum err end_all(struct call *c, const char *why, int64_t before, int64_t *ended, struct fault *fault)
{
	struct actor actor = caller_actor(c);
	struct batch b = {.word = {.by = caller_name(c), .why = why, .actor = &actor}};
	struct history_filter f = open_before(before, BATCH);
	enum err e;

	do {
		e = end_next(c, &f, &b, fault);
		*ended += e == ERR_NONE ? (int64_t)b.ended : 0;
	} while (e == ERR_NONE && b.count == BATCH && *ended < AT_ONCE);
	return e;
}

enum err page_long_ending(struct call *c, struct fault *fault)
{
	int64_t days = params_integer(&c->params, "days", DAYS_USUAL), before = params_integer(&c->params, "before", 0), ended = 0;
	cJSON *form = form_make(c, why_form, COUNT(why_form), &c->params), *values;
	const char *why = NULL;
	char back[64];
	enum err e;

	if (before > call_now(c) - DAY_MS)
		before = call_now(c) - DAY_MS;
	if (!typed_why(c, form, true, &why))
		return ask(c, 400, form, days, before, fault);
	cJSON_Delete(form);
	e = end_all(c, why, before, &ended, fault);
	values = cJSON_CreateObject();
	page_number(c, values, "count", ended);
	cJSON_AddBoolToObject(values, "more", ended >= AT_ONCE);
	text_format(back, sizeof back, "/history/long?days=%" PRId64, days);
	return e == ERR_NONE ? page_redirect(c, back, "history.ended_all", values) : page_redirect_failed(c, back, "history.ended_broken", values);
}
