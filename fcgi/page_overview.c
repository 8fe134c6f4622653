#include "pages.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/zone.h"
#include "form.h"
#include "format.h"
#include "overview_parts.h"
#include "page.h"
#include "recent.h"
#include "serve.h"
#include "stats.h"
#include "stay_show.h"
#include "store/figures.h"
#include "url.h"

#define NEWEST 20
#define DAY_TEXT 11 /* "YYYY-MM-DD" and NUL */
#define PATH_SIZE 64

const struct field page_overview_fields[1] = {{"day", FIELD_TEXT, FROM_QUERY, false, 0, 100, NULL}};

static const struct form_field day_form = {.name = "day", .label = "overview.day", .type = "date"};

static enum err add_figures(struct call *c, cJSON *page, struct fault *fault)
{
	cJSON *figures = cJSON_AddObjectToObject(page, "figures");
	struct site_stats s;
	enum err e = recent_stats(c, &s, fault);

	if (e != ERR_NONE)
		return e;
	page_number(c, figures, "inside", s.vehicles_in_parking);
	page_number(c, figures, "entries", s.entries_today);
	page_number(c, figures, "exits", s.exits_today);
	page_money(c, figures, "revenue", s.revenue_today);
	return ERR_NONE;
}

/* --- the newest entries and exits ------------------------------------------------------------------------------------ */

struct passage { int64_t at_ms; bool exit; cJSON *row; };
struct passages { struct call *call; struct passage list[2 * NEWEST]; size_t count; };

static void add_stay_link(cJSON *row, int64_t history_id)
{
	char href[STAY_HREF_SIZE];

	stay_href(history_id, href);
	cJSON_AddStringToObject(row, "href", href);
}

/* Of today the hour alone. */
static void add_moment(struct call *c, cJSON *row, int64_t at_ms)
{
	cJSON *at;
	char exact[FORMAT_SIZE];

	page_time(c, row, "at", at_ms);
	at = cJSON_GetObjectItem(row, "at");
	if (!at || at_ms < zone_day_start(call_now(c)))
		return;
	format_exact_time(at_ms, exact);
	exact[16] = '\0';
	cJSON_SetValuestring(cJSON_GetObjectItem(at, "text"), exact + 11);
}

static cJSON *add_passage(struct passages *p, const char *kind, int64_t id, int64_t at_ms, const char *plate)
{
	cJSON *row = cJSON_CreateObject();
	char key[PATH_SIZE];

	p->list[p->count++] = (struct passage){at_ms, strcmp(kind, "exit") == 0, row};
	text_format(key, sizeof key, "%s-%lld", kind, (long long)id);
	cJSON_AddStringToObject(row, "key", key);
	cJSON_AddStringToObject(row, "plate", plate && *plate ? plate : "–");
	add_moment(p->call, row, at_ms);
	add_stay_link(row, id);
	return row;
}

static void add_place(cJSON *row, const char *central, const char *edge)
{
	cJSON_AddStringToObject(row, "at_central", central ? central : "");
	cJSON_AddStringToObject(row, "at_edge", edge ? edge : "");
}

static enum err take_entry(void *arg, const struct history_row *h)
{
	cJSON *row = add_passage(arg, "entry", h->id, h->begin_ts, h->plate_view);

	cJSON_AddTrueToObject(row, "entry");
	add_place(row, h->source_central, h->edge_id);
	return ERR_NONE;
}

static enum err take_exit(void *arg, const struct newest_exit *x)
{
	struct passages *p = arg;
	cJSON *row = add_passage(p, "exit", x->id, x->exit_ts, x->plate_view);

	cJSON_AddFalseToObject(row, "entry");
	add_place(row, x->central, x->edge);
	page_money(p->call, row, "fee", x->fee);
	return ERR_NONE;
}

/* Of one moment the exit is the newer. */
static int newer_first(const void *a, const void *b)
{
	const struct passage *x = a, *y = b;

	if (x->at_ms != y->at_ms)
		return x->at_ms < y->at_ms ? 1 : -1;
	return (int)y->exit - (int)x->exit;
}

static enum err add_passages(struct call *c, cJSON *page)
{
	const struct history_filter entries = {.entries_only = true, .limit = NEWEST};
	struct passages p = {.call = c};
	cJSON *rows = cJSON_AddArrayToObject(page, "passages");
	enum err e = newest_exits(c->desk->db, NEWEST, take_exit, &p);

	if (e == ERR_NONE)
		e = history_list(c->desk->db, &entries, take_entry, &p);
	qsort(p.list, p.count, sizeof *p.list, newer_first);
	for (size_t i = 0; i < p.count; i++) {
		if (i < NEWEST)
			cJSON_AddItemToArray(rows, p.list[i].row);
		else
			cJSON_Delete(p.list[i].row);
	}
	cJSON_AddBoolToObject(page, "any_passages", p.count > 0);
	return e;
}

/* --- the day --------------------------------------------------------------------------------------------------------- */

static void day_text(int64_t day_ms, char out[DAY_TEXT])
{
	char exact[FORMAT_SIZE];

	format_exact_time(day_ms, exact);
	text_format(out, DAY_TEXT, "%.10s", exact);
}

static void add_day_link(cJSON *day, const char *name, int64_t day_ms)
{
	char date[DAY_TEXT], path[PATH_SIZE];

	day_text(day_ms, date);
	text_format(path, sizeof path, "/?day=%s#hours", date);
	cJSON_AddStringToObject(day, name, path);
}

/* Which day's hours are shown: the one asked for, or today if none was or it cannot be shown. */
static int64_t add_day(struct call *c, cJSON *page)
{
	const char *asked = params_text(&c->params, "day");
	int64_t today = zone_day_start(call_now(c)), day = today, last;
	cJSON *choice = cJSON_AddObjectToObject(page, "choice"), *field;
	bool given = asked && *asked, good = !given || (strlen(asked) == DAY_TEXT - 1 && zone_parse(asked, &day, &last) && day <= today);
	char text[DAY_TEXT];

	if (!good)
		day = today;
	day_text(day, text);
	field = form_add(c, choice, &day_form, "", good ? text : asked);
	if (!good)
		form_mark(c, field, "overview.day_wrong", NULL);
	add_day_link(choice, "earlier", overview_day_before(day));
	if (day < today)
		add_day_link(choice, "later", overview_next_day(day));
	return day;
}

enum err page_overview(struct call *c, struct fault *fault)
{
	cJSON *page = cJSON_CreateObject();
	int64_t day = 0;
	enum err e = call_read(c, fault);

	if (e == ERR_NONE)
		day = add_day(c, page);
	if (e == ERR_NONE)
		e = add_figures(c, page, fault);
	if (e == ERR_NONE)
		e = overview_conditions(c, page);
	if (e == ERR_NONE)
		e = overview_mesh(c, page, fault);
	if (e == ERR_NONE)
		e = add_passages(c, page);
	if (e == ERR_NONE)
		e = overview_charts(c, page, day);
	if (e == ERR_NONE)
		return page_show(c, 200, "overview", page);
	cJSON_Delete(page);
	return e;
}
