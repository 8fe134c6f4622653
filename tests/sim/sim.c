#include "sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/zone.h"
#include "check.h"
#include "faults.h"
#include "gates.h"
#include "program.h"
#include "vfs.h"

#define STORM_LOOPS 200000 /* things that happen at one moment; more is a loop without end */

void sim_fail(struct sim *s, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	if (!s->failed)
		(void)text_vformat(s->failure, sizeof(s->failure), format, args);
	va_end(args);
	s->failed = true;
}

void sim_say(const struct sim *s, const char *format, ...)
{
	va_list args;
	if (!s->verbose)
		return;
	printf("# %9.3f ", (double)s->now_us / SECOND);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

/* FNV-1a, 64 bits. */
void sim_hash(struct sim *s, const void *bytes, size_t len)
{
	const unsigned char *b = bytes;
	for (size_t k = 0; k < len; k++)
		s->hash = (s->hash ^ b[k]) * 1099511628211u;
}

uint64_t sim_below(struct sim *s, uint64_t below)
{
	return chance_below(&s->chance, below);
}

bool sim_one_in(struct sim *s, uint64_t n)
{
	return chance_below(&s->chance, n) == 0;
}

/* ---- time ---- */

static bool happens(struct sim *s)
{
	bool moved = net_deliver(s);
	for (int k = 1; k <= s->count; k++)
		moved |= node_run(s->node[k]);
	return moved;
}

void sim_time(struct sim *s, int64_t us)
{
	int64_t until = s->now_us + us;
	while (!s->failed) {
		int loops = 0;
		while (happens(s) && !s->failed)
			if (++loops > STORM_LOOPS)
				sim_fail(s, "the site is busy for ever at one moment");
		if (s->now_us >= until)
			return;
		int64_t next = net_due(s, until);
		for (int k = 1; k <= s->count; k++)
			next = node_due(s->node[k], next);
		s->now_us = next;
	}
}

/* ---- a run ---- */

/* Whom each central dials: everybody, or a line, ring, star or tree by lot; often only one side knows of the other. */
static unsigned peers_of(const struct sim *s, int shape, int place)
{
	unsigned all = (2u << s->count) - 2;
	unsigned before = place > 1 ? 1u << (place - 1) : 0, behind = place < s->count ? 1u << (place + 1) : 0;
	switch (shape) {
	case 0:
		return before | behind;
	case 1:
		return place == s->count ? 1u << 1 : behind;
	case 2:
		return place == 1 ? 0 : 1u << 1;
	case 3:
		return place == 1 ? 0 : 1u << (1 + (s->seed / 7) % (unsigned)(place - 1));
	default:
		return all & ~(1u << place);
	}
}

static void begin(struct sim *s)
{
	int shape = (int)sim_below(s, 8);
	s->count = 2 + (int)(sim_one_in(s, 4) ? sim_below(s, NODES_MAX - 1) : sim_below(s, 4));
	s->plates = 2 + (int)sim_below(s, 12);
	s->steps = s->steps ? s->steps : 20 + (int)sim_below(s, 60);
	faults_draw(s);
	for (int from = 1; from <= NODES_MAX; from++)
		for (int to = 1; to <= NODES_MAX; to++)
			s->net.path[from][to] = (struct path){.delay_us = 200 + (int64_t)sim_below(s, 5000)};
	for (int k = 1; k <= s->count; k++)
		s->node[k] = node_new(s, k, k);
	for (int k = 1; k <= s->count; k++)
		node_peers(s->node[k], peers_of(s, shape, k));
	faults_begin(s);
	sim_say(s, "seed %llu: %d centrals, shape %d, %d plates, %d steps, faults %x", (unsigned long long)s->seed, s->count, shape,
		s->plates, s->steps, s->faults);
	sim_time(s, (int64_t)sim_below(s, 6 * SECOND));
}

static void step(struct sim *s)
{
	int place = 1 + (int)sim_below(s, (uint64_t)s->count);
	if (sim_one_in(s, 3)) {
		faults_step(s);
	} else {
		for (uint64_t k = 1 + sim_below(s, 6); k > 0; k--) {
			gates_work(s->node[place]);
			if (sim_one_in(s, 2))
				sim_time(s, (int64_t)sim_below(s, SECOND / 5));
		}
	}
	sim_time(s, (int64_t)sim_below(s, sim_one_in(s, 8) ? 60 * SECOND : 3 * SECOND));
	check_owed(s->node[1 + sim_below(s, (uint64_t)s->count)]); /* whoever starts is looked at by then, too */
	check_node(s->node[place]);
}

static bool everybody_up(const struct sim *s)
{
	for (int k = 1; k <= s->count; k++)
		if (!s->node[k]->gate.db || !s->node[k]->mesh)
			return false;
	return true;
}

static void converge(struct sim *s)
{
	char text[300] = "";
	faults_heal(s);
	s->healed_us = s->now_us;
	sim_say(s, "all faults end");
	do
		sim_time(s, 2 * SECOND);
	while (!s->failed && s->now_us < s->healed_us + CONVERGE_US && !(everybody_up(s) && check_told(s, text, sizeof(text)) && check_same_records(s)));
	s->converged_us = s->now_us - s->healed_us;
	sim_say(s, "%.1f s later", (double)s->converged_us / SECOND);
	if (!s->failed && !everybody_up(s))
		sim_fail(s, "not everybody is up after %lld s", (long long)(s->converged_us / SECOND));
	if (!s->failed)
		check_end(s);
	if (!s->failed && !check_told(s, text, sizeof(text)))
		sim_fail(s, "after %lld s %s", (long long)(s->converged_us / SECOND), text);
}

struct sim *sim_run(const struct sim_options *o)
{
	struct sim *s = calloc(1, sizeof(*s));
	if (!s)
		abort();
	*s = (struct sim){.seed = o->seed, .chance = {o->seed * 0x9e3779b97f4a7c15u + 1}, .now_us = 1000 * (int64_t)SECOND,
		.hash = 1469598103934665603u, .steps = o->steps, .verbose = o->verbose, .lying_disks = o->lying_disks, .folder = o->folder};
	vfs_seed(o->seed);
	program_is(false);
	(void)zone_set(ZONE_DEFAULT);
	begin(s);
	for (int k = 0; k < s->steps && !s->failed; k++)
		step(s);
	if (!s->failed)
		converge(s);
	sim_hash(s, &s->now_us, sizeof(s->now_us));
	return s;
}

void sim_free(struct sim *s)
{
	for (int k = 1; k <= NODES_MAX; k++)
		node_free(s->node[k]);
	net_free(&s->net);
	free(s);
}
