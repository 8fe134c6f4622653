#include "overview_parts.h"

#include <string.h>

#include "base/text.h"
#include "base/zone.h"
#include "format.h"
#include "page.h"
#include "picture_chart.h"
#include "serve.h"
#include "store/figures.h"

#define HOUR_MS (60 * 60 * 1000LL)
#define DAYS 30
#define NAME_SIZE 64

int64_t overview_next_day(int64_t day_ms)
{
	return zone_day_start(day_ms + 26 * HOUR_MS); /* a day has 23 to 25 hours */
}

int64_t overview_day_before(int64_t day_ms)
{
	return zone_day_start(day_ms - 1);
}

/* One span of time in equal parts: hours or days. */
struct span {
	const char *name;                       /* "hours", "days" */
	const char *title, *inside, *revenue, *moved; /* names of texts */
	size_t count, every;
	int64_t bounds[FIGURES_MAX + 1];
	struct figure figure[FIGURES_MAX];
	char label[FIGURES_MAX][NAME_SIZE], full[FIGURES_MAX][NAME_SIZE];
	int64_t now_ms;
};

/* --- times ----------------------------------------------------------------------------------------------------------- */

static void name_hour(struct span *s, size_t i)
{
	char exact[FORMAT_SIZE];

	format_exact_time(s->bounds[i], exact);
	text_format(s->label[i], NAME_SIZE, "%.2s", exact + 11);
	text_format(s->full[i], NAME_SIZE, "%.5s", exact + 11);
}

/* The date without its year where there is little room. */
static void name_day(const struct call *c, struct span *s, size_t i)
{
	char date[FORMAT_SIZE];
	const char *year;

	format_date(c->language, s->bounds[i], date);
	text_copy(s->full[i], NAME_SIZE, date);
	year = strrchr(date, c->language == LANGUAGE_VI ? '/' : ' ');
	text_format(s->label[i], NAME_SIZE, "%.*s", year ? (int)(year - date) : FORMAT_SIZE, date);
}

static void cut_hours(struct span *s, int64_t day_ms)
{
	int64_t end = overview_next_day(day_ms);

	for (s->bounds[0] = day_ms; s->count < FIGURES_MAX && s->bounds[s->count] < end; s->count++) {
		int64_t next = s->bounds[s->count] + HOUR_MS;

		s->bounds[s->count + 1] = next < end ? next : end;
		name_hour(s, s->count);
	}
}

static void cut_days(const struct call *c, struct span *s)
{
	int64_t day = zone_day_start(s->now_ms);

	s->count = DAYS;
	s->bounds[DAYS] = overview_next_day(day);
	for (size_t i = DAYS; i-- > 0; day = overview_day_before(day)) {
		s->bounds[i] = day;
		name_day(c, s, i);
	}
}

/* --- pictures -------------------------------------------------------------------------------------------------------- */

enum what { WHAT_ENTRIES, WHAT_EXITS, WHAT_INSIDE, WHAT_REVENUE };

static bool known(const struct span *s, size_t i)
{
	return s->bounds[i] <= s->now_ms;
}

static int64_t value_of(const struct span *s, size_t i, enum what what)
{
	const struct figure *f = &s->figure[i];

	if (!known(s, i))
		return -1;
	switch (what) {
	case WHAT_ENTRIES:
		return f->entries;
	case WHAT_EXITS:
		return f->exits;
	case WHAT_INSIDE:
		return f->inside;
	case WHAT_REVENUE:
		return f->revenue;
	}
	return -1;
}

static const char *text_in(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItem(object, name));
}

