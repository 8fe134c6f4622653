#include "faults.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gates.h"
#include "look.h"
#include "poison.h"
#include "replace.h"
#include "sim.h"

#define MINUTE_MS (60 * 1000LL)
#define DAY_MS (24 * 60 * MINUTE_MS)

/* ---- processes and power ---- */

static int64_t later(struct sim *s, int64_t seconds)
{
	return s->now_us + (int64_t)sim_below(s, (uint64_t)(seconds * SECOND));
}

static void kill_one(struct sim *s, struct node *x)
{
	node_kill(x, sim_one_in(s, 2) ? PROCESS_GATE : PROCESS_MESH, later(s, 20));
}

static void kill_both(struct sim *s, struct node *x)
{
	node_kill(x, PROCESS_GATE, later(s, 20));
	node_kill(x, PROCESS_MESH, later(s, 20));
}

/* It dies at one of its next operations. */
static void kill_within(struct sim *s, struct node *x)
{
	x->disk->kill_in[sim_one_in(s, 2) ? PROCESS_GATE : PROCESS_MESH] = (int64_t)sim_below(s, sim_one_in(s, 2) ? 20 : 200);
}

static void power_cut(struct sim *s, struct node *x)
{
	node_power_cut(x, later(s, 20));
}

static void power_cut_within(struct sim *s, struct node *x)
{
	x->disk->power = true;
	kill_within(s, x);
}

/* ---- network ---- */

static void break_link(struct sim *s, struct node *x)
{
	(void)x;
	net_break_one(s);
}

/* Between this central and some others: cut one way or both, or whole again. */
static void cut(struct sim *s, struct node *x)
{
	bool cut = sim_one_in(s, 2);
	uint64_t ways = sim_below(s, 3);
	for (int k = 1; k <= s->count; k++) {
		if (sim_one_in(s, 2))
			continue;
		s->net.path[x->place][k].cut = cut && ways != 0;
		s->net.path[k][x->place].cut = cut && ways != 1;
	}
}

/* The site falls apart into two halves. */
static void split(struct sim *s, struct node *x)
{
	unsigned half = (unsigned)sim_below(s, 1u << (s->count + 1));
	bool cut = !sim_one_in(s, 3);
	(void)x;
	for (int a = 1; a <= s->count; a++)
		for (int b = 1; b <= s->count; b++)
			s->net.path[a][b].cut = cut && ((half >> a) & 1) != ((half >> b) & 1);
}

static struct path *some_path(struct sim *s, const struct node *x)
{
	int other = 1 + (int)sim_below(s, (uint64_t)s->count);
	return sim_one_in(s, 2) ? &s->net.path[x->place][other] : &s->net.path[other][x->place];
}

static void lossy(struct sim *s, struct node *x)
{
	struct path *p = some_path(s, x);
	p->lose_one_in = sim_one_in(s, 2) ? 2 + sim_below(s, 50) : 0;
	p->twice_one_in = sim_one_in(s, 2) ? 2 + sim_below(s, 50) : 0;
	p->swap_one_in = sim_one_in(s, 2) ? 2 + sim_below(s, 50) : 0;
}

/* An author may be slow for some and quick for others, who then relay. */
static void slow(struct sim *s, struct node *x)
{
	struct path *p = some_path(s, x);
	p->delay_us = sim_one_in(s, 3) ? 500 : (int64_t)sim_below(s, sim_one_in(s, 3) ? 9 * SECOND : SECOND);
	p->jitter_us = sim_one_in(s, 2) ? 0 : (int64_t)sim_below(s, SECOND);
	p->us_per_kib = sim_one_in(s, 2) ? 0 : (int64_t)sim_below(s, SECOND / 5);
}

/* ---- disk and clock ---- */

static void disk_full(struct sim *s, struct node *x)
{
	x->disk->room = x->disk->room >= 0 ? -1 : (int64_t)sim_below(s, sim_one_in(s, 2) ? 20000 : 400000);
}

static void disk_low(struct sim *s, struct node *x)
{
	(void)s;
	x->disk_low = !x->disk_low;
}

static void disk_fails(struct sim *s, struct node *x)
{
	x->disk->fails = x->disk->fails ? 0 : 1 + (unsigned)sim_below(s, 15);
	x->disk->one_in = 1 + sim_below(s, sim_one_in(s, 2) ? 4 : 200);
}

static void clock_jumps(struct sim *s, struct node *x)
{
	uint64_t far = (uint64_t)(sim_one_in(s, 2) ? 20 * MINUTE_MS : 10 * DAY_MS);
	x->clock_ms = sim_one_in(s, 4) ? 0 : (int64_t)sim_below(s, far) - (int64_t)far / 2;
}

/* Not a fault: a list that somebody reads slowly keeps checkpoints from finishing. */
static void read_slowly(struct sim *s, struct node *x)
{
	(void)s;
	node_read(x);
}

/* ---- all kinds ---- */

static void upgrade(struct sim *s, struct node *x)
{
	if (x->old_version)
		replace_upgrade(s, x);
}

static const struct { const char *name; void (*happen)(struct sim *s, struct node *x); } KINDS[] = {
	{"kill", kill_one}, {"kill both", kill_both}, {"kill within", kill_within}, {"power cut", power_cut},
	{"power cut within", power_cut_within}, {"break a link", break_link}, {"cut", cut}, {"split", split}, {"lossy", lossy},
	{"slow", slow}, {"disk full", disk_full}, {"disk low", disk_low}, {"disk fails", disk_fails}, {"clock", clock_jumps},
	{"put back", replace_put_back}, {"forget", replace_forget}, {"new keys", replace_new_keys}, {"another central", replace_other},
	{"upgrade", upgrade}, {"poison", poison},
	{"fork", poison_fork}, {"read slowly", read_slowly},
};
#define KIND_COUNT (sizeof(KINDS) / sizeof(KINDS[0]))

void faults_draw(struct sim *s)
{
	uint64_t likely = 1 + sim_below(s, 4);
	s->faults = 1u << sim_below(s, KIND_COUNT);
	for (size_t k = 0; k < KIND_COUNT; k++)
		if (sim_below(s, 6) < likely && (KINDS[k].happen != replace_other || sim_one_in(s, 2)))
			s->faults |= 1u << k;
}

void faults_begin(struct sim *s)
{
	for (size_t k = 0; k < KIND_COUNT; k++)
		for (int i = 1; i <= s->count && KINDS[k].happen == upgrade && (s->faults & (1u << k)); i++)
			s->node[i]->old_version = sim_one_in(s, 2);
}

void faults_step(struct sim *s)
{
	struct node *x = s->node[1 + sim_below(s, (uint64_t)s->count)];
	size_t k = sim_below(s, KIND_COUNT);
	while (!(s->faults & (1u << k)))
		k = (k + 1) % KIND_COUNT;
	sim_say(s, "%s: %s", x->id, KINDS[k].name);
	KINDS[k].happen(s, x);
}

void faults_heal(struct sim *s)
{
	net_heal(s);
	for (int k = 1; k <= s->count; k++) {
		struct node *x = s->node[k];
		x->disk->room = -1;
		x->disk->fails = 0;
		x->disk->power = false;
		x->disk->kill_in[PROCESS_GATE] = x->disk->kill_in[PROCESS_MESH] = -1;
		x->disk_low = false;
		upgrade(s, x);
		if (!x->gate.db && x->gate.starts_us > s->now_us)
			x->gate.starts_us = s->now_us;
		if (!x->mesh && x->mesh_process.starts_us > s->now_us)
			x->mesh_process.starts_us = s->now_us;
	}
	replace_configure(s);
	replace_repin(s);
}
