/*
 * The database of the older Python system (spec/records.md, last paragraph): its table history, in any of the forms it had, read from
 * first row to last. Nothing in the file is changed. What is in it may be anything: column types there are loose.
 */
#ifndef PARKMESH_STORE_OLD_H
#define PARKMESH_STORE_OLD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct old_db;

enum old_column {
	OLD_EVENT_ID, OLD_SOURCE_CENTRAL, OLD_EDGE_ID, OLD_PLATE_ID, OLD_PLATE_VIEW, OLD_ENTRY_TIME, OLD_ENTRY_CAMERA_ID,
	OLD_ENTRY_CAMERA_NAME, OLD_ENTRY_CONFIDENCE, OLD_ENTRY_SOURCE, OLD_EXIT_TIME, OLD_EXIT_CAMERA_ID, OLD_EXIT_CAMERA_NAME,
	OLD_DURATION, OLD_FEE, OLD_STATUS, OLD_COLUMNS
};

/* Its name in the table, and in what old centrals send each other. */
const char *old_column_name(enum old_column column);

#define OLD_TEXT_MAX 1000 /* characters of a value; the rest is cut off */

/* Numbers are texts, too. NULL where the value is NULL or the table has no such column. Valid until the next old_next. */
struct old_row { int64_t row; const char *text[OLD_COLUMNS]; };

/* ERR_NOT_FOUND, ERR_UNAVAILABLE or ERR_CORRUPT with fault. Close with old_close. */
enum err old_open(const char *path, struct old_db **out, struct fault *fault);
void old_close(struct old_db *old);
/* Has its history this column? */
bool old_has(const struct old_db *old, enum old_column column);
enum err old_count(struct old_db *old, int64_t *out);
/* Rows in the order they were written. ERR_NOT_FOUND: there is no further one. */
enum err old_next(struct old_db *old, struct old_row *out);
/* Note that a row got this name; *fresh is false if an earlier one of this run has it. */
enum err old_take_name(struct old_db *old, const char *name, bool *fresh);
/* SQLite's sentence for the last failure. */
const char *old_last_error(const struct old_db *old);

#endif
