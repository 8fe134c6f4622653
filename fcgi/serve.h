/*
 * The gate every request comes in by: read it, find its route, ask who may, check its fields, call the handler, send the answer.
 * Also what handlers share.
 */
#ifndef PARKMESH_FCGI_SERVE_H
#define PARKMESH_FCGI_SERVE_H

#include "app.h"

/* Serve one connection of nginx, which carries one request; fd is closed by it. */
void serve(struct desk *desk, int fd);
/* Close what the desk keeps. */
void desk_close(struct desk *desk);

/* Begin reading: from here on the handler sees one state of the database, in c->desk->db. Ended by call_read_end, or after the
 * handler. ERR_UNAVAILABLE with fault if the database cannot be read. */
enum err call_read(struct call *c, struct fault *fault);
void call_read_end(struct call *c);
int64_t call_now(const struct call *c);
/* The time that what is kept for a while is written and forgotten by: the wall clock as it was at the start, and what has passed
 * since. Whoever sets the clock three days ahead must not have a repeat of a moment ago taken for a new request. */
int64_t call_age_now(const struct call *c);

#endif
