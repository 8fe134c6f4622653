/*
 * The merge by way of the lines: make the facts of a stay or an exit anew from all that the records say of it, and note the
 * plates that have to be gone through again (domain/replay). Right for any record in any order; domain/direct is the short cut
 * for those that come in order.
 */
#ifndef PARKMESH_DOMAIN_RENEW_H
#define PARKMESH_DOMAIN_RENEW_H

#include "base/buf.h"
#include "base/err.h"
#include "domain/stay.h"
#include "wire/record.h"

struct replay;

/* What makes old-dialect exits one: "<event_id> <exit_time>" into out, which may take RECORD_MAX; nothing for any other exit. */
void exit_told(const struct record *x, struct buf *out);
/* A new exit: its row, which replay_run binds to where it belongs. m->later collects. */
enum err renew_exit(const struct merge *m, const struct record *x);
/* The facts of the stay or exit of this name, as replay_run wants them. Nothing happens while its entry or exit has not come. */
enum err renew_facts(const struct merge *m, struct replay *r, const char *event_id);
/* The confirmation of a row: the earliest one told counts. Nothing happens while none is held. */
enum err renew_confirmation(const struct merge *m, const char *event_id);

#endif
