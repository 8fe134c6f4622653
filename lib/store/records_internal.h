/* Columns of record_rows, for the files of the store that read records. */
#ifndef PARKMESH_STORE_RECORDS_INTERNAL_H
#define PARKMESH_STORE_RECORDS_INTERNAL_H

#include "base/buf.h"
#include "store/sql.h"
#include "wire/record.h"

#define LINE_COLUMN_COUNT 7
/* The seven columns of a line (LINE_COLUMNS in sql.c) from first on, unpacked; out holds only that. ERR_CORRUPT. */
enum err get_line(sqlite3_stmt *st, int first, struct buf *out);
/* record_rows.type: the number of a type, or the word of one that was not known. */
enum record_type get_record_type(sqlite3_stmt *st, int column);
const char *get_record_type_name(sqlite3_stmt *st, int column);

#endif
