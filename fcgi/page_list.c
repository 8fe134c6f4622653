/* The lists of subscriptions and staff: looking, and finding. */
#include "list_page.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/zone.h"
#include "form.h"
#include "page.h"
#include "pages.h"
#include "serve.h"
#include "shared_rows.h"
#include "url.h"
#include "wire/json.h"

#define ROWS_A_PAGE 50
#define HREF_SIZE 800
#define STATES "all|in_force|soon|over|off"

const struct field page_list_fields[3] = {{"q", FIELD_TEXT, FROM_QUERY, false, 0, ROWS_TEXT_SIZE, NULL},
	{"state", FIELD_CHOICE, FROM_QUERY, false, 0, 0, STATES}, {"offset", FIELD_INTEGER, FROM_QUERY, false, 0, ROWS_MAX, NULL}};

static const struct form_field subscription_text = {.name = "q", .label = "subscriptions.search", .max = 60};
static const struct form_field staff_text = {.name = "q", .label = "staff.search", .max = 60};
static const struct form_field state_choice = {
	.name = "state", .label = "list.state", .options = "all|in_force|soon|over|off", .words = "subscription_state"};

static enum rows_state read_state(const char *word)
{
	static const char *const words[] = {[ROWS_IN_FORCE] = "in_force", [ROWS_SOON] = "soon", [ROWS_OVER] = "over", [ROWS_OFF] = "off"};

	for (size_t i = ROWS_IN_FORCE; word && i <= ROWS_OFF; i++) {
		if (strcmp(words[i], word) == 0)
			return (enum rows_state)i;
	}
	return ROWS_ALL;
}

/* --- rows -------------------------------------------------------------------------------------------------------------- */

static void add_href(cJSON *row, const char *name, const char *path, const char *id)
{
	struct buf href;

	buf_init(&href, HREF_SIZE);
	buf_str(&href, path);
	url_encode(&href, id);
	cJSON_AddStringToObject(row, name, buf_text(&href));
	buf_free(&href);
}

static void add_links(cJSON *row, const struct list_kind *k, const char *id)
{
	char path[80];

	text_format(path, sizeof path, "%s/edit?id=", k->path);
	add_href(row, "edit", path, id);
	text_format(path, sizeof path, "%s/remove?id=", k->path);
	add_href(row, "remove", path, id);
}

/* A day as the language writes it; one that is none, as it is. */
static void add_day(struct call *c, cJSON *row, const char *name, const char *day)
{
	int64_t first, last;

	if (zone_parse(day, &first, &last))
		page_date(c, row, name, first);
	else
		cJSON_AddNullToObject(row, name);
}

/* What a row is, by the member that says so in the template, and the text. */
struct state { const char *member, *text; };

static struct state state_of(const struct subscription_look *s, int64_t now_ms)
{
	switch (s->state) {
	case SUBSCRIPTION_IN_FORCE:
		if (rows_ends_soon(s, now_ms))
			return (struct state){"soon", "subscription_state.soon"};
		return (struct state){"in_force", "subscription_state.in_force"};
	case SUBSCRIPTION_OVER: return (struct state){"over", "subscription_state.over"};
	case SUBSCRIPTION_LATER: return (struct state){"later", "subscription_state.later"};
	case SUBSCRIPTION_OFF: return (struct state){"off", "subscription_state.off"};
	case SUBSCRIPTION_UNREADABLE: break;
	}
	return (struct state){"unreadable", "subscription_state.unreadable"};
}

static enum err add_subscription(struct call *c, cJSON *row, const char *json)
{
	struct subscription_look s;
	struct state state;
	char day[DAY_SIZE];
	enum err e;

	rows_day(call_now(c), day);
	e = subscription_look(json, day, &s);
	if (e != ERR_NONE)
		return e;
	state = state_of(&s, call_now(c));
	cJSON_AddStringToObject(row, "plate", s.number);
	cJSON_AddStringToObject(row, "owner", s.owner);
	cJSON_AddTrueToObject(row, state.member);
	page_words(c, row, "state_text", state.text, NULL);
	add_day(c, row, "from", s.start);
	add_day(c, row, "until", s.end);
	cJSON_AddBoolToObject(row, "endless", !s.start[0] && !s.end[0]);
	return ERR_NONE;
}

