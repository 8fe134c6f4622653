/* The warnings that stand (domain/warnings), as `status` and `warning list` show them. */
#ifndef PARKMESH_CTL_WARNINGS_H
#define PARKMESH_CTL_WARNINGS_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "domain/warnings.h"

struct db;

struct warnings_look { size_t count; struct warning warning[WARNINGS_MAX]; };

/* In a read transaction. */
enum err warnings_look(struct db *db, struct warnings_look *out);
/* The member "warnings"; times in Unix ms. */
void warnings_add_json(struct buf *out, const struct warnings_look *l);
/* A line each; nothing if there is none. */
void warnings_print(const struct warnings_look *l);

#endif
