/* Who calls: what a request shows is looked up in the database and given to the rules of session.h. */
#ifndef PARKMESH_FCGI_CALLER_H
#define PARKMESH_FCGI_CALLER_H

#include "app.h"
#include "domain/deed.h"

/* Fill c->caller, or ERR_STRANGER, ERR_DENIED with fault; ERR_UNAVAILABLE when the database cannot be read. */
enum err caller_check(struct call *c, enum access access, struct fault *fault);
/* A token speaks for its own edge alone: ERR_DENIED with code "edge_mismatch" if the caller's is another's than edge_id.
 * The fields that are called edge_id are checked for every route; a handler that finds the edge elsewhere calls this itself. */
enum err caller_speaks_for(const struct call *c, const char *edge_id, struct fault *fault);
enum err caller_check_fields(const struct call *c, struct fault *fault);
/* Make c->caller.csrf from c->token. */
void caller_csrf(struct call *c);
/* Who acts, for the audit list (domain/deed.h); what it points to lives as long as c. And who is named in records: the person, else
 * the edge, else the address. */
struct actor caller_actor(const struct call *c);
const char *caller_name(const struct call *c);
/* Note in the database that the edge or the person was there, at most once a minute. After the answer was sent:
 * nobody waits for it. */
void caller_note_seen(struct call *c);

#endif
