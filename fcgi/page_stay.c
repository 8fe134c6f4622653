#include "page_stay.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/zone.h"
#include "p2p_state.h"
#include "page.h"
#include "pages.h"
#include "serve.h"
#include "stay_held.h"
#include "stay_show.h"
#include "store/conflicts.h"
#include "store/logs.h"
#include "store/stays.h"

#define EXITS_SHOWN 50
#define RECORDS_SHOWN 200
#define CHANGES_SHOWN 100

/* --- which stay ------------------------------------------------------------------------------------------------------ */

/* A row that is bound is nobody's any more (domain/operator.h). */
static enum err found(enum err e, const struct stay_row *stay, struct fault *fault)
{
	if (e == ERR_NOT_FOUND || (e == ERR_NONE && stay->status == STAY_BOUND))
		return fault_set(fault, ERR_NOT_FOUND, "unknown_row", "", "There is no such row in the history.");
	return e;
}

enum err stay_of_call(struct call *c, struct stay_row *out, struct fault *fault)
{
	enum err e = call_read(c, fault);

	return e == ERR_NONE ? found(stay_find_row(c->desk->db, params_integer(&c->params, "id", 0), out), out, fault) : e;
}

/* By id, or by its name, which is the same on every central. */
static enum err find(struct call *c, struct stay_row *out, struct fault *fault)
{
	const char *event = params_text(&c->params, "event");
	enum err e = event ? call_read(c, fault) : ERR_NONE;

	if (!event)
		return stay_of_call(c, out, fault);
	return e == ERR_NONE ? found(stay_find(c->desk->db, event, out), out, fault) : e;
}

struct showing { struct call *call; cJSON *to; struct stay_held *held; };

static enum err show_row(void *arg, const struct history_row *h)
{
	const struct showing *s = arg;

	stay_show(s->call, s->to, h);
	return ERR_NONE;
}

enum err stay_add(struct call *c, cJSON *parent, const char *name, int64_t id)
{
	struct showing s = {.call = c, .to = cJSON_AddObjectToObject(parent, name)};

	return history_find(c->desk->db, id, show_row, &s);
}

/* --- what stands on its page ----------------------------------------------------------------------------------------- */

/* The stay that this one is the same car as. */
static enum err add_superseded(struct call *c, cJSON *page, const struct stay_row *stay)
{
	struct stay_row other;
	enum err e = stay->superseded_by[0] ? stay_find(c->desk->db, stay->superseded_by, &other) : ERR_NOT_FOUND;

	if (e == ERR_NONE)
		e = stay_add(c, page, "other", other.id);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

static enum err add_exit(void *arg, const struct exit_look *exit)
{
	const struct showing *s = arg;
	cJSON *row = cJSON_CreateObject();

	cJSON_AddItemToArray(s->to, row);
	page_time(s->call, row, "time", exit->exit_ts);
	stay_add_place(row, "where", exit->edge, exit->central);
	stay_add_word(s->call, row, "kind", "exit_kind", exit->kind);
	cJSON_AddBoolToObject(row, "second", strcmp(exit->kind, "second") == 0);
	stay_add_word(s->call, row, "why", "exit_reason", exit->reason);
	page_money(s->call, row, "money", exit->fee);
	return ERR_NONE;
}

enum err stay_add_exits(struct call *c, cJSON *parent, const char *name, const char *event_id)
{
	struct showing s = {.call = c, .to = cJSON_AddArrayToObject(parent, name)};

	return exits_of_row(c->desk->db, event_id, EXITS_SHOWN, add_exit, &s);
}

static void add_author(cJSON *row, const struct record *r)
{
	const char *by = NULL, *why = NULL;

	if (r->readable && r->type == RECORD_ENTRY) {
		by = r->data.entry.by;
		why = r->data.entry.why;
	} else if (r->readable && r->type == RECORD_EXIT) {
		by = r->data.exit.by;
		why = r->data.exit.why;
	} else if (r->readable && (r->type == RECORD_CORRECTION || r->type == RECORD_VOID)) {
		by = r->data.correction.by;
		why = r->data.correction.why;
	}
	cJSON_AddStringToObject(row, "by", by ? by : "");
	cJSON_AddStringToObject(row, "because", why ? why : "");
}

static enum err add_record(void *arg, const struct record_look *look)
{
	const struct showing *s = arg;
	cJSON *row = cJSON_CreateObject();
	struct record r = {0};
	char name[LOG_ID_SIZE + 32];
	bool parsed = record_parse(look->payload, look->len, &r) == ERR_NONE;

