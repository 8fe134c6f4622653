/*
 * One page of a log, checked by itself: verify goes through a history in such pages, several of them at once.
 *
 *   all zeros -> check -> looked at by whoever puts the pages together -> check (another page) ... -> free
 *
 * Everything in the page is checked but what needs the pages before it: that it goes on where the one before it ended, and that the
 * end of the log is sealed. So a page may be checked in any thread, each with its own connection.
 */
#ifndef PARKMESH_DOMAIN_VERIFY_PAGE_H
#define PARKMESH_DOMAIN_VERIFY_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/verify.h"
#include "store/logs.h"

struct db;

#define VERIFY_PAGE 256        /* records or rows in one read transaction */

struct verify_page {
	/* which page; to be set before it is checked */
	char id[LOG_ID_SIZE];
	int64_t first;
	/* what came of it */
	enum err e;                     /* ERR_CONFLICT: finding says what does not fit; others: it could not be looked at */
	struct verify_finding finding;
	struct log_row log;             /* as it was held then */
	size_t count;                   /* records that fit; less than VERIFY_PAGE: the log ended here, or something was found */
	int64_t seals, sealed;          /* how many, and the number of the last; 0 none */
	struct chain before;            /* as held with the record before the first; zeros if there is none */
	struct chain chain[VERIFY_PAGE];
	struct record record[VERIFY_PAGE];
	bool readable[VERIFY_PAGE];     /* the merge reads it */
	size_t parsed;                  /* records that have to be freed */
};

void verify_page_free(struct verify_page *p);
/* own: in a read transaction of its own, else in the caller's. */
void verify_page_check(struct verify_page *p, struct db *db, bool own);

#endif
