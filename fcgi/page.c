#include "page.h"

#include <string.h>

#include "base/journal.h"
#include "base/text.h"
#include "base/zone.h"
#include "caller.h"
#include "cookie.h"
#include "flash.h"
#include "format.h"
#include "serve.h"
#include "store/site.h"
#include "url.h"
#include "view.h"

#define HREF_SIZE (2 * URL_MAX)

/* Where the menu leads; a page without a route here, or not open to this person, is left out. */
static const struct { const char *path, *text, *icon; } menu[] = {
	{"/", "nav.overview", "speedometer2"},
	{"/history", "nav.history", "clock-history"},
	{"/conflicts", "nav.conflicts", "exclamation-triangle"},
	{"/settings/fees", "nav.fees", "cash-coin"},
	{"/settings/subscriptions", "nav.subscriptions", "card-list"},
	{"/settings/staff", "nav.staff", "people"},
	{"/settings/edges", "nav.edges", "camera-video"},
	{"/settings/p2p", "nav.p2p", "diagram-3"},
	{"/settings/users", "nav.users", "person-gear"},
	{"/audit", "nav.audit", "journal-text"},
};

/* --- values ---------------------------------------------------------------------------------------------------------- */

static const struct words *words_of(const struct call *c)
{
	return c->app->catalogue.of[c->language];
}

void page_words(struct call *c, cJSON *parent, const char *name, const char *text, const cJSON *values)
{
	struct buf out;

	buf_init(&out, 8192);
	if (view_words(words_of(c), text, values, &out) != ERR_NONE)
		journal_error("event=text_missing text=%s", text);
	cJSON_AddStringToObject(parent, name, out.len > 0 ? buf_text(&out) : text);
	buf_free(&out);
}

bool page_has_words(const struct call *c, const char *text)
{
	return words_find(words_of(c), text) != NULL;
}

void page_number(struct call *c, cJSON *parent, const char *name, int64_t n)
{
	char text[FORMAT_SIZE];

	format_number(c->language, n, text);
	cJSON_AddStringToObject(parent, name, text);
}

void page_money(struct call *c, cJSON *parent, const char *name, int64_t vnd)
{
	char text[FORMAT_SIZE];

	format_money(c->language, vnd, text);
	cJSON_AddStringToObject(parent, name, text);
}

static void add_moment(cJSON *parent, const char *name, const char *text, int64_t ms)
{
	cJSON *moment = cJSON_AddObjectToObject(parent, name);
	char exact[FORMAT_SIZE];

	format_exact_time(ms, exact);
	cJSON_AddStringToObject(moment, "text", text);
	cJSON_AddStringToObject(moment, "exact", exact);
}

void page_time(struct call *c, cJSON *parent, const char *name, int64_t ms)
{
	char text[FORMAT_SIZE];

	if (ms <= 0)
		return;
	format_time(c->language, ms, text);
	add_moment(parent, name, text, ms);
}

void page_date(struct call *c, cJSON *parent, const char *name, int64_t ms)
{
	char text[FORMAT_SIZE];

	if (ms <= 0)
		return;
	format_date(c->language, ms, text);
	add_moment(parent, name, text, ms);
}

void page_duration(struct call *c, cJSON *parent, const char *name, int64_t seconds)
{
	char text[FORMAT_SIZE];

	format_duration(c->language, seconds, text);
	cJSON_AddStringToObject(parent, name, text);
}

void page_fault(struct call *c, cJSON *parent, const char *name, enum err e, const struct fault *fault)
{
	char of_code[WORDS_NAME_SIZE], of_err[WORDS_NAME_SIZE];
	bool said = text_format(of_code, sizeof of_code, "fault.%s", fault->code) && words_find(words_of(c), of_code);
	cJSON *values = cJSON_CreateObject();

	page_number(c, values, "limit", fault->limit);
	text_format(of_err, sizeof of_err, "failed.%s", err_name(e));
	if (!said && fault->sentence[0])
		cJSON_AddStringToObject(parent, name, fault->sentence);
	else if (said)
		page_words(c, parent, name, of_code, values);
	else
		page_words(c, parent, name, words_find(words_of(c), of_err) ? of_err : "failed.other", NULL);
	cJSON_Delete(values);
}

