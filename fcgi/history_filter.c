#include "history_filter.h"

#include <string.h>

#include "base/text.h"
#include "base/zone.h"
#include "history_time.h"
#include "serve.h"

static enum err read_times(const struct call *c, struct history_filter *out, struct fault *fault)
{
	int64_t today = params_truth(&c->params, "today_only") ? zone_day_start(call_now(c)) : 0, unused = 0;
	enum err e = history_time(&c->params, "from", &out->from_ts, &unused, fault);

	if (e == ERR_NONE)
		e = history_time(&c->params, "to", &unused, &out->to_ts, fault);
	if (today > out->from_ts)
		out->from_ts = today;
	return e;
}

static enum err read_search(const struct params *p, char search[PLATE_SIZE], struct fault *fault)
{
	const char *text = params_text(p, "search");

	search[0] = '\0';
	if (text && text[strspn(text, "-. ")] != '\0' && plate_reduce(text, search) == 0) {
		text_copy(search, PLATE_SIZE, "-"); /* "%%" is part of no plate: nothing is found, not everything */
		return ERR_NONE;
	}
	if (!text || plate_reduce(text, search) <= PLATE_MAX)
		return ERR_NONE;
	return fault_set(fault, ERR_INVALID, "invalid_value", "search", "search has more than %d letters and digits; no plate has.",
		PLATE_MAX);
}

static enum err read_after(const struct params *p, struct history_filter *out, struct fault *fault)
{
	const char *text = params_text(p, "after");

	out->has_after = text != NULL;
	if (!text || history_cursor_read(text, &out->after))
		return ERR_NONE;
	return fault_set(fault, ERR_INVALID, "invalid_value", "after", "after has to be what an earlier answer gave as next.");
}

enum err history_filter_read(const struct call *c, char search[PLATE_SIZE], struct history_filter *out, struct fault *fault)
{
	const struct params *p = &c->params;
	enum err e = read_search(p, search, fault);

	*out = (struct history_filter){
		.search = search,
		.status = params_text(p, "status"),
		.central = params_text(p, "central"),
		.edge = params_text(p, "edge"),
		.in_parking_only = params_truth(p, "in_parking_only"),
		.entries_only = params_truth(p, "entries_only"),
		.flagged = params_truth(p, "flagged"),
		.limit = params_integer(p, "limit", HISTORY_LIST_USUAL),
		.offset = params_integer(p, "offset", 0),
	};
	if (e == ERR_NONE)
		e = read_times(c, out, fault);
	return e == ERR_NONE ? read_after(p, out, fault) : e;
}
