#include "pages.h"

#include <string.h>

#include "answer.h"
#include "attempts.h"
#include "caller.h"
#include "domain/ledger.h"
#include "domain/people.h"
#include "form.h"
#include "hashing.h"
#include "page.h"
#include "password_form.h"
#include "seal/token.h"
#include "serve.h"

#define TYPED_MAX 1000
#define COUNT(list) (sizeof list / sizeof *list)

/* --- one's own password ---------------------------------------------------------------------------------------------- */

#define TYPED(name) {name, FIELD_TEXT, FROM_BODY, false, 0, TYPED_MAX, NULL}

const struct field page_account_fields[3] = {TYPED("current"), TYPED("password"), TYPED("again")};

static const struct form_field account_form[] = {
	{.name = "current", .label = "account.current", .required = true, .type = "password", .autocomplete = "current-password"},
	{.name = "password", .label = "account.new", .help = "account.new_help", .required = true, .type = "password",
		.autocomplete = "new-password"},
	{.name = "again", .label = "account.again", .required = true, .type = "password", .autocomplete = "new-password"},
};

/* form is taken over. */
static enum err show(struct call *c, int status, cJSON *form)
{
	cJSON *page = cJSON_CreateObject();

	cJSON_AddItemToObject(page, "form", form);
	return page_show(c, status, "account", page);
}

enum err page_account(struct call *c, struct fault *fault)
{
	(void)fault;
	return show(c, 200, form_make(c, account_form, COUNT(account_form), NULL));
}

struct password_job { struct actor by; char hash[PASSWORD_HASH_SIZE]; unsigned char session[TOKEN_HASH_BYTES]; struct fault *fault; };

static enum err set_password(struct ledger *l, void *arg)
{
	struct password_job *j = arg;

	return people_set_password(ledger_db(l), &j->by, j->by.who, j->hash, j->session, j->fault);
}

/* Is the current password right? Tries are limited: a browser left alone is no place to guess at. */
static enum err check_current(struct call *c, bool *fits, struct fault *why)
{
	struct user_row user;
	enum err e;

	if (attempts_change_begin(c->app->attempts, c->caller.user, world_mono_ms(&c->app->world)) > 0)
		return fault_set(why, ERR_DENIED, "too_many_tries", "current", "Too many wrong passwords; wait some minutes.");
	e = call_read(c, why);
	if (e == ERR_NONE)
		e = user_find(c->desk->db, c->caller.user, &user);
	call_read_end(c);
	if (e == ERR_NONE)
		e = hashing_check(c->app->hashing, user.password, params_typed(&c->params, "current"), fits, why);
	explicit_bzero(&user, sizeof user);
	if (e == ERR_NONE && *fits)
		attempts_change_good(c->app->attempts, c->caller.user);
	return e;
}

static enum err change(struct call *c, cJSON *form, struct fault *why)
{
	struct password_job j = {.by = caller_actor(c), .fault = why};
	bool fits = false;
	enum err e = check_current(c, &fits, why);

	if (e == ERR_NONE && !fits) {
		form_wrong(c, form, "current", "account.wrong", NULL);
		return ERR_INVALID;
	}
	if (e == ERR_NONE && !password_form_good(c, form, c->caller.user))
		return ERR_INVALID;
	if (e == ERR_NONE)
		e = hashing_make(c->app->hashing, params_typed(&c->params, "password"), j.hash, why);
	token_hash(c->token, j.session);
	if (e == ERR_NONE)
		e = page_write(c, set_password, &j, why);
	explicit_bzero(j.hash, sizeof j.hash);
	if (e != ERR_NONE)
		form_fault(c, form, e, why);
	return e;
}

enum err page_account_save(struct call *c, struct fault *fault)
{
	cJSON *form = form_make(c, account_form, COUNT(account_form), &c->params);
	enum err e = change(c, form, fault);

	if (e != ERR_NONE)
		return show(c, answer_status(e), form);
	cJSON_Delete(form);
	return page_redirect(c, "/account", "account.changed", NULL);
}

