#include "serve.h"

#include <cjson/cJSON.h>
#include <string.h>
#include <strings.h>

#include "answer.h"
#include "base/journal.h"
#include "caller.h"
#include "cors.h"
#include "domain/site.h"
#include "idempotency.h"
#include "in_force.h"
#include "page.h"
#include "store/db.h"
#include "url.h"

#define ZONE_LOOK_MS 1000

/* --- reading --------------------------------------------------------------------------------------------------------- */

static enum err open_db(struct desk *desk, struct fault *fault)
{
	struct fault why = {0};

	if (desk->db || db_open(desk->app->db_path, DB_READ, &desk->db, &why) == ERR_NONE)
		return ERR_NONE;
	desk->db = NULL;
	journal_error("event=database_unreadable reason=\"%s\"", why.sentence);
	return fault_set(fault, ERR_UNAVAILABLE, "database_unreadable", "", "%s", why.sentence);
}

void desk_close(struct desk *desk)
{
	if (desk->db)
		db_close(desk->db);
	desk->db = NULL;
}

enum err call_read(struct call *c, struct fault *fault)
{
	enum err e;

	if (c->reading)
		return ERR_NONE;
	e = open_db(c->desk, fault);
	if (e != ERR_NONE)
		return e;
	if (db_read_begin(c->desk->db) != ERR_NONE) {
		journal_error("event=database_unreadable reason=\"%s\"", db_last_error(c->desk->db));
		desk_close(c->desk);
		return fault_set(fault, ERR_UNAVAILABLE, "database_unreadable", "",
			"The database cannot be read for now; see the journal.");
	}
	c->reading = true;
	return ERR_NONE;
}

void call_read_end(struct call *c)
{
	if (c->reading)
		db_read_end(c->desk->db);
	c->reading = false;
}

int64_t call_now(const struct call *c)
{
	return world_wall_ms(&c->app->world);
}

int64_t call_age_now(const struct call *c)
{
	return c->app->started_wall_ms + world_mono_ms(&c->app->world) - c->app->started_ms;
}

/* The zone is a shared setting, so it may change by a peer's record: one request a second looks. */
static void refresh_zone(struct call *c)
{
	int64_t now = world_mono_ms(&c->app->world), due = atomic_load(&c->app->zone_due_ms);
	struct fault unused;

	if (now < due || !atomic_compare_exchange_strong(&c->app->zone_due_ms, &due, now + ZONE_LOOK_MS))
		return;
	if (open_db(c->desk, &unused) == ERR_NONE && site_zone_use(c->desk->db) != ERR_NONE)
		journal_warning("event=zone_unreadable reason=\"%s\"", db_last_error(c->desk->db));
}

/* --- answering ------------------------------------------------------------------------------------------------------- */

/* Programs get JSON, people a page. */
static bool wants_json(const struct call *c)
{
	const char *path = c->request.path;

	return strncmp(path, "/api/", 5) == 0 || strcmp(path, "/api") == 0 || strncmp(path, "/healthz", 8) == 0
		|| strcmp(path, "/metrics") == 0 || strncmp(path, "/ws/", 4) == 0;
}

static void fail_json(struct call *c, int status, enum err e, const struct fault *fault)
{
	answer_begin(&c->response, status);
	answer_fault(&c->response, e, fault);
	answer_end(&c->response);
}

static enum err fail_page(struct call *c, int status, enum err e, const struct fault *fault)
{
	cJSON *context = cJSON_CreateObject();

	cJSON_AddNumberToObject(context, "status", status);
	cJSON_AddBoolToObject(context, "denied", status == 403);
	cJSON_AddBoolToObject(context, "not_found", status == 404);
	page_fault(c, context, "sentence", e, fault);
	return page_show(c, status, "failure", context);
}

static void fail_as(struct call *c, int status, enum err e, const struct fault *fault)
{
	if (e == ERR_SYSTEM || e == ERR_CORRUPT || e == ERR_MEMORY)
		journal_error("event=request_failed path=%s error=%s reason=\"%s\"", c->request.path, err_name(e), fault->sentence);
	if (wants_json(c) || fail_page(c, status, e, fault) != ERR_NONE)
		fail_json(c, status, e, fault);
	if (status == 401)
		response_header(&c->response, "WWW-Authenticate", "Bearer realm=\"parkmesh\"");
}

