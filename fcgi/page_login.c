#include "pages.h"

#include <inttypes.h>
#include <string.h>

#include "answer.h"
#include "attempts.h"
#include "base/journal.h"
#include "base/text.h"
#include "caller.h"
#include "cookie.h"
#include "domain/ledger.h"
#include "domain/people.h"
#include "form.h"
#include "hashing.h"
#include "page.h"
#include "seal/token.h"
#include "serve.h"
#include "url.h"

#define TYPED_MAX 1000
#define LANGUAGE_KEPT_S (365 * 24 * 3600)

const struct field page_login_fields[2] = {
	{"back", FIELD_TEXT, FROM_QUERY, false, 0, TYPED_MAX, NULL},
	{"lost", FIELD_CHOICE, FROM_QUERY, false, 0, 0, "1"},
};

const struct field page_logging_in_fields[4] = {
	{"name", FIELD_TEXT, FROM_BODY, false, 0, TYPED_MAX, NULL},
	{"password", FIELD_TEXT, FROM_BODY, false, 0, TYPED_MAX, NULL},
	{"back", FIELD_TEXT, FROM_BODY, false, 0, TYPED_MAX, NULL},
	{"lost", FIELD_CHOICE, FROM_BODY, false, 0, 0, "1"},
};

const struct field page_language_fields[2] = {
	{"to", FIELD_CHOICE, FROM_QUERY, true, 0, 0, "vi|en"},
	{"back", FIELD_TEXT, FROM_QUERY, false, 0, TYPED_MAX, NULL},
};

static const struct form_field login_form[] = {
	{.name = "name", .label = "login.name", .required = true, .max = USER_NAME_SIZE - 1, .autocomplete = "username"},
	{.name = "password", .label = "login.password", .required = true, .type = "password", .autocomplete = "current-password"},
};

static const char *back_of(const struct call *c)
{
	const char *back = params_typed(&c->params, "back");

	return url_is_local(back) ? back : "/";
}

/* Was a form sent after the log-in had ended? */
static bool was_lost(const struct call *c)
{
	return params_typed(&c->params, "lost")[0] != '\0';
}

static enum err go_back(struct call *c)
{
	return was_lost(c) ? page_redirect_failed(c, back_of(c), "login.form_lost", NULL) : page_redirect(c, back_of(c), NULL, NULL);
}

/* --- the form -------------------------------------------------------------------------------------------------------- */

/* form is taken over. */
static enum err show(struct call *c, int status, cJSON *form, struct fault *fault)
{
	cJSON *page = cJSON_CreateObject();
	int64_t admins = 0;
	enum err e = call_read(c, fault);

	if (e == ERR_NONE)
		e = user_count_admins(c->desk->db, &admins);
	cJSON_AddItemToObject(page, "form", form);
	cJSON_AddStringToObject(page, "back", back_of(c));
	cJSON_AddBoolToObject(page, "lost", was_lost(c));
	cJSON_AddBoolToObject(page, "nobody_yet", e == ERR_NONE && admins == 0);
	if (e == ERR_NONE)
		return page_show(c, status, "login", page);
	cJSON_Delete(page);
	return e;
}

enum err page_login(struct call *c, struct fault *fault)
{
	if (c->caller.user[0])
		return go_back(c);
	return show(c, 200, form_make(c, login_form, 2, NULL), fault);
}

/* --- logging in ------------------------------------------------------------------------------------------------------ */

struct login_job {
	struct actor by;
	const struct user_row *user;
	unsigned char hash[TOKEN_HASH_BYTES], old[TOKEN_HASH_BYTES];
	struct fault *fault;
};

static enum err begin_session(struct ledger *l, void *arg)
{
	struct login_job *j = arg;

	return people_log_in(ledger_db(l), &j->by, j->user, j->hash, j->old, j->fault);
}

/* The browser gets a new token: whoever may have known the old one does not share the session. What that one was for ends. */
enum err login_begin(struct call *c, const struct user_row *user, struct fault *fault)
{
	struct login_job j = {.by = caller_actor(c), .user = user, .fault = fault};
	char token[TOKEN_SIZE];
	enum err e;

