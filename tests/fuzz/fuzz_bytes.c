/*
 * p2pd's bytes: messages on their way out (queue) and one that arrives in pieces (assembly), beside a plain copy of all of them.
 * Each two bytes: what is done, and with how much.
 */
#include "fuzz.h"

#include "p2pd/queue.h"

#define LIMIT 1000

struct model { char bytes[LIMIT]; size_t len; };

static void piece(struct assembly *a, struct model *m, size_t len, size_t expect, uint8_t filler)
{
	char *bytes = malloc(len + 1);
	bool fits = m->len + len + expect <= LIMIT;

	MUST(bytes);
	memset(bytes, filler, len);
	MUST(assembly_add(a, bytes, len, expect, LIMIT) == fits);
	if (fits) {
		memcpy(m->bytes + m->len, bytes, len);
		m->len += len;
	}
	free(bytes);
	MUST(a->len == m->len && a->cap <= LIMIT);
}

static void whole(struct assembly *a, struct model *m)
{
	size_t len;
	char *bytes = assembly_take(a, &len);

	MUST(len == m->len && (len == 0 || memcmp(bytes, m->bytes, len) == 0) && !a->data && a->len == 0);
	m->len = 0;
	free(bytes);
}

static void check_queue(const struct queue *q)
{
	size_t bytes = 0;

	for (const struct chunk *c = q->first; c; c = c->next) {
		bytes += c->len;
		MUST(c->next || c == q->last);
	}
	MUST(bytes == q->bytes && !q->first == !q->last);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct feed feed = {bytes, bytes + len};
	struct assembly a = {0};
	struct queue q = {0};
	struct model m = {.len = 0};

	while (feed_left(&feed)) {
		uint8_t how = feed_byte(&feed), much = feed_byte(&feed);

		if (how < 160)
			piece(&a, &m, (size_t)much * (how % 8), (size_t)much * (how / 8 % 8), how);
		else if (how < 180)
			whole(&a, &m);
		else if (how < 220)
			MUST(queue_add(&q, feed.at, much < (size_t)(feed.end - feed.at) ? much : 0));
		else if (q.first)
			queue_pop(&q);
		check_queue(&q);
	}
	whole(&a, &m);
	queue_free(&q);
	return 0;
}
