#include "domain/shared.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "domain/deed.h"
#include "domain/ledger.h"
#include "domain/site.h"
#include "domain/subscription.h"
#include "store/settings.h"

#define GONE_MAX (16 * 1024 * 1024) /* bytes of the ids that one change removes */

const char *shared_name(enum shared_kind kind)
{
	return kind == SHARED_SUBSCRIPTIONS ? "subscriptions" : "staff";
}

static const char *key_prefix(enum shared_kind kind)
{
	return kind == SHARED_SUBSCRIPTIONS ? "subscription/" : "staff/";
}

/* ---- tags ---- */

static void tag_make(const struct chain *content, char tag[TAG_SIZE])
{
	tag[0] = '"';
	hex_encode(tag + 1, content->byte, (TAG_SIZE - 3) / 2);
	text_copy(tag + TAG_SIZE - 2, 2, "\"");
}

/* Does the header, "*" or a list of tags, name this one? Tags have no commas, and a weak one (W/"…") names nothing here. */
static bool tag_named(const char *if_match, const char *tag)
{
	for (const char *at = if_match; *at != '\0';) {
		size_t len;

		at += strspn(at, " \t,");
		len = strcspn(at, " \t,");
		if ((len == 1 && *at == '*') || (len == strlen(tag) && strncmp(at, tag, len) == 0))
			return true;
		at += len;
	}
	return false;
}

static enum err tag_check(const char *if_match, const char *tag, struct fault *fault)
{
	if (if_match == NULL || tag_named(if_match, tag))
		return ERR_NONE;
	return fault_set(fault, ERR_CONFLICT, "etag_mismatch", "",
		"This was changed since you read it. Read it again, make your change to that, and send it with the new ETag.");
}

/* built_in: what counted while it was never set; NULL nothing. */
static enum err append(struct ledger *l, const char *key, const char *json, const char *built_in, const char *by,
	const struct actor *actor)
{
	struct record r = { .type = RECORD_CONFIG, .at = -1, .data.config = { .key = key, .value = json, .by = by } };
	struct setting_row held = { .value = NULL };
	enum err e = setting_find(ledger_db(l), key, &held);

	if (e == ERR_NONE || e == ERR_NOT_FOUND)
		e = ledger_append(l, &r);
	if (e == ERR_NONE)
		e = deed_note(ledger_db(l), actor, json != NULL ? "setting_changed" : "setting_removed", key,
			held.value != NULL ? held.value : built_in, json);
	free(held.value);
	return e;
}

/* ---- lists ---- */

struct listing { shared_fn *each; void *arg; struct chain content; };

static enum err list_item(void *arg, const char *id, const char *json)
{
	struct listing *list = arg;

	if (json[0] != '{')
		return ERR_NONE; /* no item: written by no program of ours */
	chain_next(&list->content, json, strlen(json));
	return list->each == NULL ? ERR_NONE : list->each(list->arg, id, json);
}

enum err shared_list(struct db *db, enum shared_kind kind, shared_fn *each, void *arg, char tag[TAG_SIZE])
{
	struct listing list = { .each = each, .arg = arg };
	enum err e;

	chain_zero(&list.content);
	e = setting_list(db, key_prefix(kind), list_item, &list);
	tag_make(&list.content, tag);
	return e;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct shared_item *)a)->id, ((const struct shared_item *)b)->id);
}

/* "subscriptions[3]" and what follows. */
static void place_name(const struct shared_change *c, const struct shared_item *item, const char *member, char out[40])
{
	text_format(out, 40, "%s[%zu]%s", shared_name(c->kind), item->place, member);
}

enum err shared_check(struct shared_change *c, struct fault *fault)
{
	char place[40];
	enum err e = ERR_NONE;

	if (c->count > 1)
		qsort(c->items, c->count, sizeof(*c->items), by_id);
	for (size_t i = 0; e == ERR_NONE && i < c->count; i++) {
		const struct shared_item *item = &c->items[i];

		place_name(c, item, ".id", place);
		if (i > 0 && strcmp(item->id, item[-1].id) == 0)
			return fault_set(fault, ERR_INVALID, "duplicate_id", place, "Two items have the id %s; give each its own.", item->id);
		place_name(c, item, ".", place);
		if (c->kind == SHARED_SUBSCRIPTIONS)
			e = subscription_check(item->json, place, fault);
	}
	return e;
}

/* What is held beside what is wanted. */
struct difference {
	const struct shared_change *wanted;
	bool *same;       /* of each wanted item: it is held as it is */
	struct buf gone;  /* ids to remove, each with its NUL */
};

