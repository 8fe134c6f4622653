#include "node.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "check.h"
#include "domain/ledger_internal.h"
#include "look.h"
#include "program.h"
#include "sim.h"
#include "vfs.h"

#define TICK_US SECOND
#define AGAIN_US (2 * SECOND)

/* ---- the world as this central sees it ---- */

static int64_t wall_ms(void *self)
{
	const struct node *x = self;
	return SITE_EPOCH_MS + x->sim->now_us / 1000 + x->clock_ms;
}

/* Work takes time: each look at the clock is a little later. */
static int64_t mono_us(void *self)
{
	struct node *x = self;
	int64_t now = x->mono_us + (int64_t)sim_below(x->sim, 30);
	x->mono_us = x->sim->now_us > now ? x->sim->now_us : now;
	return x->mono_us;
}

static void random_bytes(void *self, void *out, size_t len)
{
	const struct node *x = self;
	chance_bytes(&x->sim->chance, out, len);
}

/* ---- processes ---- */

static void reader_end(struct node *x)
{
	if (x->reader)
		db_close(x->reader);
	x->reader = NULL;
}

static void process_close(struct node *x, struct process *p, enum disk_process process)
{
	if (process == PROCESS_GATE)
		reader_end(x);
	if (p->ledger)
		ledger_close(p->ledger);
	if (p->db)
		db_close(p->db);
	p->ledger = NULL;
	p->db = NULL;
	disk_reap(x->disk, process);
}

static bool process_open(struct node *x, struct process *p, enum disk_process process, const char *writer)
{
	struct fault fault = {0};
	vfs_process(process);
	program_is(x->old_version);
	enum err e = db_open(x->disk->path, DB_WRITE, &p->db, &fault);
	if (e == ERR_NONE)
		e = site_zone_use(p->db);
	if (e == ERR_NONE)
		e = ledger_open(p->db, writer, &x->world, &p->ledger);
	vfs_process(PROCESS_NOBODY);
	p->starts_us = NEVER;
	if (e == ERR_NONE && !x->disk->dead[process]) {
		check_owed(x);
		program_is(x->old_version);
		return true;
	}
	sim_say(x->sim, "%s: %s cannot start: %s %s", x->id, writer, err_name(e), fault.sentence);
	process_close(x, p, process);
	p->starts_us = x->sim->now_us + AGAIN_US;
	if (e == ERR_CORRUPT)
		sim_fail(x->sim, "%s: its database is broken: %s", x->id, fault.sentence);
	return false;
}

void node_read(struct node *x)
{
	struct fault fault;
	if (x->reader || !x->gate.db) {
		reader_end(x);
		return;
	}
	vfs_process(PROCESS_GATE);
	if (db_open(x->disk->path, DB_READ, &x->reader, &fault) == ERR_NONE && db_read_begin(x->reader) == ERR_NONE)
		(void)look_int(x->reader, "SELECT count(*) FROM records", NULL, 0);
	vfs_process(PROCESS_NOBODY);
	node_look_dead(x);
}

static bool disk_is_low(void *self)
{
	const struct rows *r = self;
	const struct node *x = r->world->self;
	return x->disk_low;
}

/* No process waits for another here, but sometimes it looks so. */
static bool is_wanted(void *self)
{
	const struct rows *r = self;
	const struct node *x = r->world->self;
	return sim_one_in(x->sim, 4);
}

/* Beside the loop is later: meanwhile peers close, pages come, processes die. */
static bool begin_aside(void *self, size_t records, void (*work)(void *arg), void *arg)
{
	struct node *x = self;
	(void)records;
	if (sim_one_in(x->sim, 3))
		return false;
	x->work = work;
	x->work_arg = arg;
	x->work_us = x->sim->now_us + (int64_t)sim_below(x->sim, 20000);
	return true;
}

static void stop_aside(void *self)
{
	struct node *x = self;
	x->work = NULL;
}

static void run_aside(struct node *x)
{
	x->work(x->work_arg);
	x->work = NULL;
	mesh_worked(x->mesh);
	x->due_us = 0;
}

static void configure(struct node *x)
{
	struct identity self;
	struct peer_row rows[PEERS_MAX];
	size_t count = 0;
	if (identity_read(x->mesh_process.db, &self) == ERR_NONE &&
		peer_list(x->mesh_process.db, rows, PEERS_MAX, &count) == ERR_NONE)
		(void)mesh_configure(x->mesh, &self, rows, count);
	else
		x->data_version = -1;
}

