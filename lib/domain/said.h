/* What the records held say of one event_id, a stay's or an exit's name, whatever order they came in. */
#ifndef PARKMESH_DOMAIN_SAID_H
#define PARKMESH_DOMAIN_SAID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "domain/stay.h"
#include "store/logs.h"
#include "store/stays.h"
#include "wire/record.h"

struct said {
	struct record entry;            /* the one with the smallest K; type RECORD_UNKNOWN: none */
	struct key entry_key;
	bool confirmed;
	int64_t confirmed_ts;
	bool corrected;                 /* by the latest correction, by W */
	char plate_id[STAY_PLATE_SIZE];
	char plate_view[STAY_PLATE_SIZE];
	bool void_;                     /* of correction and void the later by W counts, so a void can be undone */
};

/* Look through all records of event_id and read those that count, four at most. Free with said_free, also after an error. */
enum err said_of(const struct merge *m, const char *event_id, struct said *out);
/* Each record of event_id that is merged: what it is, and its K, in any order. each returns false to stop. */
enum err said_each(const struct merge *m, const char *event_id, record_named_fn *each, void *arg);
/* How many records name event_id; of many it may say more than there are, but no less than 2. */
enum err said_count(const struct merge *m, const char *event_id, size_t *count);
void said_free(struct said *s);
/* Parse the record of this log and seq; free with record_free. */
enum err said_read(const struct merge *m, const struct key *k, struct record *out);

struct key record_key(const struct record *r);
/* People's writing of a plate, or the usual one of its form when plate_view is missing or too long. */
void said_view(const char *plate_id, const char *plate_view, char out[STAY_PLATE_SIZE]);

#endif
