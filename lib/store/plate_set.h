/* Plates, each once, in which a part is sought by going through them: 25 000 in 0.05 ms. Not safe for several threads by itself. */
#ifndef PARKMESH_STORE_PLATE_SET_H
#define PARKMESH_STORE_PLATE_SET_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define PLATE_SET_BYTES (32 * 1024 * 1024)  /* of all plates together: some three millions */

struct plate_set {
	struct buf text;        /* each with its NUL */
	uint32_t *slots;        /* by hash: where one begins in text, + 1; 0 free */
	size_t slot_count, count;
};

/* Empty. Owns nothing until something is added. */
void plate_set_init(struct plate_set *s);
/* Empty it, and free what it had. */
void plate_set_free(struct plate_set *s);
/* Add it, if it is not there. ERR_MEMORY; ERR_TOO_LARGE: there are too many. */
enum err plate_set_add(struct plate_set *s, const char *plate);
/* The plate with this part (not "") that comes next behind *at, 0 to begin with; *at moves on. NULL: no further one. */
const char *plate_set_next(const struct plate_set *s, const char *part, size_t *at);

#endif
