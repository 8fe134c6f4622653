/*
 * Time and chance, handed in: nothing below main() asks the system for either, so that a test or a simulation can.
 */
#ifndef PARKMESH_BASE_WORLD_H
#define PARKMESH_BASE_WORLD_H

#include <stddef.h>
#include <stdint.h>

struct world {
	int64_t (*wall_ms)(void *self); /* Unix time, ms; may jump */
	int64_t (*mono_us)(void *self); /* since some moment, microseconds; never goes back */
	void (*random)(void *self, void *out, size_t len);
	void *self;
};

/* The system's clocks and getrandom(2). */
struct world world_real(void);

int64_t world_wall_ms(const struct world *w);
int64_t world_mono_us(const struct world *w);
int64_t world_mono_ms(const struct world *w);
void world_random(const struct world *w, void *out, size_t len);
/* A number 0 … below-1, evenly spread. below ≥ 1. */
uint32_t world_random_below(const struct world *w, uint32_t below);

#endif