/* As p2pd does each second. */
static void tick(struct node *x)
{
	const struct mesh_status said = {.listening = true};
	int64_t version, taken = mesh_counts(x->mesh)->records_taken;
	if (db_data_version(x->mesh_process.db, &version) != ERR_NONE)
		version = -1;
	if (version != x->data_version || taken != x->records_taken) {
		x->data_version = version;
		x->records_taken = taken;
		configure(x);
	}
	mesh_look(x->mesh);
	if (sim_one_in(x->sim, 12))
		program_checkpoint(x->mesh_process.db, sim_one_in(x->sim, 4));
	status_write(&x->status, x->mesh_process.db, x->mesh, &said, &x->world);
	check_marks(x);
	mark_rows_tick(&x->marks, x->mesh_process.db, x->mesh, &x->world);
	x->tick_us = x->sim->now_us + TICK_US;
	x->due_us = 0;
}

static void mesh_open(struct node *x)
{
	struct mesh_io io = {0};
	if (!process_open(x, &x->mesh_process, PROCESS_MESH, "p2pd"))
		return;
	net_table(x, &io.links);
	rows_init(&x->rows, x->mesh_process.ledger, &x->world, x->disk->path);
	rows_table(&x->rows, &io.rows);
	io.rows.disk_low = disk_is_low;
	io.rows.wanted = is_wanted;
	io.taking = io.rows;
	io.aside = (struct mesh_aside){.self = x, .begin = begin_aside, .stop = stop_aside};
	if (mesh_new(&io, &x->world, &x->mesh) != ERR_NONE)
		abort();
	x->status = (struct status){0};
	x->marks = (struct mark_rows){0};
	status_open(&x->status, x->mesh_process.db);
	x->data_version = -1;
	tick(x);
}

static void mesh_close(struct node *x, bool silently)
{
	net_gone(x->sim, x->place, silently);
	mesh_free(x->mesh);
	x->mesh = NULL;
	process_close(x, &x->mesh_process, PROCESS_MESH);
}

void node_kill(struct node *x, enum disk_process process, int64_t starts_us)
{
	struct process *p = process == PROCESS_GATE ? &x->gate : &x->mesh_process;
	x->sim->kills += p->db != NULL;
	if (process == PROCESS_MESH)
		mesh_close(x, false);
	else
		process_close(x, p, process);
	p->starts_us = starts_us;
}

void node_power_cut(struct node *x, int64_t starts_us)
{
	x->sim->power_cuts++;
	mesh_close(x, true);
	process_close(x, &x->gate, PROCESS_GATE);
	disk_power_cut(x->disk);
	x->gate.starts_us = starts_us;
	x->mesh_process.starts_us = starts_us;
}

bool node_dead(const struct node *x)
{
	return x->disk->dead[PROCESS_MESH];
}

void node_look_dead(struct node *x)
{
	int64_t starts_us = x->sim->now_us + 100000;
	if (x->disk->power && (x->disk->dead[PROCESS_GATE] || x->disk->dead[PROCESS_MESH])) {
		sim_say(x->sim, "%s: the power goes in the middle of something", x->id);
		node_power_cut(x, starts_us + (int64_t)sim_below(x->sim, 20 * SECOND));
		return;
	}
	for (enum disk_process k = PROCESS_GATE; k <= PROCESS_MESH; k++) {
		if (!x->disk->dead[k])
			continue;
		sim_say(x->sim, "%s: %s dies in the middle of something", x->id, k == PROCESS_GATE ? "fcgi" : "p2pd");
		node_kill(x, k, starts_us + (int64_t)sim_below(x->sim, 5 * SECOND));
	}
}

void node_told(struct node *x, const char *bytes, size_t len)
{
	struct message msg;
	if (message_parse(bytes, len, &msg, NULL) != ERR_NONE) {
		sim_fail(x->sim, "%s sends what is no message: %.*s", x->id, (int)(len < 200 ? len : 200), bytes);
		return;
	}
	for (size_t k = 0; k < msg.vector_count; k++)
		owed_add(&x->owed, &msg.vector[k]);
	message_free(&msg);
}

/* ---- running ---- */

bool node_run(struct node *x)
{
	int64_t now = x->sim->now_us;
	bool moved = true;
	program_is(x->old_version);
	if (!x->gate.db && x->gate.starts_us <= now)
		(void)process_open(x, &x->gate, PROCESS_GATE, "fcgi");
	else if (!x->mesh && x->mesh_process.starts_us <= now)
		mesh_open(x);
	else if (x->mesh && x->tick_us <= now)
		tick(x);
	else if (x->work && x->work_us <= now)
		run_aside(x);
	else if (x->mesh && x->due_us <= now)
		moved = (x->due_us = mesh_run(x->mesh)) <= now;
	else
		return false;
	check_marks(x);
	node_look_dead(x);
	return moved;
}

