#include "pages.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "base/text.h"
#include "base/zone.h"
#include "page_p2p_form.h"
#include "p2p_state.h"
#include "seal/seal.h"
#include "serve.h"
#include "warnings.h"

#define TYPED_MAX 1000  /* bytes of a typed value; what it really may be is said beside the field */

const char *const page_views[] = {"failure", "p2p", "p2p_remove", NULL};

const struct field page_p2p_fields[3] = {
	{"saved", FIELD_BOOL, FROM_QUERY, false, 0, 0, NULL},
	{"removed", FIELD_BOOL, FROM_QUERY, false, 0, 0, NULL},
	{"test", FIELD_INTEGER, FROM_QUERY, false, 0, INTEGER_MAX, NULL},
};

const struct field page_p2p_save_fields[9] = {
	{"act", FIELD_CHOICE, FROM_BODY, true, 0, 0, "save|add"},
	{"central_id", FIELD_TEXT, FROM_BODY, false, 0, TYPED_MAX, NULL},
	{"central_ip", FIELD_TEXT, FROM_BODY, false, 0, TYPED_MAX, NULL},
	{"p2p_port", FIELD_TEXT, FROM_BODY, false, 0, TYPED_MAX, NULL},
	{"api_port", FIELD_TEXT, FROM_BODY, false, 0, TYPED_MAX, NULL},
	{"mesh_secret", FIELD_TEXT, FROM_BODY, false, 0, TYPED_MAX, NULL},
	{"peer_id", FIELD_TEXTS, FROM_BODY, false, 0, TYPED_MAX, NULL},
	{"peer_ip", FIELD_TEXTS, FROM_BODY, false, 0, TYPED_MAX, NULL},
	{"peer_port", FIELD_TEXTS, FROM_BODY, false, 0, TYPED_MAX, NULL},
};

const struct field page_p2p_test_fields[1] = {{"test_peer", FIELD_TEXT, FROM_BODY, true, 1, CENTRAL_ID_SIZE - 1, NULL}};
const struct field page_p2p_remove_fields[1] = {{"peer_id", FIELD_TEXT, FROM_QUERY, true, 1, CENTRAL_ID_SIZE - 1, NULL}};
const struct field page_p2p_removing_fields[1] = {{"peer_id", FIELD_TEXT, FROM_BODY, true, 1, CENTRAL_ID_SIZE - 1, NULL}};

/* --- what the template gets ------------------------------------------------------------------------------------------ */

static void add_wrong(cJSON *object, const char *name, unsigned wrong, unsigned bit)
{
	cJSON_AddBoolToObject(object, name, (wrong & bit) != 0);
}

static cJSON *field(cJSON *parent, const char *name, const char *value, unsigned wrong, unsigned bit)
{
	cJSON *f = cJSON_AddObjectToObject(parent, name);

	cJSON_AddStringToObject(f, "value", value);
	add_wrong(f, "wrong", wrong, bit);
	return f;
}

/* 02/12/2025 10:30, and the exact value for the title. */
void page_add_time(cJSON *parent, const char *name, int64_t ms)
{
	char exact[ZONE_TEXT], text[ZONE_TEXT];
	cJSON *time;

	if (ms <= 0)
		return;
	zone_text(ms, exact);
	text_format(text, sizeof text, "%.2s/%.2s/%.4s %.5s", exact + 8, exact + 5, exact, exact + 11);
	time = cJSON_AddObjectToObject(parent, name);
	cJSON_AddStringToObject(time, "text", text);
	cJSON_AddStringToObject(time, "exact", exact);
}

static const char *state_word(const struct peer_look *p)
{
	if (!p->told)
		return "unknown";
	if (p->status.connected)
		return "connected";
	return strcmp(p->status.state, "connecting") == 0 ? "connecting" : "disconnected";
}

static void add_key(cJSON *row, struct db *db, const struct peer_status *s)
{
	unsigned char key[KEY_BYTES];
	char fingerprint[FINGERPRINT_SIZE];
	bool known = s->key_known || pin_find(db, s->id, key) == ERR_NONE;

	if (!known)
		return;
	key_fingerprint(s->key_known ? s->public_key : key, fingerprint);
	cJSON_AddStringToObject(row, "fingerprint", fingerprint);
}

static void add_state(cJSON *row, struct db *db, const struct peer_look *p)
{
	const struct peer_status *s = &p->status;

	cJSON_AddStringToObject(row, "held", s->id);
	cJSON_AddTrueToObject(row, state_word(p));
	page_add_time(row, "last_sync", p->last_sync_ms);
	add_key(row, db, s);
	if (!p->told)
		return;
	cJSON_AddTrueToObject(row, "told");
	cJSON_AddNumberToObject(row, "behind", (double)s->behind);
	cJSON_AddNumberToObject(row, "ahead", (double)s->ahead);
	cJSON_AddStringToObject(row, "last_error", s->last_error);
	if (s->clock_known)
		cJSON_AddNumberToObject(cJSON_AddObjectToObject(row, "clock"), "offset_ms", (double)s->clock_offset_ms);
}

