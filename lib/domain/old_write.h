/*
 * What the older system says of a stay, written into the ledger's own log as records of the old dialect: by parkmeshctl import from its
 * database, by p2pd from what its centrals send. What is held already is not written again, whoever wrote it: the same entry is known by
 * its event_id, the same exit by that and its second.
 */
#ifndef PARKMESH_DOMAIN_OLD_WRITE_H
#define PARKMESH_DOMAIN_OLD_WRITE_H

#include <stdint.h>

#include "base/err.h"
#include "domain/old_row.h"

struct ledger;

struct old_written { int64_t entries, exits, confirmations; };

/* f has an event_id. Adds to *out what was written. A time ahead of now counts as now, so that it keeps nothing else from counting. In a
 * transaction; ERR_INVALID and ERR_TOO_LARGE: what it says fits into no record, and a part of it may have been written: undo. */
enum err old_write(struct ledger *l, const struct old_facts *f, struct old_written *out);
/* The barrier has closed behind the entry of this stay; confirmed_ms: when. As above. */
enum err old_write_confirmation(struct ledger *l, const char *event_id, const char *source_central, int64_t confirmed_ms,
	struct old_written *out);

#endif
