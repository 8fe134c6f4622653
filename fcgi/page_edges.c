#include "pages.h"

#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "base/buf.h"
#include "base/text.h"
#include "caller.h"
#include "domain/edge.h"
#include "domain/ledger.h"
#include "form.h"
#include "page.h"
#include "seal/token.h"
#include "serve.h"
#include "store/cameras.h"
#include "url.h"

#define PATH "/settings/edges"
#define TYPED_MAX 1000
#define HREF_SIZE 400
#define OFFLINE_MS 60000        /* silent so long, a gate counts as offline (spec/api.md, "Edges") */
#define COUNT(list) (sizeof list / sizeof *list)
#define EDGE_ID(from, required) {"edge_id", FIELD_TEXT, from, required, 1, EDGE_ID_SIZE - 1, NULL}
#define VERSION_OF(from) {"version", FIELD_TEXT, from, false, 0, EDGE_TAG_SIZE - 1, NULL}
#define TYPED(name) {name, FIELD_TEXT, FROM_BODY, false, 0, TYPED_MAX, NULL}

const struct field page_edge_edit_fields[1] = {EDGE_ID(FROM_QUERY, false)};
const struct field page_edge_save_fields[4] = {TYPED("edge_id"), VERSION_OF(FROM_BODY), TYPED("edge_name"),
	{"lane", FIELD_CHOICE, FROM_BODY, true, 0, 0, "BOTH|ENTRY|EXIT"}};
const struct field page_edge_fields[1] = {EDGE_ID(FROM_QUERY, true)};
const struct field page_edge_doing_fields[2] = {EDGE_ID(FROM_BODY, true), VERSION_OF(FROM_QUERY)};

static const struct form_field edge_form[] = {
	{.name = "edge_id", .label = "gates.id", .help = "gates.id_help", .required = true, .max = EDGE_ID_SIZE - 1},
	{.name = "edge_name", .label = "gates.name", .help = "gates.name_help", .max = EDGE_NAME_SIZE - 1},
	{.name = "lane", .label = "gates.lane", .help = "gates.lane_help", .required = true, .options = "BOTH|ENTRY|EXIT", .words = "lane"},
};

/* --- the list ---------------------------------------------------------------------------------------------------------- */

/* Gates that were heard of, by their cameras. */
struct heard { char edge_id[EDGE_ID_SIZE]; int64_t ms; bool listed; };
struct listing { struct call *call; cJSON *rows, *others; struct heard *heard; size_t count; };

static enum err hear(void *arg, const struct camera_row *camera)
{
	struct listing *l = arg;
	int64_t ms = camera->heartbeat_ms > camera->event_ms ? camera->heartbeat_ms : camera->event_ms;

	for (size_t i = 0; i < l->count; i++) {
		if (strcmp(l->heard[i].edge_id, camera->edge_id) != 0)
			continue;
		if (ms > l->heard[i].ms)
			l->heard[i].ms = ms;
		return ERR_NONE;
	}
	if (l->count < CAMERAS_MAX) {
		text_copy(l->heard[l->count].edge_id, EDGE_ID_SIZE, camera->edge_id);
		l->heard[l->count++].ms = ms;
	}
	return ERR_NONE;
}

static int64_t last_heard(struct listing *l, const char *edge_id, int64_t ms)
{
	for (size_t i = 0; i < l->count; i++) {
		if (strcmp(l->heard[i].edge_id, edge_id) == 0) {
			l->heard[i].listed = true;
			return l->heard[i].ms > ms ? l->heard[i].ms : ms;
		}
	}
	return ms;
}

static void add_href(cJSON *row, const char *member, const char *path, const char *edge_id)
{
	struct buf href;

	buf_init(&href, HREF_SIZE);
	buf_printf(&href, PATH "/%s?edge_id=", path);
	url_encode(&href, edge_id);
	cJSON_AddStringToObject(row, member, buf_text(&href));
	buf_free(&href);
}

static void add_seen(struct call *c, cJSON *row, int64_t ms)
{
	page_time(c, row, "seen", ms);
	cJSON_AddBoolToObject(row, "online", ms > 0 && call_now(c) - ms < OFFLINE_MS);
}

static enum err add_row(void *arg, const struct edge_row *edge)
{
	struct listing *l = arg;
	cJSON *row = cJSON_CreateObject();
	char lane[32];

	cJSON_AddItemToArray(l->rows, row);
	cJSON_AddStringToObject(row, "gate", edge->edge_id);
	cJSON_AddStringToObject(row, "called", edge->name);
	text_format(lane, sizeof lane, "lane.%s", edge_lane_word(edge->lane));
	page_words(l->call, row, "lane", lane, NULL);
	cJSON_AddBoolToObject(row, "has_token", edge->has_token);
	add_seen(l->call, row, last_heard(l, edge->edge_id, edge->seen_ms));
	add_href(row, "edit", "edit", edge->edge_id);
	add_href(row, "token", "token", edge->edge_id);
	add_href(row, "remove", "remove", edge->edge_id);
	return ERR_NONE;
}

