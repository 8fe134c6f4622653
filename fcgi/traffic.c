#include "traffic.h"

static size_t slot_of(int status)
{
	size_t i = 0;

	while (i < RESPONSE_STATUSES && response_status(i) != status)
		i++;
	return i;
}

void traffic_note(struct traffic *t, const struct route *route, int status, int64_t took_us)
{
	struct traffic_route *r = &t->route[route ? (size_t)(route - routes) : routes_count];

	atomic_fetch_add_explicit(&r->by_status[slot_of(status)], 1, memory_order_relaxed);
	histogram_add(&r->took_us, histogram_times, took_us);
}

void traffic_login_failed(struct traffic *t, enum login_failure why)
{
	atomic_fetch_add_explicit(&t->login_failures[why], 1, memory_order_relaxed);
}