/* --- paging ---------------------------------------------------------------------------------------------------------- */

static void add_page_link(cJSON *paging, const char *name, const char *path, int64_t offset)
{
	char href[HREF_SIZE];

	if (text_format(href, sizeof href, "%s%soffset=%lld", path, strchr(path, '?') ? "&" : "?", (long long)offset))
		cJSON_AddStringToObject(paging, name, href);
}

void page_paging(struct call *c, cJSON *parent, const struct paging *p)
{
	cJSON *paging, *values = cJSON_CreateObject();
	int64_t before = p->offset > p->limit ? p->offset - p->limit : 0;

	paging = cJSON_AddObjectToObject(parent, "paging");
	page_number(c, values, "first", p->shown > 0 ? p->offset + 1 : 0);
	page_number(c, values, "last", p->offset + p->shown);
	if (p->total >= 0)
		page_number(c, values, "total", p->total);
	page_words(c, paging, "text", "paging.text", values);
	cJSON_Delete(values);
	if (p->offset > 0)
		add_page_link(paging, "newer", p->path, before);
	if (p->more)
		add_page_link(paging, "older", p->path, p->offset + p->limit);
}

/* --- the browser ----------------------------------------------------------------------------------------------------- */

void page_begin(struct call *c)
{
	char code[8], token[TOKEN_SIZE];

	if (cookie_get(&c->request, COOKIE_LANGUAGE, code, sizeof code))
		language_parse(code, &c->language);
	if (cookie_get(&c->request, COOKIE_SESSION, token, sizeof token) && hex_is(token, TOKEN_SIZE - 1))
		memcpy(c->token, token, sizeof token);
}

/* --- the layout ------------------------------------------------------------------------------------------------------ */

static void make_token(struct call *c)
{
	if (c->token[0] == '\0') {
		token_draw(&c->app->world, c->token);
		c->fresh_token = true;
	}
	caller_csrf(c);
}

static void add_switch(struct call *c, cJSON *site)
{
	enum language other = c->language == LANGUAGE_VI ? LANGUAGE_EN : LANGUAGE_VI;
	cJSON *to = cJSON_AddObjectToObject(site, "switch");
	const struct request *r = &c->request;
	struct buf href;

	buf_init(&href, HREF_SIZE * 3);
	buf_printf(&href, "/language?to=%s&back=", language_code(other));
	url_encode_here(&href, r->path, r->method == METHOD_GET ? r->query : "");
	cJSON_AddStringToObject(to, "language", language_code(other));
	cJSON_AddStringToObject(to, "href", buf_text(&href));
	buf_free(&href);
}

static void add_user(struct call *c, cJSON *site)
{
	char role[WORDS_NAME_SIZE];
	cJSON *user;

	if (!c->caller.user[0])
		return;
	user = cJSON_AddObjectToObject(site, "user");
	cJSON_AddStringToObject(user, "name", c->caller.user);
	text_format(role, sizeof role, "role.%s", user_role_name(c->caller.user_role));
	page_words(c, user, "role", role, NULL);
	cJSON_AddBoolToObject(user, "is_operator", c->caller.user_role >= USER_OPERATOR);
	cJSON_AddBoolToObject(user, "is_admin", c->caller.user_role >= USER_ADMIN);
}

bool page_may_open(const struct call *c, const char *path)
{
	struct route_match match;

	route_find(routes, routes_count, METHOD_GET, path, &match);
	return match.route && c->caller.user_role >= access_role(match.route->access, METHOD_GET);
}

static bool is_current(const char *path, const char *item)
{
	size_t len = strlen(item);

	return strcmp(path, item) == 0 || (len > 1 && strncmp(path, item, len) == 0 && path[len] == '/');
}

