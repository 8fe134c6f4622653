#include "api.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "base/text.h"
#include "caller.h"
#include "domain/ledger.h"
#include "domain/shared.h"
#include "serve.h"
#include "wire/json.h"
#include "writer.h"

#define BY "api"             /* who says so in the record when nobody is logged in */
#define MADE_ID_BYTES 8
#define COUNT(list) (sizeof list / sizeof *list)

const struct field fees_fields[1] = {{"fees", FIELD_OBJECT, FROM_BODY, true, 0, 0, NULL}};
const struct field subscriptions_fields[1] = {{"subscriptions", FIELD_LIST, FROM_BODY, true, 0, 0, NULL}};
const struct field staff_fields[1] = {{"staff", FIELD_LIST, FROM_BODY, true, 0, 0, NULL}};

/* What a job put into fault does not count when its batch could not be written. */
static enum err run(struct call *c, writer_job_fn *job, void *arg, struct fault *fault)
{
	enum err e = writer_run(c->app->writer, job, arg);

	if (e == ERR_UNAVAILABLE)
		*fault = (struct fault){0};
	return e;
}

static const char *by(const struct call *c)
{
	return c->caller.user[0] ? c->caller.user : BY;
}

/* --- fees ------------------------------------------------------------------------------------------------------------ */

#define AMOUNT(name) {name, FIELD_INTEGER, FROM_BODY, false, 0, TARIFF_MONEY_MAX, NULL}

static const struct field fee_members[] = {
	{"fee_base", FIELD_REAL, FROM_BODY, false, 0, TARIFF_HOURS_MAX, NULL},
	AMOUNT("fee_per_hour"),
	AMOUNT("fee_daily_max"),
	AMOUNT("fee_overnight"),
};

static void answer_fees(struct response *r, const struct tariff *t, const char *tag)
{
	answer_begin(r, 200);
	response_header(r, "ETag", tag);
	answer_object(r, "fees");
	answer_real(r, "fee_base", t->fee_base);
	answer_integer(r, "fee_per_hour", t->fee_per_hour);
	answer_integer(r, "fee_daily_max", t->fee_daily_max);
	answer_integer(r, "fee_overnight", t->fee_overnight);
	answer_object_end(r);
	answer_end(r);
}

enum err api_fees_get(struct call *c, struct fault *fault)
{
	struct tariff t;
	char tag[TAG_SIZE];
	enum err e = call_read(c, fault);

	if (e == ERR_NONE)
		e = shared_fees(c->desk->db, &t, tag);
	if (e == ERR_NONE)
		answer_fees(&c->response, &t, tag);
	return e;
}

struct fees_job { struct fees_change change; struct fault *fault; };

static enum err set_fees(struct ledger *l, void *arg)
{
	struct fees_job *j = arg;

	return shared_fees_set(l, &j->change, j->fault);
}

enum err api_fees_put(struct call *c, struct fault *fault)
{
	struct actor actor = caller_actor(c);
	struct fees_job j = {.change = {.if_match = c->request.if_match, .by = by(c), .actor = &actor}, .fault = fault};
	struct params p;
	enum err e = params_from_object(fee_members, COUNT(fee_members), params_json(&c->params, "fees"), "fees.", &p, fault);

	if (e == ERR_NONE) {
		j.change.to.fee_base = params_real(&p, "fee_base", -1);
		j.change.to.fee_per_hour = params_integer(&p, "fee_per_hour", -1);
		j.change.to.fee_daily_max = params_integer(&p, "fee_daily_max", -1);
		j.change.to.fee_overnight = params_integer(&p, "fee_overnight", -1);
		e = run(c, set_fees, &j, fault);
	}
	params_free(&p);
	return e == ERR_NONE ? api_fees_get(c, fault) : e;
}

/* --- lists: answers -------------------------------------------------------------------------------------------------- */

static enum err answer_item(void *arg, const char *id, const char *json)
{
	struct response *r = arg;

	(void)id;
	answer_raw(r, NULL, json);
	return r->body.failed ? ERR_MEMORY : ERR_NONE;
}

static enum err answer_items(struct call *c, enum shared_kind kind, struct fault *fault)
{
	struct response *r = &c->response;
	char tag[TAG_SIZE];
	enum err e = call_read(c, fault);

	if (e != ERR_NONE)
		return e;
	answer_begin(r, 200);
	answer_list(r, shared_name(kind));
	e = shared_list(c->desk->db, kind, answer_item, r, tag);
	answer_list_end(r);
	answer_end(r);
	response_header(r, "ETag", tag);
	return e;
}

enum err api_subscriptions_get(struct call *c, struct fault *fault)
{
	return answer_items(c, SHARED_SUBSCRIPTIONS, fault);
}

enum err api_staff_get(struct call *c, struct fault *fault)
{
	return answer_items(c, SHARED_STAFF, fault);
}

/* --- lists: changes -------------------------------------------------------------------------------------------------- */

#define ID {"id", FIELD_TEXT, FROM_BODY, false, 0, SHARED_ID_SIZE - 1, NULL}
#define TEXT(name, max) {name, FIELD_TEXT, FROM_BODY, false, 0, max, NULL}

