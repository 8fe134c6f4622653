#include "owed.h"

#include <stdlib.h>
#include <string.h>

#include "store/logs.h"

void owed_add(struct owed *o, const struct vector_entry *e)
{
	size_t k = 0;
	while (k < o->count && strcmp(o->entry[k].log, e->log) != 0)
		k++;
	if (e->seq < 1)
		return;
	if (k == o->cap) {
		o->cap = 2 * o->cap + 16;
		o->entry = realloc(o->entry, o->cap * sizeof(*o->entry));
		if (!o->entry)
			abort();
	}
	if (k == o->count)
		o->entry[o->count++] = *e;
	else if (e->seq > o->entry[k].seq)
		o->entry[k] = *e;
}

void owed_free(struct owed *o)
{
	free(o->entry);
	*o = (struct owed){0};
}

static bool add_row(void *arg, const struct log_row *row)
{
	struct vector_entry e = {.seq = row->head_seq};
	memcpy(e.log, row->log, sizeof(e.log));
	memcpy(e.chain_head, row->head.byte, sizeof(e.chain_head));
	owed_add(arg, &e);
	return true;
}

void owed_renew(struct owed *o, struct db *db)
{
	owed_free(o);
	(void)log_each_changed(db, 0, add_row, o);
}

const struct vector_entry *owed_missing(const struct owed *o, struct db *db)
{
	for (size_t k = 0; k < o->count; k++) {
		const struct vector_entry *e = &o->entry[k];
		struct log_row row;
		struct chain chain;
		if (log_find(db, e->log, &row) != ERR_NONE || row.head_seq < e->seq || record_chain(db, e->log, e->seq, &chain) != ERR_NONE ||
			memcmp(chain.byte, e->chain_head, CHAIN_HEAD_BYTES) != 0)
			return e;
	}
	return NULL;
}
