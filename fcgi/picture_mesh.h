/*
 * The mesh as this central knows it, drawn as SVG (picture.h): this central in the middle, the others on a circle around it, and its
 * link to each. A link's state shows in dashes, colour and a sign at its end; up to MESH_NAMED centrals it is also said in words with
 * how far behind and ahead they are. More of them are numbered, as in the table beside it. Pure.
 */
#ifndef PARKMESH_FCGI_PICTURE_MESH_H
#define PARKMESH_FCGI_PICTURE_MESH_H

#include <stddef.h>

#include "picture.h"

#define MESH_NAMED 12

enum link_state { LINK_CONNECTED, LINK_CONNECTING, LINK_LOST, LINK_REFUSED, LINK_UNKNOWN, LINK_STATES };

/* "connected" …: the class, and the word for catalogues. */
const char *link_state_name(enum link_state s);

struct mesh_node {
	const char *id;
	enum link_state state;
	const char *word;        /* the state as people read it */
	const char *distance;    /* how far behind and ahead, short; "" in step, or not known */
};

struct mesh_picture {
	const char *title, *desc;
	const char *own, *own_word;  /* this central's id, and what marks it as this one */
	const struct mesh_node *node;
	size_t count;
};

void picture_mesh(struct buf *out, const struct mesh_picture *m);

#endif
