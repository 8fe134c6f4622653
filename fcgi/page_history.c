#include "pages.h"

#include <string.h>

#include "answer.h"
#include "base/text.h"
#include "form.h"
#include "format.h"
#include "history_filter.h"
#include "page.h"
#include "serve.h"
#include "stay_show.h"
#include "store/history_page.h"
#include "store/site.h"
#include "url.h"

#define PATH "/history"
#define TYPED_MAX 1000
#define ROWS 50
#define QUERY_MAX (6 * 3 * TYPED_MAX) /* of the form's texts, each byte as %XX */
#define COUNT(list) (sizeof list / sizeof *list)
#define TYPED(name) {name, FIELD_TEXT, FROM_QUERY, false, 0, TYPED_MAX, NULL}
#define YES(name) {name, FIELD_BOOL, FROM_QUERY, false, 0, 0, NULL}

const struct field page_history_fields[14] = {
	{"limit", FIELD_INTEGER, FROM_QUERY, false, 1, 1000, NULL},
	{"offset", FIELD_INTEGER, FROM_QUERY, false, 0, INTEGER_MAX, NULL},
	{"after", FIELD_TEXT, FROM_QUERY, false, 0, HISTORY_CURSOR_SIZE - 1, NULL},
	TYPED("search"), TYPED("from"), TYPED("to"), TYPED("central"), TYPED("edge"),
	YES("in_parking_only"), YES("entries_only"), YES("today_only"), YES("flagged"),
	{"status", FIELD_CHOICE, FROM_QUERY, false, 0, 0, "any|IN|OUT|SUPERSEDED|VOID"},
	{"order", FIELD_CHOICE, FROM_QUERY, false, 0, 0, "newest|oldest"},
};

static const struct form_field filter_form[] = {
	{.name = "search", .label = "history.plate", .max = 20},
	{.name = "status", .label = "history.status", .options = "any|IN|OUT|SUPERSEDED|VOID", .words = "stay_status"},
	{.name = "from", .label = "history.from", .type = "date"},
	{.name = "to", .label = "history.to", .type = "date"},
	{.name = "central", .label = "history.central", .options = "any", .words = "history"},
	{.name = "edge", .label = "history.edge", .max = 63},
	{.name = "order", .label = "history.order", .options = "newest|oldest", .words = "history_order"},
	{.name = "flagged", .label = "history.flagged", .check = true},
};

/* --- the filter ------------------------------------------------------------------------------------------------------ */

static bool is(const struct call *c, const char *name, const char *value)
{
	const char *text = params_text(&c->params, name);

	return text && strcmp(text, value) == 0;
}

/* What the form says beyond the API: "any" is what the API says by saying nothing. */
static enum err read_filter(const struct call *c, char search[PLATE_SIZE], struct history_filter *out, struct fault *fault)
{
	enum err e = history_filter_read(c, search, out, fault);

	if (is(c, "status", "any"))
		out->status = NULL;
	if (is(c, "central", "any"))
		out->central = NULL;
	out->oldest_first = is(c, "order", "oldest");
	out->limit = ROWS;
	out->offset = 0;
	return e;
}

static char separator(const struct buf *href)
{
	return strchr(buf_text(href), '?') ? '&' : '?';
}

/* What was asked for, as a query: for the next page, and for the file. */
static void add_query(const struct call *c, struct buf *out, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!params_given(&c->params, names[i]) || is(c, names[i], "any"))
			continue;
		buf_printf(out, "%c%s=", separator(out), names[i]);
		url_encode(out, params_text(&c->params, names[i]));
	}
	if (params_truth(&c->params, "flagged"))
		buf_printf(out, "%cflagged=1", separator(out));
}

static void add_link(const struct call *c, cJSON *parent, const char *name, const char *path, const char *after)
{
	static const char *const names[] = {"search", "status", "from", "to", "central", "edge", "order"};
	struct buf href;

	buf_init(&href, QUERY_MAX + 200);
	buf_str(&href, path);
	add_query(c, &href, names, after ? COUNT(names) : COUNT(names) - 1);
	if (after && after[0])
		buf_printf(&href, "%cafter=%s", separator(&href), after);
	cJSON_AddStringToObject(parent, name, buf_text(&href));
	buf_free(&href);
}

/* This central, those configured, and whatever was asked for. */
static enum err add_centrals(struct call *c, cJSON *form)
{
	const char *asked = params_text(&c->params, "central");
	struct peer_row peers[PEERS_MAX];
	struct identity own;
	size_t count = 0;
	bool listed = !asked || strcmp(asked, "any") == 0;
	enum err e = identity_read(c->desk->db, &own);

