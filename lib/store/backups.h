/* The row of `backup`: whether backups of this database are made day by day, and what is known of the last good one. */
#ifndef PARKMESH_STORE_BACKUPS_H
#define PARKMESH_STORE_BACKUPS_H

#include <stdint.h>

#include "base/err.h"

struct db;

#define BACKUP_PLACE_SIZE 512

struct backup_row {
	int64_t expected_ms;            /* Unix ms since when they are to be made; 0: nobody asked for that */
	int64_t made_ms;                /* the moment the last good one shows, 0 none; in a backup: its own */
	char place[BACKUP_PLACE_SIZE];  /* its path */
	int64_t bytes, records;
};
enum err backup_read(struct db *db, struct backup_row *out);
/* In a transaction. From now on they are expected, unless they are already. */
enum err backup_expect(struct db *db, int64_t now_ms);
/* In a transaction. All but expected_ms. */
enum err backup_write(struct db *db, const struct backup_row *row);

#endif
