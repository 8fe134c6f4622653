#include "daemon.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/journal.h"
#include "base/text.h"
#include "base/trust.h"
#include "conf.h"
#include "domain/ledger.h"
#include "domain/site.h"
#include "found.h"
#include "legacy.h"
#include "legacy_side.h"
#include "link.h"
#include "live.h"
#include "loop.h"
#include "mark_rows.h"
#include "mesh.h"
#include "mesh_io.h"
#include "notify.h"
#include "renewal.h"
#include "rows.h"
#include "signals.h"
#include "status.h"
#include "store/db.h"
#include "taking.h"
#include "tls.h"

#define NOT_CONFIGURED "This central has no configuration yet; start parkmesh.fcgi."
#define TICK_US 1000000
#define STATUS_GAP_MS 200 /* between two writes of status rows that something urgent causes */
#define LEAVE_US 2000000  /* messages that are leaving when p2pd ends have so long */
#define LEAVE_LOOK_US 5000

struct daemon {
	const struct world *world;
	struct daemon_paths paths;
	struct conf *reread;      /* the machine's configuration as a signal had it read again; NULL: not yet */
	int lock_fd, bell_fd, signal_fd;
	struct db *db;
	struct rows rows;
	struct taking taking;
	struct tls *tls;
	struct renewal renewal;
	struct links *links;
	struct loop *loop;
	struct mesh *mesh;
	struct legacy_side old;
	struct live *live;        /* NULL: no socket for those who watch, and boxes */
	struct discovery *discovery; /* NULL: switched off */
	struct found found;
	struct loop_timer *due, *tick;
	struct mark_rows marks;
	struct status status;
	int64_t status_ms;        /* monotonic: the next urgent write of status rows */
	int64_t last_command;
	int64_t data_version, records_taken; /* when the configuration was last read */
	int64_t old_written;      /* records written for old centrals when the mesh last looked */
	int64_t records_shown;    /* records_taken when those who watch were last told to look */
	int64_t leave_us;
	char id[CENTRAL_ID_SIZE];
	bool has_identity, ending, started;
};

/* ---- configuration and commands: rows that others write ---- */

/* Without a secret only this machine takes part, so nobody else is listened to either; but for centrals of the older system. */
static const char *listen_address(const struct daemon *d, const struct identity *self)
{
	if (self->mesh_secret[0] || legacy_from_outside(d->old.legacy))
		return NULL;
	return address_is_loopback(self->ip) ? self->ip : "127.0.0.1";
}

static void configure(struct daemon *d)
{
	struct identity self;
	struct peer_row rows[PEERS_MAX];
	size_t count = 0;
	enum err e = identity_read(d->db, &self);
	if (!e)
		e = peer_list(d->db, rows, PEERS_MAX, &count);
	if (!e)
		e = legacy_configure(d->old.legacy, self.id, rows, count);
	if (!e)
		e = mesh_configure(d->mesh, &self, rows, count);
	if (!e)
		mesh_check_pins(d->mesh);
	d->has_identity = e != ERR_NOT_FOUND;
	if (!e)
		(void)text_copy(d->id, sizeof(d->id), self.id);
	if (!e && !d->renewal.began) /* whoever dials is shown one */
		renewal_look(&d->renewal, d->id, true);
	if (!e)
		(void)links_listen(d->links, listen_address(d, &self), self.p2p_port);
	if (!e)
		found_by_others(d->discovery, &self, listen_address(d, &self) == NULL);
	explicit_bzero(&self, sizeof(self));
	if (e && e != ERR_NOT_FOUND)
		journal_error("event=configuration_unreadable error=%s", err_name(e));
	enum err zone = site_zone_use(d->db);
	if (zone)
		journal_error("event=zone_unusable error=%s", err_name(zone));
	if (e || zone)
		d->data_version = -1; /* the rows themselves may not change for hours: read them again at the next tick */
}

static void configure_if_changed(struct daemon *d)
{
	int64_t version, taken = mesh_counts(d->mesh)->records_taken;
	bool listening = links_listen_error(d->links)[0] == '\0';
	if (db_data_version(d->db, &version) != ERR_NONE)
		version = -1;
	if (version == d->data_version && taken == d->records_taken && listening && d->has_identity)
		return;
	d->data_version = version;
	d->records_taken = taken;
	configure(d);
}

