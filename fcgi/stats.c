#include "stats.h"

#include "answer.h"

void answer_stats(struct response *r, const struct site_stats *s)
{
	answer_integer(r, "vehicles_in_parking", s->vehicles_in_parking);
	answer_integer(r, "entries_today", s->entries_today);
	answer_integer(r, "exits_today", s->exits_today);
	answer_integer(r, "revenue_today", s->revenue_today);
}
