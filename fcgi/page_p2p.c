#include "pages.h"

#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "base/text.h"
#include "caller.h"
#include "domain/quorum.h"
#include "form.h"
#include "page.h"
#include "page_p2p_form.h"
#include "p2p_state.h"
#include "seal/seal.h"
#include "serve.h"
#include "url.h"
#include "warnings.h"

#define TYPED_MAX 1000  /* bytes of a typed value; what it really may be is said beside the field */
#define PATH "/settings/p2p"

const struct field page_p2p_fields[2] = {
	{"found", FIELD_TEXT, FROM_QUERY, false, 0, CENTRAL_ID_SIZE - 1, NULL},
	{"key", FIELD_TEXT, FROM_QUERY, false, 0, FINGERPRINT_SIZE - 1, NULL},
};
const struct field page_p2p_save_fields[13] = {
	{"act", FIELD_CHOICE, FROM_BODY, true, 0, 0, "save|add"},
	{"version", FIELD_TEXT, FROM_BODY, false, 0, TYPED_MAX, NULL},
	{"central_id", FIELD_TEXT, FROM_BODY, false, 0, TYPED_MAX, NULL},
	{"central_ip", FIELD_TEXT, FROM_BODY, false, 0, TYPED_MAX, NULL},
	{"p2p_port", FIELD_TEXT, FROM_BODY, false, 0, TYPED_MAX, NULL},
	{"api_port", FIELD_TEXT, FROM_BODY, false, 0, TYPED_MAX, NULL},
	{"mesh_secret", FIELD_TEXT, FROM_BODY, false, 0, TYPED_MAX, NULL},
	{"peer_id", FIELD_TEXTS, FROM_BODY, false, 0, TYPED_MAX, NULL},
	{"peer_ip", FIELD_TEXTS, FROM_BODY, false, 0, TYPED_MAX, NULL},
	{"peer_port", FIELD_TEXTS, FROM_BODY, false, 0, TYPED_MAX, NULL},
	{"peer_weight", FIELD_TEXTS, FROM_BODY, false, 0, TYPED_MAX, NULL},
	{"peer_dialect", FIELD_TEXTS, FROM_BODY, false, 0, TYPED_MAX, NULL},
	{"peer_tls", FIELD_TEXTS, FROM_BODY, false, 0, TYPED_MAX, NULL},
};

const struct field page_p2p_test_fields[1] = {{"test_peer", FIELD_TEXT, FROM_BODY, true, 1, CENTRAL_ID_SIZE - 1, NULL}};
const struct field page_p2p_remove_fields[1] = {{"peer_id", FIELD_TEXT, FROM_QUERY, true, 1, CENTRAL_ID_SIZE - 1, NULL}};
const struct field page_p2p_removing_fields[1] = {{"peer_id", FIELD_TEXT, FROM_BODY, true, 1, CENTRAL_ID_SIZE - 1, NULL}};

static const struct form_field own_form[] = {
	{.name = "central_id", .label = "p2p.central_id", .required = true, .max = CENTRAL_ID_SIZE - 1},
	{.name = "central_ip", .label = "p2p.central_ip", .required = true},
	{.name = "p2p_port", .label = "p2p.p2p_port", .inputmode = "numeric"},
	{.name = "api_port", .label = "p2p.api_port", .inputmode = "numeric"},
	{.name = "mesh_secret", .label = "p2p.secret", .help = "p2p.secret_help", .type = "password", .autocomplete = "new-password"},
};

static const struct form_field row_form[] = {
	{.name = "peer_id", .label = "p2p.peer_id", .required = true, .max = CENTRAL_ID_SIZE - 1},
	{.name = "peer_ip", .label = "p2p.peer_ip", .required = true},
	{.name = "peer_port", .label = "p2p.peer_port", .required = true, .inputmode = "numeric"},
	{.name = "peer_weight", .label = "p2p.peer_weight", .inputmode = "numeric"},
	{.name = "peer_dialect", .label = "p2p.peer_dialect", .options = "native|legacy|legacy-http", .words = "dialect"},
	{.name = "peer_tls", .label = "p2p.peer_tls", .options = "yes|no", .words = "tls"},
};

/* --- what the template gets ------------------------------------------------------------------------------------------ */

