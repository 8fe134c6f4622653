#include "net.h"

#include <stdlib.h>
#include <string.h>

#include "p2pd/mesh.h"
#include "program.h"
#include "sim.h"

static struct pipe_end *end_of(struct net *n, uint64_t link, struct pipe **pipe, int *side)
{
	for (size_t k = 0; k < n->pipes; k++)
		for (*side = 0; *side < 2; (*side)++)
			if (n->pipe[k].end[*side].link == link) {
				*pipe = &n->pipe[k];
				return &n->pipe[k].end[*side];
			}
	return NULL;
}

static void take_first(struct pipe_end *end)
{
	struct parcel *p = end->first;
	end->first = p->next;
	if (!end->first)
		end->last = &end->first;
	end->queued -= p->len;
	free(p);
}

static void parcels_free(struct pipe_end *end)
{
	while (end->first) {
		free(end->first->bytes);
		take_first(end);
	}
}

void net_free(struct net *n)
{
	for (size_t k = 0; k < n->pipes; k++)
		for (int side = 0; side < 2; side++)
			parcels_free(&n->pipe[k].end[side]);
}

/* ---- what a mesh asks for ---- */

/* One that nobody uses any more, or a new one; NULL: no room. */
static struct pipe *free_pipe(struct net *n)
{
	for (size_t k = 0; k < n->pipes; k++) {
		struct pipe *p = &n->pipe[k];
		if (p->end[0].open || p->end[1].open)
			continue;
		parcels_free(&p->end[0]);
		parcels_free(&p->end[1]);
		return p;
	}
	return n->pipes < PIPES_MAX ? &n->pipe[n->pipes++] : NULL;
}

static enum err dial(void *self, const char *host, int port, bool tls, uint64_t *link)
{
	const struct node *x = self;
	struct sim *s = x->sim;
	struct pipe *p = free_pipe(&s->net);
	(void)host;
	if (!p || node_dead(x))
		return ERR_SYSTEM;
	*p = (struct pipe){.end = {{.node = x->place, .open = true}, {.node = port, .open = port <= s->count}}, .breaks_us = INT64_MAX,
		.tls = tls};
	p->opens_us = s->now_us + s->net.path[x->place][port].delay_us + s->net.path[port][x->place].delay_us;
	for (int side = 0; side < 2; side++) {
		p->end[side].link = ++s->net.last_link;
		p->end[side].last = &p->end[side].first;
	}
	*link = p->end[0].link;
	return ERR_NONE;
}

static void add_parcel(struct sim *s, const struct path *path, struct pipe_end *to, const char *bytes, size_t len)
{
	struct parcel *p = calloc(1, sizeof(*p));
	int64_t after = s->now_us;
	if (!p || !(p->bytes = malloc(len + 1)))
		abort();
	for (const struct parcel *o = to->first; o; o = o->next)
		after = o->due_us > after ? o->due_us : after;
	memcpy(p->bytes, bytes, len);
	p->len = len;
	p->due_us = s->now_us + path->delay_us + (path->jitter_us ? (int64_t)sim_below(s, (uint64_t)path->jitter_us) : 0);
	p->due_us = (p->due_us > after ? p->due_us : after) + (int64_t)len / 1024 * path->us_per_kib;
	*to->last = p;
	to->last = &p->next;
	to->queued += len;
}

static bool by_lot(struct sim *s, uint64_t one_in)
{
	return one_in > 0 && sim_one_in(s, one_in);
}

static void harmed(struct sim *s, struct pipe *p)
{
	s->net.lost++;
	if (p->breaks_us == INT64_MAX)
		p->breaks_us = s->now_us + (int64_t)sim_below(s, 60 * SECOND);
}

/* The last two change places, but for when they arrive. */
static void swap_last(struct pipe_end *to)
{
	struct parcel *a = to->first, *b;
	while (a && a->next && a->next->next)
		a = a->next;
	if (!a || !(b = a->next))
		return;
	struct parcel swapped = {.bytes = a->bytes, .len = a->len};
	a->bytes = b->bytes;
	a->len = b->len;
	b->bytes = swapped.bytes;
	b->len = swapped.len;
}

static void send(void *self, uint64_t link, const char *bytes, size_t len)
{
	struct node *x = self;
	struct sim *s = x->sim;
	struct pipe *p;
	int side;
	const struct pipe_end *from = end_of(&s->net, link, &p, &side);
	if (!from || !from->open || node_dead(x))
		return;
	struct pipe_end *to = &p->end[!side];
	const struct path *path = &s->net.path[x->place][to->node];
	node_told(x, bytes, len);
	sim_hash(s, bytes, len);
	s->net.sent++;
	if (by_lot(s, path->lose_one_in)) {
		harmed(s, p);
		return;
	}
	add_parcel(s, path, to, bytes, len);
	if (by_lot(s, path->twice_one_in)) {
		add_parcel(s, path, to, bytes, len);
		harmed(s, p);
	}
	if (by_lot(s, path->swap_one_in)) {
		swap_last(to);
		harmed(s, p);
	}
}

static size_t queued(void *self, uint64_t link)
{
	const struct node *x = self;
	struct pipe *p;
	int side;
	return end_of(&x->sim->net, link, &p, &side) ? p->end[!side].queued : 0;
}

static void trust(void *self, uint64_t link)
{
	(void)self;
	(void)link;
}

static void reading(void *self, uint64_t link, bool on)
{
	const struct node *x = self;
	struct pipe *p;
	int side;
	struct pipe_end *end = end_of(&x->sim->net, link, &p, &side);
	if (end)
		end->deaf = !on;
}

