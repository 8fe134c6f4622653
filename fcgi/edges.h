/*
 * What each edge saw last, so that barrier/open knows the plate's written form, camera type and confidence although it names only
 * the plate. Kept in memory alone: after a restart an opening without a detection before it is served all the same.
 *
 * Bounded at EDGES_MAX edges; beyond, the one heard of longest ago is forgotten. Any thread may call.
 */
#ifndef PARKMESH_FCGI_EDGES_H
#define PARKMESH_FCGI_EDGES_H

#include <stdbool.h>

#include "domain/gate.h"

#define EDGES_MAX 1024

struct edges;

enum err edges_open(struct edges **out);  /* ERR_MEMORY */
void edges_close(struct edges *e);        /* takes NULL */

/* Remember the detection in ask: its edge_id, plate_id, plate_view, camera_type and confidence. */
void edges_remember(struct edges *e, const struct gate_ask *ask);
/* If ask's edge saw ask's plate last, fill in of ask what is missing. */
void edges_recall(struct edges *e, struct gate_ask *ask);

#endif