static void mark(struct call *c, cJSON *field, unsigned wrong, unsigned bit, const char *text)
{
	if (wrong & bit)
		form_mark(c, field, text, NULL);
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

static void add_state(struct call *c, cJSON *row, const struct peer_look *p)
{
	const struct peer_status *s = &p->status;

	cJSON_AddStringToObject(row, "held", s->id);
	cJSON_AddTrueToObject(row, state_word(p));
	page_time(c, row, "last_sync", p->last_sync_ms);
	add_key(row, c->desk->db, s);
	if (!p->told)
		return;
	if (s->behind >= 0 && s->ahead >= 0) {
		cJSON_AddTrueToObject(row, "told");
		page_number(c, row, "behind", s->behind);
		page_number(c, row, "ahead", s->ahead);
	}
	p2p_why(c, row, "last_error", s->id, &s->why);
	if (s->clock_known)
		page_number(c, cJSON_AddObjectToObject(row, "clock"), "offset_ms", s->clock_offset_ms);
}

static const struct peer_look *look_of(const struct mesh_look *m, const char *id)
{
	for (size_t i = 0; i < m->count; i++) {
		if (m->peer[i].status.configured && strcmp(m->peer[i].status.id, id) == 0)
			return &m->peer[i];
	}
	return NULL;
}

static void add_row(struct call *c, cJSON *rows, const struct form_row *r, size_t number, const struct mesh_look *m)
{
	const struct peer_look *look = look_of(m, r->id);
	cJSON *row = cJSON_CreateObject(), *id;
	char suffix[24];

	text_format(suffix, sizeof suffix, "_%zu", number);
	cJSON_AddItemToArray(rows, row);
	id = form_add(c, row, &row_form[0], suffix, r->id);
	mark(c, id, r->wrong, WRONG_ID, "wrong.central_id");
	mark(c, id, r->wrong, WRONG_TAKEN, "p2p.id_taken");
	mark(c, form_add(c, row, &row_form[1], suffix, r->ip), r->wrong, WRONG_IP, "wrong.host");
	mark(c, form_add(c, row, &row_form[2], suffix, r->port), r->wrong, WRONG_P2P_PORT, "wrong.port");
	mark(c, form_add(c, row, &row_form[3], suffix, r->weight), r->wrong, WRONG_WEIGHT, "wrong.weight");
	mark(c, form_add(c, row, &row_form[4], suffix, r->dialect), r->wrong, WRONG_DIALECT, "wrong.choice");
	mark(c, form_add(c, row, &row_form[5], suffix, r->tls), r->wrong, WRONG_TLS, "wrong.choice");
	if (look)
		add_state(c, row, look);
}

static void add_others(struct call *c, cJSON *page, const struct mesh_look *m)
{
	cJSON *others = cJSON_AddArrayToObject(page, "others");

	for (size_t i = 0; i < m->count; i++) {
		cJSON *row;

		if (m->peer[i].status.configured)
			continue;
		row = cJSON_CreateObject();
		cJSON_AddItemToArray(others, row);
		cJSON_AddStringToObject(row, "ip", m->peer[i].status.ip);
		add_state(c, row, &m->peer[i]);
	}
	cJSON_AddBoolToObject(page, "has_others", others && others->child);
}

/* As it can stand in a link. */
static void add_link_key(cJSON *row, const char *fingerprint)
{
	struct buf key;

	buf_init(&key, 3 * FINGERPRINT_SIZE);
	url_encode(&key, fingerprint);
	cJSON_AddStringToObject(row, "key", buf_text(&key));
	buf_free(&key);
}

/* Shown with the key they say to have, for a person to compare. */
static void add_found(cJSON *page, const struct mesh_look *m)
{
	cJSON *found = cJSON_AddArrayToObject(page, "found");

	for (size_t i = 0; i < m->discovered; i++) {
		cJSON *row = cJSON_CreateObject();

		cJSON_AddItemToArray(found, row);
		cJSON_AddStringToObject(row, "id", m->found[i].id);
		cJSON_AddStringToObject(row, "ip", m->found[i].ip);
		cJSON_AddNumberToObject(row, "port", m->found[i].port);
		cJSON_AddStringToObject(row, "fingerprint", m->found[i].fingerprint);
		add_link_key(row, m->found[i].fingerprint);
	}
	cJSON_AddBoolToObject(page, "has_found", m->discovered > 0);
}

static void add_status(struct call *c, cJSON *page, const struct mesh_look *m)
{
	cJSON *status = cJSON_AddObjectToObject(page, "status");

	cJSON_AddBoolToObject(status, "running", m->running);
	cJSON_AddBoolToObject(status, "deaf", m->running && !m->listening);
	page_number(c, status, "connected", (int64_t)m->connected);
	page_number(c, status, "total", (int64_t)m->count);
	cJSON_AddStringToObject(status, "central", m->central);
	page_number(c, status, "sent", m->sent);
	page_number(c, status, "received", m->received);
	cJSON_AddBoolToObject(status, "quorum_away", m->reachable < quorum_needed(m->weight));
	page_number(c, status, "quorum_needed", quorum_needed(m->weight));
	page_number(c, status, "quorum_weight", m->weight);
	page_number(c, status, "quorum_reachable", m->reachable);
}

static void add_own_form(struct call *c, cJSON *form, const struct p2p_form *f)
{
	cJSON *api_port;

	mark(c, form_add(c, form, &own_form[0], "", f->id), f->wrong, WRONG_ID, "wrong.central_id");
	mark(c, form_add(c, form, &own_form[1], "", f->ip), f->wrong, WRONG_IP, "wrong.host");
	mark(c, form_add(c, form, &own_form[2], "", f->p2p_port), f->wrong, WRONG_P2P_PORT, "wrong.port");
	api_port = form_add(c, form, &own_form[3], "", f->api_port);
	mark(c, api_port, f->wrong, WRONG_API_PORT, "wrong.port");
	mark(c, api_port, f->wrong, WRONG_TAKEN, "p2p.same_ports");
	form_add(c, form, &own_form[4], "", NULL);
}

static enum err add_own(struct call *c, cJSON *page)
{
	char fingerprint[FINGERPRINT_SIZE];
	struct identity identity;
	enum err e = identity_read(c->desk->db, &identity);

	if (e != ERR_NONE)
		return e;
	cJSON_AddBoolToObject(page, "has_secret", identity.mesh_secret[0] != '\0');
	key_fingerprint(identity.keys.public_key, fingerprint);
	cJSON_AddStringToObject(page, "own_fingerprint", fingerprint);
	explicit_bzero(&identity, sizeof identity);
	return ERR_NONE;
}

/* Where the first mistake is. */
static void focus(cJSON *form, const cJSON *rows)
{
	bool found = form_focus(form);
	cJSON *row;

	cJSON_ArrayForEach(row, rows) {
		found = found || form_focus(row);
	}
}

/* The page with the form as given; form may hold an alert already and is taken over. */
static enum err show(struct call *c, int status, cJSON *form, const struct p2p_form *f, struct fault *fault)
{
	struct mesh_look *m = NULL;
	cJSON *page = cJSON_CreateObject(), *rows;
	enum err e = mesh_look(c, &m, fault);

	cJSON_AddItemToObject(page, "form", form);
	if (e == ERR_NONE)
		e = add_own(c, page);
	if (e != ERR_NONE) {
		cJSON_Delete(page);
		free(m);
		return e;
	}
	add_status(c, page, m);
	warnings_show(c, page, m->warning, m->warnings);
	add_own_form(c, form, f);
	cJSON_AddStringToObject(page, "version", f->version);
	rows = cJSON_AddArrayToObject(page, "peers");
	for (size_t i = 0; i < f->count; i++)
		add_row(c, rows, &f->row[i], i + 1, m);
	focus(form, rows);
	page_number(c, page, "peer_count", (int64_t)f->count);
	add_others(c, page, m);
	add_found(page, m);
	free(m);
	return page_show(c, status, "p2p", page);
}

static cJSON *no_alert(struct call *c)
{
	return form_make(c, NULL, 0, NULL);
}

/* --- looking --------------------------------------------------------------------------------------------------------- */

/* A row for the discovered central that the query names, by its key since several may say to be the same, to be looked at and saved.
 * One that has gone meanwhile is no fault. */
static enum err add_named(struct call *c, struct p2p_form *form, struct discovered found[DISCOVERED_MAX])
{
	const char *id = params_text(&c->params, "found"), *key = params_text(&c->params, "key");
	size_t count = 0;
	enum err e = id ? discovered_list(c->desk->db, found, &count) : ERR_NONE;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(found[i].id, id) == 0 && (!key || strcmp(found[i].fingerprint, key) == 0)) {
			p2p_form_add_found(form, &found[i]);
			break;
		}
	}
	return e;
}

