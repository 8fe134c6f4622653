/*
 * parkmesh-central: one central from a folder, in the foreground (spec/operations.md, "One central from a folder").
 *
 *   starting --(/healthz is 200 and p2pd has written its row: "ready …" is printed)--> ready
 *   starting, ready --(SIGTERM, SIGINT, SIGHUP)--> stopping --(all children are gone)--> exit 0
 *   starting --(a child ends again and again)--> stopping --> exit 1
 */
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/core.h"
#include "base/journal.h"
#include "base/text.h"
#include "base/world.h"
#include "children.h"
#include "domain/site.h"
#include "options.h"
#include "place.h"
#include "probe.h"
#include "seal/seal.h"
#include "seed.h"
#include "store/db.h"

#define NGINX "/usr/sbin/nginx"
#define LOOK_STARTING_MS 25
#define LOOK_MS 1000
#define STOP_PATIENCE_MS 5000
#define ENDED_TOO_OFTEN 10 /* before it is ready */

enum central_state { STARTING, READY, STOPPING };
enum { CHILD_FCGI, CHILD_P2PD, CHILD_NGINX, CHILD_WATCH, CHILD_COUNT };

struct central {
	struct world world;
	struct options options;
	struct site_config config;
	struct place place;
	struct db *db;              /* for the readiness of p2pd; closed when ready */
	int64_t mesh_before_ms;     /* what p2pd's row said before it was started; a clock may be set at any time */
	sigset_t handled, before;   /* the signals taken by sigtimedwait, and the mask children get */
	enum central_state state;
	int64_t stop_until_ms;      /* stopping: then they are killed (monotonic) */
	int exit_status;
	const char *fcgi_command[8 + 2 * ACCESS_OPTIONS_MAX], *p2pd_command[12], *nginx_command[8], *watch_command[8];
	char health[ENDPOINT_SIZE + 16];
	int children;               /* all of CHILD_COUNT, or without CHILD_WATCH if nobody is to be told */
	struct child child[CHILD_COUNT];
};

static void name_commands(struct central *c)
{
	const struct place *place = &c->place;
	const char *const fcgi[] = {place->fcgi, "--db", place->database, "--notify", place->notify, "--share", place->share};
	const char *const p2pd[] = {place->p2pd, "--db", place->database, "--notify", place->notify, "--live", place->live};
	const char *const nginx[] = {NGINX, "-e", "stderr", "-c", place->nginx_conf, "-g", "daemon off;"};
	size_t n = sizeof fcgi / sizeof *fcgi;

	for (size_t i = 0; i < n; i++)
		c->fcgi_command[i] = fcgi[i];
	for (size_t i = 0; i < c->options.access_count; i++) {
		c->fcgi_command[n++] = c->options.access[i].name;
		c->fcgi_command[n++] = c->options.access[i].value;
	}
	for (size_t i = 0; i < sizeof p2pd / sizeof *p2pd; i++)
		c->p2pd_command[i] = p2pd[i];
	if (c->options.discover)
		c->p2pd_command[sizeof p2pd / sizeof *p2pd] = "--discover";
	for (size_t i = 0; i < sizeof nginx / sizeof *nginx; i++)
		c->nginx_command[i] = nginx[i];
	c->child[CHILD_FCGI] = (struct child){.name = "fcgi", .command = c->fcgi_command, .stdin_fd = place->listen_fd,
		.stop_signal = SIGTERM};
	c->child[CHILD_P2PD] = (struct child){.name = "p2pd", .command = c->p2pd_command, .stdin_fd = -1, .stop_signal = SIGTERM};
	c->child[CHILD_NGINX] = (struct child){.name = "nginx", .command = c->nginx_command, .stdin_fd = -1, .stop_signal = SIGQUIT};
}

static void name_watch(struct central *c)
{
	const char *const watch[] = {c->place.watch, "--db", c->place.database, "--webhook-file", c->options.webhook_file, "--health", c->health};
	char endpoint[ENDPOINT_SIZE];

	c->children = c->options.webhook_file ? CHILD_COUNT : CHILD_WATCH;
	endpoint_text(c->config.ip, c->config.api_port, endpoint);
	text_format(c->health, sizeof c->health, "http://%s/healthz", endpoint);
	for (size_t i = 0; i < sizeof watch / sizeof *watch; i++)
		c->watch_command[i] = watch[i];
	c->child[CHILD_WATCH] = (struct child){.name = "watch", .command = c->watch_command, .stdin_fd = -1, .stop_signal = SIGTERM};
}

