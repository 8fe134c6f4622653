/* A peer as a command line names it. */
#ifndef PARKMESH_CTL_PEER_TEXT_H
#define PARKMESH_CTL_PEER_TEXT_H

#include "store/site.h"

/* ID=ADDRESS:PORT, an IPv6 address in brackets, into a row of weight 1. NULL, or what is wrong with it. What the id and the address may
 * be is for domain/site to say. */
const char *peer_from_text(const char *text, const char *dialect, struct peer_row *out);
/* A port from 1 to 65535; NULL, or what is wrong with it. */
const char *port_from_text(const char *text, int *out);

#endif