enum err page_p2p(struct call *c, struct fault *fault)
{
	struct discovered found[DISCOVERED_MAX];
	struct site_config config;
	struct p2p_form form;
	enum err e = call_read(c, fault);

	if (e == ERR_NONE)
		e = site_config_read(c->desk->db, &config);
	if (e != ERR_NONE)
		return e;
	p2p_form_from_config(&config, &form);
	e = add_named(c, &form, found);
	return e == ERR_NONE ? show(c, 200, no_alert(c), &form, fault) : e;
}

/* --- saving ---------------------------------------------------------------------------------------------------------- */

/* Somebody else was quicker: what is held now stands beside what was typed, and the next save is over that. */
static void add_held(struct call *c, cJSON *form, struct p2p_form *f)
{
	struct site_config held;
	struct fault unused;
	char text[CONFIG_TEXT];

	if (call_read(c, &unused) != ERR_NONE || site_config_read(c->desk->db, &held) != ERR_NONE)
		return;
	config_tag(&held, f->tag);
	f->version = f->tag;
	config_text(&held, text);
	cJSON_AddStringToObject(form, "held_now", text);
}

static enum err show_wrong(struct call *c, struct p2p_form *f, enum err why, const struct fault *told, struct fault *fault)
{
	cJSON *form = no_alert(c);
	struct fault many;

