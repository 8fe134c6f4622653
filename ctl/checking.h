/* Verifying a database (domain/verify) with progress on stderr. */
#ifndef PARKMESH_CTL_CHECKING_H
#define PARKMESH_CTL_CHECKING_H

#include "command.h"
#include "domain/verify.h"

/* As verify_run. db is a DB_READ connection. */
enum err checking_verify(const struct ctl *c, struct db *db, struct verify_counts *counts, struct verify_finding *finding);

#endif
