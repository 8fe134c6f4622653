/*
 * Several meshes in one process: real ledgers on in-memory databases, links made of queues, one virtual clock.
 *
 * net_run moves the clock in steps to whatever is due next, so a minute of silence costs nothing, and the same test always goes
 * the same way. A node's address is 127.0.0.1 with its place as port.
 */
#ifndef PARKMESH_MESH_NET_H
#define PARKMESH_MESH_NET_H

#include <stdlib.h>
#include <string.h>

#include "p2pd/mesh.h"
#include "p2pd/mesh_io.h"
#include "p2pd/rows.h"
#include "p2pd/state.h"
#include "base/text.h"
#include "chance.h"
#include "domain/site.h"
#include "store/db.h"
#include "test.h"

#define NODES_MAX 5
#define PIPES_MAX 100
#define SECOND 1000000

struct parcel { struct parcel *next; char *bytes; size_t len; };
/* end 0 dialled. open: its node may still use it; a closed end's parcels are still delivered to the other. */
struct pipe_end { int node; uint64_t link; bool open, told; struct parcel *first, **last; };
struct pipe { struct pipe_end end[2]; bool black_hole, tls; };

struct node {
	int place;
	struct net *net;
	struct db *db;
	struct ledger *ledger;
	struct rows rows;
	struct mesh *mesh;
	struct world world;
	int64_t clock_ms;            /* its wall clock's error */
	int64_t due_us;
	bool down, disk_low;
	int64_t answered;            /* test-connection: the last command answered */
	bool answer_ok;
	double answer_rtt;
	char answer[160];
};

struct net {
	int64_t now_us;
	struct chance chance;
	uint64_t last_link;
	struct node node[NODES_MAX];
	struct pipe pipe[PIPES_MAX];
	size_t pipes;
	bool (*lose)(struct net *n, int from, int to, const struct message *msg); /* NULL: nothing gets lost */
	bool between;                /* somebody takes TLS apart: who dials is shown another certificate than the listener's */
	bool stripped;               /* somebody dials on without TLS: nobody sees any at the listener's end */
	const char *address;         /* that listeners see; NULL: 127.0.0.1 */
	size_t dialled, sent, pages; /* so far: links, messages, and those with records */
	size_t most_flights;
};

static inline int64_t net_wall(void *self)
{
	const struct node *x = self;
	return 1764000000000 + x->net->now_us / 1000 + x->clock_ms;
}

static inline int64_t net_mono(void *self)
{
	const struct node *x = self;
	return x->net->now_us;
}

static inline void net_random(void *self, void *out, size_t len)
{
	const struct node *x = self;
	chance_bytes(&x->net->chance, out, len);
}

/* ---- links ---- */

static inline struct pipe_end *end_of(const struct node *x, uint64_t link, struct pipe_end **other, struct pipe **pipe)
{
	for (size_t k = 0; k < x->net->pipes; k++)
		for (int side = 0; side < 2; side++)
			if (x->net->pipe[k].end[side].link == link) {
				*pipe = &x->net->pipe[k];
				*other = &x->net->pipe[k].end[!side];
				return &x->net->pipe[k].end[side];
			}
	return NULL;
}

static inline void parcels_free(struct pipe_end *end)
{
	while (end->first) {
		struct parcel *p = end->first;
		end->first = p->next;
		free(p->bytes);
		free(p);
	}
}

/* One that nobody uses any more, or a new one; NULL: no room. */
static inline struct pipe *net_pipe(struct net *n)
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

static inline enum err net_dial(void *self, const char *host, int port, bool tls, uint64_t *link)
{
	struct node *x = self;
	struct net *n = x->net;
	(void)host;
	struct pipe *p = net_pipe(n);
	if (!p)
		return ERR_SYSTEM;
	n->dialled++;
	*p = (struct pipe){.end = {{.node = x->place, .open = true}, {.node = port, .open = true}}, .tls = tls};
	p->end[0].link = ++n->last_link;
	p->end[1].link = ++n->last_link;
	p->end[0].last = &p->end[0].first;
	p->end[1].last = &p->end[1].first;
	*link = p->end[0].link;
	return ERR_NONE;
}

/* Zeroed memory; a test without any is over. */
static inline void *room(size_t len)
{
	void *out = calloc(1, len);
	if (!out)
		abort();
	return out;
}

