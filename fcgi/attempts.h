/*
 * How often somebody may try to log in (spec/operations.md, "Who may do what"): counted by address and by account, in memory of
 * bounded size. After ATTEMPTS_OF_ACCOUNT tries in a row for one account, or ATTEMPTS_OF_ADDRESS from one address (an IPv6 network of
 * 64 bits counts as one), each further one has to wait: 30 s, then twice as long each time, at most 15 min. Half an hour without a try
 * makes all good again, the right password the account's. Names that nobody has are counted like others.
 *
 * Any number of threads.
 */
#ifndef PARKMESH_FCGI_ATTEMPTS_H
#define PARKMESH_FCGI_ATTEMPTS_H

#include <stdint.h>

#include "base/err.h"

struct attempts;

#define ATTEMPTS_OF_ACCOUNT 5
#define ATTEMPTS_OF_ADDRESS 20
#define ATTEMPTS_KEPT 512  /* of each kind; the one that was quiet longest goes first */

/* ERR_MEMORY. Close with attempts_close, which takes NULL. */
enum err attempts_open(struct attempts **out);
void attempts_close(struct attempts *a);

/* May this be tried now? 0: yes, and it is counted. Else ms to wait; it is not counted then. now_ms by the monotonic clock. */
int64_t attempts_begin(struct attempts *a, const char *address, const char *account, int64_t now_ms);
/* The try was right. */
void attempts_good(struct attempts *a, const char *address, const char *account);

#endif
