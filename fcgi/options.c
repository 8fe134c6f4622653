#include "options.h"

#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "conf.h"

#define EXIT_USAGE 2

static const char USAGE[] =
	"Usage: parkmesh.fcgi --config FILE [option...]\n"
	"       parkmesh.fcgi --db PATH --notify PATH --share DIR [option...]\n"
	"Serve a central's HTTP API and pages to nginx over FastCGI.\n"
	"\n"
	"  --config FILE         the machine's configuration (/etc/parkmesh/parkmesh.conf); what is named here beside it counts\n"
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
	"The listening socket is descriptor 3 after systemd's LISTEN_FDS=1, else 0. SIGTERM: serve what was accepted, then end.\n"
	"SIGHUP: read trust_*, cors_origins and hosts of the configuration file again. SIGUSR1: write what it does to the journal.\n";

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
static int read_rule(int option, struct options *o)
{
	struct rules *rules = &o->rules;

	switch (option) {
	case 'e':
		o->has_edges = true;
		if (!trust_add(&rules->edges, optarg))
			return usage_error("--trust-edges takes an address, a network such as 10.0.0.0/8, or none; not ", optarg);
		break;
	case 'a':
		o->has_admins = true;
		if (!trust_add(&rules->admins, optarg))
			return usage_error("--trust-admin takes an address, a network such as 10.0.0.0/8, or none; not ", optarg);
		break;
	case 'c':
		o->has_origins = true;
		if (!rules_add_origin(rules, optarg))
			return usage_error("--cors-origin takes one such as https://office.example, at most 32 times; not ", optarg);
		break;
	case 'o':
		o->has_hosts = true;
		if (!rules_add_host(rules, optarg))
			return usage_error("--host takes a name without a port, at most 32 times; not ", optarg);
		break;
	default: break;
	}
	return -1;
}

/* -1 to go on, else the program's exit status. */
static int read_option(int option, struct options *o)
{
	switch (option) {
	case 'f': o->config = optarg; break;
	case 'd': o->db = optarg; break;
	case 'n': o->notify = optarg; break;
	case 's': o->share = optarg; break;
	case 'e': case 'a': case 'c': case 'o': return read_rule(option, o);
	case 'w':
		if (!threads_parse(optarg, &o->threads))
			return usage_error("--threads takes a number from 1 to 128, not ", optarg);
		break;
	case 'h': fputs(USAGE, stdout); return EXIT_SUCCESS;
	case 'v': puts("parkmesh.fcgi " PACKAGE_VERSION); return EXIT_SUCCESS;
	default: return usage_error("an option is unknown or lacks its value", "");
	}
	return -1;
}

int options_read(int argc, char **argv, struct options *o)
{
	static const struct option known[] = {
		{"config", required_argument, NULL, 'f'}, {"db", required_argument, NULL, 'd'},
		{"notify", required_argument, NULL, 'n'}, {"share", required_argument, NULL, 's'},
		{"trust-edges", required_argument, NULL, 'e'}, {"trust-admin", required_argument, NULL, 'a'},
		{"cors-origin", required_argument, NULL, 'c'}, {"host", required_argument, NULL, 'o'},
		{"threads", required_argument, NULL, 'w'}, {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};
	int option, status = -1;

	*o = (struct options){0};
	rules_init(&o->rules);
	opterr = 0;
	while (status < 0 && (option = getopt_long(argc, argv, "", known, NULL)) != -1)
		status = read_option(option, o);
	if (status >= 0)
		return status;
	if (optind < argc)
		return usage_error("there is one argument too many: ", argv[optind]);
	if (!o->config && (!o->db || !o->notify || !o->share))
		return usage_error("--config is needed, or --db, --notify and --share", "");
	return -1;
}

void options_rules(const struct options *o, const struct conf *conf, struct rules *out)
{
	*out = o->rules;
	if (!conf)
		return;
	if (!o->has_edges)
		out->edges = conf->rules.edges;
	if (!o->has_admins)
		out->admins = conf->rules.admins;
	if (!o->has_origins) {
		memcpy(out->origin, conf->rules.origin, sizeof out->origin);
		out->origin_count = conf->rules.origin_count;
	}
	if (!o->has_hosts) {
		memcpy(out->host, conf->rules.host, sizeof out->host);
		out->host_count = conf->rules.host_count;
	}
}