/* Everything up to the first fork. false: stderr says what is wrong. */
static bool prepare(struct central *c)
{
	struct fault fault = {0};

	if (!seal_start()) {
		fputs("parkmesh-central: libsodium cannot start.\n", stderr);
		return false;
	}
	if (!place_make(c->options.dir, &c->place) || !seed_database(c->place.database, &c->options, &c->world, &c->config)
		|| !probe_port(c->config.ip, c->config.api_port, &c->world) || !probe_port(c->config.ip, c->config.p2p_port, &c->world)
		|| !place_write_nginx_conf(&c->place, c->config.ip, c->config.api_port, &c->options.rules.edges))
		return false;
	if (db_open(c->place.database, DB_READ, &c->db, &fault) != ERR_NONE) {
		fprintf(stderr, "parkmesh-central: %s\n", fault.sentence);
		return false;
	}
	name_commands(c);
	name_watch(c);
	c->mesh_before_ms = probe_mesh(c->db);
	return true;
}

static void take_signals(struct central *c)
{
	static const int taken[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP};

	sigemptyset(&c->handled);
	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
		sigaddset(&c->handled, taken[i]);
	sigprocmask(SIG_BLOCK, &c->handled, &c->before);
	/* What a child that died leaves behind becomes ours to wait for, not init's. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static void begin_stop(struct central *c, int exit_status)
{
	if (c->state == STOPPING)
		return;
	c->state = STOPPING;
	c->exit_status = exit_status;
	c->stop_until_ms = world_mono_ms(&c->world) + STOP_PATIENCE_MS;
	journal_info("event=stopping id=%s", c->config.id);
}

/* nginx first, which ends the requests it has; parkmesh.fcgi answers them until then. */
static void go_on_stopping(struct central *c)
{
	child_stop(&c->child[CHILD_NGINX]);
	child_stop(&c->child[CHILD_P2PD]);
	if (c->options.webhook_file)
		child_stop(&c->child[CHILD_WATCH]);
	if (c->child[CHILD_NGINX].state == CHILD_GONE)
		child_stop(&c->child[CHILD_FCGI]);
	if (world_mono_ms(&c->world) < c->stop_until_ms)
		return;
	for (int i = 0; i < c->children; i++) {
		child_stop(&c->child[i]);
		child_kill(&c->child[i]);
	}
}

static void collect_ended(struct central *c)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (int i = 0; i < c->children; i++) {
			struct child *child = &c->child[i];

			if ((child->state == CHILD_RUNNING || child->state == CHILD_STOPPING) && child->pid == pid)
				child_ended(child, status, world_mono_ms(&c->world));
		}
	}
}

static void look_whether_ready(struct central *c)
{
	char endpoint[ENDPOINT_SIZE];

	for (int i = 0; i < c->children; i++) {
		if (c->child[i].ended < ENDED_TOO_OFTEN)
			continue;
		fprintf(stderr, "parkmesh-central: %s does not run; the lines above say why.\n", c->child[i].name);
		begin_stop(c, 1);
		return;
	}
	if (probe_mesh(c->db) == c->mesh_before_ms || !probe_health(c->config.ip, c->config.api_port))
		return;
	db_close(c->db);
	c->db = NULL;
	c->state = READY;
	endpoint_text(c->config.ip, c->config.api_port, endpoint);
	printf("ready http://%s/\n", endpoint);
	fflush(stdout);
}

static bool all_gone(const struct central *c)
{
	for (int i = 0; i < c->children; i++) {
		if (c->child[i].state != CHILD_GONE)
			return false;
	}
	return true;
}

/* Until a signal comes, or it is time for something else. */
static int next_signal(const struct central *c)
{
	int64_t now = world_mono_ms(&c->world), wait = c->state == READY ? LOOK_MS : LOOK_STARTING_MS;
	struct timespec timeout;

	for (int i = 0; i < c->children; i++) {
		if (c->child[i].state == CHILD_WAITING && c->child[i].due_ms - now < wait)
			wait = c->child[i].due_ms > now ? c->child[i].due_ms - now : 0;
	}
	timeout = (struct timespec){wait / 1000, wait % 1000 * 1000000};
	return sigtimedwait(&c->handled, NULL, &timeout);
}

static int run(struct central *c)
{
	while (!all_gone(c)) {
		for (int i = 0; i < c->children && c->state != STOPPING; i++)
			child_start_if_due(&c->child[i], world_mono_ms(&c->world), &c->before);
		if (c->state == STARTING)
			look_whether_ready(c);
		switch (next_signal(c)) {
		case SIGTERM: case SIGINT: case SIGHUP: begin_stop(c, 0); break;
		default: break; /* SIGCHLD, or the time is over */
		}
		collect_ended(c);
		if (c->state == STOPPING)
			go_on_stopping(c);
	}
	return c->exit_status;
}

int main(int argc, char **argv)
{
	struct central c = {.world = world_real()};
	int status = 1;

	switch (options_read(argc, argv, &c.options)) {
	case OPTIONS_DONE: return 0;
	case OPTIONS_WRONG: return 2;
	case OPTIONS_RUN: break;
	}
	core_forbid();
	journal_start("parkmesh-central", JOURNAL_INFO);
	umask(077);
	take_signals(&c);
	if (prepare(&c))
		status = run(&c);
	db_close(c.db);
	return status;
}
