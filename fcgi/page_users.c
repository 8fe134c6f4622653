#include "pages.h"

#include <string.h>

#include "answer.h"
#include "base/text.h"
#include "caller.h"
#include "domain/ledger.h"
#include "domain/people.h"
#include "form.h"
#include "hashing.h"
#include "page.h"
#include "password_form.h"
#include "serve.h"

#define PATH "/settings/users"
#define TYPED_MAX 1000
#define VERSION_SIZE 24
#define HREF_SIZE 200
#define COUNT(list) (sizeof list / sizeof *list)
#define TYPED(name) {name, FIELD_TEXT, FROM_BODY, false, 0, TYPED_MAX, NULL}
#define NAME(from) {"name", FIELD_TEXT, from, true, 1, USER_NAME_SIZE - 1, NULL}
#define VERSION_OF(from) {"version", FIELD_TEXT, from, false, 0, VERSION_SIZE - 1, NULL}
#define ROLES "viewer|operator|admin"

const struct field page_user_adding_fields[4] = {TYPED("name"), TYPED("role"), TYPED("password"), TYPED("again")};
const struct field page_user_name_fields[1] = {NAME(FROM_QUERY)};
const struct field page_user_role_fields[3] = {NAME(FROM_BODY), VERSION_OF(FROM_BODY),
	{"role", FIELD_CHOICE, FROM_BODY, true, 0, 0, ROLES}};
const struct field page_user_password_fields[4] = {NAME(FROM_BODY), VERSION_OF(FROM_BODY), TYPED("password"), TYPED("again")};
const struct field page_user_removing_fields[2] = {NAME(FROM_BODY), VERSION_OF(FROM_QUERY)};

#define ROLE_FIELD {.name = "role", .label = "users.role", .help = "users.role_help", .required = true, .options = ROLES, .words = "role"}
#define PASSWORDS \
	{.name = "password", .label = "login.password", .help = "account.new_help", .required = true, .type = "password", \
		.autocomplete = "new-password"}, \
	{.name = "again", .label = "users.again", .required = true, .type = "password", .autocomplete = "new-password"}

static const struct form_field add_form[] = {
	{.name = "name", .label = "login.name", .help = "setup.name_help", .required = true, .max = USER_NAME_SIZE - 1},
	ROLE_FIELD,
	PASSWORDS,
};
static const struct form_field role_form[] = {ROLE_FIELD};
static const struct form_field password_form[] = {PASSWORDS};

static enum err said(struct call *c, const char *text, const char *name)
{
	cJSON *values = cJSON_CreateObject();

	cJSON_AddStringToObject(values, "name", name);
	return page_redirect(c, PATH, text, values);
}

/* --- the list ---------------------------------------------------------------------------------------------------------- */

struct listing { struct call *call; cJSON *rows; };

static void add_href(cJSON *row, const char *member, const char *path, const char *name)
{
	char href[HREF_SIZE];

	/* Of a name nothing has to be encoded. */
	text_format(href, sizeof href, "%s?name=%s", path, name);
	cJSON_AddStringToObject(row, member, href);
}

static enum err add_row(void *arg, const struct user_row *user)
{
	struct listing *l = arg;
	cJSON *row = cJSON_CreateObject();
	char role[32];

	cJSON_AddItemToArray(l->rows, row);
	cJSON_AddStringToObject(row, "who", user->name);
	text_format(role, sizeof role, "role.%s", user_role_name(user->role));
	page_words(l->call, row, "may", role, NULL);
	page_time(l->call, row, "seen", user->seen_ms);
	cJSON_AddBoolToObject(row, "own", strcmp(user->name, l->call->caller.user) == 0);
	add_href(row, "edit", PATH "/edit", user->name);
	add_href(row, "remove", PATH "/remove", user->name);
	return ERR_NONE;
}

enum err page_users(struct call *c, struct fault *fault)
{
	cJSON *page = cJSON_CreateObject();
	struct listing l = {.call = c, .rows = cJSON_AddArrayToObject(page, "users")};
	enum err e = call_read(c, fault);

	if (e == ERR_NONE)
		e = user_list(c->desk->db, add_row, &l);
	if (e == ERR_NONE)
		return page_show(c, 200, "users", page);
	cJSON_Delete(page);
	return e;
}

/* --- adding ------------------------------------------------------------------------------------------------------------ */

struct user_job {
	struct actor by;
	const char *name, *version;
	enum user_role role;
	char hash[PASSWORD_HASH_SIZE];
	struct fault *fault;
};

/* form is taken over. */
static enum err show_add(struct call *c, int status, cJSON *form)
{
	cJSON *page = cJSON_CreateObject();

	cJSON_AddItemToObject(page, "form", form);
	return page_show(c, status, "user_add", page);
}

