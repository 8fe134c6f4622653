/* Rows of `audit`: what people changed, in the order of their ids. (store/audit is about checking records.) */
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
/* Which of them: who, what NULL: all; times inclusive; only those before (before_ms, before_id), by which the list goes on. */
struct deed_filter {
	const char *who, *what;
	int64_t from_ms, until_ms;
	int64_t before_ms, before_id;
	size_t limit;
};
/* All of them, from the newest. */
#define DEED_FILTER_ALL { .until_ms = INT64_MAX, .before_ms = INT64_MAX, .before_id = INT64_MAX, .limit = 100 }
/* The newest of them, newest first. Any error of each ends the walk and is returned. */
typedef enum err deed_each_fn(void *arg, const struct deed_row *row);
enum err deed_list(struct db *db, const struct deed_filter *f, deed_each_fn *each, void *arg);

/* Who is in the list, and what; at most limit of them, sorted. */
typedef enum err deed_word_fn(void *arg, const char *word);
enum err deed_whos(struct db *db, size_t limit, deed_word_fn *each, void *arg);
enum err deed_whats(struct db *db, size_t limit, deed_word_fn *each, void *arg);

#endif
