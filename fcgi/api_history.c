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
#include "store/history_page.h"

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

static enum err answer_row(void *arg, const struct history_row *row)
{
	struct response *r = arg;

	answer_history_row(r, row);
	return r->body.failed ? ERR_MEMORY : ERR_NONE;
}

/* The rows go first, because only then their number is known: a member's place in an object means nothing. */
static enum err answer_page(struct call *c, const struct history_filter *filter)
{
	struct response *r = &c->response;
	char next[HISTORY_CURSOR_SIZE];
	struct history_found found;
	enum err e;

	answer_list(r, "history");
	e = history_page(c->app->outline, c->desk->db, filter, answer_row, r, &found);
	answer_list_end(r);
	answer_integer(r, "count", found.count);
	if (found.total >= 0) {
		answer_integer(r, "total", found.total);
		answer_bool(r, "total_exact", found.total_exact);
	}
	history_cursor_write(&found.next, next);
	answer_text(r, "next", found.more || found.stopped ? next : NULL);
	if (found.stopped)
		answer_bool(r, "stopped", true);
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

struct list { struct response *response; int64_t count; };

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
