#include "counts.h"

#include <string.h>

#include "base/text.h"

_Static_assert(3 * END_COUNT + 8 <= MESH_COUNTS_MAX, "every count needs its row");

void counts_error_received(struct mesh_counts *c, const char *code)
{
	enum peer_end end = END_REFUSED;
	for (int k = 0; k < END_COUNT; k++) {
		const char *known = peer_end_code((enum peer_end)k);
		if (known && strcmp(known, code) == 0)
			end = (enum peer_end)k;
	}
	c->error_received[end]++;
}

static void add(struct mesh_count *out, size_t *count, const char *kind, const char *cause, int64_t value)
{
	if (value == 0)
		return;
	struct mesh_count *row = &out[(*count)++];
	*row = (struct mesh_count){.count = value};
	(void)text_copy(row->kind, sizeof(row->kind), kind);
	(void)text_copy(row->cause, sizeof(row->cause), cause);
}

static const char *code_of(enum peer_end end)
{
	const char *code = peer_end_code(end);
	return code ? code : "other";
}

size_t counts_rows(const struct mesh_counts *c, struct mesh_count out[MESH_COUNTS_MAX])
{
	const struct { const char *cause; int64_t value; } noticed[] = {
		{"fork", c->forks}, {"gap", c->gaps}, {"hearsay_refused", c->hearsay_refused}, {"held_off", c->held_off},
		{"slow_page", c->slow_pages}, {"log_stopped", c->stopped}, {"stray_ack", c->stray_ack}, {"unknown_type", c->unknown_type},
	};
	size_t count = 0;
	for (int k = 0; k < END_COUNT; k++) {
		enum peer_end end = (enum peer_end)k;
		add(out, &count, "closed", peer_end_name(end), c->ended[k]);
		add(out, &count, "error_sent", code_of(end), c->error_sent[k]);
		add(out, &count, "error_received", code_of(end), c->error_received[k]);
	}
	for (size_t k = 0; k < sizeof(noticed) / sizeof(noticed[0]); k++)
		add(out, &count, "noticed", noticed[k].cause, noticed[k].value);
	return count;
}
