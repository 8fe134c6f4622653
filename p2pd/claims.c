#include "claims.h"

#include <stdlib.h>
#include <string.h>

#include "mesh.h"

static int order(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;
	int by_log = strcmp(x->log, y->log);
	return by_log ? by_log : strcmp(x->peer, y->peer);
}

void claims_read(const struct mesh *m, struct claims *out)
{
	out->count = mesh_claims(m, out->row, CLAIMS_MAX);
	qsort(out->row, out->count, sizeof(out->row[0]), order);
}

enum err claims_write(struct db *db, const struct claims *written, const struct claims *now)
{
	size_t old = 0, had = written ? written->count : 0;
	enum err e = written ? ERR_NONE : claims_clear(db);
	for (size_t k = 0; !e && k < now->count; k++) {
		const struct claim *row = &now->row[k];
		for (; !e && old < had && order(&written->row[old], row) < 0; old++)
			e = claim_delete(db, &written->row[old]);
		bool same = old < had && order(&written->row[old], row) == 0;
		if (!e && (!same || written->row[old].seq != row->seq))
			e = claim_write(db, row);
		old += same;
	}
	for (; !e && old < had; old++)
		e = claim_delete(db, &written->row[old]);
	return e;
}
