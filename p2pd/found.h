/*
 * What discovery has to do with rows: what this central announces of itself, and who was discovered, written when that has changed; what
 * cannot be written for now is written by a later look.
 */
#ifndef PARKMESH_P2PD_FOUND_H
#define PARKMESH_P2PD_FOUND_H

#include "discovery.h"

struct db;

/* Announce this central, if others can reach it. d NULL: discovery is off. */
void found_by_others(struct discovery *d, const struct identity *self, bool reachable);

struct found {
	struct discovered list[DISCOVERED_MAX];
	size_t count;
	bool written;   /* the rows are these; not so at the start, when those of an earlier run may stand there */
	bool failing;   /* which was told */
};

/* Take over what changed (d NULL: discovery is off, and nobody was found) and write it, in a transaction of its own. */
void found_look(struct found *f, struct discovery *d, struct db *db);

#endif
