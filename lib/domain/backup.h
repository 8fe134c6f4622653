/*
 * What goes with a backup and what does not, and when the last one is too old.
 *
 * A backup is the whole database, keys and secrets among it, so that a machine can be replaced by it alone. But nobody must get in by
 * it who could not get in before: sessions that have ended since then, and a link for the first administrator that has been used, would
 * be good again. So all of them end, in the copy when it is made and once more when it is put in place, since a copy may come from
 * elsewhere. What else lets people and programs in (accounts, passwords, tokens of edges, pins, the mesh secret) a central needs to work
 * at all; it is as it was then, and the audit list says that it is.
 *
 * All but backup_is_old are called in a transaction.
 */
#ifndef PARKMESH_DOMAIN_BACKUP_H
#define PARKMESH_DOMAIN_BACKUP_H

#include <stdbool.h>

#include "base/err.h"
#include "domain/deed.h"
#include "store/backups.h"

#define BACKUP_OLD_MS (48 * 3600 * 1000LL)

/* db is the copy: it says of itself what it is. */
enum err backup_mark(struct db *db, const struct backup_row *made);
/* db is a copy that is to be the database: *made is what it says of itself, made_ms 0 if it was not made by backup_mark. */
enum err backup_put_back(struct db *db, const struct actor *by, struct backup_row *made);

/* Pure. Backups are expected, and there has been no good one for BACKUP_OLD_MS. */
bool backup_is_old(const struct backup_row *row, int64_t now_ms);

#endif
