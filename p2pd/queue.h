/* Bytes on their way: messages that wait to leave a link, and one that is still arriving. */
#ifndef PARKMESH_P2PD_QUEUE_H
#define PARKMESH_P2PD_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

/* Room that libwebsockets wants before each message, for its header; link.c checks that it is enough. */
#define CHUNK_ROOM 32

struct chunk { struct chunk *next; size_t len; unsigned char data[]; }; /* CHUNK_ROOM bytes, then len bytes of message */
struct queue { struct chunk *first, *last; size_t bytes; bool lent; /* the first one was written, and is still read from */ };

/* Copy a message to the end. false: out of memory. */
bool queue_add(struct queue *q, const void *bytes, size_t len);
/* Drop the first one. */
void queue_pop(struct queue *q);
void queue_free(struct queue *q);

struct assembly { char *data; size_t len, cap; };
/* Add len bytes, of which `expect` more are announced. false: over limit, or out of memory. */
bool assembly_add(struct assembly *a, const void *bytes, size_t len, size_t expect, size_t limit);
/* The whole message, now the caller's to free; the next one begins. */
char *assembly_take(struct assembly *a, size_t *len);

#endif