/* The site's own: what the command line names counts. */
static void name_certificate(struct daemon *d, const struct conf *conf)
{
	if (d->paths.tls_certificate)
		renewal_name(&d->renewal, d->paths.tls_certificate, d->paths.tls_key);
	else if (conf && conf->tls_certificate[0])
		renewal_name(&d->renewal, conf->tls_certificate, conf->tls_key);
	else
		renewal_name(&d->renewal, NULL, NULL);
}

static void renew(struct daemon *d, bool now)
{
	if (d->id[0])
		renewal_look(&d->renewal, d->id, now);
}

static void take_commands(struct daemon *d)
{
	struct command c;
	while (command_next(d->db, d->last_command, &c) == ERR_NONE) {
		d->last_command = c.id;
		configure_if_changed(d); /* it may be about a peer that was configured a moment ago */
		if (!legacy_test(d->old.legacy, c.id, c.peer))
			mesh_test(d->mesh, c.id, c.peer);
	}
}

/* ---- what wakes it ---- */

static void soon(struct daemon *d)
{
	if (!d->ending)
		loop_timer_set(d->due, 0);
}

static void write_status(struct daemon *d)
{
	const char *error = d->has_identity ? links_listen_error(d->links) : NOT_CONFIGURED;
	struct mesh_status said = {.listening = error[0] == '\0'};
	(void)text_copy(said.error, sizeof(said.error), error);
	(void)text_copy(said.certificate, sizeof(said.certificate), d->renewal.fingerprint);
	(void)text_copy(said.certificate_error, sizeof(said.certificate_error), d->renewal.error);
	status_write(&d->status, d->db, d->mesh, &said, d->world);
}

/* When the status rows want to be written because of something urgent, monotonic µs. */
static int64_t urgent_status(struct daemon *d)
{
	int64_t now = world_mono_ms(d->world);
	if (!status_urgent(&d->status, d->mesh))
		return INT64_MAX;
	if (now < d->status_ms)
		return d->status_ms * 1000;
	write_status(d);
	d->status_ms = now + STATUS_GAP_MS;
	live_mesh(d->live);
	return INT64_MAX;
}

/* Ending: until the last messages have left, or have had time enough. */
static void leave(struct daemon *d)
{
	if ((!links_leaving(d->links) && !live_leaving(d->live)) || world_mono_us(d->world) >= d->leave_us)
		loop_stop(d->loop);
	else
		loop_timer_set(d->due, LEAVE_LOOK_US);
}

/* After the mesh has done its part. */
static void show_taken(struct daemon *d)
{
	int64_t taken = mesh_counts(d->mesh)->records_taken + legacy_counts(d->old.legacy)->records;
	if (taken == d->records_shown)
		return;
	d->records_shown = taken;
	live_look(d->live);
}

/* What old centrals told was written to a log of ours, which the mesh passes on. */
static int64_t run_mesh(struct daemon *d)
{
	int64_t written = legacy_counts(d->old.legacy)->records;
	if (written != d->old_written)
		mesh_look(d->mesh);
	d->old_written = written;
	return mesh_run(d->mesh);
}

static void on_due(void *arg)
{
	struct daemon *d = arg;
	if (d->ending) {
		leave(d);
		return;
	}
	int64_t due = legacy_run(d->old.legacy, mesh_caught_up(d->mesh)), mesh = run_mesh(d), status;
	int64_t marks = mark_rows_run(&d->marks, d->db, d->mesh, d->world);
	status = urgent_status(d);
	if (mesh < due)
		due = mesh;
	links_balance(d->links, mesh_waiting_bytes(d->mesh));
	show_taken(d);
	if (marks < due)
		due = marks;
	if (status < due)
		due = status;
	if (due != INT64_MAX)
		loop_timer_set(d->due, due - world_mono_us(d->world));
}

