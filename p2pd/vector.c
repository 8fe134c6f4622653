#include "vector.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define SLOTS_FIRST 64u

void vector_init(struct vector *v, const uint64_t seed[2])
{
	*v = (struct vector){.seed = {seed[0], seed[1]}, .oldest = LOG_NONE, .newest = LOG_NONE, .free = LOG_NONE};
}

void vector_free(struct vector *v)
{
	free(v->log);
	free(v->slot);
	*v = (struct vector){.oldest = LOG_NONE, .newest = LOG_NONE, .free = LOG_NONE};
}

static uint64_t mix(uint64_t x)
{
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93u;
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93u;
	return x ^ (x >> 32);
}

static uint32_t slot_of(const struct vector *v, const char *log)
{
	uint64_t word[4] = {0};
	memcpy(word, log, LOG_ID_SIZE - 1);
	uint64_t h = v->seed[0];
	for (size_t i = 0; i < 4; i++)
		h = mix(h ^ word[i]) + v->seed[1];
	return (uint32_t)h & (v->slots - 1);
}

uint32_t vector_find(const struct vector *v, const char *log)
{
	if (v->slots == 0)
		return LOG_NONE;
	for (uint32_t s = slot_of(v, log);; s = (s + 1) & (v->slots - 1)) {
		uint32_t i = v->slot[s];
		if (i == LOG_NONE || strcmp(v->log[i].log, log) == 0)
			return i;
	}
}

static void slot_fill(struct vector *v, uint32_t i)
{
	uint32_t s = slot_of(v, v->log[i].log);
	while (v->slot[s] != LOG_NONE)
		s = (s + 1) & (v->slots - 1);
	v->slot[s] = i;
}

/* The table is kept at most half full. */
static bool slots_grow(struct vector *v)
{
	uint32_t wanted = v->slots ? v->slots * 2 : SLOTS_FIRST;
	uint32_t *slot = malloc(wanted * sizeof(*slot));
	if (!slot)
		return false;
	free(v->slot);
	v->slot = slot;
	v->slots = wanted;
	memset(slot, 0xff, wanted * sizeof(*slot));
	for (uint32_t i = 0; i < v->count; i++)
		if (v->log[i].log[0])
			slot_fill(v, i);
	return true;
}

static bool logs_grow(struct vector *v)
{
	uint32_t wanted = v->cap ? v->cap + v->cap / 2 : SLOTS_FIRST / 2;
	struct known_log *log = realloc(v->log, wanted * sizeof(*log));
	if (!log)
		return false;
	v->log = log;
	v->cap = wanted;
	return true;
}

/* A place for one more log. */
static uint32_t free_place(struct vector *v)
{
	uint32_t i = v->free;
	if (i != LOG_NONE) {
		v->free = v->log[i].older;
		return i;
	}
	if ((v->count == v->cap && !logs_grow(v)) || (v->count >= v->slots / 2 && !slots_grow(v)))
		return LOG_NONE;
	return v->count++;
}

uint32_t vector_add(struct vector *v, const char *log, bool hearsay)
{
	uint32_t i = vector_find(v, log);
	if (i != LOG_NONE)
		return i;
	if ((hearsay && v->hearsay >= HEARSAY_MAX) || v->count >= LOG_NONE / 4 || strlen(log) != LOG_ID_SIZE - 1)
		return LOG_NONE;
	i = free_place(v);
	if (i == LOG_NONE)
		return LOG_NONE;
	v->log[i] = (struct known_log){.older = LOG_NONE, .newer = LOG_NONE, .mark = LOG_NONE};
	memcpy(v->log[i].log, log, LOG_ID_SIZE);
	v->hearsay++; /* until vector_move */
	slot_fill(v, i);
	return i;
}

/* Those that stand behind an emptied slot move up, as far as they may. */
static void slot_empty(struct vector *v, uint32_t s)
{
	uint32_t mask = v->slots - 1;
	for (uint32_t n = (s + 1) & mask; v->slot[n] != LOG_NONE; n = (n + 1) & mask) {
		uint32_t home = slot_of(v, v->log[v->slot[n]].log);
		if (((n - home) & mask) < ((n - s) & mask))
			continue;
		v->slot[s] = v->slot[n];
		s = n;
	}
	v->slot[s] = LOG_NONE;
}

void vector_forget(struct vector *v, uint32_t i)
{
	uint32_t s = slot_of(v, v->log[i].log);
	while (v->slot[s] != i)
		s = (s + 1) & (v->slots - 1);
	slot_empty(v, s);
	v->log[i] = (struct known_log){.older = v->free, .newer = LOG_NONE, .mark = LOG_NONE};
	v->free = i;
	v->hearsay--;
}

static void leave_order(struct vector *v, const struct known_log *k)
{
	if (k->older != LOG_NONE)
		v->log[k->older].newer = k->newer;
	else
		v->oldest = k->newer;
	if (k->newer != LOG_NONE)
		v->log[k->newer].older = k->older;
	else
		v->newest = k->older;
}

void vector_move(struct vector *v, uint32_t i, int64_t seq, const struct chain *head, int64_t now_ms)
{
	struct known_log *k = &v->log[i];
	if (k->moved)
		leave_order(v, k);
	else
		v->hearsay--;
	k->before = k->held;
	k->held = seq;
	k->head = *head;
	k->moved_ms = now_ms;
	k->moved = ++v->moves;
	k->newer = LOG_NONE;
	k->older = v->newest;
	if (v->newest != LOG_NONE)
		v->log[v->newest].newer = i;
	else
		v->oldest = i;
	v->newest = i;
}

void vector_entry(const struct known_log *k, struct vector_entry *out)
{
	*out = (struct vector_entry){.seq = k->held};
	memcpy(out->log, k->log, sizeof(out->log));
	memcpy(out->chain_head, k->head.byte, sizeof(out->chain_head));
}

size_t vector_since(const struct vector *v, uint64_t *since, struct vector_entry *out, size_t max)
{
	uint32_t i = v->newest;
	if (*since == 0)
		i = v->oldest;
	else
		while (i != LOG_NONE && v->log[i].older != LOG_NONE && v->log[v->log[i].older].moved > *since)
			i = v->log[i].older;
	size_t count = 0;
	for (; i != LOG_NONE && count < max; i = v->log[i].newer) {
		if (v->log[i].moved <= *since)
			continue;
		vector_entry(&v->log[i], &out[count++]);
		*since = v->log[i].moved;
	}
	return count;
}
