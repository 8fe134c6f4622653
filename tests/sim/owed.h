/*
 * What a central has told somebody to hold, and so owes for ever: for each log the highest such seq, and the chain there. A
 * gate's answer is told with the record of it; ACKs, vectors and heartbeats tell peers.
 */
#ifndef PARKMESH_SIM_OWED_H
#define PARKMESH_SIM_OWED_H

#include <stddef.h>
#include <stdint.h>

#include "seal/seal.h"
#include "wire/message.h"

struct db;

struct owed { struct vector_entry *entry; size_t count, cap; };

void owed_add(struct owed *o, const struct vector_entry *e);
void owed_free(struct owed *o);
/* Forget everything but what is held: the database is another one. */
void owed_renew(struct owed *o, struct db *db);
/* The first entry that is not held, or with another chain; NULL if all is well. */
const struct vector_entry *owed_missing(const struct owed *o, struct db *db);

#endif
