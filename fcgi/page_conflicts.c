/* Where two stories do not fit together, in words, with both sides; and who has looked at it. */
#include "pages.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "caller.h"
#include "domain/ledger.h"
#include "page.h"
#include "page_stay.h"
#include "serve.h"
#include "stay_show.h"
#include "store/conflicts.h"

#define PATH "/conflicts"
#define ROWS 30
#define SHOW {"show", FIELD_CHOICE, FROM_QUERY, false, 0, 0, "open|all"}
#define AFTER {"after", FIELD_TEXT, FROM_QUERY, false, 0, HISTORY_CURSOR_SIZE - 1, NULL}

const struct field page_conflicts_fields[2] = {SHOW, AFTER};
const struct field page_conflict_fields[3] = {
	{"id", FIELD_INTEGER, FROM_BODY, true, 1, INTEGER_MAX, NULL},
	{"show", FIELD_CHOICE, FROM_BODY, false, 0, 0, "open|all"},
	{"after", FIELD_TEXT, FROM_BODY, false, 0, HISTORY_CURSOR_SIZE - 1, NULL},
};

/* --- one conflict ---------------------------------------------------------------------------------------------------- */

static bool has_flag(const struct history_row *h, const char *flag)
{
	return h->flags && strstr(h->flags, flag) != NULL;
}

/* The stay that won: of a row that lost against one, and that against another, the last. */
static enum err add_winner(struct call *c, cJSON *row, const struct history_row *h)
{
	struct stay_row winner;
	enum err e = h->superseded_by ? stay_find(c->desk->db, h->superseded_by, &winner) : ERR_NOT_FOUND;

	if (e == ERR_NONE)
		e = stay_add(c, row, "winner", winner.id);
	if (e != ERR_NONE)
		cJSON_AddNullToObject(row, "winner");
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

static void add_kind(cJSON *row, const char *name, bool holds)
{
	cJSON_AddBoolToObject(row, name, holds);
}

static enum err add_sides(struct call *c, cJSON *row, const struct history_row *h)
{
	bool superseded = strcmp(h->status, "SUPERSEDED") == 0, second = !superseded && has_flag(h, "second_exit");
	enum err e = ERR_NONE;

	add_kind(row, "is_superseded", superseded);
	add_kind(row, "is_second", second);
	add_kind(row, "is_no_entry", !superseded && has_flag(h, "no_entry"));
	add_kind(row, "is_negative", !superseded && has_flag(h, "negative"));
	if (superseded)
		e = add_winner(c, row, h);
	if (e == ERR_NONE && second)
		e = stay_add_exits(c, row, "exits", h->event_id);
	return e;
}

static enum err add_conflict(void *arg, const struct conflict_row *conflict)
{
	struct stay_list *list = arg;
	cJSON *row = stay_list_add(list, &conflict->row);

	if (row == NULL)
		return ERR_NONE;
	cJSON_AddStringToObject(row, "looked_by", conflict->looked_by ? conflict->looked_by : "");
	page_time(list->call, row, "looked_at", conflict->looked_ms);
	return add_sides(list->call, row, &conflict->row);
}

/* --- the list -------------------------------------------------------------------------------------------------------- */

static void add_link(cJSON *page, const char *name, bool open, const struct history_cursor *after)
{
	char href[128], cursor[HISTORY_CURSOR_SIZE] = "";

	if (after)
		history_cursor_write(after, cursor);
	text_format(href, sizeof href, PATH "?show=%s%s%s", open ? "open" : "all", after ? "&after=" : "", cursor);
	cJSON_AddStringToObject(page, name, href);
}

static enum err add_count(struct call *c, cJSON *page)
{
	cJSON *values = cJSON_CreateObject();
	int64_t count = 0;
	enum err e = conflicts_open_count(c->desk->db, &count);

	page_number(c, values, "count", count);
	cJSON_AddBoolToObject(values, "over", count >= CONFLICTS_COUNT_MAX);
	page_words(c, page, "open_count", "conflicts.open", values);
	cJSON_Delete(values);
	return e;
}

static bool shows_open(const struct call *c)
{
	const char *show = params_text(&c->params, "show");

	return !show || strcmp(show, "open") == 0;
}

enum err page_conflicts(struct call *c, struct fault *fault)
{
	struct conflict_filter f = {.open = shows_open(c), .limit = ROWS + 1};
	const char *after = params_text(&c->params, "after");
	struct stay_list list = {.call = c, .limit = ROWS};
	cJSON *page;
	enum err e = call_read(c, fault);

	if (e != ERR_NONE)
		return e;
	page = cJSON_CreateObject();
	list.rows = cJSON_AddArrayToObject(page, "rows");
	f.has_after = after && history_cursor_read(after, &f.after);
	e = conflicts_list(c->desk->db, &f, add_conflict, &list);
	if (e == ERR_NONE)
		e = add_count(c, page);
	cJSON_AddStringToObject(page, "show", f.open ? "open" : "all");
	cJSON_AddStringToObject(page, "behind", f.has_after ? after : "");
	cJSON_AddBoolToObject(page, "only_open", f.open);
	cJSON_AddBoolToObject(page, "none", list.count == 0);
	if (f.has_after)
		add_link(page, "first", f.open, NULL);
	if (list.more)
		add_link(page, "next", f.open, &list.last);
	if (e == ERR_NONE)
		return page_show(c, 200, "conflicts", page);
	cJSON_Delete(page);
	return e;
}

/* --- looked at ------------------------------------------------------------------------------------------------------- */

struct job { struct actor by; int64_t id; bool looked; struct stay_row row; struct fault *fault; };

/* Looked at by somebody else meanwhile, or no conflict any more, is as good. */
static enum err mark(struct ledger *l, void *arg)
{
	struct job *j = arg;
	struct db *db = ledger_db(l);
	enum err e = stay_find_row(db, j->id, &j->row);

	if (e == ERR_NOT_FOUND)
		return fault_set(j->fault, e, "unknown_row", "", "There is no such row in the history.");
	if (e == ERR_NONE)
		e = j->looked ? conflict_look(db, j->id, j->by.who, j->by.now_ms) : conflict_forget(db, j->id);
	if (e == ERR_NONE)
		e = deed_note(db, &j->by, j->looked ? "conflict_looked" : "conflict_reopened", j->row.event_id, NULL, NULL);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

static enum err set(struct call *c, bool looked, struct fault *fault)
{
	struct job j = {.by = caller_actor(c), .id = params_integer(&c->params, "id", 0), .looked = looked, .fault = fault};
	const char *after = params_text(&c->params, "after");
	struct history_cursor at;
	char back[128];
	cJSON *values;
	enum err e = page_write(c, mark, &j, fault);

	if (e != ERR_NONE)
		return e;
	values = cJSON_CreateObject();
	cJSON_AddStringToObject(values, "plate", j.row.plate_view);
	text_format(back, sizeof back, PATH "?show=%s%s%s", shows_open(c) ? "open" : "all",
		after && history_cursor_read(after, &at) ? "&after=" : "", after && history_cursor_read(after, &at) ? after : "");
	return page_redirect(c, back, looked ? "conflicts.looked" : "conflicts.reopened", values);
}

enum err page_conflict_look(struct call *c, struct fault *fault) { return set(c, true, fault); }
enum err page_conflict_reopen(struct call *c, struct fault *fault) { return set(c, false, fault); }
