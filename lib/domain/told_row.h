/*
 * A row of history as it is told outside: one table of its members, in their order, for the API's JSON, for CSV and for
 * /ws/history, so that all of them have the same shape.
 */
#ifndef PARKMESH_DOMAIN_TOLD_ROW_H
#define PARKMESH_DOMAIN_TOLD_ROW_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "store/history.h"

enum told_kind { TOLD_NULL, TOLD_TEXT, TOLD_INTEGER, TOLD_REAL };

/* One member and what the row has there; text lives as long as the row's. */
struct told_cell { const char *name; enum told_kind kind; const char *text; int64_t integer; double real; };

size_t told_row_cells(void);
const char *told_row_name(size_t number);
struct told_cell told_row_cell(const struct history_row *row, size_t number);

/* The row as a JSON object, added to out. */
void told_row_json(const struct history_row *row, struct buf *out);

#endif