/* Is it a page that can be opened by its path alone? */
static bool is_page(const struct route *route)
{
	for (size_t i = 0; route && i < route->field_count; i++) {
		if (route->fields[i].required)
			return false;
	}
	return route != NULL;
}

/* Where the form that posts to this path stands: the path itself, or the nearest one above that is a page. */
static void page_of_form(const char *path, struct buf *out)
{
	struct route_match match;
	char page[URL_MAX] = "/";
	char *end;

	text_copy(page, sizeof page, path);
	while ((end = strrchr(page, '/')) != NULL && end != page) {
		route_find(routes, routes_count, METHOD_GET, page, &match);
		if (is_page(match.route))
			break;
		*end = '\0';
	}
	url_encode(out, end && end != page ? page : "/");
}

/* Whoever has to log in first comes back afterwards. What a form brought is lost: nobody knows whether who logs in now meant it; so
 * they come back to the form's page, and are told. */
static void send_to_log_in(struct call *c)
{
	bool form = c->request.method != METHOD_GET;
	struct buf path;

	buf_init(&path, 4 * URL_MAX);
	buf_str(&path, form ? "/login?lost=1&back=" : "/login?back=");
	if (form)
		page_of_form(c->request.path, &path);
	else
		url_encode_here(&path, c->request.path, c->request.query);
	page_redirect(c, path.failed ? "/login" : buf_text(&path), NULL, NULL);
	buf_free(&path);
}

static void fail(struct call *c, enum err e, const struct fault *fault)
{
	if (e == ERR_STRANGER && strcmp(fault->code, "log_in_needed") == 0 && !wants_json(c))
		send_to_log_in(c);
	else
		fail_as(c, answer_status(e), e, fault);
}

static void refuse_no_route(struct call *c, const char *allow)
{
	struct fault fault = {0}, unused;

	if (!wants_json(c))
		caller_check(c, ACCESS_PAGE_OPEN, &unused); /* so that its layout is the one they know */
	if (!*allow) {
		fault_set(&fault, ERR_NOT_FOUND, "not_found", "", "There is nothing at this path.");
		fail(c, ERR_NOT_FOUND, &fault);
		return;
	}
	fault_set(&fault, ERR_INVALID, "method_not_allowed", "", "This path takes %s only.", allow);
	fail_as(c, 405, ERR_INVALID, &fault);
	response_header(&c->response, "Allow", allow);
}

static void refuse_type(struct call *c, const char *wanted)
{
	struct fault fault = {0};

	fault_set(&fault, ERR_INVALID, "wrong_content_type", "", "The body has to be declared as %s.", wanted);
	fail_as(c, 415, ERR_INVALID, &fault);
}

/* --- the gate -------------------------------------------------------------------------------------------------------- */

/* What the body has to be declared as, NULL if it need not be. A program's body is JSON whatever it says (the documented calls
 * say nothing); a browser lets a page of any site send other types, so from a page the type has to be said. */
static const char *wanted_type(const struct route *route, const struct request *r)
{
	if (r->method == METHOD_GET)
		return NULL;
	if (access_is_page(route->access))
		return "application/x-www-form-urlencoded";
	return request_from_page(r) ? "application/json" : NULL;
}

static bool type_fits(const char *content_type, const char *wanted)
{
	size_t len = strlen(wanted);

	return content_type && strncasecmp(content_type, wanted, len) == 0 && strchr("; \t", content_type[len]);
}

static enum err read_fields(struct call *c, const struct route *route, struct fault *fault)
{
	enum body_kind kind = access_is_page(route->access) ? BODY_FORM : BODY_JSON;
	const struct buf *body = &c->request.body;

	return params_read(route->fields, route->field_count, c->request.query, kind, buf_text(body), body->len, &c->params, fault);
}

/* A form has to be one that this central gave to this browser. */
static enum err check_form(const struct call *c, const struct route *route, struct fault *fault)
{
	struct pairs form;
	const char *shown;
	enum err e;

