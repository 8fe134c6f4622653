/* What the lists of history.c and conflicts.c share. */
#ifndef PARKMESH_STORE_HISTORY_INTERNAL_H
#define PARKMESH_STORE_HISTORY_INTERNAL_H

#include "store/history.h"
#include "store/sql.h"

#define HISTORY_COLUMN_COUNT 33  /* of a row in lists; what a statement adds stands behind them */
void history_row_from(sqlite3_stmt *st, struct history_row *row);

#endif
