/* parkmesh.fcgi: the HTTP side of a central, behind nginx. Here only: options, what is opened in which order, and the end. */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
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
#include "metrics.h"
#include "notify.h"
#include "pages.h"
#include "quorum_wait.h"
#include "seal/seal.h"
#include "store/db.h"
#include "store/holder.h"
#include "store/users.h"
#include "view.h"
#include "writer.h"

#define DESCRIPTORS 1024  /* see CONF_THREADS_MAX */
#define EXIT_USAGE 2
#define LOCK_PATIENCE_MS 1000 /* a transaction of p2pd takes some 5 ms; also how often this is looked at */
#define LOCK_LONG_MS 5000     /* nobody could be ended for so long: people have to look */

struct options { const char *db, *notify, *share; };

static const char USAGE[] =
	"Usage: parkmesh.fcgi --db PATH --notify PATH --share DIR [option...]\n"
	"Serve a central's HTTP API and pages to nginx over FastCGI.\n"
	"\n"
	"  --db PATH             the central's database; made if it is missing\n"
	"  --notify PATH         the FIFO by which p2pd is woken; made if it is missing\n"
	"  --share DIR           where templates/ is\n"
	"  --trust-edges CIDR    addresses of edges that need no token, besides loopback; none: not even loopback\n"
	"  --trust-admin CIDR    addresses of programs that may use the whole API, besides loopback; none: not even loopback\n"
	"  --cors-origin ORIGIN  pages of this origin (such as https://office.example) may call the API with a token\n"
	"  --host NAME           a name this central is called by, besides its addresses and localhost\n"
	"  --threads N           requests served at once, 1 to 128 (default 32)\n"
	"  --help                this text\n"
	"  --version             the version\n"
	"\n"
	"--trust-edges, --trust-admin, --cors-origin and --host may be given several times.\n"
	"\n"
	"The listening socket is descriptor 3 after systemd's LISTEN_FDS=1, else 0. SIGTERM: serve what was accepted, then end.\n";

/* --- options --------------------------------------------------------------------------------------------------------- */

static int usage_error(const char *what, const char *value)
{
	fprintf(stderr, "parkmesh.fcgi: %s%s. See parkmesh.fcgi --help.\n", what, value);
	return EXIT_USAGE;
}

static bool threads_parse(const char *text, int *out)
{
	int64_t number;

	if (!number_parse(text, CONF_THREADS_MAX, &number) || number < 1)
		return false;
	*out = (int)number;
	return true;
}

/* Who is trusted. -1 to go on. */
static int read_rule(int option, struct rules *rules)
{
	switch (option) {
	case 'e':
		if (!trust_add(&rules->edges, optarg))
			return usage_error("--trust-edges takes an address, a network such as 10.0.0.0/8, or none; not ", optarg);
		break;
	case 'a':
		if (!trust_add(&rules->admins, optarg))
			return usage_error("--trust-admin takes an address, a network such as 10.0.0.0/8, or none; not ", optarg);
		break;
	case 'c':
		if (!rules_add_origin(rules, optarg))
			return usage_error("--cors-origin takes one such as https://office.example, at most 32 times; not ", optarg);
		break;
	case 'o':
		if (!rules_add_host(rules, optarg))
			return usage_error("--host takes a name without a port, at most 32 times; not ", optarg);
		break;
	default: break;
	}
	return -1;
}

/* -1 to go on, else the program's exit status. */
static int read_option(int option, struct options *o, struct app *app)
{
	switch (option) {
	case 'd': o->db = optarg; break;
	case 'n': o->notify = optarg; break;
	case 's': o->share = optarg; break;
	case 'e': case 'a': case 'c': case 'o': return read_rule(option, &app->rules);
	case 'w':
		if (!threads_parse(optarg, &app->threads))
			return usage_error("--threads takes a number from 1 to 128, not ", optarg);
		break;
	case 'h': fputs(USAGE, stdout); return EXIT_SUCCESS;
	case 'v': puts("parkmesh.fcgi " PACKAGE_VERSION); return EXIT_SUCCESS;
	default: return usage_error("an option is unknown or lacks its value", "");
	}
	return -1;
}

