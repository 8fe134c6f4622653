/* The signals that p2pd listens to, as something to be read: SIGTERM, SIGINT, SIGHUP, SIGUSR1. */
#ifndef PARKMESH_P2PD_SIGNALS_H
#define PARKMESH_P2PD_SIGNALS_H

/* Block them, and ignore SIGPIPE; before any thread exists. */
void signals_block(void);
/* A signalfd(2) of them; -1: the system refused. */
int signals_open(void);

#endif
