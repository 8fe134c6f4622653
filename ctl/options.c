#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "peer_text.h"

static const char usage[] =
	"Usage: parkmesh-central --dir DIR [option...]\n"
	"Runs one central (nginx, parkmesh.fcgi and p2pd) in the foreground until SIGTERM or Ctrl-C.\n"
	"Everything it writes is in DIR.\n"
	"\n"
	"  --dir DIR                where its files are; made if missing\n"
	"  --id ID                  name of this central, such as central-1\n"
	"  --ip ADDRESS             address it serves and other centrals reach it at (0.0.0.0 for all)\n"
	"  --api-port PORT          for HTTP\n"
	"  --p2p-port PORT          for the other centrals\n"
	"  --peer ID=ADDRESS:PORT   another central; may be repeated. Only for a new DIR; later the\n"
	"                           configuration is changed on the page /settings/p2p\n"
	"  --legacy-peer ID=ADDRESS:PORT\n"
	"                           likewise a central of the older Python system, by its mesh port\n"
	"  --mesh NAME              only centrals of the same mesh talk to each other\n"
	"  --mesh-secret-file FILE  its first line is the secret that all centrals of the mesh share\n"
	"  --discover               announce itself in the network by mDNS, and look for others\n"
	"  --webhook-file FILE      run parkmesh-watch, too, which tells the address in the first line of\n"
	"                           FILE of what is not as it should be\n"
	"  --trust-edges CIDR       addresses of edges that need no token, besides loopback (none: not\n"
	"                           even loopback); may be repeated. --trust is the same\n"
	"  --trust-admin CIDR       addresses of programs that may use the whole API, likewise\n"
	"  --cors-origin ORIGIN     pages of this origin may call the API with a token; may be repeated\n"
	"  --host NAME              a further name this central is called by; may be repeated\n"
	"  --help                   this text\n"
	"  --version                name and version\n"
	"\n"
	"What is not given stays as DIR has it; a new DIR starts as central-1 on 127.0.0.1, ports 8000 and 9000.\n"
	"Exit status: 0 stopped when asked to, 1 could not start, 2 wrong command line.\n";

enum option_code {
	OPTION_DIR = 1000, OPTION_ID, OPTION_IP, OPTION_API_PORT, OPTION_P2P_PORT, OPTION_PEER, OPTION_LEGACY_PEER,
	OPTION_MESH, OPTION_SECRET_FILE, OPTION_DISCOVER, OPTION_WEBHOOK_FILE, OPTION_TRUST_EDGES, OPTION_TRUST_ADMIN,
	OPTION_CORS_ORIGIN, OPTION_HOST, OPTION_HELP, OPTION_VERSION
};

static const struct option known[] = {
	{"dir", required_argument, NULL, OPTION_DIR},
	{"id", required_argument, NULL, OPTION_ID},
	{"ip", required_argument, NULL, OPTION_IP},
	{"api-port", required_argument, NULL, OPTION_API_PORT},
	{"p2p-port", required_argument, NULL, OPTION_P2P_PORT},
	{"peer", required_argument, NULL, OPTION_PEER},
	{"legacy-peer", required_argument, NULL, OPTION_LEGACY_PEER},
	{"mesh", required_argument, NULL, OPTION_MESH},
	{"mesh-secret-file", required_argument, NULL, OPTION_SECRET_FILE},
	{"discover", no_argument, NULL, OPTION_DISCOVER},
	{"webhook-file", required_argument, NULL, OPTION_WEBHOOK_FILE},
	{"trust", required_argument, NULL, OPTION_TRUST_EDGES},
	{"trust-edges", required_argument, NULL, OPTION_TRUST_EDGES},
	{"trust-admin", required_argument, NULL, OPTION_TRUST_ADMIN},
	{"cors-origin", required_argument, NULL, OPTION_CORS_ORIGIN},
	{"host", required_argument, NULL, OPTION_HOST},
	{"help", no_argument, NULL, OPTION_HELP},
	{"version", no_argument, NULL, OPTION_VERSION},
	{NULL, 0, NULL, 0}
};

