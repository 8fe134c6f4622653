/*
 * Poison: a log by an author whom nobody knows, validly sealed, full of what no central would write: unknown types, fields of
 * wrong types, times at the end of the world, names of other centrals' stays. All of it has to be stored, passed on, and
 * merged everywhere alike.
 *
 * And forks: two sealed histories of one log by the author FORKED, one for half of the centrals, one for the others. What is
 * held first stays; nobody may ever hold a mixture. His cars are nobody else's, so that all other history stays comparable.
 */
#ifndef PARKMESH_SIM_POISON_H
#define PARKMESH_SIM_POISON_H

#define FORKED "twin"

struct sim;
struct node;

/* Somebody brings such a log to this central; one in four with a forged seal, which nobody may take. */
void poison(struct sim *s, struct node *x);
/* The two histories are brought to two centrals; a part of each at once, the rest some seconds later,
 * perhaps to the wrong one. */
void poison_fork(struct sim *s, struct node *x);

#endif
