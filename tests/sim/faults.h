/*
 * What goes wrong at a simulated site. Each seed meets some kinds of faults, not all, so that each also shows itself alone.
 */
#ifndef PARKMESH_SIM_FAULTS_H
#define PARKMESH_SIM_FAULTS_H

struct sim;

/* Draw which kinds this site meets. */
void faults_draw(struct sim *s);
/* What is so from the beginning: who runs an earlier program version. */
void faults_begin(struct sim *s);
/* One fault begins or ends. */
void faults_step(struct sim *s);
/* All end: everybody runs, is connected, and has room. Wrong clocks stay wrong. */
void faults_heal(struct sim *s);

#endif