static void close_link(void *self, uint64_t link, const char *why)
{
	const struct node *x = self;
	struct pipe *p;
	int side;
	struct pipe_end *end = end_of(&x->sim->net, link, &p, &side);
	(void)why;
	if (end)
		end->open = false;
}

/* Each central has one of its own. */
static bool certificate(void *self, uint64_t link, unsigned char hash[CERT_HASH_BYTES])
{
	const struct node *x = self;
	struct pipe *p;
	int side;
	if (!end_of(&x->sim->net, link, &p, &side) || !p->tls)
		return false;
	memset(hash, p->end[1].node, CERT_HASH_BYTES);
	return true;
}

void net_table(struct node *x, struct mesh_links *out)
{
	*out = (struct mesh_links){.self = x, .dial = dial, .certificate = certificate, .send = send, .queued = queued, .trust = trust, .reading = reading,
		.close = close_link};
}

/* ---- what happens on the way ---- */

static bool whole(const struct sim *s, const struct pipe *p, int to_side)
{
	return !p->silent[to_side] && !s->net.path[p->end[!to_side].node][p->end[to_side].node].cut;
}

static bool whole_both(const struct sim *s, const struct pipe *p)
{
	return whole(s, p, 0) && whole(s, p, 1);
}

static void deliver_first(struct sim *s, struct pipe *p, int side)
{
	struct pipe_end *end = &p->end[side];
	struct node *x = s->node[end->node], *from = s->node[p->end[!side].node];
	char *bytes = end->first->bytes;
	size_t len = end->first->len;
	take_first(end);
	if (from)
		from->due_us = 0; /* its queue has become shorter */
	program_is(x->old_version); /* pages are read ahead, by the version that runs here */
	mesh_message(x->mesh, end->link, bytes, len);
}

/* The first thing that happens on one end of a connection. */
static bool end_step(struct sim *s, struct pipe *p, int side)
{
	struct pipe_end *end = &p->end[side], *other = &p->end[!side];
	struct node *x = end->node <= s->count ? s->node[end->node] : NULL;
	if (!end->open)
		return false;
	if (!x || !x->mesh || node_dead(x)) {
		end->open = false;
		return true;
	}
	if (!end->told && (other->open || other->told) && s->now_us >= p->opens_us && whole_both(s, p)) {
		end->told = true;
		mesh_opened(x->mesh, end->link, "127.0.0.1");
	} else if (end->told && end->first && !end->deaf && end->first->due_us <= s->now_us && whole(s, p, side)) {
		deliver_first(s, p, side);
	} else if (!other->open && !(end->told && end->first) && whole(s, p, side)) {
		end->open = false;
		mesh_closed(x->mesh, end->link, CAUSE_NONE, "The connection was refused or closed.");
	} else {
		return false;
	}
	x->due_us = 0;
	node_look_dead(x);
	return true;
}

static void end_harmed(struct sim *s, struct pipe *p)
{
	for (int side = 0; side < 2; side++) {
		struct pipe_end *end = &p->end[side];
		struct node *x = end->node <= s->count ? s->node[end->node] : NULL;
		if (!end->open)
			continue;
		end->open = false;
		if (x && x->mesh && !node_dead(x)) {
			mesh_closed(x->mesh, end->link, CAUSE_NONE, "The connection broke.");
			x->due_us = 0;
			node_look_dead(x);
		}
	}
	s->net.broken++;
	p->breaks_us = INT64_MAX;
}

bool net_deliver(struct sim *s)
{
	bool moved = false;
	for (size_t k = 0; k < s->net.pipes; k++) {
		struct pipe *p = &s->net.pipe[k];
		if (p->breaks_us <= s->now_us) {
			end_harmed(s, p);
			moved = true;
		}
		for (int side = 1; side >= 0; side--) /* who listens hears first that a link is open */
			moved |= end_step(s, p, side);
	}
	return moved;
}

static int64_t earlier(const struct sim *s, int64_t a, int64_t b)
{
	return b > s->now_us && b < a ? b : a;
}

int64_t net_due(const struct sim *s, int64_t until)
{
	for (size_t k = 0; k < s->net.pipes; k++) {
		const struct pipe *p = &s->net.pipe[k];
		if (!p->end[0].open && !p->end[1].open)
			continue;
		until = earlier(s, until, p->breaks_us);
		until = earlier(s, until, p->opens_us);
		for (int side = 0; side < 2; side++)
			if (p->end[side].open && p->end[side].first)
				until = earlier(s, until, p->end[side].first->due_us);
	}
	return until;
}

void net_gone(struct sim *s, int node, bool silently)
{
	for (size_t k = 0; k < s->net.pipes; k++) {
		struct pipe *p = &s->net.pipe[k];
		for (int side = 0; side < 2; side++) {
			if (p->end[side].node != node)
				continue;
			p->end[side].open = false;
			p->silent[!side] = p->silent[!side] || silently;
		}
	}
}

void net_break_one(struct sim *s)
{
	if (s->net.pipes == 0)
		return;
	struct pipe *p = &s->net.pipe[sim_below(s, s->net.pipes)];
	switch (sim_below(s, 4)) {
	case 0:
		p->silent[0] = p->silent[1] = true;
		break;
	case 1:
		p->silent[sim_below(s, 2)] = true;
		break;
	default:
		p->breaks_us = s->now_us;
		break;
	}
}

void net_heal(struct sim *s)
{
	for (int from = 1; from <= NODES_MAX; from++)
		for (int to = 1; to <= NODES_MAX; to++)
			s->net.path[from][to] = (struct path){.delay_us = 500};
	for (size_t k = 0; k < s->net.pipes; k++) {
		struct pipe *p = &s->net.pipe[k];
		if (p->breaks_us != INT64_MAX || p->silent[0] || p->silent[1])
			p->breaks_us = s->now_us;
	}
}
