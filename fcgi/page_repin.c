#include "pages.h"

#include <string.h>

#include "base/text.h"
#include "caller.h"
#include "domain/ledger.h"
#include "domain/site.h"
#include "domain/warnings.h"
#include "p2p_config.h"
#include "page.h"
#include "seal/seal.h"
#include "serve.h"

#define PATH "/settings/p2p"
#define TYPED_MAX 1000

const struct field page_repin_fields[1] = {{"peer_id", FIELD_TEXT, FROM_QUERY, true, 1, CENTRAL_ID_SIZE - 1, NULL}};
const struct field page_repinning_fields[2] = {
	{"peer_id", FIELD_TEXT, FROM_BODY, true, 1, CENTRAL_ID_SIZE - 1, NULL},
	{"fingerprint", FIELD_TEXT, FROM_BODY, true, 1, TYPED_MAX, NULL},
};

/* --- asking ---------------------------------------------------------------------------------------------------------- */

static enum err no_other_key(struct fault *fault)
{
	return fault_set(fault, ERR_NOT_FOUND, "no_other_key", "peer_id", "No central has shown another key under that id.");
}

/* What was refused stands in the warning, also in one that was seen: an address that somebody was sent cannot bring another key. */
static enum err find_shown(struct call *c, const char *id, struct warning_row *out, struct fault *fault)
{
	enum err e = call_read(c, fault);

	if (e == ERR_NONE)
		e = warning_find(c->desk->db, warning_name(WARNING_WRONG_KEY), id, "", out);
	return e == ERR_NOT_FOUND ? no_other_key(fault) : e;
}

enum err page_repin(struct call *c, struct fault *fault)
{
	const char *id = params_text(&c->params, "peer_id");
	char held[FINGERPRINT_SIZE] = "";
	unsigned char key[KEY_BYTES];
	struct warning_row shown;
	cJSON *page;
	enum err e = find_shown(c, id, &shown, fault);

	if (e != ERR_NONE)
		return e;
	if (pin_find(c->desk->db, id, key) == ERR_NONE)
		key_fingerprint(key, held);
	if (strcmp(held, shown.place) == 0)
		return no_other_key(fault);
	page = cJSON_CreateObject();
	cJSON_AddStringToObject(page, "peer", id);
	cJSON_AddStringToObject(page, "held", held);
	cJSON_AddStringToObject(page, "fingerprint", shown.place);
	page_words(c, page, "title", "repin.title", page);
	page_words(c, page, "text", "repin.text", page);
	return page_show(c, 200, "repin", page);
}

/* --- doing it -------------------------------------------------------------------------------------------------------- */

enum err page_repinning(struct call *c, struct fault *fault)
{
	const char *id = params_text(&c->params, "peer_id");
	struct actor by = caller_actor(c);
	cJSON *values;
	enum err e = config_repin_peer(c->app->writer, &by, id, params_text(&c->params, "fingerprint"), fault);

	if (e != ERR_NONE)
		return e;
	values = cJSON_CreateObject();
	cJSON_AddStringToObject(values, "peer", id);
	return page_redirect(c, PATH, "repin.done", values);
}
