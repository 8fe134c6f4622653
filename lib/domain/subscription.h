/*
 * Subscriptions: whose owner pays nothing, and from when to when. One is a setting `subscription/<id>` of the whole site, a JSON
 * object with plate_number, owner_name, status, start_date, end_date and whatever else its writer keeps there.
 *
 * It counts for a plate while its status is "active", on local days from start_date to end_date, both included; a date that is
 * missing or empty leaves that side open.
 */
#ifndef PARKMESH_DOMAIN_SUBSCRIPTION_H
#define PARKMESH_DOMAIN_SUBSCRIPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/subscriptions.h"

struct db;

/* May it be written? plate_number has to be a plate, dates "YYYY-MM-DD" (days that exist), not the end before the start.
 * ERR_INVALID with a fault whose field is the member's name behind prefix ("subscriptions[2]."). ERR_FIELD: not an object, or one of
 * the members above is no text. Pure. */
enum err subscription_check(const char *json, const char *prefix, struct fault *fault);
/* What it says, for people: texts cut to their size. */
enum subscription_state {
	SUBSCRIPTION_UNREADABLE,  /* subscription_check refuses it: it counts for no plate */
	SUBSCRIPTION_OFF,         /* its status is another than "active" */
	SUBSCRIPTION_LATER,       /* its first day is still to come */
	SUBSCRIPTION_OVER,        /* its last day has passed */
	SUBSCRIPTION_IN_FORCE
};
#define SUBSCRIPTION_NUMBER_SIZE 256 /* a plate as its owner writes it */
struct subscription_look {
	char number[SUBSCRIPTION_NUMBER_SIZE], owner[OWNER_SIZE];
	char start[DAY_SIZE + 1], end[DAY_SIZE + 1];  /* one more byte, so that what is cut is no day */
	enum subscription_state state;
};
/* Read it as of a day, "YYYY-MM-DD". ERR_MEMORY. Pure. */
enum err subscription_look(const char *json, const char *day, struct subscription_look *out);
/* The setting of this id is now json (NULL: removed); keep the table by plate in step. What subscription_check would refuse counts for
 * no plate. In a transaction. */
enum err subscription_keep(struct db *db, const char *id, const char *json);
/* Whose subscription counts for the plate (reduced) at that moment, in Unix ms; "" nobody's. db may be read-only. */
enum err subscription_owner(struct db *db, const char *plate_id, int64_t at_ms, char owner[OWNER_SIZE]);

/* Is it "YYYY-MM-DD", a day of the years 1000 to 9999? Pure. */
bool day_valid(const char *text);

#endif