	if (e == ERR_NONE)
		e = peer_list(c->desk->db, peers, PEERS_MAX, &count);
	if (e == ERR_NONE) {
		form_option(form, "central", own.id, own.id);
		listed = listed || strcmp(asked, own.id) == 0;
	}
	explicit_bzero(&own, sizeof own);
	for (size_t i = 0; e == ERR_NONE && i < count; i++) {
		form_option(form, "central", peers[i].id, peers[i].id);
		listed = listed || strcmp(asked, peers[i].id) == 0;
	}
	if (!listed)
		form_option(form, "central", asked, asked);
	return e;
}

/* --- the list -------------------------------------------------------------------------------------------------------- */

/* How many there are in all; behind the first page nobody asks. */
static void add_total(struct call *c, cJSON *page, const struct history_found *found)
{
	cJSON *values;

	if (found->total < 0 || found->stopped)
		return;
	values = cJSON_CreateObject();
	page_number(c, values, "count", found->total);
	cJSON_AddBoolToObject(values, "over", !found->total_exact);
	page_words(c, page, "total", "history.total", values);
	cJSON_Delete(values);
}

/* Where the search stopped; what lies behind is looked through when asked for. */
static void add_stopped(struct call *c, cJSON *page, const struct history_found *found)
{
	char time[FORMAT_SIZE];
	cJSON *values;

	if (!found->stopped)
		return;
	format_time(c->language, found->next.begin_ts, time);
	values = cJSON_CreateObject();
	cJSON_AddStringToObject(values, "time", time);
	page_words(c, page, "stopped", "history.stopped", values);
	cJSON_Delete(values);
}

static enum err add_list(struct call *c, cJSON *page, const struct history_filter *f)
{
	struct stay_list list = {.call = c, .rows = cJSON_AddArrayToObject(page, "rows"), .limit = f->limit};
	char after[HISTORY_CURSOR_SIZE];
	struct history_found found;
	enum err e = history_page(c->app->outline, c->desk->db, f, stay_list_each, &list, &found);

	if (e != ERR_NONE)
		return e;
	add_total(c, page, &found);
	add_stopped(c, page, &found);
	cJSON_AddBoolToObject(page, "any", found.count > 0);
	cJSON_AddBoolToObject(page, "none", found.count == 0 && !found.stopped);
	if (f->has_after)
		add_link(c, page, "first", PATH, "");
	history_cursor_write(&found.next, after);
	if (found.more || found.stopped)
		add_link(c, page, "next", PATH, after);
	return ERR_NONE;
}

/* The form's words for what the API says about a field. */
static void mark_wrong(struct call *c, cJSON *form, const struct fault *why)
{
	if (strcmp(why->field, "search") == 0)
		form_wrong(c, form, "search", "history.wrong_plate", NULL);
	else if (strcmp(why->field, "from") == 0 || strcmp(why->field, "to") == 0)
		form_wrong(c, form, why->field, "history.wrong_date", NULL);
	else
		form_fault(c, form, ERR_INVALID, why);
}

static enum err fill(struct call *c, cJSON *page, cJSON *form, enum err asked, const struct fault *why, const struct history_filter *f)
{
	enum err e = add_centrals(c, form);

	if (asked != ERR_NONE) {
		mark_wrong(c, form, why);
		cJSON_AddTrueToObject(page, "wrong");
		return e;
	}
	add_link(c, page, "csv", "/api/parking/history?format=csv", NULL);
	return e == ERR_NONE ? add_list(c, page, f) : e;
}

/* By more than the plate: then the form shows it. */
static bool is_narrowed(const struct call *c)
{
	static const char *const names[] = {"status", "from", "to", "central", "edge", "order"};
	bool narrowed = params_truth(&c->params, "flagged");

	for (size_t i = 0; i < COUNT(names); i++)
		narrowed = narrowed || (params_given(&c->params, names[i]) && !is(c, names[i], "any") && !is(c, names[i], "newest"));
	return narrowed;
}

enum err page_history(struct call *c, struct fault *fault)
{
	cJSON *page, *form;
	char search[PLATE_SIZE];
	struct history_filter filter;
	struct fault why = {0};
	enum err asked = read_filter(c, search, &filter, &why);
	enum err e = call_read(c, fault);

	if (e != ERR_NONE)
		return e;
	page = cJSON_CreateObject();
	form = form_make(c, filter_form, COUNT(filter_form), &c->params);
	cJSON_AddItemToObject(page, "form", form);
	form_value(form, "flagged", params_truth(&c->params, "flagged") ? "1" : "");
	cJSON_AddBoolToObject(page, "narrowed", is_narrowed(c));
	e = fill(c, page, form, asked, &why, &filter);
	if (e == ERR_NONE)
		return page_show(c, answer_status(asked), "history", page);
	cJSON_Delete(page);
	return e;
}