static inline void net_note(struct net *n, const struct pipe_end *from, const struct pipe_end *to, const char *bytes, size_t len,
	bool *lost)
{
	struct message msg;
	if (message_parse(bytes, len, &msg, NULL) != ERR_NONE)
		return;
	n->pages += msg.page != NULL;
	*lost = n->lose && n->lose(n, from->node, to->node, &msg);
	message_free(&msg);
}

static inline void net_send(void *self, uint64_t link, const char *bytes, size_t len)
{
	struct node *x = self;
	struct pipe *pipe;
	struct pipe_end *to, *from = end_of(x, link, &to, &pipe);
	bool lost = false;
	if (!from || !from->open)
		return;
	net_note(x->net, from, to, bytes, len, &lost);
	if (lost || pipe->black_hole)
		return;
	x->net->sent++;
	struct parcel *parcel = room(sizeof(*parcel));
	*parcel = (struct parcel){.bytes = room(len + 1), .len = len};
	memcpy(parcel->bytes, bytes, len);
	*to->last = parcel;
	to->last = &parcel->next;
}

static inline bool net_certificate(void *self, uint64_t link, unsigned char hash[CERT_HASH_BYTES])
{
	const struct node *x = self;
	struct pipe *pipe;
	struct pipe_end *other;
	const struct pipe_end *end = end_of(x, link, &other, &pipe);
	if (!end || !pipe->tls)
		return false;
	bool dialled = end == &pipe->end[0];
	memset(hash, x->net->between && dialled ? 99 : pipe->end[1].node, CERT_HASH_BYTES);
	return dialled || !x->net->stripped;
}

static inline size_t net_queued(void *self, uint64_t link)
{
	(void)self;
	(void)link;
	return 0;
}

static inline void net_trust(void *self, uint64_t link)
{
	(void)self;
	(void)link;
}

static inline void net_reading(void *self, uint64_t link, bool on)
{
	(void)self;
	(void)link;
	(void)on;
}

static inline void net_close(void *self, uint64_t link, const char *why)
{
	struct pipe *pipe;
	struct pipe_end *other, *end = end_of(self, link, &other, &pipe);
	(void)why;
	if (end)
		end->open = false;
}

static inline bool net_disk_low(void *self)
{
	const struct rows *r = self;
	const struct node *x = r->world->self;
	return x->disk_low;
}

static inline void net_answer(void *self, int64_t command, bool ok, double rtt_ms, const struct reason *why)
{
	const struct rows *r = self;
	struct node *x = r->world->self;
	x->answered = command;
	x->answer_ok = ok;
	x->answer_rtt = rtt_ms;
	(void)text_copy(x->answer, sizeof(x->answer), why->sentence);
}

/* ---- nodes ---- */

static inline void node_start(struct node *x)
{
	struct mesh_io io = {.links = {.self = x, .dial = net_dial, .certificate = net_certificate, .send = net_send, .queued = net_queued,
		.trust = net_trust, .reading = net_reading, .close = net_close}};
	rows_init(&x->rows, x->ledger, &x->world, ":memory:");
	rows_table(&x->rows, &io.rows);
	io.rows.disk_low = net_disk_low;
	io.rows.answer = net_answer;
	io.taking = io.rows;
	(void)mesh_new(&io, &x->world, &x->mesh);
	x->due_us = 0;
	x->down = false;
}

/* p2pd of this node is gone, as after kill -9: the others see their links break. */
static inline void node_stop(struct node *x)
{
	x->down = true;
	for (size_t k = 0; k < x->net->pipes; k++)
		for (int side = 0; side < 2; side++)
			if (x->net->pipe[k].end[side].node == x->place)
				x->net->pipe[k].end[side].open = false;
	mesh_free(x->mesh);
	x->mesh = NULL;
}

static inline void node_configure(struct node *x)
{
	struct identity self;
	struct peer_row rows[PEERS_MAX];
	size_t count = 0;
	(void)identity_read(x->db, &self);
	(void)peer_list(x->db, rows, PEERS_MAX, &count);
	(void)mesh_configure(x->mesh, &self, rows, count);
	x->due_us = 0;
}