static const struct peer_look *look_of(const struct mesh_look *m, const char *id)
{
	for (size_t i = 0; i < m->count; i++) {
		if (m->peer[i].status.configured && strcmp(m->peer[i].status.id, id) == 0)
			return &m->peer[i];
	}
	return NULL;
}

static void add_row(cJSON *rows, const struct form_row *r, size_t number, const struct mesh_look *m, struct db *db)
{
	const struct peer_look *look = look_of(m, r->id);
	cJSON *row = cJSON_CreateObject();

	cJSON_AddItemToArray(rows, row);
	cJSON_AddNumberToObject(row, "number", (double)number);
	add_wrong(field(row, "id", r->id, r->wrong, WRONG_ID), "taken", r->wrong, WRONG_TAKEN);
	field(row, "ip", r->ip, r->wrong, WRONG_IP);
	field(row, "port", r->port, r->wrong, WRONG_P2P_PORT);
	if (look)
		add_state(row, db, look);
}

static void add_others(cJSON *page, const struct mesh_look *m, struct db *db)
{
	cJSON *others = cJSON_AddArrayToObject(page, "others");

	for (size_t i = 0; i < m->count; i++) {
		cJSON *row;

		if (m->peer[i].status.configured)
			continue;
		row = cJSON_CreateObject();
		cJSON_AddItemToArray(others, row);
		cJSON_AddStringToObject(row, "ip", m->peer[i].status.ip);
		add_state(row, db, &m->peer[i]);
	}
	cJSON_AddBoolToObject(page, "has_others", others && others->child);
}

static void add_status(cJSON *page, const struct mesh_look *m)
{
	cJSON *status = cJSON_AddObjectToObject(page, "status");

	cJSON_AddBoolToObject(status, "running", m->running);
	cJSON_AddNumberToObject(status, "connected", (double)m->connected);
	cJSON_AddNumberToObject(status, "total", (double)m->count);
	cJSON_AddStringToObject(status, "central", m->central);
	cJSON_AddNumberToObject(status, "sent", (double)m->sent);
	cJSON_AddNumberToObject(status, "received", (double)m->received);
}

static enum err add_own(cJSON *page, const struct p2p_form *f, struct db *db)
{
	char fingerprint[FINGERPRINT_SIZE];
	cJSON *own = cJSON_AddObjectToObject(page, "own");
	struct identity identity;
	enum err e = identity_read(db, &identity);

	if (e != ERR_NONE)
		return e;
	field(own, "id", f->id, f->wrong, WRONG_ID);
	field(own, "ip", f->ip, f->wrong, WRONG_IP);
	field(own, "p2p_port", f->p2p_port, f->wrong, WRONG_P2P_PORT);
	add_wrong(field(own, "api_port", f->api_port, f->wrong, WRONG_API_PORT), "taken", f->wrong, WRONG_TAKEN);
	cJSON_AddBoolToObject(own, "has_secret", identity.mesh_secret[0] != '\0');
	key_fingerprint(identity.keys.public_key, fingerprint);
	cJSON_AddStringToObject(own, "fingerprint", fingerprint);
	explicit_bzero(&identity, sizeof identity);
	return ERR_NONE;
}

/* The page with the form as given; page may hold messages already and is taken over. */
static enum err show(struct call *c, int status, cJSON *page, const struct p2p_form *f, struct fault *fault)
{
	struct mesh_look *m = NULL;
	cJSON *rows;
	enum err e = mesh_look(c, &m, fault);

	if (e == ERR_NONE)
		e = add_own(page, f, c->desk->db);
	if (e != ERR_NONE) {
		cJSON_Delete(page);
		free(m);
		return e;
	}
	add_status(page, m);
	warnings_show(page, m->warning, m->warnings);
	rows = cJSON_AddArrayToObject(page, "peers");
	for (size_t i = 0; i < f->count; i++)
		add_row(rows, &f->row[i], i + 1, m, c->desk->db);
	cJSON_AddNumberToObject(page, "peer_count", (double)f->count);
	cJSON_AddBoolToObject(page, "too_many", f->too_many);
	add_others(page, m, c->desk->db);
	free(m);
	return call_page(c, status, "p2p", page);
}

/* --- looking --------------------------------------------------------------------------------------------------------- */

enum err page_start(struct call *c, struct fault *fault)
{
	(void)fault;
	response_redirect(&c->response, 302, "/settings/p2p");
	return ERR_NONE;
}

