/*
 * Rows of `subscriptions`: what the settings `subscription/<id>` say, by plate, so that a gate need not look through all of them.
 * Derived from the records like the settings themselves (domain/subscription); equal on all centrals.
 */
#ifndef PARKMESH_STORE_SUBSCRIPTIONS_H
#define PARKMESH_STORE_SUBSCRIPTIONS_H

#include "base/err.h"

struct db;

#define DAY_SIZE 11         /* "YYYY-MM-DD" and NUL */
#define OWNER_SIZE 256      /* the name of an owner, or the id of one who has none, cut */

struct subscription_row {
	const char *id;
	const char *plate_id;               /* reduced */
	const char *owner_name, *status;    /* "" none */
	const char *start_date, *end_date;  /* the first and the last day; "" open */
};
enum err subscription_put(struct db *db, const struct subscription_row *row);
/* None of that id: nothing is done. */
enum err subscription_drop(struct db *db, const char *id);
/* Who has an active subscription for the plate on that day: owner_name, else the id; of several that of the smallest id.
 * ERR_NOT_FOUND: nobody. */
enum err subscription_active(struct db *db, const char *plate_id, const char *day, char owner[OWNER_SIZE]);

#endif