static void add_menu(struct call *c, cJSON *site)
{
	cJSON *list = cJSON_AddArrayToObject(site, "nav");

	for (size_t i = 0; c->caller.user[0] && i < sizeof menu / sizeof *menu; i++) {
		cJSON *item;

		if (!page_may_open(c, menu[i].path))
			continue;
		item = cJSON_CreateObject();
		cJSON_AddItemToArray(list, item);
		cJSON_AddStringToObject(item, "href", menu[i].path);
		cJSON_AddStringToObject(item, "icon", menu[i].icon);
		cJSON_AddBoolToObject(item, "current", is_current(c->request.path, menu[i].path));
		page_words(c, item, "text", menu[i].text, NULL);
	}
}

static void add_central(struct call *c, cJSON *site)
{
	struct identity own;
	struct fault unused;

	if (call_read(c, &unused) == ERR_NONE && identity_read(c->desk->db, &own) == ERR_NONE)
		cJSON_AddStringToObject(site, "central", own.id);
	explicit_bzero(&own, sizeof own);
}

static void add_clock_offset(struct call *c, cJSON *site)
{
	char local[ZONE_TEXT];
	int64_t now = call_now(c), minutes;

	zone_text(now, local);
	minutes = (local[11] - '0') * 600 + (local[12] - '0') * 60 + (local[14] - '0') * 10 + (local[15] - '0') - now / 60000 % 1440;
	cJSON_AddNumberToObject(site, "clock_offset", (double)((minutes + 1440 + 720) % 1440 - 720));
}

static void add_site(struct call *c, cJSON *context)
{
	cJSON *site = cJSON_AddObjectToObject(context, "site");

	cJSON_AddStringToObject(site, "language", language_code(c->language));
	add_switch(c, site);
	add_clock_offset(c, site);
	add_central(c, site);
	add_user(c, site);
	add_menu(c, site);
	make_token(c);
	cJSON_AddStringToObject(site, "csrf", c->caller.csrf);
	flash_take(c, site);
}

static void set_token(struct call *c)
{
	if (c->fresh_token)
		cookie_set(&c->response, &c->request, COOKIE_SESSION, c->token, -1);
	c->fresh_token = false;
}

enum err page_show(struct call *c, int status, const char *view, cJSON *context)
{
	enum err e = ERR_MEMORY;

	response_reset(&c->response);
	c->response.status = status;
	c->response.type = "text/html; charset=utf-8";
	if (context) {
		add_site(c, context);
		e = views_render(c->app->views, words_of(c), view, context, &c->response.body);
	}
	set_token(c);
	cJSON_Delete(context);
	return e;
}

/* --- a change -------------------------------------------------------------------------------------------------------- */

enum err page_write(struct call *c, writer_job_fn *job, void *arg, struct fault *fault)
{
	enum err e;

	call_read_end(c);
	e = writer_run(c->app->writer, job, arg);
	if (e == ERR_UNAVAILABLE)
		*fault = (struct fault){0};
	return e;
}

/* --- after a change -------------------------------------------------------------------------------------------------- */

static enum err redirect(struct call *c, const char *path, const char *said, bool good, cJSON *values)
{
	response_redirect(&c->response, 303, path);
	if (said)
		flash_put(c, said, good, values);
	cJSON_Delete(values);
	set_token(c);
	return ERR_NONE;
}

enum err page_redirect(struct call *c, const char *path, const char *said, cJSON *values)
{
	return redirect(c, path, said, true, values);
}

enum err page_redirect_failed(struct call *c, const char *path, const char *said, cJSON *values)
{
	return redirect(c, path, said, false, values);
}

enum err page_confirm(struct call *c, const struct confirm *q, cJSON *values)
{
	cJSON *page = cJSON_CreateObject();

	page_words(c, page, "title", q->title, values);
	page_words(c, page, "text", q->text, values);
	page_words(c, page, "button", q->button, values);
	cJSON_AddStringToObject(page, "action", q->action);
	cJSON_AddStringToObject(page, "back", q->back);
	cJSON_AddBoolToObject(page, "mild", q->mild);
	if (q->field) {
		cJSON_AddStringToObject(page, "field", q->field);
		cJSON_AddStringToObject(page, "value", q->value);
	}
	cJSON_Delete(values);
	return page_show(c, 200, "confirm", page);
}
