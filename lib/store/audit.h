/*
 * Reading what is held as it lies there, for checking it (domain/verify): pages by key, no rules. And how much is held.
 */
#ifndef PARKMESH_STORE_AUDIT_H
#define PARKMESH_STORE_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/logs.h"

struct db;

struct held_counts { int64_t logs, records, stays, inside; };
enum err held_count(struct db *db, struct held_counts *out);

/* A row of records. Texts are NULL where the column is, and live until the callback returns; numbers are -1 then. A chain of the wrong
 * size is all zeros. */
struct audit_record {
	int64_t seq, hlc_ms, hlc_counter, at, unread;
	const char *type, *event_id, *plate_id, *line;
	size_t len;
	struct chain chain;
};
/* Records of log from seq first on, at most limit. Any error of each ends the walk and is returned, as in the next one. */
typedef enum err audit_record_fn(void *arg, const struct audit_record *row);
enum err audit_records(struct db *db, const char *log, int64_t first, size_t limit, audit_record_fn *each, void *arg);
/* When a record was written (hlc_ms); -1 if it does not say, or there is none. */
enum err audit_moment(struct db *db, const char *log, int64_t seq, int64_t *hlc_ms);
typedef enum err audit_seal_fn(void *arg, int64_t seq, const struct seal *seal);
enum err audit_seals(struct db *db, const char *log, int64_t first, int64_t last, audit_seal_fn *each, void *arg);

/* The tables that follow from the records alone, with the columns that have to be equal on all centrals (spec/records.md). */
enum audit_table { AUDIT_HISTORY, AUDIT_EXITS, AUDIT_SETTINGS, AUDIT_TABLES };

struct audit_place { char text[RECORD_MAX + 1]; int64_t number; };   /* key of the last row compared; all zeros: the beginning */
struct audit_difference {
	char log[LOG_ID_SIZE];        /* of the record that the row is about, "" unknown */
	int64_t seq;
	char what[240];               /* a sentence */
};
/* Compare up to limit rows behind *after in both databases, and move it. *rows: how many are equal; below limit: that was the end.
 * ERR_CONFLICT: *out says how they differ. */
enum err audit_compare(struct db *held, struct db *anew, enum audit_table table, struct audit_place *after, size_t limit, size_t *rows,
	struct audit_difference *out);

#endif
