/*
 * p2pd as a whole: database, mesh, links and loop tied together.
 *
 * What wakes it: the bell (rows changed), messages, its timer (what the mesh wants to be called for), a tick each second (which
 * looks at everything the bell could have told of, so that a lost ring costs a second), and signals: SIGTERM and SIGINT end it,
 * SIGHUP re-reads both configurations and the certificate, SIGUSR1 dumps the mesh into the journal.
 * Failure cases: a database without identity (nobody has started parkmesh.fcgi yet) or a port that cannot be listened on are told
 * in mesh_status and tried again each second.
 */
#ifndef PARKMESH_P2PD_DAEMON_H
#define PARKMESH_P2PD_DAEMON_H

#include <stdbool.h>

#include "base/err.h"
#include "base/world.h"

struct conf;
struct daemon;

/* Files of the central: the database, the FIFO that wakes p2pd, the socket for those who watch the history and for camera boxes
 * (NULL: none), the site's own certificate and its key (NULL: what the configuration says, else one is made), the machine's
 * configuration and what was read of it (both NULL: none); and whether to announce this central and look for others by mDNS. */
struct daemon_paths { const char *db, *notify, *live, *tls_certificate, *tls_key, *config; const struct conf *conf; bool discover; };

/* Signals must be blocked (signals.h) before any thread exists. world and what paths names outlive it. On failure fault says
 * what to do. Free with daemon_close, also after a failure if *out is not NULL. */
enum err daemon_open(const struct daemon_paths *paths, const struct world *world, struct daemon **out,
	struct fault *fault);
void daemon_close(struct daemon *d);
/* Serve until SIGTERM or SIGINT. ERR_SYSTEM if the loop fails. */
enum err daemon_run(struct daemon *d);

#endif
