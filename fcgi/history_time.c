#include "history_time.h"

#include "base/text.h"
#include "base/zone.h"

#define SECONDS_BELOW 100000000000LL /* a smaller Unix time is in seconds, as in edge-reported times */

enum err history_time(const struct params *p, const char *name, int64_t *first, int64_t *last, struct fault *fault)
{
	const char *text = params_text(p, name);
	int64_t number;

	if (!text || zone_parse(text, first, last))
		return ERR_NONE;
	if (!number_parse(text, INTEGER_MAX, &number))
		return fault_set(fault, ERR_INVALID, "invalid_value", name,
			"%s has to be a Unix time or a local one such as 2025-12-31 or 2025-12-31 18:30:00.", name);
	*first = number < SECONDS_BELOW ? number * 1000 : number;
	*last = number < SECONDS_BELOW ? number * 1000 + 999 : number;
	return ERR_NONE;
}
