/*
 * Host names to addresses, beside the event loop (getaddrinfo would stop it): glibc's own helper threads do the waiting.
 */
#ifndef PARKMESH_P2PD_RESOLVE_H
#define PARKMESH_P2PD_RESOLVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct resolver;

/* *fd becomes readable when an answer is there; it is the caller's to close. ERR_SYSTEM, ERR_MEMORY. */
enum err resolver_open(struct resolver **out, int *fd);
/* Lookups under way are given up; their few bytes stay taken until the process ends. */
void resolver_close(struct resolver *r);
/* Begin to look host up, for the link of this number. ERR_MEMORY, ERR_SYSTEM. */
enum err resolve_start(struct resolver *r, uint64_t link, const char *host);
/* An answer: the link's number, and a numeric address or "" if there is none. ERR_NOT_FOUND: no (further) answer yet. */
enum err resolve_next(struct resolver *r, uint64_t *link, char *address, size_t size);

#endif
