/*
 * This central's own edges (gates) as people set them: a name, a lane, a token. All but the pure ones are called in a transaction and
 * note what they did in the audit list; a token never is.
 *
 * Refusals have a fault: ERR_INVALID edge_id_invalid, edge_name_invalid, too_many_edges; ERR_CONFLICT edge_exists, etag_mismatch (it
 * was changed since it was looked at); ERR_NOT_FOUND unknown_edge.
 */
#ifndef PARKMESH_DOMAIN_EDGE_H
#define PARKMESH_DOMAIN_EDGE_H

#include <stdbool.h>

#include "base/err.h"
#include "domain/deed.h"
#include "store/edges.h"

#define EDGE_ROWS_MAX 1000
#define EDGE_TAG_SIZE 33

/* Names what is set about an edge: another one for any other setting, or token. Pure. */
void edge_tag(const struct edge_row *row, char tag[EDGE_TAG_SIZE]);

struct edge_wish {
	const char *edge_id;
	const char *name;       /* NULL: as it is, "" if it is new */
	const enum lane *lane;  /* NULL: as it is, LANE_ANY if it is new */
	bool fresh;             /* it must not be there yet */
	const char *if_match;   /* its tag; NULL: whatever is set */
};
/* Add an edge, or change the one there; its token stays. */
enum err edge_set(struct db *db, const struct actor *by, const struct edge_wish *w, struct fault *fault);
/* Give it a new token, by its hash: the old one ends. */
enum err edge_new_token(struct db *db, const struct actor *by, const char *edge_id, const unsigned char hash[EDGE_TOKEN_BYTES],
	const char *if_match, struct fault *fault);
/* Its token ends with it. */
enum err edge_remove(struct db *db, const struct actor *by, const char *edge_id, const char *if_match, struct fault *fault);

/* "ENTRY", "EXIT", "BOTH". */
const char *edge_lane_word(enum lane lane);

#endif
