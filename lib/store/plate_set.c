#include "store/plate_set.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 1024

void plate_set_init(struct plate_set *s)
{
	*s = (struct plate_set){ 0 };
	buf_init(&s->text, PLATE_SET_BYTES);
}

void plate_set_free(struct plate_set *s)
{
	buf_free(&s->text);
	free(s->slots);
	plate_set_init(s);
}

/* FNV-1a. */
static size_t hash(const char *plate)
{
	uint32_t h = 2166136261U;

	for (; *plate != '\0'; plate++)
		h = (h ^ (unsigned char)*plate) * 16777619U;
	return h;
}

/* Where it is, or would be. There is always a free one. */
static uint32_t *slot_of(const struct plate_set *s, const char *plate)
{
	size_t i = hash(plate) & (s->slot_count - 1);

	while (s->slots[i] != 0 && strcmp(s->text.data + s->slots[i] - 1, plate) != 0)
		i = (i + 1) & (s->slot_count - 1);
	return &s->slots[i];
}

/* Twice as many slots, so that at most half of them are taken. */
static bool grow(struct plate_set *s)
{
	struct plate_set larger = *s;

	larger.slot_count = s->slot_count == 0 ? FIRST_SLOTS : s->slot_count * 2;
	larger.slots = calloc(larger.slot_count, sizeof(*larger.slots));
	if (larger.slots == NULL)
		return false;
	for (size_t at = 0; at < s->text.len; at += strlen(s->text.data + at) + 1)
		*slot_of(&larger, s->text.data + at) = (uint32_t)at + 1;
	free(s->slots);
	s->slots = larger.slots;
	s->slot_count = larger.slot_count;
	return true;
}

enum err plate_set_add(struct plate_set *s, const char *plate)
{
	uint32_t *slot;

	if (s->count >= s->slot_count / 2 && !grow(s))
		return ERR_MEMORY;
	slot = slot_of(s, plate);
	if (*slot != 0)
		return ERR_NONE;
	*slot = (uint32_t)s->text.len + 1;
	buf_add(&s->text, plate, strlen(plate) + 1);
	s->count++;
	return s->text.failed ? ERR_TOO_LARGE : ERR_NONE;
}

const char *plate_set_next(const struct plate_set *s, const char *part, size_t *at)
{
	const char *text = buf_text(&s->text), *found, *begin;

	if (*at >= s->text.len)
		return NULL;
	found = memmem(text + *at, s->text.len - *at, part, strlen(part));
	if (found == NULL)
		return NULL;
	for (begin = found; begin > text && begin[-1] != '\0'; begin--)
		;
	*at = (size_t)(found - text) + strlen(found) + 1;
	return begin;
}