static void add_others(struct listing *l)
{
	for (size_t i = 0; i < l->count; i++) {
		cJSON *row;

		if (l->heard[i].listed)
			continue;
		row = cJSON_CreateObject();
		cJSON_AddItemToArray(l->others, row);
		cJSON_AddStringToObject(row, "gate", l->heard[i].edge_id);
		add_seen(l->call, row, l->heard[i].ms);
		add_href(row, "add", "edit", l->heard[i].edge_id);
	}
}

static void add_trust(struct call *c, cJSON *page)
{
	const struct trust *edges = &c->rules->edges;

	cJSON_AddBoolToObject(page, "loopback", edges->loopback);
	if (edges->count > 0)
		page_number(c, page, "networks", (int64_t)edges->count);
}

static enum err add_all(struct listing *l, cJSON *page, struct fault *fault)
{
	enum err e = call_read(l->call, fault);

	if (e == ERR_NONE)
		e = camera_list(l->call->desk->db, hear, l);
	if (e == ERR_NONE)
		e = edge_list(l->call->desk->db, add_row, l);
	if (e != ERR_NONE)
		return e;
	add_others(l);
	cJSON_AddBoolToObject(page, "has_others", l->others && l->others->child);
	add_trust(l->call, page);
	return ERR_NONE;
}

enum err page_edges(struct call *c, struct fault *fault)
{
	cJSON *page = cJSON_CreateObject();
	struct listing l = {.call = c, .rows = cJSON_AddArrayToObject(page, "gates"), .others = cJSON_AddArrayToObject(page, "others"),
		.heard = calloc(CAMERAS_MAX, sizeof *l.heard)};
	enum err e = l.heard ? add_all(&l, page, fault) : ERR_MEMORY;

	free(l.heard);
	if (e == ERR_NONE)
		return page_show(c, 200, "edges", page);
	cJSON_Delete(page);
	return e;
}

/* --- adding and changing ----------------------------------------------------------------------------------------------- */

static enum err find(struct call *c, const char *edge_id, struct edge_row *out, struct fault *fault)
{
	enum err e = call_read(c, fault);

	*out = (struct edge_row){.name = ""};
	if (e == ERR_NONE)
		e = edge_find(c->desk->db, edge_id, out);
	return e == ERR_NOT_FOUND ? fault_set(fault, e, "unknown_edge", "", "There is no edge of that id.") : e;
}

/* form is taken over. held: NULL it is to be added. told: what is held now is told beside it. */
static enum err show(struct call *c, int status, cJSON *form, const struct edge_row *held, bool told)
{
	cJSON *page = cJSON_CreateObject();
	char tag[EDGE_TAG_SIZE], lane[32];

	cJSON_AddItemToObject(page, "form", form);
	cJSON_AddBoolToObject(page, "fresh", held == NULL);
	cJSON_AddBoolToObject(page, "has_held", told && held);
	if (held) {
		edge_tag(held, tag);
		cJSON_AddStringToObject(page, "gate", held->edge_id);
		cJSON_AddStringToObject(page, "version", tag);
		cJSON_AddStringToObject(page, "called", held->name);
		text_format(lane, sizeof lane, "lane.%s", edge_lane_word(held->lane));
		page_words(c, page, "lane_now", lane, NULL);
	}
	return page_show(c, status, "edge_edit", page);
}

enum err page_edge_edit(struct call *c, struct fault *fault)
{
	const char *edge_id = params_typed(&c->params, "edge_id");
	cJSON *form = form_make(c, edge_form, COUNT(edge_form), NULL);
	struct edge_row held;
	enum err e = *edge_id ? find(c, edge_id, &held, fault) : ERR_NOT_FOUND;

	form_value(form, "edge_id", edge_id);
	if (e == ERR_NOT_FOUND)
		return show(c, 200, form, NULL, false);
	if (e != ERR_NONE) {
		cJSON_Delete(form);
		return e;
	}
	form_value(form, "edge_name", held.name);
	form_value(form, "lane", edge_lane_word(held.lane));
	return show(c, 200, form, &held, false);
}

static enum lane read_lane(const char *word)
{
	if (strcmp(word, edge_lane_word(LANE_ENTRY)) == 0)
		return LANE_ENTRY;
	return strcmp(word, edge_lane_word(LANE_EXIT)) == 0 ? LANE_EXIT : LANE_ANY;
}

struct edge_job { struct actor by; struct edge_wish wish; unsigned char hash[TOKEN_HASH_BYTES]; struct fault *fault; };

static enum err set(struct ledger *l, void *arg)
{
	struct edge_job *j = arg;

	return edge_set(ledger_db(l), &j->by, &j->wish, j->fault);
}

static enum err said(struct call *c, const char *text, const char *edge_id)
{
	cJSON *values = cJSON_CreateObject();