	cJSON_AddItemToArray(s->to, row);
	stay_add_word(s->call, row, "type", "record_type", look->type);
	cJSON_AddStringToObject(row, "author", parsed && r.source_central[0] ? r.source_central : look->id);
	cJSON_AddStringToObject(row, "writer", look->writer);
	page_time(s->call, row, "written", look->hlc_ms);
	text_format(name, sizeof name, "%s:%" PRId64, look->log, look->seq);
	cJSON_AddStringToObject(row, "name", name);
	text_format(name, sizeof name, "%.8s…:%" PRId64, look->log, look->seq);
	cJSON_AddStringToObject(row, "short", name);
	add_author(row, &r);
	if (parsed)
		record_free(&r);
	return stay_held_add(s->call, s->held, look->log, look->seq);
}

static enum err add_change(void *arg, const struct change_look *change)
{
	const struct showing *s = arg;
	cJSON *row = cJSON_CreateObject();
	cJSON *data = cJSON_Parse(change->new_data ? change->new_data : "");
	const char *why = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(data, "why"));
	const char *by_hand = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(data, "action"));
	int64_t at = 0, unused;

	cJSON_AddItemToArray(s->to, row);
	stay_add_word(s->call, row, "type", "change_type", by_hand ? by_hand : change->change_type);
	if (change->changed_at && zone_parse(change->changed_at, &at, &unused))
		page_time(s->call, row, "at", at);
	cJSON_AddStringToObject(row, "old", change->old_plate_view ? change->old_plate_view : "");
	cJSON_AddStringToObject(row, "new", change->new_plate_view ? change->new_plate_view : "");
	cJSON_AddStringToObject(row, "by", change->changed_by ? change->changed_by : "");
	cJSON_AddStringToObject(row, "because", why ? why : "");
	cJSON_Delete(data);
	return ERR_NONE;
}

/* The records, and who holds them. */
static enum err add_records(struct call *c, cJSON *page, const struct stay_row *stay)
{
	struct showing s = {.call = c, .to = cJSON_AddArrayToObject(page, "records")};
	struct mesh_look *mesh = NULL;
	struct fault unused;
	enum err e = mesh_look(c, &mesh, &unused);

	if (e == ERR_NONE)
		e = stay_held_new(mesh, &s.held);
	if (e == ERR_NONE)
		e = record_each_of_row(c->desk->db, stay->event_id, RECORDS_SHOWN, add_record, &s);
	if (e == ERR_NONE)
		stay_held_show(c, page, s.held);
	stay_held_free(s.held);
	free(mesh);
	return e;
}

static enum err add_lists(struct call *c, cJSON *page, const struct stay_row *stay)
{
	struct showing changes = {.call = c, .to = cJSON_AddArrayToObject(page, "changes")};
	enum err e = stay_add_exits(c, page, "exits", stay->event_id);

	if (e == ERR_NONE)
		e = add_records(c, page, stay);
	if (e == ERR_NONE)
		e = change_list(c->desk->db, stay->id, CHANGES_SHOWN, 0, add_change, &changes);
	cJSON_AddBoolToObject(page, "has_changes", changes.to && changes.to->child);
	cJSON_AddBoolToObject(page, "has_exits", cJSON_GetObjectItemCaseSensitive(page, "exits")->child != NULL);
	return e;
}

static void add_acts(cJSON *page, const struct stay_row *stay, bool undo)
{
	cJSON *acts = cJSON_AddObjectToObject(page, "acts");

	cJSON_AddBoolToObject(acts, "end", stay->status == STAY_IN);
	cJSON_AddBoolToObject(acts, "correct", stay->status != STAY_VOID);
	cJSON_AddBoolToObject(acts, "take_out", stay->status != STAY_VOID);
	cJSON_AddBoolToObject(acts, "undo", undo);
}

const struct field page_stay_fields[2] = {
	{"id", FIELD_INTEGER, FROM_QUERY, false, 1, INTEGER_MAX, NULL},
	{"event", FIELD_TEXT, FROM_QUERY, false, 1, STAY_NAME_SIZE - 1, NULL},
};

enum err page_stay(struct call *c, struct fault *fault)
{
	struct stay_row stay;
	struct undoing undo;
	cJSON *page;
	enum err e = find(c, &stay, fault);

	if (e != ERR_NONE)
		return e;
	page = cJSON_CreateObject();
	e = stay_add(c, page, "stay", stay.id);
	if (e == ERR_NONE)
		e = add_superseded(c, page, &stay);
	if (e == ERR_NONE)
		e = add_lists(c, page, &stay);
	if (e == ERR_NONE)
		e = stay_undoing(c->desk->db, &stay, &undo);
	if (e == ERR_NONE) {
		add_acts(page, &stay, undo.what != UNDO_NOTHING);
		return page_show(c, 200, "stay", page);
	}
	cJSON_Delete(page);
	return e;
}
