/*
 * The audit list: who changed what, when, from where, written in the transaction of the change itself, so that neither is without the
 * other. Every change that a person makes, by a page, by the API or by parkmeshctl, is noted; what edges, programs and peers do is
 * told by records.
 */
#ifndef PARKMESH_DOMAIN_DEED_H
#define PARKMESH_DOMAIN_DEED_H

#include <stdint.h>

#include "base/err.h"

struct db;

/* Who acts. who "", and NULL instead of an actor: no person but a program that is trusted by its address; nothing is noted then. */
struct actor {
	const char *who;      /* a user's name; "parkmeshctl" */
	const char *source;   /* the address the request came from; "" */
	int64_t now_ms;
};

/*
 * what: a word such as "user_added", which pages say by the text deed.user_added. object: what it was done to (a name, an id, a
 * plate), "" nothing in particular. old, new: what it was and is, as a text people can read or JSON; NULL none. No secrets in any.
 */
enum err deed_note(struct db *db, const struct actor *by, const char *what, const char *object, const char *old, const char *new);

#endif
