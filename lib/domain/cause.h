/*
 * Why a central is not connected, a test of its connection failed, or it is not well, for pages to say in their language by the text
 * cause.NAME of the catalogues (templates/vi.json); the English sentence beside it is for the journal, the API and parkmeshctl.
 *
 * A new one: a row in enum cause and in the table of cause.c, and its texts. What a text may use: {{peer}}, the central's id, and what
 * is said here of about and number.
 */
#ifndef PARKMESH_DOMAIN_CAUSE_H
#define PARKMESH_DOMAIN_CAUSE_H

#include <stdint.h>

#include "store/site.h"

enum cause {
	CAUSE_NONE,
	CAUSE_UNREACHABLE,        /* nobody takes connections there */
	CAUSE_NO_ANSWER,          /* nothing came back in time */
	CAUSE_NOT_A_CENTRAL,      /* something else answers there */
	CAUSE_UNKNOWN_HOST,       /* its host name has no address */
	CAUSE_LOST,               /* a connection that was open has ended */
	CAUSE_SILENT,
	CAUSE_NO_ACK,
	CAUSE_RECONFIGURED,       /* it is begun anew */
	CAUSE_UNHEARD,            /* there is room again for the logs it told of: it is begun anew */
	CAUSE_STOPPED,            /* p2pd here ends */
	CAUSE_FAULT,              /* it sent what is no message */
	CAUSE_PAGE,               /* it sent a page whose lines or seal are wrong */
	CAUSE_VERSION,
	CAUSE_WRONG_MESH,
	CAUSE_WRONG_ID,           /* about: the id of the central that answers */
	CAUSE_OWN_ID,
	CAUSE_OURSELVES,          /* the address is this central's own */
	CAUSE_NO_SECRET,          /* here, and the other is not on this machine */
	CAUSE_NO_SECRET_THERE,
	CAUSE_WRONG_SECRET,
	CAUSE_WRONG_KEY,          /* not the one pinned here */
	CAUSE_WRONG_KEY_THERE,    /* it has pinned another key for this central */
	CAUSE_REFUSED,
	CAUSE_FULL,
	CAUSE_BETWEEN,            /* no proof by TLS: another secret, or somebody takes TLS apart */
	CAUSE_PLAIN,              /* it came without TLS, and is set to it here */
	CAUSE_PLAIN_THERE,        /* the other way round */
	CAUSE_NO_TLS,             /* what answers there does not speak TLS */
	CAUSE_CLOCK_AHEAD,        /* number: by so many seconds */
	CAUSE_CLOCK_BEHIND,
	CAUSE_OTHER_RECORDS,      /* about: the author of the log that is no longer exchanged */
	CAUSE_LOG_STOPPED,        /* for another reason; about as above */
	CAUSE_REPORTED,           /* about: what it said */
	CAUSE_REPORTED_FAULT,     /* it could not read or verify what this central sent */
	CAUSE_REPORTED_FULL,
	CAUSE_REPORTED_TWO,       /* two centrals use this central's id */
	CAUSE_TESTS_WAIT,         /* too many tests of connections */
	CAUSE_NOT_CONFIGURED,     /* it is no peer (any more) */
	CAUSE_COUNT
};

/* "unreachable" …; "" for CAUSE_NONE. */
const char *cause_name(enum cause cause);
/* about may be NULL. */
void reason_set(struct reason *out, enum cause cause, const char *about, int64_t number, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

#endif
