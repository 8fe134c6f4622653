/* A listening socket, without libwebsockets: so it can move to another port while connections live on. */
#ifndef PARKMESH_P2PD_LISTEN_H
#define PARKMESH_P2PD_LISTEN_H

#include <stddef.h>

#include "base/err.h"

/* Non-blocking, close-on-exec. address: numeric; NULL: all, IPv6 and IPv4. ERR_SYSTEM: error says why (the system's words). */
enum err listen_open(const char *address, int port, int *fd, char *error, size_t size);
/* The same on a socket of this machine: path is made anew, for its owner and group. */
enum err listen_open_path(const char *path, int *fd, char *error, size_t size);
/* Take one connection; address gets the other side's, numeric, "" of this machine. ERR_NOT_FOUND: none waits. ERR_SYSTEM: it cannot be
 * accepted from for now (no descriptors). */
enum err listen_accept(int fd, int *accepted, char *address, size_t size);

#endif
