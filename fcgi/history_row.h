/* A row of history as it is told (domain/told_row.h), in an answer and in a CSV. */
#ifndef PARKMESH_FCGI_HISTORY_ROW_H
#define PARKMESH_FCGI_HISTORY_ROW_H

#include "response.h"
#include "store/history.h"

/* An object in the list that is open. */
void answer_history_row(struct response *r, const struct history_row *row);

/* The CSV's first row, which names the columns, and the rows. */
void csv_history_head(struct buf *out);
void csv_history_row(struct buf *out, const struct history_row *row);

#endif
