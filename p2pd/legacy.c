#include "legacy.h"

#include <stdlib.h>
#include <string.h>

#include "base/trust.h"
#include "base/journal.h"
#include "base/text.h"
#include "domain/site.h"
#include "legacy_state.h"
#include "mesh_io.h"
#include "wire/json.h"

#define TEST_MS 6500
#define OUT_MAX (1u * 1024 * 1024)

enum err legacy_new(const struct legacy_io *io, const struct world *world, struct legacy **out)
{
	struct legacy *l = calloc(1, sizeof(*l));
	if (!l)
		return ERR_MEMORY;
	l->io = *io;
	l->world = world;
	buf_init(&l->out, OUT_MAX);
	*out = l;
	return ERR_NONE;
}

struct old_peer *old_peer_of(const struct legacy *l, const char *id)
{
	for (size_t i = 0; i < l->peers; i++)
		if (strcmp(l->peer[i]->row.id, id) == 0)
			return l->peer[i];
	return NULL;
}

static bool connected(const struct legacy *l, const struct old_peer *p)
{
	for (size_t i = 0; i < l->links; i++)
		if (l->link[i]->peer == p && l->link[i]->open && !l->link[i]->gone)
			return true;
	return false;
}

void old_finish_tests(struct legacy *l, const struct old_peer *p, bool ok)
{
	for (size_t i = l->commands; i-- > 0;) {
		struct reason why = p->why;
		if (strcmp(l->command[i].peer, p->row.id) != 0)
			continue;
		if (ok)
			reason_set(&why, CAUSE_NONE, NULL, 0, "%s answered.", p->row.id);
		l->io.rows.answer(l->io.rows.self, l->command[i].id, ok, ok ? p->rtt_ms : -1, &why);
		l->command[i] = l->command[--l->commands];
	}
}

void legacy_stop(struct legacy *l)
{
	if (l->stopped)
		return;
	l->stopped = true;
	old_save(l, true);
	for (size_t i = 0; i < l->links; i++)
		if (!l->link[i]->gone)
			old_drop(l, l->link[i], "p2pd is stopping.");
	old_sweep(l);
}

void legacy_free(struct legacy *l)
{
	if (!l)
		return;
	legacy_stop(l);
	for (size_t i = 0; i < l->peers; i++)
		free(l->peer[i]);
	buf_free(&l->out);
	free(l);
}

/* ---- configuration ---- */

static void drop_links(struct legacy *l, const struct old_peer *p, const char *why)
{
	for (size_t i = 0; i < l->links; i++) {
		if (l->link[i]->peer != p || l->link[i]->gone)
			continue;
		old_drop(l, l->link[i], why);
		l->link[i]->peer = NULL;
	}
}

static struct old_peer *add_peer(struct legacy *l, const struct peer_row *row)
{
	struct old_peer *p = l->peers < PEERS_MAX ? calloc(1, sizeof(*p)) : NULL;
	if (!p)
		return NULL;
	p->rtt_ms = -1;
	p->ask_ms = INT64_MAX;
	p->credit = OLD_BURST;
	p->credit_ms = old_now(l);
	p->row = *row;
	l->peer[l->peers++] = p;
	old_load(l, p);
	return p;
}

static bool same_place(const struct peer_row *a, const struct peer_row *b)
{
	return strcmp(a->ip, b->ip) == 0 && a->p2p_port == b->p2p_port && strcmp(a->dialect, b->dialect) == 0;
}

static enum err load_row(struct legacy *l, const struct peer_row *row)
{
	struct old_peer *p = old_peer_of(l, row->id);
	bool fresh = !p;
	if (fresh)
		p = add_peer(l, row);
	if (!p)
		return ERR_MEMORY;
	p->marked = true;
	if (fresh || !same_place(&p->row, row)) {
		drop_links(l, p, "Its address was changed.");
		memset(p->address, 0, sizeof(p->address));
		p->dial_ms = old_now(l);
		l->version++;
	}
	p->row = *row;
	p->http = strcmp(row->dialect, "legacy-http") == 0;
	if (address_is_numeric(row->ip))
		(void)text_copy(p->address[0], OLD_ADDRESS_SIZE, row->ip);
	return ERR_NONE;
}

static void remove_peer(struct legacy *l, size_t i)
{
	struct old_peer *p = l->peer[i];
	drop_links(l, p, "It was removed from the configuration.");
	old_finish_tests(l, p, false);
	if (l->io.rows.save(l->io.rows.self, p->row.id, -1, 0) != ERR_NONE)
		journal_warning("event=old_central_not_forgotten peer=%s", p->row.id);
	l->peer[i] = l->peer[--l->peers];
	free(p);
	l->version++;
}

