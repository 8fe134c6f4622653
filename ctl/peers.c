#include "peers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/zone.h"
#include "domain/site.h"
#include "output.h"
#include "wire/json.h"

static enum err read_pin(struct db *db, struct peer_look *p)
{
	unsigned char key[KEY_BYTES];
	enum err e = pin_find(db, p->status.id, key);

	if (e == ERR_NONE) {
		p->pinned = true;
		key_fingerprint(key, p->fingerprint);
	}
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

static struct peer_look *find(struct mesh_look *m, const char *id)
{
	for (size_t i = 0; i < m->count; i++) {
		if (strcmp(m->peer[i].status.id, id) == 0)
			return &m->peer[i];
	}
	return NULL;
}

static void add_configured(struct mesh_look *m, const struct peer_row *row)
{
	struct peer_look *p = &m->peer[m->count++];

	*p = (struct peer_look){.weight = row->weight, .status = {.configured = true, .port = row->p2p_port, .rtt_ms = -1}};
	text_copy(p->dialect, sizeof p->dialect, row->dialect);
	text_copy(p->status.id, sizeof p->status.id, row->id);
	text_copy(p->status.ip, sizeof p->status.ip, row->ip);
}

/* What p2pd wrote; where a peer is, its configuration knows better. */
static void add_status(struct mesh_look *m, const struct peer_status *s)
{
	struct peer_look *p = find(m, s->id);

	if (p) {
		char ip[HOST_SIZE];
		int port = p->status.port;

		text_copy(ip, sizeof ip, p->status.ip);
		p->status = *s;
		p->status.configured = true;
		p->status.port = port;
		text_copy(p->status.ip, sizeof p->status.ip, ip);
		p->told = true;
	} else if (s->connected && m->count < PEERS_SHOWN_MAX) {
		m->peer[m->count++] = (struct peer_look){.status = *s, .told = true};
	}
}

struct rows { struct peer_row peer[PEERS_MAX]; struct peer_status status[PEERS_SHOWN_MAX]; size_t peers, statuses; };

static enum err read_rows(struct db *db, int64_t now_ms, struct mesh_look *m, struct rows *r)
{
	struct mesh_status mesh;
	enum err e = mesh_status_read(db, &mesh);

	if (e == ERR_NONE)
		m->running = mesh_running(&mesh, now_ms);
	else if (e != ERR_NOT_FOUND)
		return e;
	if (m->running) {
		text_copy(m->certificate, sizeof m->certificate, mesh.certificate);
		text_copy(m->certificate_error, sizeof m->certificate_error, mesh.certificate_error);
	}
	e = mesh_count_list(db, m->counts, MESH_COUNTS_MAX, &m->counted);
	if (e == ERR_NONE)
		e = peer_list(db, r->peer, PEERS_MAX, &r->peers);
	return e == ERR_NONE ? peer_status_list(db, r->status, PEERS_SHOWN_MAX, &r->statuses) : e;
}

enum err peers_look(struct db *db, int64_t now_ms, struct mesh_look *out)
{
	struct rows *r = calloc(1, sizeof *r);
	enum err e;

