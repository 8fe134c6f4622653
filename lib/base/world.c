#include "base/world.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static int64_t real_wall_ms(void *self)
{
	struct timespec now;

	(void)self;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t real_mono_us(void *self)
{
	struct timespec now;

	(void)self;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void real_random(void *self, void *out, size_t len)
{
	unsigned char *to = out;

	(void)self;
	while (len > 0) {
		ssize_t got = getrandom(to, len, 0);

		if (got < 0 && errno != EINTR)
			abort(); /* a kernel without getrandom(2): keys made without chance would be worse */
		if (got > 0) {
			to += got;
			len -= (size_t)got;
		}
	}
}

struct world world_real(void)
{
	return (struct world){real_wall_ms, real_mono_us, real_random, NULL};
}

int64_t world_wall_ms(const struct world *w)
{
	return w->wall_ms(w->self);
}

int64_t world_mono_us(const struct world *w)
{
	return w->mono_us(w->self);
}

int64_t world_mono_ms(const struct world *w)
{
	return w->mono_us(w->self) / 1000;
}

void world_random(const struct world *w, void *out, size_t len)
{
	w->random(w->self, out, len);
}

uint32_t world_random_below(const struct world *w, uint32_t below)
{
	uint32_t skip = -below % below; /* 2^32 mod below: so many values would make the small results likelier */
	uint32_t value;

	do
		world_random(w, &value, sizeof value);
	while (value < skip);
	return value % below;
}
