#include "api.h"

#include "answer.h"
#include "base/text.h"
#include "base/zone.h"
#include "domain/plate.h"
#include "serve.h"
#include "stats.h"
#include "store/history.h"

#define SECONDS_BELOW 100000000000LL /* a smaller Unix time is in seconds, as in edge-reported times */
#define SEARCH_BYTES 100

const struct field parking_history_fields[7] = {
	{"limit", FIELD_INTEGER, FROM_QUERY, false, 1, 1000, NULL},
	{"offset", FIELD_INTEGER, FROM_QUERY, false, 0, INTEGER_MAX, NULL},
	{"search", FIELD_TEXT, FROM_QUERY, false, 0, SEARCH_BYTES, NULL},
	{"status", FIELD_CHOICE, FROM_QUERY, false, 0, 0, "IN|OUT|SUPERSEDED|VOID"},
	{"in_parking_only", FIELD_BOOL, FROM_QUERY, false, 0, 0, NULL},
	{"today_only", FIELD_BOOL, FROM_QUERY, false, 0, 0, NULL},
	{"from", FIELD_INTEGER, FROM_QUERY, false, 0, INTEGER_MAX, NULL},
};

static int64_t read_from(const struct call *c)
{
	int64_t from = params_integer(&c->params, "from", 0), today = zone_day_start(call_now(c));

	if (from < SECONDS_BELOW)
		from *= 1000;
	return params_truth(&c->params, "today_only") && today > from ? today : from;
}

static enum err read_filter(const struct call *c, char search[PLATE_SIZE], struct history_filter *out, struct fault *fault)
{
	const char *text = params_text(&c->params, "search");

	search[0] = '\0';
	if (text && plate_reduce(text, search) > PLATE_MAX)
		return fault_set(fault, ERR_INVALID, "invalid_value", "search",
			"search has more than %d letters and digits; no plate has.", PLATE_MAX);
	*out = (struct history_filter){
		.search = search,
		.status = params_text(&c->params, "status"),
		.from_ts = read_from(c),
		.in_parking_only = params_truth(&c->params, "in_parking_only"),
		.limit = params_integer(&c->params, "limit", 100),
		.offset = params_integer(&c->params, "offset", 0),
	};
	return ERR_NONE;
}

static void answer_moment(struct response *r, const char *name, int64_t ms)
{
	if (ms < 0)
		answer_null(r, name);
	else
		answer_integer(r, name, ms);
}

static void answer_confidence(struct response *r, const char *name, double confidence)
{
	if (confidence < 0)
		answer_null(r, name);
	else
		answer_real(r, name, confidence);
}

static void answer_coming(struct response *r, const struct history_row *h)
{
	answer_text(r, "entry_time", h->entry_time);
	answer_text(r, "entry_camera_id", h->entry_camera_id);
	answer_text(r, "entry_camera_name", h->entry_camera_name);
	answer_confidence(r, "entry_confidence", h->entry_confidence);
	answer_text(r, "entry_source", h->entry_source);
	answer_moment(r, "entry_ts", h->entry_ts);
	answer_moment(r, "confirmed_ts", h->confirmed_ts);
}

static void answer_leaving(struct response *r, const struct history_row *h)
{
	answer_text(r, "exit_time", h->exit_time);
	answer_text(r, "exit_camera_id", h->exit_camera_id);
	answer_text(r, "exit_camera_name", h->exit_camera_name);
	answer_confidence(r, "exit_confidence", h->exit_confidence);
	answer_text(r, "exit_source", h->exit_source);
	answer_moment(r, "exit_ts", h->exit_ts);
	answer_text(r, "exit_central", h->exit_central);
	answer_text(r, "exit_edge", h->exit_edge);
	answer_text(r, "exit_reason", h->exit_reason);
	answer_text(r, "duration", h->duration);
	answer_integer(r, "fee", h->fee);
}

struct list { struct response *response; int64_t count; };

static enum err answer_row(void *arg, const struct history_row *h)
{
	struct list *list = arg;
	struct response *r = list->response;

	answer_object(r, NULL);
	answer_integer(r, "id", h->id);
	answer_text(r, "event_id", h->event_id);
	answer_text(r, "source_central", h->source_central);
	answer_text(r, "edge_id", h->edge_id);
	answer_text(r, "plate_id", h->plate_id);
	answer_text(r, "plate_view", h->plate_view);
	answer_text(r, "camera_type", h->camera_type);
	answer_coming(r, h);
	answer_leaving(r, h);
	answer_text(r, "status", h->status);
	answer_text(r, "sync_status", h->sync_status);
	answer_text(r, "superseded_by", h->superseded_by);
	answer_text(r, "flags", h->flags);
	answer_text(r, "created_at", h->created_at);
	answer_text(r, "updated_at", h->updated_at);
	answer_object_end(r);
	list->count++;
	return r->body.failed ? ERR_MEMORY : ERR_NONE;
}

/* The rows go first, because only then their number is known: a member's place in an object means nothing. */
static enum err answer_rows(struct call *c, const struct history_filter *filter)
{
	struct response *r = &c->response;
	struct list list = {.response = r};
	enum err e;

	answer_list(r, "history");
	e = history_list(c->desk->db, filter, answer_row, &list);
	answer_list_end(r);
	answer_integer(r, "count", list.count);
	return e;
}

enum err api_parking_history(struct call *c, struct fault *fault)
{
	char search[PLATE_SIZE];
	struct history_filter filter;
	struct site_stats stats;
	int64_t total = 0;
	enum err e = read_filter(c, search, &filter, fault);

	if (e == ERR_NONE)
		e = stats_read(c, &stats, fault);
	if (e == ERR_NONE)
		e = history_count(c->desk->db, &filter, &total);
	if (e != ERR_NONE)
		return e;
	answer_begin(&c->response, 200);
	answer_integer(&c->response, "total", total);
	answer_object(&c->response, "stats");
	answer_stats(&c->response, &stats);
	answer_object_end(&c->response);
	e = answer_rows(c, &filter);
	answer_end(&c->response);
	return e;
}