static void add_tested(cJSON *page, struct db *db, int64_t id)
{
	struct command answer;
	cJSON *tested;

	if (command_find(db, id, &answer) != ERR_NONE)
		return;
	tested = cJSON_AddObjectToObject(page, "tested");
	cJSON_AddStringToObject(tested, "peer", answer.peer);
	cJSON_AddStringToObject(tested, "message", answer.message);
	cJSON_AddBoolToObject(tested, "done", answer.done);
	cJSON_AddBoolToObject(tested, "ok", answer.ok);
	if (answer.done && answer.ok)
		cJSON_AddNumberToObject(tested, "rtt_ms", (double)(int64_t)(answer.rtt_ms * 10 + 0.5) / 10);
}

enum err page_p2p(struct call *c, struct fault *fault)
{
	struct site_config config;
	struct p2p_form form;
	cJSON *page;
	enum err e = call_read(c, fault);

	if (e == ERR_NONE)
		e = site_config_read(c->desk->db, &config);
	if (e != ERR_NONE)
		return e;
	p2p_form_from_config(&config, &form);
	page = cJSON_CreateObject();
	cJSON_AddBoolToObject(page, "saved", params_truth(&c->params, "saved"));
	cJSON_AddBoolToObject(page, "removed", params_truth(&c->params, "removed"));
	if (params_given(&c->params, "test"))
		add_tested(page, c->desk->db, params_integer(&c->params, "test", 0));
	return show(c, 200, page, &form, fault);
}

/* --- saving ---------------------------------------------------------------------------------------------------------- */

static enum err show_wrong(struct call *c, const struct p2p_form *f, enum err why, const struct fault *told, struct fault *fault)
{
	cJSON *page = cJSON_CreateObject();

	cJSON_AddTrueToObject(page, "not_saved");
	cJSON_AddBoolToObject(page, "unavailable", why == ERR_UNAVAILABLE);
	cJSON_AddStringToObject(page, "reason", told && why != ERR_UNAVAILABLE ? fault_sentence(why, told) : "");
	return show(c, answer_status(why), page, f, fault);
}

static enum err save(struct call *c, struct p2p_form *f, struct fault *fault)
{
	struct config_change change;
	struct site_config now;
	struct fault told = {0};
	enum err e;

	if (!p2p_form_check(f, &change))
		return show_wrong(c, f, ERR_INVALID, NULL, fault);
	e = config_change_run(c->app->writer, &change, &now, &told);
	if (e != ERR_NONE)
		return show_wrong(c, f, e, &told, fault);
	response_redirect(&c->response, 303, "/settings/p2p?saved=1");
	return ERR_NONE;
}

enum err page_p2p_save(struct call *c, struct fault *fault)
{
	struct p2p_form form;

	p2p_form_from_params(&c->params, &form);
	if (strcmp(params_text(&c->params, "act"), "save") == 0)
		return save(c, &form, fault);
	p2p_form_add_row(&form);
	return show(c, 200, cJSON_CreateObject(), &form, fault);
}

/* --- testing and removing a peer ------------------------------------------------------------------------------------- */

enum err page_p2p_test(struct call *c, struct fault *fault)
{
	struct command answer = {0};
	char path[64];
	enum err e = p2p_test(c, params_text(&c->params, "test_peer"), &answer, fault);

	if (e != ERR_NONE)
		return e;
	text_format(path, sizeof path, "/settings/p2p?test=%" PRId64, answer.id);
	response_redirect(&c->response, 303, path);
	return ERR_NONE;
}

enum err page_p2p_remove(struct call *c, struct fault *fault)
{
	const char *id = params_text(&c->params, "peer_id");
	struct site_config config;
	cJSON *page;
	enum err e = call_read(c, fault);

	if (e == ERR_NONE)
		e = site_config_read(c->desk->db, &config);
	for (size_t i = 0; e == ERR_NONE && i < config.peer_count; i++) {
		if (strcmp(config.peers[i].id, id) != 0)
			continue;
		page = cJSON_CreateObject();
		cJSON_AddStringToObject(page, "id", id);
		cJSON_AddStringToObject(page, "ip", config.peers[i].ip);
		cJSON_AddNumberToObject(page, "port", config.peers[i].p2p_port);
		return call_page(c, 200, "p2p_remove", page);
	}
	if (e == ERR_NONE)
		e = fault_set(fault, ERR_NOT_FOUND, "unknown_peer", "peer_id", "No peer of that id is configured.");
	return e;
}

enum err page_p2p_removing(struct call *c, struct fault *fault)
{
	enum err e = config_remove_peer(c->app->writer, params_text(&c->params, "peer_id"), fault);

	if (e == ERR_NONE)
		response_redirect(&c->response, 303, "/settings/p2p?removed=1");
	return e;
}
