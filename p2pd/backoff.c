#include "backoff.h"

#include "base/world.h"

#define BACKOFF_FIRST_MS 1000
#define BACKOFF_MOST_MS 30000

int64_t backoff_wait(const struct world *world, unsigned *attempts)
{
	int64_t most = BACKOFF_FIRST_MS;
	for (unsigned k = 0; k < *attempts && most < BACKOFF_MOST_MS; k++)
		most *= 2;
	if (most > BACKOFF_MOST_MS)
		most = BACKOFF_MOST_MS;
	++*attempts;
	return world_random_below(world, (uint32_t)most + 1);
}
