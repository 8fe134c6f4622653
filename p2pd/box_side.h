/* boxes.h tied to the ledger, for live.c. */
#ifndef PARKMESH_P2PD_BOX_SIDE_H
#define PARKMESH_P2PD_BOX_SIDE_H

#include "boxes.h"
#include "rows.h"

struct box_side {
	struct rows *rows;          /* over the same ledger and connection as the mesh's */
	struct mesh_rows mesh;
	const char *central;        /* this central's id, "" not known yet */
	void (*wrote)(void *arg);   /* records were written, which the mesh is to pass on */
	void *arg;
	struct buf frame;
};

/* rows, central and arg outlive s. Free with box_side_free. */
void box_side_init(struct box_side *s, struct rows *rows, const char *central, void (*wrote)(void *arg), void *arg);
void box_side_free(struct box_side *s);
void box_side_table(struct box_side *s, struct boxes_rows *out);

#endif
