/*
 * Pages on their way through being checked, some ahead of the one that is looked at, by threads of their own.
 *
 *   room -> (which page it is written there) -> push -> ... -> next -> (looked at) -> pop
 *
 * Pages come back in the order they were pushed in. Who asks for one that no thread has checked yet checks pages himself meanwhile, the
 * oldest first; so without threads each is checked when it is asked for. All functions are for one thread, that of `db`.
 */
#ifndef PARKMESH_DOMAIN_VERIFY_AHEAD_H
#define PARKMESH_DOMAIN_VERIFY_AHEAD_H

#include <stdbool.h>

#include "base/err.h"

struct ahead;
struct db;
struct verify_page;

#define AHEAD_THREADS_MAX 3

/* threads besides the caller's own, at most AHEAD_THREADS_MAX; fewer if there cannot be as many. Free with ahead_close. */
enum err ahead_open(struct db *db, unsigned threads, struct ahead **out);
/* Pages that are still being checked are finished, the others dropped. NULL is allowed. */
void ahead_close(struct ahead *a);

/* The page that is to be pushed next; NULL: there are enough on their way. own: may it be checked in another thread, each page in a read
 * transaction of its own? Else the caller has one open until no page is left. */
struct verify_page *ahead_room(struct ahead *a, bool own);
void ahead_push(struct ahead *a, bool own);
/* The oldest page, checked; NULL: there is none. It stays as it is until ahead_pop. */
struct verify_page *ahead_next(struct ahead *a);
void ahead_pop(struct ahead *a);

#endif