/* peers: places this node is to dial; ended by -1. */
static inline void node_peers(struct node *x, const int *peers)
{
	struct site_config c;
	struct fault fault;
	(void)db_begin(x->db);
	(void)site_config_read(x->db, &c);
	(void)text_format(c.id, sizeof(c.id), "central-%d", x->place);
	c.peer_count = 0;
	for (; *peers >= 0; peers++) {
		struct peer_row row = {.p2p_port = *peers, .weight = 1, .dialect = "native", .ip = "127.0.0.1"};
		(void)text_format(row.id, sizeof(row.id), "central-%d", *peers);
		c.peers[c.peer_count++] = row;
	}
	if (site_config_write(x->db, &c, &fault) != ERR_NONE)
		test_fail(__FILE__, __LINE__, "configuration: %s", fault.sentence);
	(void)db_commit(x->db);
	if (x->mesh)
		node_configure(x);
}

/* The mesh key itself, since making one from a secret takes 20 ms. */
static inline void node_secret(struct node *x, const char *secret)
{
	struct identity self;
	(void)db_begin(x->db);
	(void)identity_read(x->db, &self);
	(void)text_copy(self.mesh_secret, sizeof(self.mesh_secret), secret);
	memset(self.mesh_key, 0, sizeof(self.mesh_key));
	memcpy(self.mesh_key, secret, strlen(secret));
	(void)identity_write(x->db, &self);
	(void)db_commit(x->db);
}

static inline struct node *net_add(struct net *n, int place)
{
	struct node *x = &n->node[place];
	struct fault fault;
	*x = (struct node){.place = place, .net = n};
	x->world = (struct world){.wall_ms = net_wall, .mono_us = net_mono, .random = net_random, .self = x};
	if (db_open(":memory:", DB_WRITE, &x->db, &fault) != ERR_NONE)
		abort();
	(void)db_begin(x->db);
	(void)site_first_start(x->db, &x->world);
	(void)db_commit(x->db);
	node_secret(x, "sesame");
	if (ledger_open(x->db, "fcgi", &x->world, &x->ledger) != ERR_NONE)
		abort();
	return x;
}

/* count centrals; each is to dial all others, or, if links is given, those with a 1 in its line of the matrix. */
static inline struct net *net_new(int count, const char *const *links)
{
	struct net *n = room(sizeof(*n));
	n->now_us = 1000 * (int64_t)SECOND;
	n->chance.state = 7;
	for (int i = 0; i < count; i++) {
		int peers[NODES_MAX + 1], k = 0;
		struct node *x = net_add(n, i + 1);
		for (int j = 0; j < count; j++)
			if (links ? links[i][j] == '1' : i != j)
				peers[k++] = j + 1;
		peers[k] = -1;
		node_peers(x, peers);
		node_start(x);
		node_configure(x);
	}
	return n;
}

static inline void net_free(struct net *n)
{
	for (int i = 0; i < NODES_MAX; i++) {
		if (n->node[i].mesh)
			mesh_free(n->node[i].mesh);
		if (n->node[i].ledger)
			ledger_close(n->node[i].ledger);
		if (n->node[i].db)
			db_close(n->node[i].db);
	}
	for (size_t k = 0; k < n->pipes; k++)
		for (int side = 0; side < 2; side++)
			parcels_free(&n->pipe[k].end[side]);
	free(n);
}

/* ---- running ---- */

/* The first thing that happens on one end of a pipe. */
static inline bool end_step(struct net *n, struct pipe *p, int side)
{
	struct pipe_end *end = &p->end[side], *other = &p->end[!side];
	struct node *x = end->node < NODES_MAX ? &n->node[end->node] : NULL;
	if (!end->open)
		return false;
	if (!x || !x->mesh || x->down) {
		end->open = false;
		return true;
	}
	x->due_us = 0;
	if (!end->told && (other->open || other->told) && !p->black_hole) {
		end->told = true;
		mesh_opened(x->mesh, end->link, n->address ? n->address : "127.0.0.1");
	} else if (end->told && end->first) {
		struct parcel *parcel = end->first;
		end->first = parcel->next;
		if (!end->first)
			end->last = &end->first;
		mesh_message(x->mesh, end->link, parcel->bytes, parcel->len);
		free(parcel);
	} else if (!other->open && !p->black_hole) {
		end->open = false;
		mesh_closed(x->mesh, end->link, CAUSE_NONE, "The connection was refused or closed.");
	} else {
		return false;
	}
	return true;
}