static void on_tick(void *arg)
{
	struct daemon *d = arg;
	if (d->ending)
		return;
	loop_timer_set(d->tick, TICK_US);
	configure_if_changed(d);
	renew(d, false);
	mesh_look(d->mesh);
	legacy_look(d->old.legacy);
	links_listen_old(d->links, d->old.path);
	take_commands(d);
	mark_rows_look(&d->marks, d->db);
	write_status(d);
	found_look(&d->found, d->discovery, d->db);
	mark_rows_tick(&d->marks, d->db, d->mesh, d->world);
	rows_checkpoint(&d->rows, DB_CHECKPOINT_USUAL);
	live_tick(d->live);
	soon(d);
}

static bool on_bell(void *arg)
{
	struct daemon *d = arg;
	if (notify_drain(d->bell_fd) && !d->ending) {
		mesh_look(d->mesh);
		legacy_look(d->old.legacy);
		take_commands(d);
		mark_rows_look(&d->marks, d->db);
		on_due(d);
		live_look(d->live);
	}
	return true;
}

static void begin_end(struct daemon *d)
{
	journal_info("event=stopping");
	d->ending = true;
	mesh_stop(d->mesh);
	legacy_stop(d->old.legacy);
	live_stop(d->live);
	d->leave_us = world_mono_us(d->world) + LEAVE_US;
	leave(d);
}

/* The machine's, the site's, which is in the database, and the certificate. */
static void read_again(struct daemon *d)
{
	struct conf *fresh = d->paths.config ? conf_reread(d->paths.config, d->paths.conf, CONF_P2PD) : NULL;
	if (fresh) {
		name_certificate(d, fresh);
		conf_free(d->reread);
		d->reread = fresh;
	}
	configure(d);
	renew(d, true);
}

static bool on_signal(void *arg)
{
	struct daemon *d = arg;
	struct signalfd_siginfo info;
	while (read(d->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGUSR1)
			mesh_dump(d->mesh);
		else if (info.ssi_signo == SIGHUP)
			read_again(d);
		else if (!d->ending)
			begin_end(d);
	}
	soon(d);
	return true;
}

/* ---- what the links tell ---- */

static void on_opened(void *self, uint64_t link, const char *address)
{
	struct daemon *d = self;
	mesh_opened(d->mesh, link, address);
	soon(d);
}

static void on_message(void *self, uint64_t link, char *bytes, size_t len)
{
	struct daemon *d = self;
	mesh_message(d->mesh, link, bytes, len);
	soon(d);
}

static void on_fault(void *self, uint64_t link, const char *text)
{
	struct daemon *d = self;
	mesh_fault(d->mesh, link, text);
	soon(d);
}

static void on_closed(void *self, uint64_t link, enum cause cause, const char *text)
{
	struct daemon *d = self;
	mesh_closed(d->mesh, link, cause, text);
	soon(d);
}

static void on_drained(void *self)
{
	soon(self);
}

static void on_worked(void *arg)
{
	struct daemon *d = arg;
	mesh_worked(d->mesh);
	soon(d);
}

/* ---- start and end ---- */

static enum err open_rows(struct daemon *d, const char *path, struct fault *fault)
{
	enum err e = db_hold_writer_lock(path, "p2pd", &d->lock_fd);
	if (e == ERR_CONFLICT)
		return fault_set(fault, e, "running", "", "Another p2pd is running on %s; end that one first.", path);
	if (e)
		return fault_set(fault, e, "lock", "", "The lock file beside %s cannot be held; check that the folder can be written.", path);
	e = rows_open(&d->rows, path, d->world, fault);
	if (e)
		return e;
	d->db = d->rows.db;
	status_open(&d->status, d->db);
	d->status.started_ms = world_wall_ms(d->world);
	d->taking = (struct taking){.worked = on_worked, .arg = d};
	return taking_open(&d->taking, path, d->world, fault);
}