/* One chart, of one or two of the figures (second: as first if only one). */
static void add_chart(struct call *c, cJSON *charts, const struct span *s, const char *title, enum what first, enum what second)
{
	struct chart_column columns[FIGURES_MAX];
	struct chart k = {.language = c->language, .series = first == second ? 1 : 2, .every = s->every, .column = columns,
		.count = s->count, .said = {"", ""}, .unit = first == WHAT_REVENUE ? " ₫" : ""};
	cJSON *chart = cJSON_CreateObject();
	struct buf out;

	cJSON_AddItemToArray(charts, chart);
	page_words(c, chart, "caption", title, NULL);
	page_words(c, chart, "desc", "overview.chart_desc", NULL);
	cJSON_AddBoolToObject(chart, "two", k.series == 2);
	k.title = text_in(chart, "caption");
	k.desc = text_in(chart, "desc");
	if (k.series == 2) {
		page_words(c, chart, "first", "overview.entries", NULL);
		page_words(c, chart, "second", "overview.exits", NULL);
		k.said[0] = text_in(chart, "first");
		k.said[1] = text_in(chart, "second");
	}
	for (size_t i = 0; i < s->count; i++)
		columns[i] = (struct chart_column){s->label[i], s->full[i], {value_of(s, i, first), value_of(s, i, second)}};
	buf_init(&out, PICTURE_MAX);
	picture_chart(&out, &k);
	cJSON_AddStringToObject(chart, "svg", buf_text(&out));
	buf_free(&out);
}

/* --- the table ------------------------------------------------------------------------------------------------------- */

static void add_row(struct call *c, cJSON *rows, const struct span *s, size_t i)
{
	const struct figure *f = &s->figure[i];
	cJSON *row = cJSON_CreateObject();

	cJSON_AddItemToArray(rows, row);
	cJSON_AddStringToObject(row, "when", s->full[i]);
	page_number(c, row, "came", f->entries);
	page_number(c, row, "left", f->exits);
	page_number(c, row, "stood", f->inside);
	page_money(c, row, "taken", f->revenue);
}

/* Days can be opened by their hours. */
static void add_day_link(cJSON *row, int64_t day_ms)
{
	char exact[FORMAT_SIZE], href[NAME_SIZE];

	format_exact_time(day_ms, exact);
	text_format(href, sizeof href, "/?day=%.10s#hours", exact);
	cJSON_AddStringToObject(row, "href", href);
}

static enum err add_span(struct call *c, cJSON *charts, struct span *s)
{
	cJSON *span = cJSON_CreateObject(), *pictures, *rows, *texts = cJSON_CreateObject();
	enum err e = figures_read(c->desk->db, s->bounds, s->count, s->figure);

	cJSON_AddItemToObject(charts, s->name, span);
	page_date(c, texts, "date", s->bounds[0]);
	cJSON_AddStringToObject(texts, "day", text_in(cJSON_GetObjectItem(texts, "date"), "text"));
	page_words(c, span, "title", s->title, texts);
	cJSON_Delete(texts);
	pictures = cJSON_AddArrayToObject(span, "pictures");
	add_chart(c, pictures, s, s->moved, WHAT_ENTRIES, WHAT_EXITS);
	add_chart(c, pictures, s, s->inside, WHAT_INSIDE, WHAT_INSIDE);
	add_chart(c, pictures, s, s->revenue, WHAT_REVENUE, WHAT_REVENUE);
	rows = cJSON_AddArrayToObject(span, "rows");
	for (size_t i = 0; i < s->count && known(s, i); i++) {
		add_row(c, rows, s, i);
		if (strcmp(s->name, "days") == 0)
			add_day_link(cJSON_GetArrayItem(rows, (int)i), s->bounds[i]);
	}
	return e;
}

enum err overview_charts(struct call *c, cJSON *page, int64_t day_ms)
{
	struct span hours = {.name = "hours", .title = "overview.by_hour", .moved = "overview.hour_moved", .inside = "overview.hour_inside",
		.revenue = "overview.hour_revenue", .every = 3, .now_ms = call_now(c)};
	struct span days = {.name = "days", .title = "overview.by_day", .moved = "overview.day_moved", .inside = "overview.day_inside",
		.revenue = "overview.day_revenue", .every = 5, .now_ms = call_now(c)};
	cJSON *charts = cJSON_AddObjectToObject(page, "charts");
	enum err e;

	cut_hours(&hours, day_ms);
	cut_days(c, &days);
	e = add_span(c, charts, &hours);
	return e == ERR_NONE ? add_span(c, charts, &days) : e;
}
