/*
 * CSV as RFC 4180 has it, for people's spreadsheets: UTF-8 with a byte order mark (else Excel takes it for a local code page),
 * CRLF, cells quoted where they need it. A text cell that a spreadsheet would take for a formula gets an apostrophe before it.
 */
#ifndef PARKMESH_FCGI_CSV_H
#define PARKMESH_FCGI_CSV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define CSV_MARK "\xef\xbb\xbf"  /* goes before the first row */

/* One cell; first says whether it begins its row. A NULL text is an empty cell. */
void csv_text(struct buf *out, bool first, const char *text);
void csv_integer(struct buf *out, bool first, int64_t value);
void csv_real(struct buf *out, bool first, double value);
void csv_end_row(struct buf *out);

#endif
