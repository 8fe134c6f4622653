/*
 * Rows of `warnings`: what happened in the mesh that operators have to be told, until one of them has seen it. A row is named by
 * code, central and log. What the codes mean, and when a warning is raised, is domain/warnings.
 */
#ifndef PARKMESH_STORE_WARNINGS_H
#define PARKMESH_STORE_WARNINGS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "seal/seal.h"

struct db;

#define WARNING_CODE_SIZE 24
#define WARNING_PLACE_SIZE 64
#define WARNING_ROWS_MAX 200 /* beyond, those go that were seen, then the oldest: whoever causes them must not fill the disk */

struct warning_row {
	int64_t id;                     /* 0: not in the table yet */
	char code[WARNING_CODE_SIZE];
	char central[CENTRAL_ID_SIZE];
	char log[LOG_ID_SIZE];          /* "" none */
	char place[WARNING_PLACE_SIZE]; /* an address, a fingerprint or a central, by code; "" none */
	int64_t records;
	int64_t since_ms, last_ms;      /* Unix ms of its first and last event */
	int64_t seen_ms;                /* Unix ms; 0 not yet */
};

enum err warning_find(struct db *db, const char *code, const char *central, const char *log, struct warning_row *out); /* ERR_NOT_FOUND */
/* Insert or replace by code, central and log. In a transaction, as the next two. */
enum err warning_write(struct db *db, const struct warning_row *row);
/* Drop those of this code and central that nobody has seen. */
enum err warning_drop(struct db *db, const char *code, const char *central);
/* ERR_NOT_FOUND: there is none of this id that nobody has seen yet. */
enum err warning_see(struct db *db, int64_t id, int64_t now_ms);
/* Of those nobody has seen: how many of this code and central, of this code. */
enum err warning_count(struct db *db, const char *code, const char *central, size_t *same, size_t *kind);
/* Those nobody has seen, the newest first; at most max. */
enum err warning_list(struct db *db, struct warning_row *out, size_t max, size_t *count);

#endif