enum err page_user_add(struct call *c, struct fault *fault)
{
	cJSON *form = form_make(c, add_form, COUNT(add_form), NULL);

	(void)fault;
	form_value(form, "role", "operator");
	return show_add(c, 200, form);
}

static enum err add(struct ledger *l, void *arg)
{
	struct user_job *j = arg;

	return people_add(ledger_db(l), &j->by, j->name, j->role, j->hash, j->fault);
}

static enum err add_typed(struct call *c, cJSON *form, struct fault *why)
{
	struct user_job j = {.by = caller_actor(c), .name = params_typed(&c->params, "name"), .fault = why};
	enum err e = people_check_name(j.name, why);

	if (e == ERR_NONE && !user_role_parse(params_typed(&c->params, "role"), &j.role)) {
		form_wrong(c, form, "role", "wrong.missing", NULL);
		return ERR_INVALID;
	}
	if (e == ERR_NONE && !password_form_good(c, form, j.name))
		return ERR_INVALID;
	if (e == ERR_NONE)
		e = hashing_make(c->app->hashing, params_typed(&c->params, "password"), j.hash, why);
	if (e == ERR_NONE)
		e = page_write(c, add, &j, why);
	explicit_bzero(j.hash, sizeof j.hash);
	if (e != ERR_NONE)
		form_fault(c, form, e, why);
	return e;
}

enum err page_user_adding(struct call *c, struct fault *fault)
{
	cJSON *form = form_make(c, add_form, COUNT(add_form), &c->params);
	enum err e = add_typed(c, form, fault);

	if (e != ERR_NONE)
		return show_add(c, answer_status(e), form);
	cJSON_Delete(form);
	return said(c, "users.added", params_typed(&c->params, "name"));
}

/* --- one account ------------------------------------------------------------------------------------------------------- */

/* Names what the account is now: another one after each change of it. */
static void version_of(const struct user_row *user, char out[VERSION_SIZE])
{
	text_format(out, VERSION_SIZE, "%lld", (long long)user->changed_ms);
}

static enum err find(struct db *db, const char *name, struct user_row *out, struct fault *fault)
{
	enum err e = user_find(db, name, out);

	explicit_bzero(out->password, sizeof out->password);
	return e == ERR_NOT_FOUND ? fault_set(fault, e, "unknown_user", "", "There is no account of that name.") : e;
}

/* Nobody changes his own account here: by one slip an administrator would lock himself out. */
static enum err check_other(const struct call *c, const char *name, struct fault *fault)
{
	if (strcmp(name, c->caller.user) != 0)
		return ERR_NONE;
	return fault_set(fault, ERR_CONFLICT, "own_account", "", "This is your own account; another administrator can change it.");
}

static enum err look(struct call *c, const char *name, struct user_row *out, struct fault *fault)
{
	enum err e = check_other(c, name, fault);

	if (e == ERR_NONE)
		e = call_read(c, fault);
	return e == ERR_NONE ? find(c->desk->db, name, out, fault) : e;
}

/* Is the account still as it was when the form was made? In the transaction of the change. */
static enum err check_version(struct db *db, const struct user_job *j)
{
	struct user_row now;
	char version[VERSION_SIZE];
	enum err e = find(db, j->name, &now, j->fault);

	if (e != ERR_NONE)
		return e;
	version_of(&now, version);
	if (!j->version || strcmp(j->version, version) == 0)
		return ERR_NONE;
	return fault_set(j->fault, ERR_CONFLICT, "etag_mismatch", "", "Somebody else has just changed this account.");
}

/* forms: what was typed, taken over; NULL: none of that. */
static enum err show_edit(struct call *c, int status, const struct user_row *user, cJSON *role, cJSON *password)
{
	cJSON *page = cJSON_CreateObject();
	char version[VERSION_SIZE];

	if (!role) {
		role = form_make(c, role_form, COUNT(role_form), NULL);
		form_value(role, "role", user_role_name(user->role));
	}
	version_of(user, version);
	cJSON_AddItemToObject(page, "role_form", role);
	cJSON_AddItemToObject(page, "password_form", password ? password : form_make(c, password_form, COUNT(password_form), NULL));
	cJSON_AddStringToObject(page, "who", user->name);
	cJSON_AddStringToObject(page, "version", version);
	page_time(c, page, "seen", user->seen_ms);
	page_time(c, page, "created", user->created_ms);
	return page_show(c, status, "user_edit", page);
}

enum err page_user_edit(struct call *c, struct fault *fault)
{
	struct user_row user;
	enum err e = look(c, params_typed(&c->params, "name"), &user, fault);

	return e == ERR_NONE ? show_edit(c, 200, &user, NULL, NULL) : e;
}

