#include "session.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

/* --- what a request shows -------------------------------------------------------------------------------------------- */

bool bearer_read(const char *authorization, char out[BEARER_SIZE])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~+/=";
	const char *token = authorization + 7;

	if (strncasecmp(authorization, "Bearer ", 7) != 0)
		return false;
	token += strspn(token, " ");
	return *token && token[strspn(token, letters)] == '\0' && text_copy(out, BEARER_SIZE, token);
}

bool request_from_page(const struct request *r)
{
	return r->origin || r->sec_fetch_site;
}

/* --- who may --------------------------------------------------------------------------------------------------------- */

static enum err deny(struct fault *fault, const char *code, const char *sentence)
{
	return fault_set(fault, ERR_DENIED, code, "", "%s", sentence);
}

static enum err ask_for_token(struct fault *fault)
{
	return fault_set(fault, ERR_STRANGER, "token_needed", "",
		"Calls from here need an edge's token: send it as Authorization: Bearer TOKEN.");
}

static bool known_host(const char *host, const struct rules *rules, const char *own_host)
{
	if (host_is_address(host) || (own_host && host_is(host, own_host)))
		return true;
	for (size_t i = 0; i < rules->host_count; i++) {
		if (host_is(host, rules->host[i]))
			return true;
	}
	return false;
}

static enum err check_path_here(const struct request *r, const struct rules *rules, const char *own_host, struct fault *fault)
{
	if (r->forwarded || r->x_forwarded_for)
		return deny(fault, "forwarded", "A request that came through a proxy is not trusted by its address.");
	if (!r->host || !known_host(r->host, rules, own_host))
		return deny(fault, "unknown_host", "Call this central by its IP address, by localhost or by a configured name.");
	return ERR_NONE;
}

/* A browser says where a request was made: "none" is the person (address bar, bookmark), who can do no more than look. */
static enum err check_page_made_here(const struct request *r, struct fault *fault)
{
	static const char sentence[] = "This request was made by a page of another site; open this page directly.";
	bool looked = r->method == METHOD_GET && r->sec_fetch_site && strcmp(r->sec_fetch_site, "none") == 0;

	if (r->origin && !(r->host && origin_is_host(r->origin, r->host, r->server_port)))
		return deny(fault, "cross_origin", sentence);
	if (r->sec_fetch_site && !looked && strcmp(r->sec_fetch_site, "same-origin") != 0)
		return deny(fault, "cross_origin", sentence);
	return ERR_NONE;
}

static bool origin_allowed(const struct request *r, const struct rules *rules)
{
	return rules_have_origin(rules, r->origin) || (r->host && origin_is_host(r->origin, r->host, r->server_port));
}

static bool is_for_edges(enum access access)
{
	return access == ACCESS_EDGE || access == ACCESS_BOX;
}

static enum role role_of_address(const struct rules *rules, const char *address)
{
	if (!address)
		return ROLE_NONE;
	if (trust_has(&rules->admins, address))
		return ROLE_ADMIN;
	return trust_has(&rules->edges, address) ? ROLE_EDGE : ROLE_NONE;
}

/* Without a token. */
static enum err check_address(enum access access, const struct request *r, const struct rules *rules, const char *own_host,
	struct caller *out, struct fault *fault)
{
	enum role role = role_of_address(rules, r->remote_addr), needed = is_for_edges(access) ? ROLE_EDGE : ROLE_ADMIN;
	bool app = r->origin && rules_have_origin(rules, r->origin);
	enum err e;

	if (is_for_edges(access) && (role == ROLE_NONE || app))
		return ask_for_token(fault);
	if (role < needed)
		return deny(fault, "address_not_trusted", "Calls from this address are not allowed here.");
	e = check_path_here(r, rules, own_host, fault);
	if (e != ERR_NONE)
		return e;
	if (request_from_page(r))
		return deny(fault, "from_a_page", "The API is not open to pages in a browser without a token.");
	out->role = role;
	return ERR_NONE;
}

