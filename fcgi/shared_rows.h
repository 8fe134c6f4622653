/*
 * The lists of subscriptions and staff as people look through them: those that a search finds, sorted, a page at a time.
 */
#ifndef PARKMESH_FCGI_SHARED_ROWS_H
#define PARKMESH_FCGI_SHARED_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "domain/shared.h"
#include "domain/subscription.h"

struct db;

#define ROWS_TEXT_SIZE 128
#define SOON_DAYS 7              /* a subscription that ends within so many days ends soon */

enum rows_state { ROWS_ALL, ROWS_IN_FORCE, ROWS_SOON, ROWS_OVER, ROWS_OFF };

struct rows_wish {
	enum shared_kind kind;
	const char *text;            /* part of a plate or an owner's name; of staff's name, role or phone; NULL: any */
	enum rows_state state;       /* of subscriptions */
	int64_t now_ms;
	size_t offset, limit;
};

struct row_found {
	char sort[ROWS_TEXT_SIZE];   /* subscriptions: the plate, of those that end soon the day; staff: the name */
	char id[SHARED_ID_SIZE];
};
struct rows {
	struct row_found *row;       /* of this page */
	size_t count, total;
	struct buf memory;           /* all that were found */
};
/* Look through all of a kind. Of more than ROWS_MAX that fit, the rest is counted but on no page: a narrower search finds it. Free
 * with rows_free on any result. db may be read-only. */
#define ROWS_MAX (2 * SHARED_ITEMS_MAX)
enum err rows_search(struct db *db, const struct rows_wish *w, struct rows *out);
void rows_free(struct rows *r);

/* Does it end within SOON_DAYS? day: today. */
bool rows_ends_soon(const struct subscription_look *s, int64_t now_ms);
/* "YYYY-MM-DD" of a moment in the site's time zone. */
void rows_day(int64_t ms, char day[DAY_SIZE]);

#endif
