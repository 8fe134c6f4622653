#include "domain/quorum.h"

#include <stdlib.h>

#include "store/marks.h"
#include "store/site.h"

int64_t quorum_needed(int64_t total)
{
	return 2 * total / 3 + 1;
}

static int higher_seq_first(const void *a, const void *b)
{
	const struct vote *x = a, *y = b;

	return (x->seq < y->seq) - (x->seq > y->seq);
}

int64_t quorum_mark(struct vote *votes, size_t count)
{
	int64_t total = 0, have = 0;

	for (size_t k = 0; k < count; k++)
		total += votes[k].weight;
	qsort(votes, count, sizeof votes[0], higher_seq_first);
	for (size_t k = 0; k < count; k++) {
		have += votes[k].weight;
		if (have >= quorum_needed(total))
			return votes[k].seq;
	}
	return 0;
}

int64_t quorum_every(const struct vote *votes, size_t count)
{
	int64_t least = votes[0].seq;

	for (size_t k = 1; k < count; k++) {
		if (votes[k].seq < least)
			least = votes[k].seq;
	}
	return least;
}

const char *durability_name(enum durability d)
{
	switch (d) {
	case DURABLE_LOCAL: return "local";
	case DURABLE_QUORUM: return "quorum";
	case DURABLE_ALL: return "all";
	}
	return NULL;
}

enum err quorum_weigh(struct db *db, int64_t *total, int64_t *peers)
{
	enum err e = peer_weigh(db, total, peers);

	*total += OWN_WEIGHT;
	return e;
}

enum err durability_fresh(struct db *db, enum durability *out)
{
	int64_t total, peers;
	enum err e = quorum_weigh(db, &total, &peers);

	*out = peers == 0 ? DURABLE_ALL : OWN_WEIGHT >= quorum_needed(total) ? DURABLE_QUORUM : DURABLE_LOCAL;
	return e;
}

enum err durability_known(struct db *db, const char *log, int64_t seq, enum durability *out)
{
	struct mark mark = {.quorum = 0};
	enum err e = mark_find(db, log, &mark);

	*out = mark.every >= seq ? DURABLE_ALL : mark.quorum >= seq ? DURABLE_QUORUM : DURABLE_LOCAL;
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}