static enum err compare_item(void *arg, const char *id, const char *json)
{
	struct difference *d = arg;
	struct shared_item name = { .json = NULL };
	const struct shared_item *found = NULL;

	if (d->wanted->count > 0 && text_copy(name.id, sizeof(name.id), id))
		found = bsearch(&name, d->wanted->items, d->wanted->count, sizeof(name), by_id);
	if (found != NULL)
		d->same[found - d->wanted->items] = strcmp(found->json, json) == 0;
	else
		buf_add(&d->gone, id, strlen(id) + 1);
	return d->gone.failed ? ERR_MEMORY : ERR_NONE;
}

static enum err write_item(struct ledger *l, const struct shared_change *c, const struct shared_item *item, struct fault *fault)
{
	char key[SHARED_ID_SIZE + 16], place[40];
	enum err e;

	text_format(key, sizeof(key), "%s%s", key_prefix(c->kind), item->id);
	e = append(l, key, item->json, NULL, c->by, c->actor);
	place_name(c, item, "", place);
	if (e == ERR_TOO_LARGE)
		return fault_set(fault, ERR_INVALID, "item_too_large", place, "The item %s is too large: with its frame it has to fit into %d bytes.",
			item->id, RECORD_MAX);
	if (e == ERR_INVALID)
		return fault_set(fault, ERR_INVALID, "item_unreadable", place, "The item %s is nested too deeply.", item->id);
	return e;
}

static enum err write_difference(struct ledger *l, const struct difference *d, struct fault *fault)
{
	const struct shared_change *c = d->wanted;
	const char *gone = buf_text(&d->gone), *end = gone + d->gone.len;
	enum err e = ERR_NONE;

	for (size_t i = 0; e == ERR_NONE && i < c->count; i++) {
		if (!d->same[i])
			e = write_item(l, c, &c->items[i], fault);
	}
	for (; e == ERR_NONE && gone < end; gone += strlen(gone) + 1) {
		char key[RECORD_MAX];

		text_format(key, sizeof(key), "%s%s", key_prefix(c->kind), gone);
		e = append(l, key, NULL, NULL, c->by, c->actor);
	}
	return e;
}

enum err shared_replace(struct ledger *l, const struct shared_change *c, struct fault *fault)
{
	struct difference d = { .wanted = c, .same = calloc(c->count + 1, sizeof(bool)) };
	char tag[TAG_SIZE];
	enum err e = d.same == NULL ? ERR_MEMORY : shared_list(ledger_db(l), c->kind, NULL, NULL, tag);

	buf_init(&d.gone, GONE_MAX);
	if (e == ERR_NONE)
		e = tag_check(c->if_match, tag, fault);
	if (e == ERR_NONE)
		e = setting_list(ledger_db(l), key_prefix(c->kind), compare_item, &d);
	if (e == ERR_NONE)
		e = write_difference(l, &d, fault);
	buf_free(&d.gone);
	free(d.same);
	return e;
}

/* ---- one item ---- */

static void item_key(enum shared_kind kind, const char *id, char out[RECORD_MAX])
{
	text_format(out, RECORD_MAX, "%s%s", key_prefix(kind), id);
}

/* The tag of an item that is not there is that of nothing. */
static enum err item_held(struct db *db, const char *key, char **json, char tag[TAG_SIZE])
{
	struct setting_row held = { .value = NULL };
	struct chain content;
	enum err e = setting_find(db, key, &held);

	chain_zero(&content);
	if (held.value != NULL)
		chain_next(&content, held.value, strlen(held.value));
	tag_make(&content, tag);
	*json = held.value;
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

static enum err unknown_item(struct fault *fault)
{
	return fault_set(fault, ERR_NOT_FOUND, "not_found", "", "There is no such item; it may have been removed just now.");
}

enum err shared_find(struct db *db, enum shared_kind kind, const char *id, char **json, char tag[TAG_SIZE], struct fault *fault)
{
	char key[RECORD_MAX];
	enum err e;

	item_key(kind, id, key);
	e = item_held(db, key, json, tag);
	return e == ERR_NONE && *json == NULL ? unknown_item(fault) : e;
}

static enum err count_item(void *arg, const char *id, const char *json)
{
	(void)id;
	(void)json;
	++*(size_t *)arg;
	return ERR_NONE;
}

/* Is there room for one more? */
static enum err check_room(struct db *db, enum shared_kind kind, struct fault *fault)
{
	size_t count = 0;
	enum err e = setting_list(db, key_prefix(kind), count_item, &count);

