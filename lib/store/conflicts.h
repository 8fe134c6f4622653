/*
 * Conflicts: rows of history at which two centrals' stories do not fit together, for people to look at (spec/pages.md): entries that
 * were superseded, stays with a second exit, exits without an entry, and exits before their entry. They follow from the records alone;
 * that somebody has looked at one is local to this central (table looked, history.looked).
 *
 * A mark holds for the conflict as it was looked at: a row that gets another flag or a further second exit is open again.
 */
#ifndef PARKMESH_STORE_CONFLICTS_H
#define PARKMESH_STORE_CONFLICTS_H

#include "store/history.h"

struct conflict_filter {
	bool open;                   /* only those nobody has looked at */
	bool has_after;
	struct history_cursor after; /* rows behind this one */
	int64_t limit;
};
/* looked_by NULL: nobody has looked at it, as it is now. Texts live until the callback returns. */
struct conflict_row { struct history_row row; const char *looked_by; int64_t looked_ms; };
typedef enum err conflict_each_fn(void *arg, const struct conflict_row *row);
/* Newest first. Any error of each ends the walk and is returned. */
enum err conflicts_list(struct db *db, const struct conflict_filter *f, conflict_each_fn *each, void *arg);
/* How many nobody has looked at; CONFLICTS_COUNT_MAX stands for that many or more. */
#define CONFLICTS_COUNT_MAX 1000
enum err conflicts_open_count(struct db *db, int64_t *out);

/* In a transaction. ERR_NOT_FOUND: the row is no conflict, or was looked at already as it is. */
enum err conflict_look(struct db *db, int64_t history_id, const char *who, int64_t now_ms);
/* ERR_NOT_FOUND: nobody had looked at it. */
enum err conflict_forget(struct db *db, int64_t history_id);

/* The exits that ended up at a row, in the order they happened, at most limit: one that counts, and second ones. Texts NULL when
 * missing. */
struct exit_look { const char *kind, *central, *edge, *reason, *plate_view; int64_t fee, exit_ts; bool is_void; };
typedef enum err exit_look_fn(void *arg, const struct exit_look *exit);
enum err exits_of_row(struct db *db, const char *event_id, int64_t limit, exit_look_fn *each, void *arg);

#endif
