/* Rows of `audit`: what people changed, oldest first by id. (store/audit is about checking records.) */
#ifndef PARKMESH_STORE_DEEDS_H
#define PARKMESH_STORE_DEEDS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct db;

/* Texts of a row that was read live until the callback returns. old, new: NULL where there is none. */
struct deed_row {
	int64_t id, at_ms;
	const char *who, *source, *what, *object, *old, *new;
};

/* Append one; its id is given by the table. In a transaction. */
enum err deed_insert(struct db *db, const struct deed_row *row);
/* The newest below id before (INT64_MAX: from the end), newest first. Any error of each ends the walk and is returned. */
typedef enum err deed_each_fn(void *arg, const struct deed_row *row);
enum err deed_list(struct db *db, int64_t before, size_t limit, deed_each_fn *each, void *arg);

#endif
