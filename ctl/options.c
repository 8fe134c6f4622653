#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

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
	"  --mesh NAME              only centrals of the same mesh talk to each other\n"
	"  --mesh-secret-file FILE  its first line is the secret that all centrals of the mesh share\n"
	"  --trust CIDR             addresses of edges that need no token; may be repeated\n"
	"  --help                   this text\n"
	"  --version                name and version\n"
	"\n"
	"What is not given stays as DIR has it; a new DIR starts as central-1 on 127.0.0.1, ports 8000 and 9000.\n"
	"Exit status: 0 stopped when asked to, 1 could not start, 2 wrong command line.\n";

enum option_code {
	OPTION_DIR = 1000, OPTION_ID, OPTION_IP, OPTION_API_PORT, OPTION_P2P_PORT, OPTION_PEER, OPTION_MESH, OPTION_SECRET_FILE,
	OPTION_TRUST, OPTION_HELP, OPTION_VERSION
};

static const struct option known[] = {
	{"dir", required_argument, NULL, OPTION_DIR},
	{"id", required_argument, NULL, OPTION_ID},
	{"ip", required_argument, NULL, OPTION_IP},
	{"api-port", required_argument, NULL, OPTION_API_PORT},
	{"p2p-port", required_argument, NULL, OPTION_P2P_PORT},
	{"peer", required_argument, NULL, OPTION_PEER},
	{"mesh", required_argument, NULL, OPTION_MESH},
	{"mesh-secret-file", required_argument, NULL, OPTION_SECRET_FILE},
	{"trust", required_argument, NULL, OPTION_TRUST},
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
	int64_t port;

	if (!number_parse(text, 65535, &port) || port == 0)
		return wrong("a port is a number from 1 to 65535", text);
	*out = (int)port;
	return true;
}

/* ID=ADDRESS:PORT, an IPv6 address in brackets. */
static bool read_peer(const char *text, struct options *out)
{
	struct peer_row *peer = &out->peers[out->peer_count];
	const char *equals = strchr(text, '='), *colon = strrchr(text, ':');
	const char *ip = equals ? equals + 1 : NULL, *end = colon;

	if (out->peer_count == PEERS_MAX)
		return wrong("too many peers", text);
	if (!equals || !colon || colon <= ip)
		return wrong("a peer is ID=ADDRESS:PORT", text);
	if (ip[0] == '[' && end[-1] == ']') {
		ip++;
		end--;
	}
	*peer = (struct peer_row){.weight = 1, .dialect = "native"};
	if (!text_format(peer->id, sizeof peer->id, "%.*s", (int)(equals - text), text)
		|| !text_format(peer->ip, sizeof peer->ip, "%.*s", (int)(end - ip), ip))
		return wrong("this id or address is too long", text);
	if (!read_port(colon + 1, &peer->p2p_port))
		return false;
	out->peer_count++;
	return true;
}

static bool read_trust(const char *text, struct options *out)
{
	if (out->trust_count == TRUST_MAX)
		return wrong("too many --trust", text);
	out->trust[out->trust_count++] = text;
	return true;
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
	case OPTION_PEER: return read_peer(value, out);
	case OPTION_MESH: out->mesh = value; return true;
	case OPTION_SECRET_FILE: out->secret_file = value; return true;
	case OPTION_TRUST: return read_trust(value, out);
	default: fputs("Try 'parkmesh-central --help'.\n", stderr); return false; /* getopt_long has said what is wrong */
	}
}

enum options_result options_read(int argc, char **argv, struct options *out)
{
	int code;

	*out = (struct options){0};
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
