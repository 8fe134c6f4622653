/*
 * What people and edges do at a simulated central: cars come and go, operators correct and void, the office sets tariffs. Each
 * batch is one transaction with a savepoint a request, as fcgi/writer.c does it, and what it answered is checked against the
 * rows at once.
 */
#ifndef PARKMESH_SIM_GATES_H
#define PARKMESH_SIM_GATES_H

struct node;

/* One batch by lot, if the gate process is up. */
void gates_work(struct node *x);

#endif