static int read_options(int argc, char **argv, struct options *o, struct app *app)
{
	static const struct option known[] = {
		{"db", required_argument, NULL, 'd'}, {"notify", required_argument, NULL, 'n'}, {"share", required_argument, NULL, 's'},
		{"trust-edges", required_argument, NULL, 'e'}, {"trust-admin", required_argument, NULL, 'a'},
		{"cors-origin", required_argument, NULL, 'c'}, {"host", required_argument, NULL, 'o'},
		{"threads", required_argument, NULL, 'w'}, {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};
	int option, status = -1;

	opterr = 0;
	while (status < 0 && (option = getopt_long(argc, argv, "", known, NULL)) != -1)
		status = read_option(option, o, app);
	if (status >= 0)
		return status;
	if (optind < argc)
		return usage_error("there is one argument too many: ", argv[optind]);
	if (!o->db || !o->notify || !o->share)
		return usage_error("--db, --notify and --share are needed", "");
	return -1;
}

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
		return fault_set(fault, ERR_INVALID, "path_too_long", "", "The path of --share is too long.");
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

static enum err open_all(struct app *app, const struct options *o, struct opened *out, struct fault *fault)
{
	struct writer_setup setup = {.db_path = o->db, .world = &app->world, .bell = -1};
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
		e = hold_lock(o->db, &out->lock_fd, fault);
	if (e == ERR_NONE && notify_open(o->notify, &out->bell) != ERR_NONE)
		e = fault_set(fault, ERR_SYSTEM, "no_bell", "", "%s cannot be opened or made as a FIFO; check --notify.", o->notify);
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
	catalogue_close(&app->catalogue);
	views_close(app->views);
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

static void wait_for_end(const sigset_t *set, const struct app *app)
{
	const struct timespec patience = {.tv_sec = LOCK_PATIENCE_MS / 1000};
	bool told = false;
	int number;

	/* SIGHUP is kept for reading a configuration again, SIGUSR1 for telling the state: neither exists yet. */
	do {
		number = sigtimedwait(set, NULL, &patience);
		if (number < 0)
			look_after_writer(app, &told);
	} while (number != SIGTERM && number != SIGINT);
}

int main(int argc, char **argv)
{
	struct app app = {.world = world_real(), .stop_fd = -1, .threads = CONF_THREADS};
	struct opened opened = {.lock_fd = -1, .bell = -1};
	struct options options = {0};
	struct fault fault = {0};
	sigset_t signals;
	int status;
	enum err e;

	block_signals(&signals); /* first of all: a SIGTERM while it starts is an end in good order too */
	rules_init(&app.rules);
	status = read_options(argc, argv, &options, &app);
	if (status >= 0)
		return status;
	core_forbid();
	journal_start("fcgi", JOURNAL_INFO);
	limit_descriptors();
	app.db_path = options.db;
	app.started_ms = world_mono_ms(&app.world);
	app.started_wall_ms = world_wall_ms(&app.world);
	world_random(&app.world, app.flash_key, sizeof app.flash_key);
	e = seal_start() ? open_all(&app, &options, &opened, &fault) : ERR_SYSTEM;
	if (e == ERR_NONE) {
		journal_info("event=started version=%s threads=%d", PACKAGE_VERSION, app.threads);
		wait_for_end(&signals, &app);
	} else {
		journal_error("event=not_started error=%s reason=\"%s\"", err_name(e), fault.sentence);
	}
	close_all(&app, &opened);
	if (e == ERR_NONE)
		journal_info("event=ended");
	return e == ERR_NONE ? EXIT_SUCCESS : EXIT_FAILURE;
}
