/*
 * Databases that are not what they were: put back from an older copy, wiped, replaced by another central's, and program
 * versions that change. What such a central has not told anybody before is lost by nobody's fault; all else it gets back from
 * the others.
 */
#ifndef PARKMESH_SIM_REPLACE_H
#define PARKMESH_SIM_REPLACE_H

struct sim;
struct node;

/* Take a copy; or, if there is one, put it back. Then it may be cut off and written to before it meets anybody. */
void replace_put_back(struct sim *s, struct node *x);
/* A new database with the same id and keys. */
void replace_forget(struct sim *s, struct node *x);
/* A new database with the same id and new keys; the others refuse it until an operator has said so. */
void replace_new_keys(struct sim *s, struct node *x);
/* Another central, with another id, at the same place; the configuration of all others follows. */
void replace_other(struct sim *s, struct node *x);
/* The newer program version is started on the database of the older one. */
void replace_upgrade(struct sim *s, struct node *x);
/* Operators forget the keys under which they know others, where those have changed. */
void replace_repin(struct sim *s);
/* Operators see to it that everybody names those who are there now. */
void replace_configure(struct sim *s);

#endif