/* After a refusal: the page again with what was typed. Takes the forms over. */
static enum err show_again(struct call *c, enum err e, cJSON *role, cJSON *password, struct fault *fault)
{
	struct user_row user;
	enum err found = look(c, params_typed(&c->params, "name"), &user, fault);

	if (found == ERR_NONE)
		return show_edit(c, answer_status(e), &user, role, password);
	cJSON_Delete(role);
	cJSON_Delete(password);
	return found;
}

static enum err set_role(struct ledger *l, void *arg)
{
	struct user_job *j = arg;
	enum err e = check_version(ledger_db(l), j);

	return e == ERR_NONE ? people_set_role(ledger_db(l), &j->by, j->name, j->role, j->fault) : e;
}

enum err page_user_role(struct call *c, struct fault *fault)
{
	struct fault why = {0};
	struct user_job j = {.by = caller_actor(c), .name = params_typed(&c->params, "name"),
		.version = params_text(&c->params, "version"), .fault = &why};
	enum err e = check_other(c, j.name, fault);
	cJSON *form;

	if (e != ERR_NONE)
		return e;
	user_role_parse(params_typed(&c->params, "role"), &j.role);
	e = page_write(c, set_role, &j, &why);
	if (e == ERR_NONE)
		return said(c, "users.role_set", j.name);
	form = form_make(c, role_form, COUNT(role_form), &c->params);
	form_fault(c, form, e, &why);
	return show_again(c, e, form, NULL, fault);
}

static enum err set_password(struct ledger *l, void *arg)
{
	struct user_job *j = arg;
	enum err e = check_version(ledger_db(l), j);

	return e == ERR_NONE ? people_set_password(ledger_db(l), &j->by, j->name, j->hash, NULL, j->fault) : e;
}

static enum err set_typed(struct call *c, cJSON *form, struct fault *why)
{
	struct user_job j = {.by = caller_actor(c), .name = params_typed(&c->params, "name"),
		.version = params_text(&c->params, "version"), .fault = why};
	enum err e;

	if (!password_form_good(c, form, j.name))
		return ERR_INVALID;
	e = hashing_make(c->app->hashing, params_typed(&c->params, "password"), j.hash, why);
	if (e == ERR_NONE)
		e = page_write(c, set_password, &j, why);
	explicit_bzero(j.hash, sizeof j.hash);
	if (e != ERR_NONE)
		form_fault(c, form, e, why);
	return e;
}

enum err page_user_password(struct call *c, struct fault *fault)
{
	struct fault why = {0};
	enum err e = check_other(c, params_typed(&c->params, "name"), fault);
	cJSON *form;

	if (e != ERR_NONE)
		return e;
	form = form_make(c, password_form, COUNT(password_form), &c->params);
	e = set_typed(c, form, &why);
	if (e != ERR_NONE)
		return show_again(c, e, NULL, form, fault);
	cJSON_Delete(form);
	return said(c, "users.password_set", params_typed(&c->params, "name"));
}

/* --- removing ---------------------------------------------------------------------------------------------------------- */

enum err page_user_remove(struct call *c, struct fault *fault)
{
	char action[HREF_SIZE], version[VERSION_SIZE];
	struct user_row user;
	const struct confirm question = {.title = "users.remove_title", .text = "users.remove_text", .button = "users.remove",
		.action = action, .back = PATH, .field = "name", .value = user.name};
	enum err e = look(c, params_typed(&c->params, "name"), &user, fault);
	cJSON *values;

	if (e != ERR_NONE)
		return e;
	version_of(&user, version);
	text_format(action, sizeof action, PATH "/remove?version=%s", version);
	values = cJSON_CreateObject();
	cJSON_AddStringToObject(values, "name", user.name);
	return page_confirm(c, &question, values);
}

static enum err take_away(struct ledger *l, void *arg)
{
	struct user_job *j = arg;
	enum err e = check_version(ledger_db(l), j);

	return e == ERR_NONE ? people_remove(ledger_db(l), &j->by, j->name, j->fault) : e;
}

enum err page_user_removing(struct call *c, struct fault *fault)
{
	struct user_job j = {.by = caller_actor(c), .name = params_typed(&c->params, "name"),
		.version = params_text(&c->params, "version"), .fault = fault};
	enum err e = check_other(c, j.name, fault);

	if (e == ERR_NONE)
		e = page_write(c, take_away, &j, fault);
	if (e == ERR_NONE)
		return said(c, "users.removed", j.name);
	if (e == ERR_CONFLICT && strcmp(fault->code, "etag_mismatch") == 0)
		return page_redirect_failed(c, PATH, "list.changed_meanwhile", NULL);
	return e;
}
