/*
 * Rows of `edges`: what is set about this central's own edges (gates), each by its edge_id. An edge needs no row to be served; one
 * gives it a lane or a token. Local to this central, never shared.
 */
#ifndef PARKMESH_STORE_EDGES_H
#define PARKMESH_STORE_EDGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct db;

#define EDGE_ID_SIZE 64       /* 63 bytes and NUL */
#define EDGE_NAME_SIZE 128
#define EDGE_MARK_SIZE 17
#define EDGE_TOKEN_BYTES 32   /* SHA-256 of a token: the token itself is never kept */

enum lane { LANE_ANY, LANE_ENTRY, LANE_EXIT };

struct edge_row {
	char edge_id[EDGE_ID_SIZE];
	char name[EDGE_NAME_SIZE];          /* "" none */
	enum lane lane;
	bool has_token;
	char token_mark[EDGE_MARK_SIZE];    /* another one for each token, from which nothing can be learnt of it; "" none */
	int64_t created_ms, seen_ms;        /* seen_ms: when it was heard of last, 0 never */
};

/* Add the edge, or give the one there this name and lane; its token stays. In a transaction. */
enum err edge_upsert(struct db *db, const char *edge_id, const char *name, enum lane lane, int64_t now_ms);
/* Give the edge a new token, by its hash (the old one ends); NULL takes its token away. ERR_NOT_FOUND: no such edge. In a
 * transaction. */
enum err edge_set_token(struct db *db, const char *edge_id, const unsigned char hash[EDGE_TOKEN_BYTES]);
/* Its token ends with it. None of that id: nothing is done. In a transaction. */
enum err edge_delete(struct db *db, const char *edge_id);
/* ERR_NOT_FOUND. db may be read-only, in these three. */
enum err edge_find(struct db *db, const char *edge_id, struct edge_row *out);
enum err edge_find_by_token(struct db *db, const unsigned char hash[EDGE_TOKEN_BYTES], struct edge_row *out);
/* By edge_id. Any error of each ends the walk and is returned. */
typedef enum err edge_each_fn(void *arg, const struct edge_row *row);
enum err edge_list(struct db *db, edge_each_fn *each, void *arg);
/* It was heard of; nothing happens if it has no row. In a transaction. */
enum err edge_seen(struct db *db, const char *edge_id, int64_t now_ms);

#endif
