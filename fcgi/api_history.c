#include "api.h"

#include <string.h>

#include "answer.h"
#include "base/text.h"
#include "history_csv.h"
#include "history_filter.h"
#include "history_row.h"
#include "recent.h"
#include "serve.h"
#include "stats.h"
#include "store/history.h"

#define SEARCH_BYTES 100
#define TIME_BYTES 32
#define LIST_MAX 1000

const struct field parking_history_fields[14] = {
	{"limit", FIELD_INTEGER, FROM_QUERY, false, 1, LIST_MAX, NULL},
	{"offset", FIELD_INTEGER, FROM_QUERY, false, 0, INTEGER_MAX, NULL},
	{"after", FIELD_TEXT, FROM_QUERY, false, 0, HISTORY_CURSOR_SIZE - 1, NULL},
	{"search", FIELD_TEXT, FROM_QUERY, false, 0, SEARCH_BYTES, NULL},
	{"status", FIELD_CHOICE, FROM_QUERY, false, 0, 0, "IN|OUT|SUPERSEDED|VOID"},
	{"in_parking_only", FIELD_BOOL, FROM_QUERY, false, 0, 0, NULL},
	{"entries_only", FIELD_BOOL, FROM_QUERY, false, 0, 0, NULL},
	{"today_only", FIELD_BOOL, FROM_QUERY, false, 0, 0, NULL},
	{"from", FIELD_TEXT, FROM_QUERY, false, 0, TIME_BYTES, NULL},
	{"to", FIELD_TEXT, FROM_QUERY, false, 0, TIME_BYTES, NULL},
	{"central", FIELD_TEXT, FROM_QUERY, false, 0, 64, NULL},
	{"edge", FIELD_TEXT, FROM_QUERY, false, 0, 64, NULL},
	{"flagged", FIELD_BOOL, FROM_QUERY, false, 0, 0, NULL},
	{"format", FIELD_CHOICE, FROM_QUERY, false, 0, 0, "json|csv"},
};

const struct field history_changes_fields[3] = {
	{"limit", FIELD_INTEGER, FROM_QUERY, false, 1, LIST_MAX, NULL},
	{"offset", FIELD_INTEGER, FROM_QUERY, false, 0, INTEGER_MAX, NULL},
	{"history_id", FIELD_INTEGER, FROM_QUERY, false, 0, INTEGER_MAX, NULL},
};

/* --- the list -------------------------------------------------------------------------------------------------------- */

struct list {
	struct response *response;
	int64_t count, limit;
	struct history_cursor last;
	bool more;
};

/* One row more than wanted is asked for, which only says that there is one. */
static enum err answer_row(void *arg, const struct history_row *row)
{
	struct list *list = arg;

	if (list->count == list->limit) {
		list->more = true;
		return ERR_NONE;
	}
	answer_history_row(list->response, row);
	list->last = (struct history_cursor){row->begin_ts, row->id};
	list->count++;
	return list->response->body.failed ? ERR_MEMORY : ERR_NONE;
}

/* The rows go first, because only then their number is known: a member's place in an object means nothing. */
static enum err answer_rows(struct call *c, struct history_filter filter, struct list *list)
{
	enum err e;

	*list = (struct list){.response = &c->response, .limit = filter.limit};
	filter.limit++;
	answer_list(&c->response, "history");
	e = history_list(c->desk->db, &filter, answer_row, list);
	answer_list_end(&c->response);
	return e;
}

/* A page that is not full says by itself how many there are. */
static enum err answer_total(struct call *c, const struct history_filter *f, const struct list *list)
{
	bool counted = list->more || (list->count == 0 && f->offset > 0);
	int64_t total = f->offset + list->count;
	enum err e = ERR_NONE;

	if (f->has_after)
		return ERR_NONE;
	if (counted)
		e = history_count(c->desk->db, f, &total);
	answer_integer(&c->response, "total", total);
	answer_bool(&c->response, "total_exact", !counted || total < HISTORY_COUNT_MAX);
	return e;
}

static enum err answer_page(struct call *c, const struct history_filter *filter)
{
	char next[HISTORY_CURSOR_SIZE];
	struct list list;
	enum err e = answer_rows(c, *filter, &list);

	answer_integer(&c->response, "count", list.count);
	if (e == ERR_NONE)
		e = answer_total(c, filter, &list);
	history_cursor_write(&list.last, next);
	answer_text(&c->response, "next", list.more ? next : NULL);
	return e;
}

static enum err answer_history(struct call *c, const struct history_filter *filter, struct fault *fault)
{
	struct site_stats stats;
	enum err e = recent_stats(c, &stats, fault);

	if (e != ERR_NONE)
		return e;
	answer_begin(&c->response, 200);
	answer_object(&c->response, "stats");
	answer_stats(&c->response, &stats);
	answer_object_end(&c->response);
	e = answer_page(c, filter);
	answer_end(&c->response);
	return e;
}

enum err api_parking_history(struct call *c, struct fault *fault)
{
	const char *format = params_text(&c->params, "format");
	char search[PLATE_SIZE];
	struct history_filter filter;
	enum err e = history_filter_read(c, search, &filter, fault);

	if (e != ERR_NONE)
		return e;
	if (!format || strcmp(format, "csv") != 0)
		return answer_history(c, &filter, fault);
	if (!params_given(&c->params, "limit"))
		filter.limit = INTEGER_MAX;
	return history_csv(c, &filter, fault);
}

/* --- what people changed --------------------------------------------------------------------------------------------- */

static enum err answer_change(void *arg, const struct change_look *row)
{
	struct list *list = arg;
	struct response *r = list->response;

	answer_object(r, NULL);
	answer_integer(r, "id", row->id);
	if (row->history_id < 0)
		answer_null(r, "history_id");
	else
		answer_integer(r, "history_id", row->history_id);
	answer_text(r, "event_id", row->event_id);
	answer_text(r, "change_type", row->change_type);
	answer_text(r, "old_plate_id", row->old_plate_id);
	answer_text(r, "new_plate_id", row->new_plate_id);
	answer_text(r, "old_plate_view", row->old_plate_view);
	answer_text(r, "new_plate_view", row->new_plate_view);
	answer_text(r, "old_data", row->old_data);
	answer_text(r, "new_data", row->new_data);
	answer_text(r, "changed_at", row->changed_at);
	answer_text(r, "changed_by", row->changed_by);
	answer_object_end(r);
	list->count++;
	return r->body.failed ? ERR_MEMORY : ERR_NONE;
}

enum err api_history_changes(struct call *c, struct fault *fault)
{
	struct list list = {.response = &c->response};
	enum err e = call_read(c, fault);

	if (e != ERR_NONE)
		return e;
	answer_begin(&c->response, 200);
	answer_list(&c->response, "changes");
	e = change_list(c->desk->db, params_integer(&c->params, "history_id", -1), params_integer(&c->params, "limit", HISTORY_LIST_USUAL),
		params_integer(&c->params, "offset", 0), answer_change, &list);
	answer_list_end(&c->response);
	answer_integer(&c->response, "count", list.count);
	answer_end(&c->response);
	return e;
}
