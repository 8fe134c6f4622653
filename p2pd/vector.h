/*
 * The logs this central knows of: those it holds something of, and those a peer has only told of (held 0).
 *
 * A log is named by its index, which never changes while the mesh lives; that of hearsay which is forgotten may become another log's.
 * Those that are held also stand in the order in which
 * they last moved, so that "what changed since" costs what it returns.
 */
#ifndef PARKMESH_P2PD_VECTOR_H
#define PARKMESH_P2PD_VECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "seal/seal.h"
#include "wire/message.h"

#define HEARSAY_MAX 16384u   /* logs of which nothing is held; those held are always known */
#define LOG_NONE UINT32_MAX  /* no log has this index */

struct known_log {
	char log[LOG_ID_SIZE];               /* "": a place that is free */
	char author[CENTRAL_ID_SIZE];        /* "" until its LOG_OPEN is held */
	unsigned char key[KEY_BYTES];
	bool own;                            /* author and key are this central's */
	unsigned flags;                      /* enum log_flag */
	int64_t held;                        /* seq up to which everything is held, at a seal */
	int64_t before;                      /* held before it last moved: records above are "just committed" */
	struct chain head;
	int64_t moved_ms;                    /* monotonic; when it last moved here */
	uint64_t moved;                      /* number of that move among all moves; 0: not held */
	uint32_t older, newer;               /* neighbours in the order of moves */
	int64_t lacking_ms;                  /* monotonic; since when somebody else is known to hold more, 0: nobody */
	uint64_t relay;                      /* link of the peer asked to relay it, LINK_NONE: none */
	int64_t asked_ms;
	uint32_t mark;                       /* of this central's own: its place among the marks (marks.h); LOG_NONE: it is not */
	uint64_t teller;                     /* link of the peer it is counted to as hearsay (hearsay.h); LINK_NONE: it is held */
};

struct vector {
	struct known_log *log;
	uint32_t count, cap;                 /* places, free ones too */
	uint32_t hearsay;                    /* logs of which nothing is held */
	uint32_t free;                       /* the first free place, its `older` the next; LOG_NONE: none */
	uint32_t *slot;                      /* hash table of indices, LOG_NONE empty */
	uint32_t slots;
	uint64_t seed[2];                    /* so that a peer cannot choose ids that collide */
	uint32_t oldest, newest;
	uint64_t moves;
};

void vector_init(struct vector *v, const uint64_t seed[2]);
void vector_free(struct vector *v);

uint32_t vector_find(const struct vector *v, const char *log);
/* Its index, made if needed. hearsay: nothing of it is held. LOG_NONE: over HEARSAY_MAX (hearsay only) or out of memory. */
uint32_t vector_add(struct vector *v, const char *log, bool hearsay);
/* Forget log i, of which nothing is held. Nobody may refer to its index any more. */
void vector_forget(struct vector *v, uint32_t i);
/* It is now held up to seq. */
void vector_move(struct vector *v, uint32_t i, int64_t seq, const struct chain *head, int64_t now_ms);
void vector_entry(const struct known_log *k, struct vector_entry *out);
/* Up to max entries of logs that moved after move number *since, in that order; *since goes up to the last one returned. */
size_t vector_since(const struct vector *v, uint64_t *since, struct vector_entry *out, size_t max);

#endif
