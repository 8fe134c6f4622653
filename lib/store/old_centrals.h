/*
 * Centrals of the older system (spec/wire.md, "Legacy dialect"): how far each was told our records, and those records in the order in which
 * they were written here. The number of a record is that of its row: records are only ever added, so it counts up.
 */
#ifndef PARKMESH_STORE_OLD_CENTRALS_H
#define PARKMESH_STORE_OLD_CENTRALS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct db;

/* told: the number of the last record that it was told; asked_ms: p2p_sync_state, 0 never. ERR_NOT_FOUND. */
enum err old_central_find(struct db *db, const char *id, int64_t *told, int64_t *asked_ms);
enum err old_central_write(struct db *db, const char *id, int64_t told);
enum err old_central_forget(struct db *db, const char *id);

/* The number of the newest record, 0 without one. */
enum err record_newest(struct db *db, int64_t *out);
/* One that can be told: an entry, a confirmation or an exit. bound: the row of history an exit ended up at, NULL for others. Texts live
 * until the callback returns. */
struct record_told { int64_t number; const char *line, *bound; size_t len; };
typedef enum err record_told_fn(void *arg, const struct record_told *record);
/* Of logs of this author, numbers above after up to last, at most limit. Any error of each ends the walk. */
enum err record_each_to_tell(struct db *db, const char *author, int64_t after, int64_t last, int64_t limit, record_told_fn *each,
	void *arg);

#endif
