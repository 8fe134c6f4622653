/* parkmesh.fcgi: the HTTP side of a central, behind nginx. Here only: options, what is opened in which order, and the end. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "accept.h"
#include "app.h"
#include "attempts.h"
#include "base/core.h"
#include "base/journal.h"
#include "base/text.h"
#include "conf.h"
#include "edges.h"
#include "hashing.h"
#include "in_force.h"
#include "metrics.h"
#include "notify.h"
#include "options.h"
#include "pages.h"
#include "quorum_wait.h"
#include "recent.h"
#include "seal/seal.h"
#include "store/db.h"
#include "store/holder.h"
#include "store/outline.h"
#include "store/users.h"
#include "view.h"
#include "writer.h"

#define DESCRIPTORS 1024  /* see CONF_THREADS_MAX */
#define LOCK_PATIENCE_MS 1000 /* a transaction of p2pd takes some 5 ms; also how often this is looked at */
#define LOCK_LONG_MS 5000     /* nobody could be ended for so long: people have to look */

/* --- start ----------------------------------------------------------------------------------------------------------- */

/* All signals stay blocked in all threads (libfcgi's reads do not go on after an interruption); main takes them by sigwait. */
static void block_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGHUP);
	sigaddset(set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, set, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void limit_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > DESCRIPTORS) {
		limit.rlim_cur = DESCRIPTORS;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static enum err load_views(struct app *app, const char *share, struct fault *fault)
{
	char dir[4096];
	enum err e = views_open(&app->views);

	if (e != ERR_NONE)
		return e;
	if (!text_format(dir, sizeof dir, "%s/templates", share))
		return fault_set(fault, ERR_INVALID, "path_too_long", "", "The path of share is too long.");
	e = views_load(app->views, dir, page_views, fault);
	if (e == ERR_NONE)
		e = catalogue_load(dir, &app->catalogue, fault);
	return e == ERR_NONE ? views_check_words(app->views, &app->catalogue, fault) : e;
}

static enum err hold_lock(const char *db, int *fd, struct fault *fault)
{
	enum err e = db_hold_writer_lock(db, "fcgi", fd);

	if (e == ERR_CONFLICT)
		fault_set(fault, e, "running", "", "Another parkmesh.fcgi is running on %s; end that one first.", db);
	else if (e != ERR_NONE)
		fault_set(fault, e, err_name(e), "", "The lock file beside %s cannot be held; check the folder.", db);
	return e;
}

static enum err know_address(void *arg, const char *user, const char *address)
{
	const struct app *app = arg;

	attempts_know(app->attempts, address, user, world_mono_ms(&app->world));
	return ERR_NONE;
}

/* From where people are logged in since before this start. Gates do not wait for that: what cannot be read stays strange. */
static void know_addresses(struct app *app)
{
	struct fault fault = {0};
	struct db *db = NULL;
	enum err e = db_open(app->db_path, DB_READ, &db, &fault);

	if (e == ERR_NONE)
		e = session_addresses(db, ATTEMPTS_KEPT, know_address, app);
	if (e != ERR_NONE)
		journal_warning("event=addresses_unknown error=%s", err_name(e));
	db_close(db);
}

struct opened { int listen_fd, lock_fd, bell; struct accepting *accepting; };

/* What the command line does not name comes from the file. */
static enum err configure(struct app *app, struct options *o, struct conf **conf, struct fault *fault)
{
	struct rules rules;
	enum err e = o->config ? conf_read(o->config, conf, fault) : ERR_NONE;

	if (e == ERR_NONE && *conf) {
		o->db = o->db ? o->db : (*conf)->database;
		o->notify = o->notify ? o->notify : (*conf)->notify;
		o->share = o->share ? o->share : (*conf)->share;
		o->threads = o->threads ? o->threads : (*conf)->threads;
	}
	app->db_path = o->db;
	app->threads = o->threads ? o->threads : CONF_THREADS;
	options_rules(o, *conf, &rules);
	if (e == ERR_NONE)
		e = in_force_open(&app->in_force);
	return e == ERR_NONE ? in_force_put(app->in_force, &rules, NULL) : e;
}

static enum err open_all(struct app *app, const struct options *o, const struct conf *conf, struct opened *out, struct fault *fault)
{
	struct writer_setup setup = {.db_path = o->db, .p2p_config = conf ? conf->p2p_config : NULL, .world = &app->world, .bell = -1};
	enum err e = accept_find_socket(&out->listen_fd, fault);

	if (e == ERR_NONE)
		e = load_views(app, o->share, fault);
	if (e == ERR_NONE)
		e = edges_open(&app->edges);
	if (e == ERR_NONE)
		e = attempts_open(&app->attempts);
	if (e == ERR_NONE)
		e = hashing_open(&app->hashing);
	if (e == ERR_NONE)
		e = metrics_open(&app->metrics);
	if (e == ERR_NONE)
		e = recent_open(&app->world, &app->recent);
	if (e == ERR_NONE)
		e = outline_open(&app->outline);
	if (e == ERR_NONE)
		e = hold_lock(o->db, &out->lock_fd, fault);
	if (e == ERR_NONE && notify_open(o->notify, &out->bell) != ERR_NONE)
		e = fault_set(fault, ERR_SYSTEM, "no_bell", "", "%s cannot be opened or made as a FIFO; check notify.", o->notify);
	setup.bell = out->bell;
	if (e == ERR_NONE)
		e = writer_start(&setup, &app->writer, fault);
	if (e == ERR_NONE)
		e = quorum_wait_open(app->db_path, &app->world, &app->quorum);
	if (e == ERR_NONE)
		know_addresses(app);
	app->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (e == ERR_NONE && (app->stop_fd < 0 || !request_start()))
		e = fault_set(fault, ERR_SYSTEM, "system", "", "The request threads cannot be prepared: %s.", strerror(errno));
	if (e == ERR_NONE)
		e = accept_start(app, out->listen_fd, &out->accepting, fault);
	return e;
}

/* The writer ends after those that hand it work; the lock is given up last. */
static void close_all(struct app *app, struct opened *o)
{
	quorum_wait_stop(app->quorum);
	accept_stop(o->accepting);
	quorum_wait_close(app->quorum);
	writer_stop(app->writer);
	edges_close(app->edges);
	attempts_close(app->attempts);
	hashing_close(app->hashing);
	metrics_close(app->metrics);
	recent_close(app->recent);
	outline_close(app->outline);
	catalogue_close(&app->catalogue);
	views_close(app->views);
	in_force_close(app->in_force);
	if (app->stop_fd >= 0)
		close(app->stop_fd);
	if (o->bell >= 0)
		close(o->bell);
	if (o->lock_fd >= 0)
		close(o->lock_fd);
}

/* No gate waits for a program that is stopped in the middle of writing (store/holder). *told: people know of this wait. */
static void look_after_writer(const struct app *app, bool *told)
{
	int64_t busy_ms = writer_busy_ms(app->writer);
	pid_t ended;

	*told = *told && busy_ms >= LOCK_PATIENCE_MS;
	if (busy_ms < LOCK_PATIENCE_MS)
		return;
	ended = holder_end_stopped(app->db_path);
	if (ended > 0)
		journal_error("event=holder_ended pid=%d reason=\"It was stopped while it held the database's lock, and gates waited for it.\"",
			(int)ended);
	if (ended > 0 || *told || busy_ms < LOCK_LONG_MS)
		return;
	*told = true;
	journal_error("event=write_waits ms=%lld reason=\"Gates wait: the database is locked by a program that this one may not end, or the "
		"disk does not answer. Look for a stopped parkmeshctl of another user (sudo) and end it.\"", (long long)busy_ms);
}

/* conf is what it was started with. */
static void reload(const struct app *app, const struct options *o, const struct conf *conf)
{
	struct conf *fresh = conf ? conf_reread(o->config, conf, CONF_FCGI) : NULL;
	struct rules rules;

	if (!fresh)
		return;
	options_rules(o, fresh, &rules);
	if (in_force_put(app->in_force, &rules, fresh) != ERR_NONE)
		journal_error("event=configuration_refused reason=\"There is no memory.\"");
}

static void tell_state(struct app *app)
{
	const struct rules *rules = in_force_hold(app->in_force);

	journal_info("event=state up_s=%lld threads=%d serving=%d tests_waiting=%d files_sent=%d writer_busy_ms=%lld writable=%d "
		"trusted_edges=%zu trusted_admins=%zu loopback_trusted=%d origins=%zu hosts=%zu",
		(long long)(world_mono_ms(&app->world) - app->started_ms) / 1000, app->threads, atomic_load(&app->traffic.serving),
		atomic_load(&app->waiting), atomic_load(&app->streaming), (long long)writer_busy_ms(app->writer), !writer_failing(app->writer),
		rules->edges.count, rules->admins.count, rules->edges.loopback, rules->origin_count, rules->host_count);
	in_force_release(app->in_force, rules);
}

static void wait_for_end(const sigset_t *set, struct app *app, const struct options *o, const struct conf *conf)
{
	const struct timespec patience = {.tv_sec = LOCK_PATIENCE_MS / 1000};
	bool told = false;
	int number;

	do {
		number = sigtimedwait(set, NULL, &patience);
		if (number < 0)
			look_after_writer(app, &told);
		else if (number == SIGHUP)
			reload(app, o, conf);
		else if (number == SIGUSR1)
			tell_state(app);
	} while (number != SIGTERM && number != SIGINT);
}

static enum err run(struct app *app, struct options *o, const sigset_t *signals, struct fault *fault)
{
	struct opened opened = {.lock_fd = -1, .bell = -1};
	struct conf *conf = NULL;
	enum err e = configure(app, o, &conf, fault);

	if (e == ERR_NONE)
		e = seal_start() ? open_all(app, o, conf, &opened, fault) : ERR_SYSTEM;
	if (e == ERR_NONE) {
		journal_info("event=started version=%s threads=%d", PACKAGE_VERSION, app->threads);
		wait_for_end(signals, app, o, conf);
	} else {
		journal_error("event=not_started error=%s reason=\"%s\"", err_name(e), fault->sentence);
	}
	close_all(app, &opened);
	conf_free(conf);
	return e;
}

int main(int argc, char **argv)
{
	struct app app = {.world = world_real(), .stop_fd = -1};
	struct options options;
	struct fault fault = {0};
	sigset_t signals;
	int status;
	enum err e;

	block_signals(&signals); /* first of all: a SIGTERM while it starts is an end in good order too */
	status = options_read(argc, argv, &options);
	if (status >= 0)
		return status;
	core_forbid();
	journal_start("fcgi", JOURNAL_INFO);
	limit_descriptors();
	app.started_ms = world_mono_ms(&app.world);
	app.started_wall_ms = world_wall_ms(&app.world);
	world_random(&app.world, app.flash_key, sizeof app.flash_key);
	e = run(&app, &options, &signals, &fault);
	if (e == ERR_NONE)
		journal_info("event=ended");
	return e == ERR_NONE ? EXIT_SUCCESS : EXIT_FAILURE;
}
