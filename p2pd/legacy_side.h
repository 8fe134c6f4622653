/* legacy.h tied to links and rows, for the daemon. */
#ifndef PARKMESH_P2PD_LEGACY_SIDE_H
#define PARKMESH_P2PD_LEGACY_SIDE_H

#include "legacy.h"
#include "link.h"
#include "rows.h"

struct legacy_side {
	struct legacy *legacy;
	struct rows *rows;            /* over the same ledger and connection as the mesh's */
	struct mesh_rows mesh;
	void (*soon)(void *arg);      /* legacy_run is to be called */
	void *arg;
	char path[108];               /* of the socket by which nginx comes; "" none */
};

/* What the links are to tell of old centrals. soon and arg are set; s outlives the links. */
void legacy_side_told(struct legacy_side *s, struct links_told *out);
/* Its path: old.sock in the folder of the one given; NULL none. */
void legacy_side_place(struct legacy_side *s, const char *live);
/* The rows alone, over s->rows and s->mesh, for a test. */
void legacy_side_rows(struct legacy_side *s, struct legacy_rows *out);
/* Sets s->legacy; links, rows and world outlive it. ERR_MEMORY. */
enum err legacy_side_open(struct legacy_side *s, struct links *links, struct rows *rows, const struct mesh_rows *mesh,
	const struct world *world);

#endif
