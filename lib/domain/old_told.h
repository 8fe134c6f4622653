/*
 * What a message of the old dialect says of a stay: an entry, a confirmation, an exit, or a row of an answer, into the facts that
 * old_write makes records of. Pure but for old_told_write.
 */
#ifndef PARKMESH_DOMAIN_OLD_TOLD_H
#define PARKMESH_DOMAIN_OLD_TOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "domain/old_row.h"
#include "domain/old_write.h"
#include "wire/old_message.h"

struct old_told {
	bool confirmation;         /* of facts only event_id and source_central count then */
	int64_t confirmed_ms;
	int64_t created_ms;        /* of a row: when the old central wrote it; -1 not said */
	struct old_facts facts;
};

/* Of OLD_MESSAGE_ENTRY, _CONFIRMED or _EXIT. ERR_INVALID with fault: it says too little to be an event. now_ms: of a confirmation
 * without a time. */
enum err old_told_event(const struct old_message *m, int64_t now_ms, struct old_told *out, struct fault *fault);
/* Of a row of an answer. ERR_INVALID: it can be no stay that is known by its event_id. ERR_MEMORY. */
enum err old_told_row(const char *object, size_t len, struct old_told *out);
/* In a transaction; as old_write. */
enum err old_told_write(struct ledger *l, const struct old_told *told, struct old_written *out);

#endif