	cJSON_AddStringToObject(values, "gate", edge_id);
	return page_redirect(c, PATH, text, values);
}

static enum err show_refused(struct call *c, cJSON *form, enum err e, struct fault *why, bool fresh)
{
	struct edge_row held;
	struct fault unused = {0};

	if (strcmp(why->code, "edge_name_invalid") == 0)
		text_copy(why->field, sizeof why->field, "edge_name");
	form_fault(c, form, e, why);
	if (fresh || find(c, params_typed(&c->params, "edge_id"), &held, &unused) != ERR_NONE)
		return show(c, answer_status(e), form, NULL, false);
	return show(c, answer_status(e), form, &held, e == ERR_CONFLICT);
}

enum err page_edge_save(struct call *c, struct fault *fault)
{
	enum lane lane = read_lane(params_typed(&c->params, "lane"));
	const char *version = params_text(&c->params, "version");
	struct fault why = {0};
	struct edge_job j = {.by = caller_actor(c), .wish = {.edge_id = params_typed(&c->params, "edge_id"),
		.name = params_typed(&c->params, "edge_name"), .lane = &lane, .fresh = !version, .if_match = version}, .fault = &why};
	enum err e = page_write(c, set, &j, &why);

	(void)fault;
	if (e == ERR_NONE)
		return said(c, version ? "gates.saved" : "gates.added", j.wish.edge_id);
	return show_refused(c, form_make(c, edge_form, COUNT(edge_form), &c->params), e, &why, !version);
}

/* --- token and removing ------------------------------------------------------------------------------------------------ */

static enum err ask(struct call *c, struct confirm question, const char *what, struct fault *fault)
{
	char action[HREF_SIZE], tag[EDGE_TAG_SIZE];
	struct edge_row held;
	enum err e = find(c, params_typed(&c->params, "edge_id"), &held, fault);
	cJSON *values;

	if (e != ERR_NONE)
		return e;
	edge_tag(&held, tag);
	text_format(action, sizeof action, PATH "/%s?version=%s", what, tag);
	question.action = action;
	question.back = PATH;
	question.field = "edge_id";
	question.value = held.edge_id;
	values = cJSON_CreateObject();
	cJSON_AddStringToObject(values, "gate", held.edge_id);
	if (held.has_token)
		cJSON_AddTrueToObject(values, "has_token");
	return page_confirm(c, &question, values);
}

enum err page_edge_token(struct call *c, struct fault *fault)
{
	const struct confirm question = {.title = "gates.token_title", .text = "gates.token_text", .button = "gates.token_make", .mild = true};

	return ask(c, question, "token", fault);
}

enum err page_edge_remove(struct call *c, struct fault *fault)
{
	const struct confirm question = {.title = "gates.remove_title", .text = "gates.remove_text", .button = "gates.remove"};

	return ask(c, question, "remove", fault);
}

static enum err new_token(struct ledger *l, void *arg)
{
	struct edge_job *j = arg;

	return edge_new_token(ledger_db(l), &j->by, j->wish.edge_id, j->hash, j->wish.if_match, j->fault);
}

static enum err take_away(struct ledger *l, void *arg)
{
	struct edge_job *j = arg;

	return edge_remove(ledger_db(l), &j->by, j->wish.edge_id, j->wish.if_match, j->fault);
}

static struct edge_job job(const struct call *c, struct fault *fault)
{
	return (struct edge_job){.by = caller_actor(c), .wish = {.edge_id = params_typed(&c->params, "edge_id"),
		.if_match = params_text(&c->params, "version")}, .fault = fault};
}

static enum err refused(struct call *c, enum err e, const struct fault *fault)
{
	if (e == ERR_CONFLICT && strcmp(fault->code, "etag_mismatch") == 0)
		return page_redirect_failed(c, PATH, "gates.changed_meanwhile", NULL);
	return e;
}

/* The token is in this one answer and nowhere else: not in a cookie, not behind a redirect. */
static enum err show_token(struct call *c, const char *edge_id, const char *token)
{
	cJSON *page = cJSON_CreateObject();

	cJSON_AddStringToObject(page, "gate", edge_id);
	cJSON_AddStringToObject(page, "token", token);
	return page_show(c, 200, "edge_token", page);
}

enum err page_edge_tokening(struct call *c, struct fault *fault)
{
	struct edge_job j = job(c, fault);
	char token[TOKEN_SIZE];
	enum err e;

	token_draw(&c->app->world, token);
	token_hash(token, j.hash);
	e = page_write(c, new_token, &j, fault);
	e = e == ERR_NONE ? show_token(c, j.wish.edge_id, token) : refused(c, e, fault);
	explicit_bzero(token, sizeof token);
	return e;
}

enum err page_edge_removing(struct call *c, struct fault *fault)
{
	struct edge_job j = job(c, fault);
	enum err e = page_write(c, take_away, &j, fault);

	return e == ERR_NONE ? said(c, "gates.removed", j.wish.edge_id) : refused(c, e, fault);
}
