/*
 * The request threads and how connections come to them.
 *
 * libfcgi's accept loop is not used: nothing wakes a thread that is idle in it, and after FCGX_ShutdownPending it may close a
 * descriptor number that is somebody else's by then. Here each thread waits by its own epoll for the listening socket
 * (EPOLLEXCLUSIVE: one connection wakes one thread) and for the stop eventfd, accepts, and serves that connection to its end.
 *
 * The listening socket belongs to the parent (systemd or parkmesh-central), so that connections that come during a restart wait
 * in it for the next process.
 */
#ifndef PARKMESH_FCGI_ACCEPT_H
#define PARKMESH_FCGI_ACCEPT_H

#include "app.h"

struct accepting;

/* The listening socket by the environment: 3 after systemd's LISTEN_FDS=1, else 0. ERR_SYSTEM with fault if it is none. */
enum err accept_find_socket(int *listen_fd, struct fault *fault);
/* Start app->threads threads on it. End with accept_stop. */
enum err accept_start(struct app *app, int listen_fd, struct accepting **out, struct fault *fault);
/* Accept no more, let each thread finish what it serves, join them. Takes NULL. */
void accept_stop(struct accepting *a);

#endif