	*out = (struct mesh_look){0};
	if (!r)
		return ERR_MEMORY;
	e = read_rows(db, now_ms, out, r);
	for (size_t i = 0; e == ERR_NONE && i < r->peers; i++)
		add_configured(out, &r->peer[i]);
	for (size_t i = 0; e == ERR_NONE && out->running && i < r->statuses; i++)
		add_status(out, &r->status[i]);
	for (size_t i = 0; e == ERR_NONE && i < out->count; i++)
		e = read_pin(db, &out->peer[i]);
	free(r);
	return e;
}

static const char *state_of(const struct peer_look *p)
{
	return p->told ? p->status.state : "unknown";
}

static void add_peer(struct buf *out, const struct peer_look *p)
{
	const struct peer_status *s = &p->status;

	buf_char(out, '{');
	json_add_text(out, "peer_id", s->id);
	json_add_text(out, "peer_ip", s->ip);
	json_add_integer(out, "peer_port", s->port);
	output_flag(out, "configured", s->configured);
	if (s->configured) {
		json_add_integer(out, "weight", p->weight);
		json_add_text(out, "dialect", p->dialect);
	}
	json_add_text(out, "state", state_of(p));
	output_flag(out, "connected", p->told && s->connected);
	output_flag(out, "tls", p->told && s->tls);
	if (p->told && s->rtt_ms >= 0) {
		json_add_name(out, "rtt_ms");
		buf_printf(out, "%.3f", s->rtt_ms);
	}
	if (p->told && s->clock_known) {
		json_add_name(out, "clock_offset_ms");
		buf_printf(out, "%" PRId64, s->clock_offset_ms);
	}
	if (p->told) {
		json_add_integer(out, "behind", s->behind);
		json_add_integer(out, "ahead", s->ahead);
		json_add_text(out, "last_error", s->why.sentence);
	}
	if (p->pinned)
		json_add_text(out, "pinned", p->fingerprint);
	buf_char(out, '}');
}

void peers_add_json(struct buf *out, const struct mesh_look *m)
{
	json_add_raw(out, "peers", "[");
	for (size_t i = 0; i < m->count; i++) {
		if (i > 0)
			buf_char(out, ',');
		add_peer(out, &m->peer[i]);
	}
	buf_char(out, ']');
}

static void print_peer(const struct peer_look *p)
{
	const struct peer_status *s = &p->status;
	char place[HOST_SIZE + 10], rtt[24] = "-", clock[24] = "-", behind[24] = "-", ahead[24] = "-";
	const char *tls = site_dialect_old(p->dialect) ? "old" : !p->told || !s->connected ? "-" : s->tls ? "yes" : "no";

	text_format(place, sizeof place, strchr(s->ip, ':') ? "[%s]:%d" : "%s:%d", s->ip, s->port);
	if (p->told && s->rtt_ms >= 0)
		text_format(rtt, sizeof rtt, "%.1f", s->rtt_ms);
	if (p->told && s->clock_known)
		text_format(clock, sizeof clock, "%" PRId64, s->clock_offset_ms);
	if (s->behind >= 0)
		text_format(behind, sizeof behind, "%" PRId64, s->behind);
	if (s->ahead >= 0)
		text_format(ahead, sizeof ahead, "%" PRId64, s->ahead);
	printf("%-16s %-22s %-11s %-3s %8s %8s %8s %9s  %s%s\n", s->id, place, state_of(p), tls, behind, ahead, rtt, clock,
		s->configured ? "" : "(not configured) ", s->why.sentence);
}

void peers_print(const struct mesh_look *m)
{
	if (m->count == 0) {
		puts("No peers: this central is on its own.");
		return;
	}
	printf("%-16s %-22s %-11s %-3s %8s %8s %8s %9s  %s\n", "PEER", "AT", "STATE", "TLS", "BEHIND", "AHEAD", "RTT ms",
		"CLOCK ms", "LAST ERROR");
	for (size_t i = 0; i < m->count; i++)
		print_peer(&m->peer[i]);
}

void counts_add_json(struct buf *out, const struct mesh_look *m)
{
	char last[ZONE_TEXT];

	json_add_raw(out, "counts", "[");
	for (size_t i = 0; i < m->counted; i++) {
		const struct mesh_count *c = &m->counts[i];

		buf_str(out, i > 0 ? ",{" : "{");
		json_add_text(out, "kind", c->kind);
		json_add_text(out, "cause", c->cause);
		json_add_integer(out, "count", c->count);
		zone_text(c->last_ms, last);
		json_add_text(out, "last_time", last);
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

void counts_print(const struct mesh_look *m)
{
	char last[ZONE_TEXT];

	if (m->counted > 0)
		printf("%-16s %-22s %8s  %s\n", "COUNTED", "CAUSE", "TIMES", "LAST");
	for (size_t i = 0; i < m->counted; i++) {
		zone_text(m->counts[i].last_ms, last);
		printf("%-16s %-22s %8" PRId64 "  %s\n", m->counts[i].kind, m->counts[i].cause, m->counts[i].count, last);
	}
}
