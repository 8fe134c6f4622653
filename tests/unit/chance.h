/* Repeatable chance for tests: the same seed gives the same run (splitmix64). */
#ifndef PARKMESH_CHANCE_H
#define PARKMESH_CHANCE_H

#include <stddef.h>
#include <stdint.h>

struct chance { uint64_t state; };

static inline uint64_t chance_next(struct chance *c)
{
	uint64_t z = c->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* 0 … below-1 */
static inline uint64_t chance_below(struct chance *c, uint64_t below)
{
	return chance_next(c) % below;
}

static inline void chance_bytes(struct chance *c, void *out, size_t len)
{
	unsigned char *to = out;

	for (size_t i = 0; i < len; i++)
		to[i] = (unsigned char)chance_next(c);
}

/* One byte changed, lost or doubled. Returns the new length, at most
 * len + 1; bytes has room for it. len ≥ 1. */
static inline size_t chance_mutate(struct chance *c, char *bytes, size_t len)
{
	static const char liked[] = "\"\\{}[]:,0-.eEu\n\r\t \x01\x7f\x80\xc4\xed\xff";
	size_t at = chance_below(c, len);

	switch (chance_below(c, 5)) {
	case 0:
		bytes[at] = (char)chance_next(c);
		return len;
	case 1: /* with its NUL */
		bytes[at] = liked[chance_below(c, sizeof liked)];
		return len;
	case 2:
		bytes[at] = (char)(bytes[at] ^ (1 << chance_below(c, 8)));
		return len;
	case 3:
		for (size_t i = at; i + 1 < len; i++)
			bytes[i] = bytes[i + 1];
		return len - 1;
	default:
		for (size_t i = len; i > at; i--)
			bytes[i] = bytes[i - 1];
		return len + 1;
	}
}

#endif