static bool wrong(const char *what, const char *value)
{
	fprintf(stderr, "parkmesh-central: %s: %s. Try 'parkmesh-central --help'.\n", value, what);
	return false;
}

static bool read_port(const char *text, int *out)
{
	const char *fault = port_from_text(text, out);

	return fault ? wrong(fault, text) : true;
}

static bool read_peer(const char *text, const char *dialect, struct options *out)
{
	const char *fault = out->peer_count == PEERS_MAX ? "too many peers" : peer_from_text(text, dialect, &out->peers[out->peer_count]);

	if (fault)
		return wrong(fault, text);
	out->peer_count++;
	return true;
}

/* What parkmesh.fcgi is given, once it is known to be good. */
static bool add_access(bool good, const char *name, const char *takes, const char *value, struct options *out)
{
	if (!good || out->access_count == ACCESS_OPTIONS_MAX) {
		fprintf(stderr, "parkmesh-central: %s takes %s; not %s. Try 'parkmesh-central --help'.\n", name, takes, value);
		return false;
	}
	out->access[out->access_count].name = name;
	out->access[out->access_count++].value = value;
	return true;
}

static bool read_rule(int code, const char *value, struct options *out)
{
	static const char network[] = "an address, a network such as 10.0.0.0/8, or none";
	struct rules *r = &out->rules;

	switch (code) {
	case OPTION_TRUST_EDGES: return add_access(trust_add(&r->edges, value), "--trust-edges", network, value, out);
	case OPTION_TRUST_ADMIN: return add_access(trust_add(&r->admins, value), "--trust-admin", network, value, out);
	case OPTION_CORS_ORIGIN:
		return add_access(rules_add_origin(r, value), "--cors-origin", "one such as https://office.example, at most 32 times", value, out);
	default: return add_access(rules_add_host(r, value), "--host", "a name without a port, at most 32 times", value, out);
	}
}

/* Everything but --help and --version. */
static bool read_option(int code, const char *value, struct options *out)
{
	switch (code) {
	case OPTION_DIR: out->dir = value; return true;
	case OPTION_ID: out->id = value; return true;
	case OPTION_IP: out->ip = value; return true;
	case OPTION_API_PORT: return read_port(value, &out->api_port);
	case OPTION_P2P_PORT: return read_port(value, &out->p2p_port);
	case OPTION_PEER: return read_peer(value, "native", out);
	case OPTION_LEGACY_PEER: return read_peer(value, "legacy", out);
	case OPTION_MESH: out->mesh = value; return true;
	case OPTION_SECRET_FILE: out->secret_file = value; return true;
	case OPTION_DISCOVER: out->discover = true; return true;
	case OPTION_WEBHOOK_FILE: out->webhook_file = value; return true;
	case OPTION_TRUST_EDGES: case OPTION_TRUST_ADMIN: case OPTION_CORS_ORIGIN: case OPTION_HOST: return read_rule(code, value, out);
	default: fputs("Try 'parkmesh-central --help'.\n", stderr); return false; /* getopt_long has said what is wrong */
	}
}

enum options_result options_read(int argc, char **argv, struct options *out)
{
	int code;

	*out = (struct options){0};
	rules_init(&out->rules);
	while ((code = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (code == OPTION_HELP) {
			fputs(usage, stdout);
			return OPTIONS_DONE;
		}
		if (code == OPTION_VERSION) {
			puts("parkmesh-central " PACKAGE_VERSION);
			return OPTIONS_DONE;
		}
		if (!read_option(code, optarg, out))
			return OPTIONS_WRONG;
	}
	if (optind < argc) {
		wrong("not an option", argv[optind]);
		return OPTIONS_WRONG;
	}
	if (!out->dir) {
		wrong("an option that must be given", "--dir");
		return OPTIONS_WRONG;
	}
	return OPTIONS_RUN;
}
