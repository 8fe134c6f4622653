/* The shape of the database, as numbered steps that only ever get appended to. For store/db.c and the tests. */
#ifndef PARKMESH_STORE_SCHEMA_H
#define PARKMESH_STORE_SCHEMA_H

/* The newest version. */
int schema_version(void);
/* SQL that moves a database from version to version + 1; run in one transaction together with PRAGMA user_version.
 * 0 ≤ version < schema_version(). */
const char *schema_step(int version);
/* SQL that takes out of the newest version what only lists are read by: for a database that is merged into and compared. */
const char *schema_without_lists(void);

#endif