	if (f->too_many) {
		fault_limit(&many, PEERS_MAX, fault_set(&many, why, "too_many_peers", "", "A central has at most %d peers.", PEERS_MAX));
		form_fault(c, form, why, &many);
	} else if (told) {
		if (why == ERR_CONFLICT)
			add_held(c, form, f);
		form_fault(c, form, why, told);
	} else {
		form_alert(c, form, "p2p.not_saved", NULL);
	}
	return show(c, answer_status(why), form, f, fault);
}

static enum err save(struct call *c, struct p2p_form *f, struct fault *fault)
{
	struct config_change change;
	struct actor by = caller_actor(c);
	struct site_config now;
	struct fault told = {0};
	enum err e;

	if (!p2p_form_check(f, &change))
		return show_wrong(c, f, ERR_INVALID, NULL, fault);
	e = config_change_run(c->app->writer, &by, &change, &now, &told);
	if (e != ERR_NONE)
		return show_wrong(c, f, e, &told, fault);
	return page_redirect(c, PATH, "p2p.saved", NULL);
}

enum err page_p2p_save(struct call *c, struct fault *fault)
{
	struct p2p_form form;

	p2p_form_from_params(&c->params, &form);
	if (strcmp(params_text(&c->params, "act"), "save") == 0)
		return save(c, &form, fault);
	p2p_form_add_row(&form);
	if (form.too_many)
		return show_wrong(c, &form, ERR_INVALID, NULL, fault);
	return show(c, 200, no_alert(c), &form, fault);
}

/* --- testing and removing a peer ------------------------------------------------------------------------------------- */

enum err page_p2p_test(struct call *c, struct fault *fault)
{
	const char *id = params_text(&c->params, "test_peer");
	struct command answer = {0};
	cJSON *values;
	enum err e = p2p_test(c, id, &answer, fault);

	if (e != ERR_NONE)
		return e;
	values = cJSON_CreateObject();
	cJSON_AddStringToObject(values, "peer", id);
	if (!answer.done)
		return page_redirect_failed(c, PATH, "p2p.test_unanswered", values);
	if (!answer.ok) {
		p2p_why(c, values, "reason", id, &answer.why);
		return page_redirect_failed(c, PATH, "p2p.test_failed", values);
	}
	cJSON_AddNumberToObject(values, "rtt_ms", (double)(int64_t)(answer.rtt_ms * 10 + 0.5) / 10);
	return page_redirect(c, PATH, "p2p.test_good", values);
}

static enum err ask_remove(struct call *c, const struct peer_row *peer)
{
	const struct confirm question = {.title = "p2p.remove_title", .text = "p2p.remove_text", .button = "p2p.remove",
		.action = PATH "/remove", .back = PATH, .field = "peer_id", .value = peer->id};
	cJSON *values = cJSON_CreateObject();

	cJSON_AddStringToObject(values, "peer", peer->id);
	cJSON_AddStringToObject(values, "ip", peer->ip);
	cJSON_AddNumberToObject(values, "port", peer->p2p_port);
	return page_confirm(c, &question, values);
}

enum err page_p2p_remove(struct call *c, struct fault *fault)
{
	const char *id = params_text(&c->params, "peer_id");
	struct site_config config;
	enum err e = call_read(c, fault);

	if (e == ERR_NONE)
		e = site_config_read(c->desk->db, &config);
	for (size_t i = 0; e == ERR_NONE && i < config.peer_count; i++) {
		if (strcmp(config.peers[i].id, id) == 0)
			return ask_remove(c, &config.peers[i]);
	}
	if (e == ERR_NONE)
		e = fault_set(fault, ERR_NOT_FOUND, "unknown_peer", "peer_id", "No peer of that id is configured.");
	return e;
}

enum err page_p2p_removing(struct call *c, struct fault *fault)
{
	const char *id = params_text(&c->params, "peer_id");
	struct actor by = caller_actor(c);
	cJSON *values;
	enum err e = config_remove_peer(c->app->writer, &by, id, fault);

	if (e != ERR_NONE)
		return e;
	values = cJSON_CreateObject();
	cJSON_AddStringToObject(values, "peer", id);
	return page_redirect(c, PATH, "p2p.removed", values);
}