/* Further members are kept as they are; so is a note, which may have several lines. */
static const struct field subscription_members[] = {
	ID,
	{"plate_number", FIELD_TEXT, FROM_BODY, true, 1, 64, NULL},
	TEXT("owner_name", 200),
	TEXT("type", 64),
	TEXT("status", 32),
	TEXT("start_date", 10),
	TEXT("end_date", 10),
	TEXT("phone", 64),
};

static const struct field staff_members[] = {
	ID,
	TEXT("name", 200),
	TEXT("role", 64),
	TEXT("phone", 64),
	TEXT("status", 32),
};

static enum err read_members(enum shared_kind kind, const cJSON *item, const char *place, const char **id, struct fault *fault)
{
	bool subscription = kind == SHARED_SUBSCRIPTIONS;
	const struct field *members = subscription ? subscription_members : staff_members;
	const cJSON *note = json_member(item, "note");
	struct params p;
	char prefix[40];
	enum err e;

	*id = NULL;
	if (!cJSON_IsObject(item))
		return fault_set(fault, ERR_FIELD, "wrong_type", place, "%s has to be an object.", place);
	text_format(prefix, sizeof prefix, "%s.note", place);
	if (note && !cJSON_IsString(note) && !cJSON_IsNull(note))
		return fault_set(fault, ERR_FIELD, "wrong_type", prefix, "%s has to be a text.", prefix);
	text_format(prefix, sizeof prefix, "%s.", place);
	e = params_from_object(members, subscription ? COUNT(subscription_members) : COUNT(staff_members), item, prefix, &p, fault);
	if (e == ERR_NONE)
		*id = params_text(&p, "id");
	params_free(&p);
	return e;
}

/* The item as it will stand in its record; without an id it gets the one made here. */
static char *item_text(const cJSON *item, const char *made_id)
{
	cJSON *copy;
	char *text = NULL;

	if (!made_id)
		return cJSON_PrintUnformatted(item);
	copy = cJSON_Duplicate(item, true);
	while (json_member(copy, "id"))
		cJSON_DeleteItemFromObjectCaseSensitive(copy, "id");
	if (copy && cJSON_AddStringToObject(copy, "id", made_id))
		text = cJSON_PrintUnformatted(copy);
	cJSON_Delete(copy);
	return text;
}

static enum err read_item(struct call *c, enum shared_kind kind, const cJSON *item, struct shared_item *out, struct fault *fault)
{
	unsigned char chance[MADE_ID_BYTES];
	char place[40];
	const char *id;
	enum err e;

	text_format(place, sizeof place, "%s[%zu]", shared_name(kind), out->place);
	e = read_members(kind, item, place, &id, fault);
	if (e != ERR_NONE)
		return e;
	if (id && *id) {
		text_copy(out->id, sizeof out->id, id);
		out->json = item_text(item, NULL);
	} else {
		world_random(&c->app->world, chance, sizeof chance);
		hex_encode(out->id, chance, sizeof chance);
		out->json = item_text(item, out->id);
	}
	return out->json ? ERR_NONE : ERR_MEMORY;
}

static void free_items(struct shared_change *change)
{
	for (size_t i = 0; i < change->count; i++)
		cJSON_free(change->items[i].json);
	free(change->items);
}

static enum err read_items(struct call *c, const cJSON *list, struct shared_change *out, struct fault *fault)
{
	const char *name = shared_name(out->kind);
	const cJSON *item;
	size_t count = (size_t)cJSON_GetArraySize(list);
	enum err e = ERR_NONE;

	if (count > SHARED_ITEMS_MAX)
		return fault_limit(fault, SHARED_ITEMS_MAX,
			fault_set(fault, ERR_INVALID, "too_many", name, "%s has at most %d items.", name, SHARED_ITEMS_MAX));
	out->items = calloc(count + 1, sizeof *out->items);
	if (!out->items)
		return ERR_MEMORY;
	cJSON_ArrayForEach(item, list) {
		out->items[out->count].place = out->count;
		e = read_item(c, out->kind, item, &out->items[out->count], fault);
		if (e != ERR_NONE)
			return e;
		out->count++;
	}
	return shared_check(out, fault);
}

struct list_job { const struct shared_change *change; struct fault *fault; };

static enum err replace_list(struct ledger *l, void *arg)
{
	const struct list_job *j = arg;

	return shared_replace(l, j->change, j->fault);
}

static enum err put_items(struct call *c, enum shared_kind kind, struct fault *fault)
{
	struct actor actor = caller_actor(c);
	struct shared_change change = {.kind = kind, .if_match = c->request.if_match, .by = by(c), .actor = &actor};
	struct list_job j = {.change = &change, .fault = fault};
	enum err e = read_items(c, params_json(&c->params, shared_name(kind)), &change, fault);

	if (e == ERR_NONE)
		e = run(c, replace_list, &j, fault);
	free_items(&change);
	return e == ERR_NONE ? answer_items(c, kind, fault) : e;
}

enum err api_subscriptions_put(struct call *c, struct fault *fault)
{
	return put_items(c, SHARED_SUBSCRIPTIONS, fault);
}

enum err api_staff_put(struct call *c, struct fault *fault)
{
	return put_items(c, SHARED_STAFF, fault);
}