enum err legacy_configure(struct legacy *l, const char *id, const struct peer_row *rows, size_t count)
{
	enum err e = ERR_NONE;
	if (l->configured && strcmp(l->id, id) != 0)
		for (size_t i = 0; i < l->peers; i++)
			drop_links(l, l->peer[i], "The identity of this central was changed.");
	(void)text_copy(l->id, sizeof(l->id), id);
	l->configured = true;
	for (size_t i = 0; i < l->peers; i++)
		l->peer[i]->marked = false;
	for (size_t i = 0; !e && i < count; i++)
		if (site_dialect_old(rows[i].dialect))
			e = load_row(l, &rows[i]);
	for (size_t i = l->peers; !e && i-- > 0;)
		if (!l->peer[i]->marked)
			remove_peer(l, i);
	old_sweep(l);
	return e;
}

bool old_is_at(const struct old_peer *p, const char *address)
{
	for (size_t i = 0; i < OLD_ADDRESSES; i++)
		if (address_same(p->address[i], address))
			return true;
	return false;
}

bool legacy_knows(const struct legacy *l, const char *address, bool http)
{
	for (size_t i = 0; i < l->peers; i++)
		if (l->peer[i]->http == http && old_is_at(l->peer[i], address))
			return true;
	return false;
}

bool legacy_from_outside(const struct legacy *l)
{
	for (size_t i = 0; i < l->peers; i++)
		if (!l->peer[i]->http && !address_is_loopback(l->peer[i]->row.ip))
			return true;
	return false;
}

void legacy_look(struct legacy *l)
{
	for (size_t i = 0; i < l->peers; i++)
		l->peer[i]->all_told = false;
}

bool legacy_test(struct legacy *l, int64_t command, const char *peer)
{
	struct old_peer *p = old_peer_of(l, peer);
	if (!p)
		return false;
	if (l->commands == OLD_COMMANDS_MAX) {
		struct reason why;
		reason_set(&why, CAUSE_TESTS_WAIT, NULL, 0, "Too many tests are waiting; try again.");
		l->io.rows.answer(l->io.rows.self, command, false, -1, &why);
		return true;
	}
	struct old_command *c = &l->command[l->commands++];
	*c = (struct old_command){.id = command, .deadline_ms = old_now(l) + TEST_MS};
	(void)text_copy(c->peer, sizeof(c->peer), peer);
	for (size_t i = 0; i < l->links; i++)
		if (l->link[i]->peer == p && l->link[i]->dialled && l->link[i]->open && !l->link[i]->gone) {
			old_finish_tests(l, p, true);
			return true;
		}
	p->dial_ms = old_now(l);
	return true;
}

/* ---- the clock ---- */

static void run_peers(struct legacy *l)
{
	int64_t now = old_now(l);
	for (size_t i = 0; i < l->peers; i++) {
		struct old_peer *p = l->peer[i];
		if (!p->loaded)
			old_load(l, p);
		if (now >= p->dial_ms && !old_dialled(l, p))
			old_dial(l, p);
	}
	for (size_t i = l->commands; i-- > 0;) {
		struct old_peer *p = old_peer_of(l, l->command[i].peer);
		if (now < l->command[i].deadline_ms || !p)
			continue;
		reason_set(&p->why, CAUSE_NO_ANSWER, NULL, 0, "Time-out: it did not answer in time.");
		old_finish_tests(l, p, false);
		i = l->commands;
	}
}

static int64_t peers_due(const struct legacy *l)
{
	int64_t due = INT64_MAX;
	for (size_t i = 0; i < l->peers; i++)
		if (l->peer[i]->dial_ms < due && !old_dialled(l, l->peer[i]))
			due = l->peer[i]->dial_ms;
	for (size_t i = 0; i < l->commands; i++)
		if (l->command[i].deadline_ms < due)
			due = l->command[i].deadline_ms;
	return due;
}

int64_t legacy_run(struct legacy *l, bool caught_up)
{
	if (l->stopped || (l->peers == 0 && l->links == 0))
		return INT64_MAX;
	l->caught_up = caught_up;
	old_take(l);
	run_peers(l);
	bool more = old_out_run(l);
	old_sweep(l);
	if (more)
		return world_mono_us(l->world);
	int64_t due = peers_due(l), out = old_out_due(l), take = old_take_due(l);
	due = (out < due ? out : due) * 1000;
	return take < due ? take : due;
}

size_t legacy_statuses(const struct legacy *l, struct peer_status *out, size_t max)
{
	size_t count = 0;
	for (; count < l->peers && count < max; count++) {
		const struct old_peer *p = l->peer[count];
		struct peer_status *s = &out[count];
		*s = (struct peer_status){.port = p->row.p2p_port, .configured = true, .connected = connected(l, p), .why = p->why,
			.last_ping_ms = p->heard_wall_ms, .rtt_ms = p->rtt_ms, .behind = -1, .ahead = -1};
		(void)text_copy(s->id, sizeof(s->id), p->row.id);
		(void)text_copy(s->ip, sizeof(s->ip), p->row.ip);
		(void)text_copy(s->state, sizeof(s->state), s->connected ? "connected" : old_dialled(l, p) ? "connecting" : "waiting");
	}
	return count;
}

uint64_t legacy_version(const struct legacy *l)
{
	return l->version;
}

const struct legacy_counts *legacy_counts(const struct legacy *l)
{
	return &l->counts;
}
