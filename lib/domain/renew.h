/*
 * The merge by way of the lines: renew the facts of a stay or an exit from all that the records say of it, then go through the plates
 * it touches again (domain/replay). Right for any record in any order; domain/direct is the short cut for those that come in order.
 */
#ifndef PARKMESH_DOMAIN_RENEW_H
#define PARKMESH_DOMAIN_RENEW_H

#include "base/err.h"
#include "domain/stay.h"
#include "wire/record.h"

/* The stay of this event_id, after an entry. */
enum err renew_stay(const struct merge *m, const char *event_id);
/* A new exit. */
enum err renew_exit(const struct merge *m, const struct record *x);
/* The confirmation of a row: the earliest one told counts. Nothing happens while none is held. */
enum err renew_confirmation(const struct merge *m, const char *event_id);
/* The stay or exit that a correction or void names. */
enum err renew_subject(const struct merge *m, const char *event_id);

#endif