/* --- the first administrator ----------------------------------------------------------------------------------------- */

const struct field page_setup_fields[1] = {{"token", FIELD_TEXT, FROM_QUERY, false, 0, TYPED_MAX, NULL}};
const struct field page_setting_up_fields[4] = {TYPED("token"), TYPED("name"), TYPED("password"), TYPED("again")};

static const struct form_field setup_form[] = {
	{.name = "name", .label = "login.name", .help = "setup.name_help", .required = true, .max = USER_NAME_SIZE - 1,
		.autocomplete = "username"},
	{.name = "password", .label = "login.password", .help = "account.new_help", .required = true, .type = "password",
		.autocomplete = "new-password"},
	{.name = "again", .label = "account.again", .required = true, .type = "password", .autocomplete = "new-password"},
};

static enum err show_setup(struct call *c, int status, cJSON *form)
{
	cJSON *page = cJSON_CreateObject();

	cJSON_AddItemToObject(page, "form", form);
	cJSON_AddStringToObject(page, "token", params_typed(&c->params, "token"));
	return page_show(c, status, "setup", page);
}

static enum err check_link(struct call *c, struct fault *fault)
{
	unsigned char hash[TOKEN_HASH_BYTES];
	enum err e = call_read(c, fault);

	token_hash(params_typed(&c->params, "token"), hash);
	if (e == ERR_NONE)
		e = people_link(c->desk->db, hash, call_now(c));
	call_read_end(c);
	if (e == ERR_NOT_FOUND)
		fault_set(fault, e, "link_over", "", "This link was used already, or is over. Make a new one: parkmeshctl setup-link.");
	return e;
}

enum err page_setup(struct call *c, struct fault *fault)
{
	enum err e = check_link(c, fault);

	return e == ERR_NONE ? show_setup(c, 200, form_make(c, setup_form, COUNT(setup_form), NULL)) : e;
}

struct setup_job {
	struct actor by;
	unsigned char link[TOKEN_HASH_BYTES];
	const char *name;
	struct user_row user;            /* afterwards */
	char hash[PASSWORD_HASH_SIZE];
	struct fault *fault;
};

static enum err use_link(struct ledger *l, void *arg)
{
	struct setup_job *j = arg;
	enum err e = people_use_link(ledger_db(l), &j->by, j->link, j->name, j->hash, j->fault);

	return e == ERR_NONE ? user_find(ledger_db(l), j->name, &j->user) : e;
}

static enum err set_up(struct call *c, cJSON *form, struct fault *why)
{
	struct setup_job j = {.by = caller_actor(c), .name = params_typed(&c->params, "name"), .fault = why};
	enum err e = people_check_name(j.name, why);

	j.by.who = j.name;
	token_hash(params_typed(&c->params, "token"), j.link);
	if (e == ERR_NONE && !password_form_good(c, form, j.name))
		return ERR_INVALID;
	if (e == ERR_NONE)
		e = hashing_make(c->app->hashing, params_typed(&c->params, "password"), j.hash, why);
	if (e == ERR_NONE)
		e = page_write(c, use_link, &j, why);
	if (e == ERR_NONE)
		e = login_begin(c, &j.user, why);
	if (e == ERR_NONE)
		attempts_know(c->app->attempts, j.by.source, j.user.name, world_mono_ms(&c->app->world));
	explicit_bzero(&j, sizeof j);
	if (e != ERR_NONE)
		form_fault(c, form, e, why);
	return e;
}

enum err page_setting_up(struct call *c, struct fault *fault)
{
	struct fault why = {0};
	cJSON *form;
	enum err e = check_link(c, fault);

	if (e != ERR_NONE)
		return e;
	form = form_make(c, setup_form, COUNT(setup_form), &c->params);
	e = set_up(c, form, &why);
	if (e != ERR_NONE)
		return show_setup(c, answer_status(e), form);
	cJSON_Delete(form);
	return page_redirect(c, "/", "setup.done", NULL);
}
