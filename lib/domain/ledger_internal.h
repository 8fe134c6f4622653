/* struct ledger, for the files of the ledger only: ledger.c (transactions, appending), page.c (reading and taking pages). */
#ifndef PARKMESH_DOMAIN_LEDGER_INTERNAL_H
#define PARKMESH_DOMAIN_LEDGER_INTERNAL_H

#include "domain/ledger.h"

/* What a transaction or a request may have to forget again. */
struct ledger_state {
	char central[CENTRAL_ID_SIZE];
	char log[LOG_ID_SIZE];          /* the own log; "" not opened yet */
	int64_t seq;
	struct chain chain;
	size_t unsealed, unsealed_bytes;
	struct clock_row clock;
	bool moved;                     /* the clock row has to be written */
	int32_t stored[RECORD_TYPES][2];/* records of this transaction: others', own */
};

struct ledger {
	struct db *db;
	const struct world *world;
	char writer[8];
	struct key_pair keys;
	struct ledger_state now, at_begin, at_savepoint;
	struct buf line;
};

/* The change counter of this transaction; noting that it is used. One a transaction, since a log's head moves only to a seal. */
int64_t ledger_change(struct ledger *l);
/* The record was stored in this transaction (store/counts). */
void ledger_count(struct ledger *l, const struct record *r, bool own);
/* The hybrid clock follows a record received. */
void ledger_follow(struct ledger *l, const struct record *r);

#endif
