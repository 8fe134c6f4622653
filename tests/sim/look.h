/* Looking into a simulated central's database with plain SQL: only the checks do so, past the product's own functions. */
#ifndef PARKMESH_SIM_LOOK_H
#define PARKMESH_SIM_LOOK_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct db;

/* The first column of the first row, as a number; LOOK_NONE: no row, or an error. text and number are bound as ?1 and ?2; text
 * may be NULL. */
#define LOOK_NONE INT64_MIN
int64_t look_int(struct db *db, const char *sql, const char *text, int64_t number);
/* The first column of the first row as text, "" if there is none. */
void look_text(struct db *db, const char *sql, int64_t number, char *out, size_t size);
/* All rows, one a line, columns parted by |, appended. */
void look_rows(struct db *db, const char *sql, struct buf *out);

#endif