	if (e == ERR_NONE && count >= SHARED_ITEMS_MAX)
		return fault_limit(fault, SHARED_ITEMS_MAX,
			fault_set(fault, ERR_INVALID, "too_many", "", "%s has at most %d items.", shared_name(kind), SHARED_ITEMS_MAX));
	return e;
}

/* held: what the item is, NULL none. */
static enum err check_item(struct ledger *l, const struct item_change *c, const char *held, struct fault *fault)
{
	enum err e = ERR_NONE;

	if (c->json == NULL)
		return held == NULL ? unknown_item(fault) : ERR_NONE;
	if (c->kind == SHARED_SUBSCRIPTIONS)
		e = subscription_check(c->json, "", fault);
	return e == ERR_NONE && held == NULL ? check_room(ledger_db(l), c->kind, fault) : e;
}

enum err shared_set(struct ledger *l, const struct item_change *c, struct fault *fault)
{
	char key[RECORD_MAX], tag[TAG_SIZE], *held = NULL;
	enum err e;

	item_key(c->kind, c->id, key);
	e = item_held(ledger_db(l), key, &held, tag);
	if (e == ERR_NONE)
		e = tag_check(c->if_match, tag, fault);
	if (e == ERR_NONE)
		e = check_item(l, c, held, fault);
	if (e == ERR_NONE && (c->json == NULL || held == NULL || strcmp(held, c->json) != 0))
		e = append(l, key, c->json, NULL, c->by, c->actor);
	free(held);
	if (e == ERR_TOO_LARGE)
		return fault_set(fault, ERR_INVALID, "item_too_large", "", "The item is too large: with its frame it has to fit into %d bytes.",
			RECORD_MAX);
	return e;
}

enum err shared_said(struct db *db, const char *key, struct setting_said *out)
{
	struct setting_row held = { .value = NULL };
	struct record r;
	struct buf line;
	enum err e = setting_find(db, key, &held);

	*out = (struct setting_said){ .by = "" };
	free(held.value);
	buf_init(&line, RECORD_MAX);
	if (e == ERR_NONE)
		e = record_line(db, held.written.log, held.written.seq, &line);
	if (e == ERR_NONE)
		e = record_parse(line.data, line.len, &r);
	buf_free(&line);
	if (e != ERR_NONE)
		return e;
	out->at_ms = r.at;
	text_copy(out->central, sizeof(out->central), r.source_central);
	if (r.type == RECORD_CONFIG && r.data.config.by != NULL)
		text_copy(out->by, sizeof(out->by), r.data.config.by);
	record_free(&r);
	return ERR_NONE;
}

/* ---- tariff ---- */

/* fee_base counts to the second, so 15 digits say all of it; and they are what cJSON writes for them on the other centrals. */
static void fees_json(const struct tariff *t, char out[160])
{
	text_format(out, 160, "{\"fee_base\":%.15g,\"fee_per_hour\":%" PRId64 ",\"fee_daily_max\":%" PRId64 ",\"fee_overnight\":%" PRId64 "}",
		t->fee_base, t->fee_per_hour, t->fee_daily_max, t->fee_overnight);
}

enum err shared_fees(struct db *db, struct tariff *out, char tag[TAG_SIZE])
{
	char name[TARIFF_NAME_SIZE], json[160];
	struct chain content;
	enum err e = site_tariff(db, out, name);

	fees_json(out, json);
	chain_zero(&content);
	chain_next(&content, json, strlen(json));
	tag_make(&content, tag);
	return e;
}

enum err shared_fees_set(struct ledger *l, const struct fees_change *c, struct fault *fault)
{
	struct tariff held, to = c->to;
	char tag[TAG_SIZE], before[160], after[160];
	enum err e = shared_fees(ledger_db(l), &held, tag);

	if (e == ERR_NONE)
		e = tag_check(c->if_match, tag, fault);
	if (e != ERR_NONE)
		return e;
	to.fee_base = to.fee_base < 0 ? held.fee_base : to.fee_base;
	to.fee_per_hour = to.fee_per_hour < 0 ? held.fee_per_hour : to.fee_per_hour;
	to.fee_daily_max = to.fee_daily_max < 0 ? held.fee_daily_max : to.fee_daily_max;
	to.fee_overnight = to.fee_overnight < 0 ? held.fee_overnight : to.fee_overnight;
	fees_json(&held, before);
	fees_json(&to, after);
	if (strcmp(before, after) == 0)
		return ERR_NONE;
	e = tariff_parse(after, &to);
	if (e == ERR_INVALID)
		return fault_set(fault, e, "invalid_value", "fees", "Free hours are 0 to %d, amounts whole VND from 0 to %lld.",
			TARIFF_HOURS_MAX, (long long)TARIFF_MONEY_MAX);
	return e == ERR_NONE ? append(l, SHARED_FEES_KEY, after, before, c->by, c->actor) : e;
}