/* Texts that are members of the item and need no more than to be shown. */
static enum err add_texts(cJSON *row, const char *json)
{
	char name[256], role[128], phone[128], status[64], type[128], note[1024];
	struct json_word words[] = {{"name", name, sizeof name}, {"role", role, sizeof role}, {"phone", phone, sizeof phone},
		{"status", status, sizeof status}, {"type", type, sizeof type}, {"note", note, sizeof note}};
	enum err e = json_words(json, words, sizeof words / sizeof *words);

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		cJSON_AddStringToObject(row, words[i].name, e == ERR_NONE ? words[i].value : "");
	cJSON_AddBoolToObject(row, "inactive", e == ERR_NONE && strcmp(status, "inactive") == 0);
	return e == ERR_MEMORY ? e : ERR_NONE;
}

static enum err add_row(struct call *c, cJSON *list, const struct list_kind *k, const char *id, struct fault *fault)
{
	cJSON *row = cJSON_CreateObject();
	char tag[TAG_SIZE], *json = NULL;
	enum err e = shared_find(c->desk->db, k->kind, id, &json, tag, fault);

	cJSON_AddItemToArray(list, row);
	add_links(row, k, id);
	if (e == ERR_NONE)
		e = add_texts(row, json);
	if (e == ERR_NONE && k->kind == SHARED_SUBSCRIPTIONS)
		e = add_subscription(c, row, json);
	free(json);
	return e;
}

/* --- the page ---------------------------------------------------------------------------------------------------------- */

static void add_paging(struct call *c, cJSON *page, const struct list_kind *k, const struct rows_wish *w, const struct rows *found)
{
	const char *state = params_text(&c->params, "state");
	struct paging paging = {.offset = (int64_t)w->offset, .limit = ROWS_A_PAGE, .shown = (int64_t)found->count,
		.total = (int64_t)found->total, .more = w->offset + found->count < found->total && w->offset + found->count < ROWS_MAX};
	struct buf path;

	buf_init(&path, HREF_SIZE);
	buf_printf(&path, "%s?q=", k->path);
	url_encode(&path, w->text ? w->text : "");
	if (state)
		buf_printf(&path, "&state=%s", state);
	paging.path = buf_text(&path);
	page_paging(c, page, &paging);
	buf_free(&path);
}

static enum err add_rows(struct call *c, cJSON *page, const struct list_kind *k, const struct rows_wish *w, struct fault *fault)
{
	cJSON *list = cJSON_AddArrayToObject(page, "rows");
	struct rows found;
	enum err e = rows_search(c->desk->db, w, &found);

	for (size_t i = 0; e == ERR_NONE && i < found.count; i++)
		e = add_row(c, list, k, found.row[i].id, fault);
	if (e == ERR_NONE) {
		add_paging(c, page, k, w, &found);
		cJSON_AddBoolToObject(page, "none", found.total == 0);
	}
	rows_free(&found);
	return e;
}

static enum err show(struct call *c, const struct list_kind *k, struct fault *fault)
{
	const char *state = params_text(&c->params, "state");
	struct rows_wish w = {.kind = k->kind, .text = params_text(&c->params, "q"), .state = read_state(state), .now_ms = call_now(c),
		.offset = (size_t)params_integer(&c->params, "offset", 0), .limit = ROWS_A_PAGE};
	cJSON *page = cJSON_CreateObject(), *form = cJSON_AddObjectToObject(page, "form");
	enum err e = call_read(c, fault);

	form_add(c, form, k->kind == SHARED_STAFF ? &staff_text : &subscription_text, "", w.text);
	form_add(c, form, &state_choice, "", state ? state : "all");
	cJSON_AddBoolToObject(page, "searched", w.text || w.state != ROWS_ALL);
	if (e == ERR_NONE)
		e = add_rows(c, page, k, &w, fault);
	if (e == ERR_NONE)
		return page_show(c, 200, k->list_view, page);
	cJSON_Delete(page);
	return e;
}

enum err page_subscriptions(struct call *c, struct fault *fault)
{
	return show(c, &list_subscriptions, fault);
}

enum err page_staff(struct call *c, struct fault *fault)
{
	return show(c, &list_staff, fault);
}