static inline bool net_step(struct net *n)
{
	bool moved = false;
	size_t dialled = n->dialled, sent = n->sent;
	for (size_t k = 0; k < n->pipes; k++)
		for (int side = 1; side >= 0; side--) /* who listens hears first that a link is open */
			moved |= end_step(n, &n->pipe[k], side);
	for (int i = 0; i < NODES_MAX; i++) {
		struct node *x = &n->node[i];
		if (!x->mesh || n->now_us < x->due_us)
			continue;
		x->due_us = mesh_run(x->mesh);
		moved |= x->due_us <= n->now_us;
		for (size_t k = 0; k < x->mesh->peers; k++)
			if (x->mesh->peer[k]->flights > n->most_flights)
				n->most_flights = x->mesh->peer[k]->flights;
	}
	return moved || n->dialled != dialled || n->sent != sent;
}

/* Let that much time pass. */
static inline void net_run(struct net *n, int64_t us)
{
	int64_t until = n->now_us + us;
	for (;;) {
		while (net_step(n))
			;
		int64_t next = until;
		for (int i = 0; i < NODES_MAX; i++)
			if (n->node[i].mesh && n->node[i].due_us > n->now_us && n->node[i].due_us < next)
				next = n->node[i].due_us;
		if (n->now_us >= until)
			return;
		n->now_us = next;
	}
}

/* The node hears these bytes on that link. */
static inline void give(struct node *x, uint64_t link, const char *bytes, size_t len)
{
	char *copy = room(len + 1);
	memcpy(copy, bytes, len);
	mesh_message(x->mesh, link, copy, len);
	(void)mesh_run(x->mesh);
}

/* ---- records ---- */

static inline void node_ring(struct node *x)
{
	if (x->mesh)
		mesh_look(x->mesh);
	x->due_us = 0;
}

/* count entries of the node's own log, in transactions of batch. */
static inline void node_append(struct node *x, int count, int batch)
{
	static int number;
	for (int i = 0; i < count; i++, number++) {
		char plate[PLATE_MAX + 1], event[64];
		if (i % batch == 0)
			(void)ledger_begin(x->ledger);
		(void)text_format(plate, sizeof(plate), "29A%07d", number);
		(void)text_format(event, sizeof(event), "%s_%d_%s", ledger_central(x->ledger), number, plate);
		struct record r = {.type = RECORD_ENTRY, .event_id = event, .at = -1};
		r.data.entry = (struct entry_data){.plate_id = plate, .plate_view = plate, .edge_id = "edge-1", .camera_type = "car",
			.direction = "ENTRY", .entry_time = "2025-12-01 08:00:00", .entry_ts = net_wall(x), .confidence = 0.5};
		if (ledger_append(x->ledger, &r) != ERR_NONE)
			test_fail(__FILE__, __LINE__, "cannot append");
		if (i % batch == batch - 1 || i == count - 1)
			(void)ledger_commit(x->ledger);
	}
	node_ring(x);
}

static inline bool add_head(void *arg, const struct log_row *row)
{
	*(int64_t *)arg += row->head_seq;
	return true;
}

/* All records a node holds. */
static inline int64_t node_total(const struct node *x)
{
	int64_t total = 0;
	(void)log_each_changed(x->db, 0, add_head, &total);
	return total;
}

/* The READY connections of a node. */
static inline int node_ready(const struct node *x)
{
	int count = 0;
	for (size_t k = 0; x->mesh && k < x->mesh->peers; k++)
		count += x->mesh->peer[k]->state == PEER_READY;
	return count;
}

static inline struct peer_status node_status(const struct node *x, int peer)
{
	struct peer_status all[NODES_MAX * 2], none = {.state = "none"};
	char id[CENTRAL_ID_SIZE];
	(void)text_format(id, sizeof(id), "central-%d", peer);
	size_t count = mesh_peer_statuses(x->mesh, all, NODES_MAX * 2);
	for (size_t k = 0; k < count; k++)
		if (strcmp(all[k].id, id) == 0)
			return all[k];
	return none;
}

#endif