	if (!access_is_page(route->access) || c->request.method == METHOD_GET)
		return ERR_NONE;
	e = pairs_parse(buf_text(&c->request.body), c->request.body.len, &form);
	shown = e == ERR_NONE ? pairs_find(&form, "csrf") : NULL;
	if (e != ERR_NONE)
		fault_set(fault, e, "malformed_form", "", "The form cannot be read.");
	else if (!shown || !c->caller.csrf[0] || !token_equal(c->caller.csrf, shown))
		e = fault_set(fault, ERR_DENIED, "form_over", "", "This form is too old, or of another log-in. Open the page again.");
	pairs_free(&form);
	return e;
}

static enum err run_handler(struct call *c, const struct route *route, struct fault *fault)
{
	enum err e = check_form(c, route, fault);

	if (e == ERR_NONE)
		e = read_fields(c, route, fault);
	if (e == ERR_NONE)
		e = caller_check_fields(c, fault);
	if (e != ERR_NONE)
		return e;
	refresh_zone(c);
	e = route->handler(c, fault);
	return e == ERR_NONE ? idempotency_end(c, fault) : e;
}

static enum err handle(struct call *c, const struct route *route, struct fault *fault)
{
	enum err e = caller_check(c, route->access, fault);

	if (e == ERR_NONE)
		e = request_read_body(&c->request, fault);
	if (e == ERR_NONE)
		e = idempotency_begin(c, route, fault);
	if (e == ERR_NONE && !c->kept)
		e = run_handler(c, route, fault);
	call_read_end(c);
	if (e == ERR_NONE && (c->response.body.failed || c->response.headers.failed))
		e = ERR_MEMORY;
	return e;
}

/* Status and part of the body are sent; all that can still be said is that it is not whole. */
static void cut_off(struct call *c, enum err e, const struct fault *fault)
{
	c->request.cut = true;
	journal_warning("event=answer_cut path=%s error=%s reason=\"%s\"", c->request.path, err_name(e), fault->sentence);
}

static void answer_route(struct call *c)
{
	struct fault fault = {0};
	struct route_match match;
	const char *wanted;
	enum err e;

	route_find(routes, routes_count, c->request.method, c->request.path, &match);
	if (cors_preflight(c, match.allow))
		return;
	if (!match.route) {
		refuse_no_route(c, match.allow);
		return;
	}
	c->route = match.route;
	c->segment = match.segment;
	wanted = wanted_type(match.route, &c->request);
	if (wanted && !type_fits(c->request.content_type, wanted)) {
		refuse_type(c, wanted);
		return;
	}
	e = handle(c, match.route, &fault);
	if (e != ERR_NONE && c->response.streaming)
		cut_off(c, e, &fault);
	else if (e != ERR_NONE)
		fail(c, e, &fault);
	c->segment = "";
}

/* What was cut off counts as a failure, whatever status had been sent. */
static void note_traffic(struct call *c, int64_t since_us)
{
	traffic_note(&c->app->traffic, c->route, c->request.cut ? 500 : c->response.status, world_mono_us(&c->app->world) - since_us);
}

void serve(struct desk *desk, int fd)
{
	struct call c = {.app = desk->app, .desk = desk, .segment = ""};
	int64_t since_us = world_mono_us(&desk->app->world);
	bool asked;

	atomic_fetch_add(&desk->app->traffic.serving, 1);
	c.rules = in_force_hold(desk->app->in_force);
	response_init(&c.response);
	asked = request_receive(&c.request, fd) == ERR_NONE;
	if (asked) {
		page_begin(&c);
		answer_route(&c);
		call_read_end(&c);
		cors_add_headers(&c);
		request_drain(&c.request);
		if (!c.response.streaming && !response_send(&c.response, &c.request))
			c.request.cut = true;
	}
	params_free(&c.params);
	response_free(&c.response);
	request_end(&c.request);
	if (asked)
		note_traffic(&c, since_us);
	atomic_fetch_sub(&desk->app->traffic.serving, 1);
	caller_note_seen(&c);
	in_force_release(desk->app->in_force, c.rules);
	explicit_bzero(c.token, sizeof c.token);
	explicit_bzero(c.caller.csrf, sizeof c.caller.csrf);
}
