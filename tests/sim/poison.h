/*
 * Poison: a log by an author whom nobody knows, validly sealed, full of what no central would write: unknown types, fields of wrong
 * types, times at the end of the world, names of other centrals' stays. All of it has to be stored, passed on, and merged everywhere alike.
 */
#ifndef PARKMESH_SIM_POISON_H
#define PARKMESH_SIM_POISON_H

struct sim;
struct node;

/* Somebody brings such a log to this central. */
void poison(struct sim *s, struct node *x);

#endif