	token_draw(&c->app->world, token);
	token_hash(token, j.hash);
	token_hash(c->token, j.old);
	j.by.who = user->name;
	e = page_write(c, begin_session, &j, fault);
	if (e != ERR_NONE)
		return e;
	memcpy(c->token, token, sizeof token);
	c->fresh_token = true;
	text_copy(c->caller.user, sizeof c->caller.user, user->name);
	explicit_bzero(token, sizeof token);
	c->caller.seen_ms = j.by.now_ms;
	journal_info("event=logged_in user=%s address=%s", user->name, j.by.source);
	return ERR_NONE;
}

static enum err show_wait(struct call *c, int64_t wait_ms, struct fault *fault)
{
	cJSON *form = form_make(c, login_form, 2, &c->params), *values = cJSON_CreateObject();
	char seconds[32];
	enum err e;

	page_duration(c, values, "wait", (wait_ms + 999) / 1000);
	form_alert(c, form, "login.wait", values);
	cJSON_Delete(values);
	e = show(c, 429, form, fault);
	text_format(seconds, sizeof seconds, "%" PRId64, (wait_ms + 999) / 1000);
	response_header(&c->response, "Retry-After", seconds);
	return e;
}

static enum err show_failed(struct call *c, int status, enum err e, const struct fault *why, struct fault *fault)
{
	cJSON *form = form_make(c, login_form, 2, &c->params);

	if (e == ERR_NONE)
		form_alert(c, form, "login.wrong", NULL);
	else
		form_fault(c, form, e, why);
	return show(c, status, form, fault);
}

/* *known: the account is there and the password is its own. */
static enum err check(struct call *c, struct user_row *user, bool *known, struct fault *why)
{
	enum err e = call_read(c, why);
	bool there;

	if (e == ERR_NONE)
		e = user_find(c->desk->db, params_typed(&c->params, "name"), user);
	call_read_end(c);
	if (e != ERR_NONE && e != ERR_NOT_FOUND)
		return e;
	there = e == ERR_NONE;
	return hashing_check(c->app->hashing, there ? user->password : NULL, params_typed(&c->params, "password"), known, why);
}

enum err page_logging_in(struct call *c, struct fault *fault)
{
	const char *address = c->request.remote_addr ? c->request.remote_addr : "", *name = params_typed(&c->params, "name");
	int64_t wait = attempts_begin(c->app->attempts, address, name, world_mono_ms(&c->app->world));
	struct user_row user = {0};
	struct fault why = {0};
	bool known = false;
	enum err e;

	if (wait > 0) {
		traffic_login_failed(&c->app->traffic, LOGIN_LIMITED);
		return show_wait(c, wait, fault);
	}
	e = check(c, &user, &known, &why);
	if (e == ERR_NONE && known)
		e = login_begin(c, &user, &why);
	explicit_bzero(user.password, sizeof user.password);
	if (e != ERR_NONE)
		return show_failed(c, answer_status(e), e, &why, fault);
	if (!known) {
		journal_warning("event=login_refused address=%s", address);
		traffic_login_failed(&c->app->traffic, LOGIN_WRONG);
		return show_failed(c, 403, ERR_NONE, &why, fault);
	}
	attempts_good(c->app->attempts, address, name, world_mono_ms(&c->app->world));
	return go_back(c);
}

/* --- logging out ----------------------------------------------------------------------------------------------------- */

struct logout_job { struct actor by; unsigned char hash[TOKEN_HASH_BYTES]; };

static enum err end_session(struct ledger *l, void *arg)
{
	struct logout_job *j = arg;

	return people_log_out(ledger_db(l), &j->by, j->hash);
}

enum err page_log_out(struct call *c, struct fault *fault)
{
	struct logout_job j = {.by = caller_actor(c)};
	enum err e = ERR_NONE;

	token_hash(c->token, j.hash);
	if (c->caller.user[0])
		e = page_write(c, end_session, &j, fault);
	if (e != ERR_NONE)
		return e;
	c->token[0] = c->caller.user[0] = '\0';
	page_redirect(c, "/login", "login.logged_out", NULL);
	cookie_set(&c->response, &c->request, COOKIE_SESSION, "", 0);
	return ERR_NONE;
}

/* --- the language ---------------------------------------------------------------------------------------------------- */

enum err page_language(struct call *c, struct fault *fault)
{
	(void)fault;
	page_redirect(c, back_of(c), NULL, NULL);
	cookie_set(&c->response, &c->request, COOKIE_LANGUAGE, params_text(&c->params, "to"), LANGUAGE_KEPT_S);
	return ERR_NONE;
}
