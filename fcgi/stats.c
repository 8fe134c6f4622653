#include "stats.h"

#include "answer.h"
#include "base/zone.h"
#include "serve.h"

enum err stats_read(struct call *c, struct site_stats *out, struct fault *fault)
{
	enum err e = call_read(c, fault);

	return e == ERR_NONE ? history_stats(c->desk->db, zone_day_start(call_now(c)), out) : e;
}

void answer_stats(struct response *r, const struct site_stats *s)
{
	answer_integer(r, "vehicles_in_parking", s->vehicles_in_parking);
	answer_integer(r, "entries_today", s->entries_today);
	answer_integer(r, "exits_today", s->exits_today);
	answer_integer(r, "revenue_today", s->revenue_today);
}