int64_t node_due(const struct node *x, int64_t until)
{
	int64_t at[] = {x->gate.db ? NEVER : x->gate.starts_us, x->mesh ? x->tick_us : x->mesh_process.starts_us,
		x->mesh ? x->due_us : NEVER, x->work ? x->work_us : NEVER};
	for (size_t k = 0; k < sizeof(at) / sizeof(at[0]); k++)
		if (at[k] > x->sim->now_us && at[k] < until)
			until = at[k];
	return until;
}

void node_ring(struct node *x)
{
	if (!x->mesh || node_dead(x))
		return;
	mesh_look(x->mesh);
	x->due_us = 0;
	node_look_dead(x);
}

struct db *node_look(struct node *x)
{
	x->disk->calm++;
	program_is(false);
	return x->gate.db ? x->gate.db : x->mesh_process.db;
}

void node_looked(struct node *x)
{
	x->disk->calm--;
}

/* ---- making one ---- */

static void need(const struct node *x, const char *what, enum err e)
{
	if (e == ERR_NONE)
		return;
	sim_fail(x->sim, "%s cannot be set up: %s: %s", x->id, what, err_name(e));
}

/* The mesh key itself, since making one from a secret takes 20 ms. */
static enum err set_identity(struct node *x, struct db *db)
{
	struct identity self;
	enum err e = site_first_start(db, &x->world);
	if (e == ERR_NONE)
		e = identity_read(db, &self);
	if (e != ERR_NONE)
		return e;
	(void)text_copy(self.id, sizeof(self.id), x->id);
	(void)text_copy(self.mesh_secret, sizeof(self.mesh_secret), "sesame");
	memset(self.mesh_key, 0, sizeof(self.mesh_key));
	memcpy(self.mesh_key, "sesame", 6);
	return identity_write(db, &self);
}

static void set_up(struct node *x)
{
	struct db *db = NULL;
	struct fault fault;
	disk_restore(x->disk, program_blank(x->sim->folder));
	x->disk->calm++;
	need(x, "open", db_open(x->disk->path, DB_WRITE, &db, &fault));
	need(x, "begin", db_begin(db));
	need(x, "identity", set_identity(x, db));
	need(x, "commit", db_commit(db));
	db_close(db);
	x->disk->calm--;
}

struct node *node_new(struct sim *s, int place, int name)
{
	struct node *x = calloc(1, sizeof(*x));
	char path[DISK_NAME];
	if (!x)
		abort();
	*x = (struct node){.sim = s, .place = place};
	x->world = (struct world){wall_ms, mono_us, random_bytes, x};
	(void)text_format(x->id, sizeof(x->id), "central-%d", name);
	(void)text_format(path, sizeof(path), "%s/%d.db", s->folder, place);
	x->disk = disk_new(path, chance_next(&s->chance));
	vfs_add(x->disk);
	set_up(x);
	x->disk->lies = s->lying_disks;
	return x;
}

void node_free(struct node *x)
{
	if (!x)
		return;
	x->disk->calm++;
	mesh_close(x, false);
	process_close(x, &x->gate, PROCESS_GATE);
	vfs_remove(x->disk);
	disk_free(x->disk);
	disk_free(x->copies);
	owed_free(&x->owed);
	owed_free(&x->at_quorum);
	owed_free(&x->at_all);
	free(x);
}

static void one_peer(const struct node *x, int place, struct site_config *c)
{
	const struct node *other = x->sim->node[place];
	struct peer_row row = {.p2p_port = place, .weight = 1, .dialect = "native", .ip = "127.0.0.1", .tls = (x->place + place) % 2};
	if (!other || other == x)
		return;
	(void)text_copy(row.id, sizeof(row.id), other->id);
	c->peers[c->peer_count++] = row;
}

void node_peers(struct node *x, unsigned places)
{
	struct site_config c;
	struct fault fault = {0};
	struct db *db = NULL;
	x->disk->calm++;
	need(x, "open", db_open(x->disk->path, DB_WRITE, &db, &fault));
	need(x, "begin", db_begin(db));
	need(x, "read", site_config_read(db, &c));
	c.peer_count = 0;
	for (int place = 1; place <= NODES_MAX; place++)
		if (places & (1u << place))
			one_peer(x, place, &c);
	need(x, fault.sentence, site_config_write(db, &c, &fault));
	need(x, "commit", db_commit(db));
	db_close(db);
	x->disk->calm--;
}
