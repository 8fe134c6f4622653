#include "command.h"

#include <string.h>

#include "base/text.h"
#include "heartbeat.h"
#include "state.h"

static void answer(struct mesh *m, int64_t id, bool ok, double rtt_ms, const struct reason *why)
{
	m->io.rows.answer(m->io.rows.self, id, ok, rtt_ms, why);
}

static void finish(struct mesh *m, size_t k, bool ok, double rtt_ms, const struct reason *why)
{
	int64_t id = m->commands.waiting[k].id;
	m->commands.waiting[k] = m->commands.waiting[--m->commands.count];
	answer(m, id, ok, rtt_ms, why);
}

void command_start(struct mesh *m, int64_t id, const char *peer)
{
	struct neighbour *n = neighbour_find(m, peer);
	if (!n || m->commands.count == COMMANDS_MAX) {
		struct reason why;
		reason_set(&why, n ? CAUSE_TESTS_WAIT : CAUSE_NOT_CONFIGURED, NULL, 0, "%s",
			n ? "Too many tests are waiting; try again." : "No peer of this id is configured.");
		answer(m, id, false, -1, &why);
		return;
	}
	struct peer *p = mesh_ready_peer(m, peer);
	struct command_waiting *w = &m->commands.waiting[m->commands.count++];
	w->id = id;
	w->deadline_ms = mesh_now(m) + (p ? TEST_ECHO_MS : TEST_MS);
	(void)text_copy(w->peer, sizeof(w->peer), peer);
	if (p)
		heartbeat_send(m, p);
	else
		neighbour_hurry(m, n);
}

void command_echo(struct mesh *m, const struct neighbour *n)
{
	struct reason why;
	bool ok = !neighbour_clock_off(n, &why);
	if (ok)
		reason_set(&why, CAUSE_NONE, NULL, 0, "%s answered.", n->row.id);
	for (size_t k = m->commands.count; k-- > 0;)
		if (strcmp(m->commands.waiting[k].peer, n->row.id) == 0)
			finish(m, k, ok, n->rtt_ms, &why);
}

void command_failed(struct mesh *m, const struct neighbour *n)
{
	struct reason why = n->why;
	if (!why.sentence[0])
		reason_set(&why, CAUSE_NOT_CONFIGURED, NULL, 0, "It is no longer configured.");
	for (size_t k = m->commands.count; k-- > 0;)
		if (strcmp(m->commands.waiting[k].peer, n->row.id) == 0)
			finish(m, k, false, -1, &why);
}

void commands_run(struct mesh *m)
{
	struct reason why;
	reason_set(&why, CAUSE_NO_ANSWER, NULL, 0, "Time-out: it did not answer in time.");
	for (size_t k = m->commands.count; k-- > 0;)
		if (mesh_now(m) >= m->commands.waiting[k].deadline_ms)
			finish(m, k, false, -1, &why);
}

int64_t commands_due(const struct mesh *m)
{
	int64_t due = INT64_MAX;
	for (size_t k = 0; k < m->commands.count; k++)
		if (m->commands.waiting[k].deadline_ms < due)
			due = m->commands.waiting[k].deadline_ms;
	return due;
}

void commands_stop(struct mesh *m)
{
	struct reason why;
	reason_set(&why, CAUSE_STOPPED, NULL, 0, "p2pd is stopping; try again.");
	while (m->commands.count)
		finish(m, m->commands.count - 1, false, -1, &why);
}