static enum err open_mesh(struct daemon *d)
{
	const struct links_told told = {.self = d, .opened = on_opened, .message = on_message, .fault = on_fault, .closed = on_closed,
		.drained = on_drained};
	struct links_told old;
	struct mesh_io io;
	enum err e = tls_new(&d->tls);
	d->old.soon = on_drained;
	d->old.arg = d;
	legacy_side_told(&d->old, &old);
	if (!e)
		e = links_new(&told, &old, d->tls, &d->links);
	if (!e)
		e = loop_open(d->links, tls_dialling(d->tls), &d->loop);
	if (!e)
		e = links_start(d->links, d->loop);
	if (!e)
		e = taking_start(&d->taking, d->loop);
	if (e)
		return e;
	links_table(d->links, &io.links);
	rows_table(&d->rows, &io.rows);
	taking_table(&d->taking, &io);
	e = mesh_new(&io, d->world, &d->mesh);
	if (!e)
		e = legacy_side_open(&d->old, d->links, &d->rows, &io.rows, d->world);
	d->status.old = d->old.legacy;
	if (!e)
		e = loop_timer_new(d->loop, on_due, d, &d->due);
	return e ? e : loop_timer_new(d->loop, on_tick, d, &d->tick);
}

/* Events of boxes are records of ours, which the mesh passes on. */
static void on_boxes_wrote(void *arg)
{
	struct daemon *d = arg;
	mesh_look(d->mesh);
	legacy_look(d->old.legacy);
	soon(d);
}

static enum err open_live(struct daemon *d, const char *path)
{
	const struct live_told told = {.central = d->id, .wrote = on_boxes_wrote, .arg = d};
	return live_open(d->loop, &d->rows, d->world, path, &told, &d->live);
}

static enum err watch_signals(struct daemon *d)
{
	struct loop_watch *watch;
	d->signal_fd = signals_open();
	return d->signal_fd < 0 ? ERR_SYSTEM : loop_watch(d->loop, d->signal_fd, on_signal, d, &watch);
}

static enum err watch_bell(struct daemon *d, const char *path, struct fault *fault)
{
	struct loop_watch *watch;
	if (notify_open(path, &d->bell_fd) != ERR_NONE)
		return fault_set(fault, ERR_SYSTEM, "notify", "", "%s cannot be opened as a FIFO; check the folder, or remove what is there.",
			path);
	return loop_watch(d->loop, d->bell_fd, on_bell, d, &watch);
}

enum err daemon_open(const struct daemon_paths *paths, const struct world *world, struct daemon **out,
	struct fault *fault)
{
	struct daemon *d = calloc(1, sizeof(*d));
	*out = d;
	if (!d)
		return fault_set(fault, ERR_MEMORY, "no_memory", "", "There is no memory to start with.");
	d->world = world;
	d->paths = *paths;
	d->lock_fd = -1;
	enum err e = open_rows(d, paths->db, fault);
	if (e)
		return e;
	e = open_mesh(d);
	if (!e)
		e = renewal_init(&d->renewal, paths->db, d->tls, world);
	name_certificate(d, paths->conf);
	if (!e && paths->live)
		e = open_live(d, paths->live);
	if (!e && paths->discover)
		e = discovery_open(&d->discovery);
	legacy_side_place(&d->old, paths->live);
	if (!e)
		e = watch_signals(d);
	if (e)
		return fault_set(fault, e, "loop", "", "The event loop cannot be started (%s).", err_name(e));
	return watch_bell(d, paths->notify, fault);
}

enum err daemon_run(struct daemon *d)
{
	journal_info("event=started");
	d->data_version = -1;
	d->started = true;
	on_tick(d);
	return loop_run(d->loop);
}

void daemon_close(struct daemon *d)
{
	if (!d)
		return;
	discovery_close(d->discovery, d->world);
	if (d->links)
		links_stop(d->links);
	live_stop(d->live);
	if (d->started) {
		mesh_stop(d->mesh);
		status_close(&d->status, d->db, d->mesh, d->world);
	}
	mesh_free(d->mesh);
	legacy_free(d->old.legacy);
	loop_timer_free(d->due);
	loop_timer_free(d->tick);
	loop_close(d->loop);
	links_free(d->links);
	tls_free(d->tls);
	live_free(d->live);
	taking_close(&d->taking);
	rows_close(&d->rows);
	if (d->lock_fd >= 0)
		close(d->lock_fd);
	conf_free(d->reread);
	free(d);
}
