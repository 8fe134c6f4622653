/*
 * Who may (spec/operations.md, "Who may do what"). Pure: what the caller showed was looked up before (caller.h).
 *
 * An edge shows a token, or calls from an address in the edges' list; a program that administers calls from an address in the
 * admins' list. Who may administer may also do what an edge does. People log in, and their browser shows a cookie with each request.
 *
 *   the caller shows …               route for edges              the rest of the API        page
 *   an Origin that is not allowed    403 origin_not_allowed       403 origin_not_allowed     403 cross_origin, but for GET
 *   a token nobody has               401 token_unknown            401 token_unknown          401 token_unknown
 *   an edge's token                  yes, as that edge            403 not_for_edges          403 not_for_edges
 *   a person's cookie                yes, or 403 role_needed      yes, or 403 role_needed    yes, or 403 role_needed
 *   nothing, address not trusted     401 token_needed             403 address_not_trusted    401 log_in_needed
 *   nothing, address trusted         yes                          yes                        401 log_in_needed
 *
 * A WebSocket (ACCESS_WATCH) is the rest of the API, but for a person's cookie: a page can only be told by its Origin, and cannot show
 * anything else, so the cookie counts with an Origin that is allowed (that of this central, or a configured one), and only with one
 * (403 origin_needed). From a page without it: 401 log_in_needed.
 *
 * The WebSocket of edges (ACCESS_BOX) is a route for edges, but a person's cookie counts as nothing there: what speaks at it decides on
 * cars, and a browser would show the cookie for a page of anybody.
 *
 * A token that was shown counts alone: a wrong one is never made good by the address, and a cookie beside it says nothing. A cookie of
 * no session counts as none. With a cookie a browser may act for a page of somebody else, so what changes something has to come from a
 * page of this central (403 cross_origin) and show the token that only such a page knows: a form in its field "csrf" (serve.c; 403
 * form_over), a program of a page in X-CSRF-Token (403 csrf_needed).
 *
 * Trust by address never applies to what may have been sent on behalf of somebody else: a request with Forwarded or X-Forwarded-For (a
 * proxy would make the world loopback: 403 forwarded), with a Host that is a name other than localhost or one configured (DNS
 * rebinding: 403 unknown_host), or made by a page (Origin, Sec-Fetch-Site: 403 from_a_page; 401 token_needed if the Origin is allowed
 * and a token would open the route).
 */
#ifndef PARKMESH_FCGI_SESSION_H
#define PARKMESH_FCGI_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/trust.h"
#include "request.h"
#include "route.h"
#include "seal/token.h"
#include "store/edges.h"
#include "store/users.h"

#define BEARER_SIZE 129  /* 128 characters and NUL */

enum role { ROLE_NONE, ROLE_EDGE, ROLE_ADMIN };

/* The one who calls, once it is known. */
struct caller {
	enum role role;               /* of programs */
	char edge_id[EDGE_ID_SIZE];   /* the one edge its token speaks for; "" if it is known by its address alone */
	int64_t seen_ms;              /* of that edge, or of the session, as the database has it */
	char user[USER_NAME_SIZE];    /* the person's; "" nobody is logged in */
	enum user_role user_role;
	char csrf[TOKEN_SIZE];        /* what its forms have to show; "" it has no cookie */
};

enum shown { SHOWN_NOTHING, SHOWN_UNKNOWN, SHOWN_EDGE, SHOWN_PERSON };

/* The token of "Bearer TOKEN"; false if the header is anything else. */
bool bearer_read(const char *authorization, char out[BEARER_SIZE]);
/* Was the request made by a page in a browser? */
bool request_from_page(const struct request *r);

/* The role that a person needs for this; USER_NOBODY: none. */
enum user_role access_role(enum access access, enum method method);
/* May this caller do this? shown and, for SHOWN_EDGE, out->edge_id, for SHOWN_PERSON out->user, user_role and csrf say what was shown;
 * own_host is this central's configured address or name, NULL if not known. Fills out->role. ERR_STRANGER, ERR_DENIED with fault. */
enum err session_check(enum access access, const struct request *r, const struct rules *rules, enum shown shown,
	const char *own_host, struct caller *out, struct fault *fault);

#endif
