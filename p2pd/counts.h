/* What the mesh has counted since it was made, as rows: each cause of a close, each code of an ERROR, and what else is worth a look. */
#ifndef PARKMESH_P2PD_COUNTS_H
#define PARKMESH_P2PD_COUNTS_H

#include <stddef.h>

#include "peer.h"
#include "store/counts.h"

struct mesh_counts {
	int64_t sent, received;     /* messages */
	int64_t records_taken, pages_taken, pages_sent;
	int64_t ended[END_COUNT];   /* connections ended, by cause */
	int64_t error_sent[END_COUNT], error_received[END_COUNT]; /* by the cause its code stands for; of others END_REFUSED */
	int64_t unknown_type, gaps, forks, stopped /* logs no longer exchanged without a fork */, held_off, hearsay_refused, stray_ack, slow_pages;
};

/* An ERROR with this code has come. */
void counts_error_received(struct mesh_counts *c, const char *code);
/* All that are not 0, at most MESH_COUNTS_MAX; last_ms is left to the caller. Returns how many. */
size_t counts_rows(const struct mesh_counts *c, struct mesh_count out[MESH_COUNTS_MAX]);

#endif
