/* p2pd: exchanges records with the other centrals of the mesh. Here only: options, and what is opened in which order. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/core.h"
#include "base/journal.h"
#include "conf.h"
#include "daemon.h"
#include "seal/seal.h"
#include "signals.h"

#define EXIT_USAGE 2

static const char USAGE[] =
	"Usage: p2pd --config FILE [option...]\n"
	"       p2pd --db PATH --notify PATH [--live PATH] [--discover] [--tls-certificate PATH --tls-key PATH]\n"
	"Exchange records with the other centrals of the mesh, as configured in the central's database.\n"
	"\n"
	"  --config FILE  the machine's configuration (/etc/parkmesh/parkmesh.conf); what is named here beside it counts\n"
	"  --db PATH      the central's database; made if it is missing\n"
	"  --notify PATH  the FIFO by which parkmesh.fcgi wakes it; made if it is missing\n"
	"  --live PATH    a socket to be made, by which nginx comes for those who watch the history and for camera\n"
	"                 boxes (and old.sock beside it, for centrals of the older Python system)\n"
	"  --tls-certificate PATH, --tls-key PATH\n"
	"                 a certificate of the site's own for other centrals that dial this one, and its private\n"
	"                 key, in PEM; read again when they change. Without, tls.crt and tls.key beside the\n"
	"                 database, made if they are missing\n"
	"  --discover     announce this central in its network by mDNS (avahi-daemon), and look for others\n"
	"  --help         this text\n"
	"  --version      the version\n"
	"\n"
	"SIGTERM: end in good order. SIGHUP: read both configurations and the certificate again. SIGUSR1: write the state of the\n"
	"mesh to the journal.\n";

static int usage_error(const char *what, const char *value)
{
	fprintf(stderr, "p2pd: %s%s. See p2pd --help.\n", what, value);
	return EXIT_USAGE;
}

/* -1 to go on, else the program's exit status. */
static int read_option(int option, struct daemon_paths *o)
{
	switch (option) {
	case 'f':
		o->config = optarg;
		return -1;
	case 'd':
		o->db = optarg;
		return -1;
	case 'n':
		o->notify = optarg;
		return -1;
	case 'l':
		o->live = optarg;
		return -1;
	case 'c':
		o->tls_certificate = optarg;
		return -1;
	case 'k':
		o->tls_key = optarg;
		return -1;
	case 'm':
		o->discover = true;
		return -1;
	case 'h':
		fputs(USAGE, stdout);
		return EXIT_SUCCESS;
	case 'v':
		puts("p2pd " PACKAGE_VERSION);
		return EXIT_SUCCESS;
	default:
		return usage_error("an option is unknown or lacks its value", "");
	}
}

static int read_options(int argc, char **argv, struct daemon_paths *o)
{
	static const struct option known[] = {
		{"config", required_argument, NULL, 'f'}, {"db", required_argument, NULL, 'd'}, {"notify", required_argument, NULL, 'n'},
		{"live", required_argument, NULL, 'l'}, {"discover", no_argument, NULL, 'm'},
		{"tls-certificate", required_argument, NULL, 'c'}, {"tls-key", required_argument, NULL, 'k'}, {"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'}, {NULL, 0, NULL, 0},
	};
	int option, status = -1;
	opterr = 0;
	while (status < 0 && (option = getopt_long(argc, argv, "", known, NULL)) != -1)
		status = read_option(option, o);
	if (status >= 0)
		return status;
	if (optind < argc)
		return usage_error("there is one argument too many: ", argv[optind]);
	if (!o->config && (!o->db || !o->notify))
		return usage_error("--config is needed, or --db and --notify", "");
	if (!o->tls_certificate != !o->tls_key)
		return usage_error("--tls-certificate and --tls-key go together", "");
	return -1;
}

/* What the command line does not name comes from the file. */
static enum err configure(struct daemon_paths *paths, struct conf **conf, struct fault *fault)
{
	enum err e = paths->config ? conf_read(paths->config, conf, fault) : ERR_NONE;

	if (e != ERR_NONE || !*conf)
		return e;
	paths->conf = *conf;
	paths->db = paths->db ? paths->db : (*conf)->database;
	paths->notify = paths->notify ? paths->notify : (*conf)->notify;
	paths->live = paths->live ? paths->live : (*conf)->live;
	paths->discover = paths->discover || (*conf)->discovery;
	return ERR_NONE;
}

int main(int argc, char **argv)
{
	struct daemon_paths paths = {0};
	int status = read_options(argc, argv, &paths);
	if (status >= 0)
		return status;
	const struct world world = world_real();
	struct daemon *daemon = NULL;
	struct conf *conf = NULL;
	struct fault fault = {0};
	core_forbid();
	journal_start("p2pd", JOURNAL_INFO);
	signals_block();
	if (!seal_start()) {
		journal_error("event=start_failed why=\"libsodium cannot start\"");
		return EXIT_FAILURE;
	}
	enum err e = configure(&paths, &conf, &fault);
	if (!e)
		e = daemon_open(&paths, &world, &daemon, &fault);
	if (e)
		journal_error("event=start_failed why=\"%s\"", fault.sentence);
	else if ((e = daemon_run(daemon)) != ERR_NONE)
		journal_error("event=loop_failed error=%s", err_name(e));
	daemon_close(daemon);
	conf_free(conf);
	return e ? EXIT_FAILURE : EXIT_SUCCESS;
}
