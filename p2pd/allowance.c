#include "allowance.h"

bool allowance_take(struct allowance *a, int64_t now_ms, uint64_t *withheld)
{
	int64_t back = (now_ms - a->since_ms) / ALLOWANCE_MS;
	*withheld = 0;
	if (a->used == 0 || back >= a->used) {
		a->used = 0;
		a->since_ms = now_ms;
	} else if (back > 0) {
		a->used -= (unsigned)back;
		a->since_ms += back * ALLOWANCE_MS;
	}
	if (a->used >= ALLOWANCE_LINES) {
		a->withheld++;
		return false;
	}
	a->used++;
	*withheld = a->withheld;
	a->withheld = 0;
	return true;
}