/* With an edge's. */
static enum err check_edge(enum access access, struct caller *out, struct fault *fault)
{
	if (!is_for_edges(access))
		return deny(fault, "not_for_edges", "An edge's token does not open this.");
	out->role = ROLE_EDGE;
	return ERR_NONE;
}

enum user_role access_role(enum access access, enum method method)
{
	switch (access) {
	case ACCESS_ANYONE: case ACCESS_BOX: case ACCESS_PAGE_OPEN: break;
	case ACCESS_EDGE: return method == METHOD_GET ? USER_VIEWER : USER_OPERATOR;
	case ACCESS_VIEWER: case ACCESS_WATCH: case ACCESS_PAGE_VIEWER: return USER_VIEWER;
	case ACCESS_OPERATOR: case ACCESS_PAGE_OPERATOR: return USER_OPERATOR;
	case ACCESS_ADMIN: case ACCESS_PAGE_ADMIN: return USER_ADMIN;
	}
	return USER_NOBODY;
}

static enum err check_role(enum access access, const struct request *r, const struct caller *who, struct fault *fault)
{
	enum user_role needed = access_role(access, r->method);

	if (who->user_role >= needed)
		return ERR_NONE;
	if (who->user_role == USER_NOBODY)
		return fault_set(fault, ERR_STRANGER, "log_in_needed", "", "Log in first.");
	return fault_set(fault, ERR_DENIED, "role_needed", "", "This takes the role %s.", user_role_name(needed));
}

/* A page: whoever follows a link from elsewhere may look, as the log-in allows; only forms of our own pages change something. */
static enum err check_page(enum access access, const struct request *r, const struct caller *who, struct fault *fault)
{
	enum err e = r->method == METHOD_GET ? ERR_NONE : check_page_made_here(r, fault);

	return e == ERR_NONE ? check_role(access, r, who, fault) : e;
}

/* That the Origin is allowed was seen before. */
static enum err check_watching_page(const struct request *r, struct fault *fault)
{
	return r->origin ? ERR_NONE : deny(fault, "origin_needed", "A log-in counts here only for a page, whose Origin says which.");
}

/* The API, with a person's cookie. */
static enum err check_person(enum access access, const struct request *r, const struct caller *who, struct fault *fault)
{
	enum err e = access == ACCESS_WATCH ? check_watching_page(r, fault) : check_page_made_here(r, fault);

	if (e == ERR_NONE && r->method != METHOD_GET && !(r->csrf_token && token_equal(who->csrf, r->csrf_token)))
		e = deny(fault, "csrf_needed", "With a log-in this takes the page's token in X-CSRF-Token.");
	return e == ERR_NONE ? check_role(access, r, who, fault) : e;
}

enum err session_check(enum access access, const struct request *r, const struct rules *rules, enum shown shown,
	const char *own_host, struct caller *out, struct fault *fault)
{
	if (access == ACCESS_ANYONE)
		return ERR_NONE;
	if (!access_is_page(access) && r->origin && !origin_allowed(r, rules))
		return deny(fault, "origin_not_allowed", "Pages of this origin may not call the API; see cors_origins in parkmesh.conf.");
	if (shown == SHOWN_UNKNOWN)
		return fault_set(fault, ERR_STRANGER, "token_unknown", "",
			"This token is not known here, or was replaced; make the edge a new one.");
	if (shown == SHOWN_EDGE)
		return check_edge(access, out, fault);
	if (access_is_page(access))
		return check_page(access, r, out, fault);
	if (access == ACCESS_WATCH && shown == SHOWN_NOTHING && r->origin)
		return check_role(access, r, out, fault);
	if (shown == SHOWN_PERSON && access != ACCESS_BOX)
		return check_person(access, r, out, fault);
	return check_address(access, r, rules, own_host, out, fault);
}
