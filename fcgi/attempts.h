/*
 * How often somebody may try to log in (spec/operations.md, "Who may do what"): counted by address and by account, in memory of
 * bounded size. After ATTEMPTS_OF_ACCOUNT tries in a row for one account, or ATTEMPTS_OF_ADDRESS from one address (an IPv6 network of
 * 64 bits counts as one, ::ffff:a.b.c.d as a.b.c.d), each further one has to wait: 30 s, then twice as long each time, at most 15 min.
 * Half an hour without a try makes all good again, the right password the count that the try was in. Names that nobody has are counted
 * like others.
 *
 * States      An address is strange to an account or known to it. Strange: all such addresses share the account's common count.
 *             Known, once the account logged in from there: it has a count of its own for this account, and those of strangers neither
 *             keep it out nor are helped by it. No address is known by itself, not even loopback. The one that was quiet longest
 *             becomes strange when ATTEMPTS_KEPT others are known.
 * Inputs      tries, and which were right; at the program's start the addresses of the sessions that the database has. Wrong current
 *             passwords of a person who wants a new one (a browser left alone is no place to guess at) have a count of their own by
 *             account, which is neither that of log-ins nor of addresses.
 * Failures    Somebody who goes on trying keeps an account out of every address that is strange to it; the owner logs in from a known
 *             one, or stays logged in. Whoever shares a known address (a gateway before many) shares its counts. A restart forgets all
 *             counts, and known addresses without a session (after a log-out, or a new password made elsewhere).
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
/* The try was right: the address is known to the account from now on. */
void attempts_good(struct attempts *a, const char *address, const char *account, int64_t now_ms);
/* The account was logged in from there without a try here: by its session of before the start, or by the link. */
void attempts_know(struct attempts *a, const char *address, const char *account, int64_t now_ms);

/* The same as begin and good, for the current password of a person who is logged in and wants a new one. */
int64_t attempts_change_begin(struct attempts *a, const char *account, int64_t now_ms);
void attempts_change_good(struct attempts *a, const char *account);

#endif
