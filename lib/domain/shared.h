/*
 * What the whole site shares and people set: the tariff, and the lists of subscriptions and staff (spec/api.md, "Parking"). All of it
 * is told to the other centrals by CONFIG_UPDATE records, one a changed item, and the last word about an item counts; so two
 * centrals may change the same list at the same time without losing each other's items.
 *
 * A tag names a content: the same on all centrals that hold the same, another one for any other content. It has the form of a
 * strong entity tag of HTTP, quotes included.
 */
#ifndef PARKMESH_DOMAIN_SHARED_H
#define PARKMESH_DOMAIN_SHARED_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "domain/tariff.h"

struct actor;
struct db;
struct ledger;

#define TAG_SIZE 35
#define SHARED_ITEMS_MAX 10000
#define SHARED_ID_SIZE 65

enum shared_kind { SHARED_SUBSCRIPTIONS, SHARED_STAFF };
/* "subscriptions", "staff". */
const char *shared_name(enum shared_kind kind);

/* ---- lists ---- */

/* The items' JSON objects, sorted by id, and the tag of the list. each may be NULL; an error of it ends the list and is returned. db
 * may be read-only. */
typedef enum err shared_fn(void *arg, const char *id, const char *json);
enum err shared_list(struct db *db, enum shared_kind kind, shared_fn *each, void *arg, char tag[TAG_SIZE]);

struct shared_item {
	char id[SHARED_ID_SIZE];
	char *json;              /* the object with its id in it, unformatted */
	size_t place;            /* in the list as it was sent, for faults */
};
struct shared_change {
	enum shared_kind kind;
	struct shared_item *items;
	size_t count;
	const char *if_match;    /* as an If-Match header has it; NULL: whatever is held */
	const char *by;              /* named in the records */
	const struct actor *actor;   /* in the audit list; NULL: no person */
};
/* Sort the items and check them all. ERR_INVALID: two have the same id, or an item breaks a rule of its kind. Pure. */
enum err shared_check(struct shared_change *c, struct fault *fault);
/* Write the difference between what is held and a checked change: changed and new items, and a removal of each that is missing. In the
 * ledger's transaction. ERR_CONFLICT "etag_mismatch": something else is held than if_match says. ERR_INVALID "item_too_large": an
 * item does not fit into a record. On any error roll back. */
enum err shared_replace(struct ledger *l, const struct shared_change *c, struct fault *fault);

/* One item, and a tag of its own. json is the caller's to free(3). ERR_NOT_FOUND "not_found". db may be read-only. */
enum err shared_find(struct db *db, enum shared_kind kind, const char *id, char **json, char tag[TAG_SIZE], struct fault *fault);
struct item_change {
	enum shared_kind kind;
	const char *id;
	const char *json;            /* the object with its id in it, unformatted; NULL: removed */
	const char *if_match;        /* the item's tag, as above; NULL: whatever is held */
	const char *by;
	const struct actor *actor;
};
/* Write one item, the others stay as they are; what is held already is not written again. In the ledger's transaction. ERR_CONFLICT
 * "etag_mismatch": it was changed or removed since. ERR_NOT_FOUND "not_found": there is none to remove. ERR_INVALID: it breaks a
 * rule of its kind, "too_many" would be held, "item_too_large". */
enum err shared_set(struct ledger *l, const struct item_change *c, struct fault *fault);

/* Who set a setting of the site (by its key) last, when, and at which central; a text that is not known is "". ERR_NOT_FOUND: nobody
 * ever did. db may be read-only. */
#define SAID_BY_SIZE 65
struct setting_said { int64_t at_ms; char by[SAID_BY_SIZE], central[CENTRAL_ID_SIZE]; };
#define SHARED_FEES_KEY "tariff"
enum err shared_said(struct db *db, const char *key, struct setting_said *out);

/* ---- tariff ---- */

/* The tariff in force and its tag. db may be read-only. */
enum err shared_fees(struct db *db, struct tariff *out, char tag[TAG_SIZE]);
/* Members that are negative keep their value. */
struct fees_change { struct tariff to; const char *if_match, *by; const struct actor *actor; };
/* Set it; the one in force already is not written again. In the ledger's transaction. ERR_CONFLICT as above; ERR_INVALID: outside the
 * limits of tariff_parse. */
enum err shared_fees_set(struct ledger *l, const struct fees_change *c, struct fault *fault);

#endif
