#include "queue.h"

#include <stdlib.h>
#include <string.h>

bool queue_add(struct queue *q, const void *bytes, size_t len)
{
	struct chunk *c = malloc(sizeof(*c) + CHUNK_ROOM + len);
	if (!c)
		return false;
	c->next = NULL;
	c->len = len;
	memcpy(c->data + CHUNK_ROOM, bytes, len);
	if (q->last)
		q->last->next = c;
	else
		q->first = c;
	q->last = c;
	q->bytes += len;
	return true;
}

void queue_pop(struct queue *q)
{
	struct chunk *c = q->first;
	q->first = c->next;
	if (!q->first)
		q->last = NULL;
	q->bytes -= c->len;
	q->lent = false;
	free(c);
}

void queue_free(struct queue *q)
{
	while (q->first)
		queue_pop(q);
}

bool assembly_add(struct assembly *a, const void *bytes, size_t len, size_t expect, size_t limit)
{
	if (len > limit || a->len > limit - len || expect > limit - len - a->len)
		return false;
	if (!a->data || a->len + len > a->cap) {
		size_t wanted = a->len + len + expect;
		if (wanted < 2 * a->cap)
			wanted = 2 * a->cap < limit ? 2 * a->cap : limit;
		char *data = realloc(a->data, wanted ? wanted : 1);
		if (!data)
			return false;
		a->data = data;
		a->cap = wanted;
	}
	if (len)
		memcpy(a->data + a->len, bytes, len);
	a->len += len;
	return true;
}

char *assembly_take(struct assembly *a, size_t *len)
{
	char *data = a->data;
	*len = a->len;
	*a = (struct assembly){0};
	return data;
}
