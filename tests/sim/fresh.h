/* A central that gets all records at once: those of another one, in another order and in other pages, straight into its
 * ledger. */
#ifndef PARKMESH_SIM_FRESH_H
#define PARKMESH_SIM_FRESH_H

struct sim;
struct node;

/* Free with node_free. */
struct node *fresh_new(struct sim *s, struct node *from);

#endif
