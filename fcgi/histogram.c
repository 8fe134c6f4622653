#include "histogram.h"

const int64_t histogram_times[HISTOGRAM_BOUNDS] = {
	500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 1000000, 2500000, 10000000,
};
const int64_t histogram_sizes[HISTOGRAM_BOUNDS] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 128};

void histogram_add(struct histogram *h, const int64_t bounds[HISTOGRAM_BOUNDS], int64_t value)
{
	int i = 0;

	while (i < HISTOGRAM_BOUNDS && value > bounds[i])
		i++;
	atomic_fetch_add_explicit(&h->bucket[i], 1, memory_order_relaxed);
	if (value > 0)
		atomic_fetch_add_explicit(&h->sum, (uint64_t)value, memory_order_relaxed);
}
