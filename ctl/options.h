/* The command line of parkmesh-central. */
#ifndef PARKMESH_CTL_OPTIONS_H
#define PARKMESH_CTL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/trust.h"
#include "store/site.h"

#define ACCESS_OPTIONS_MAX 128 /* of --trust-edges and those like it, all together */

/* Texts point into argv. What was not given is NULL or 0 and stays as the database has it. */
struct options {
	const char *dir;
	const char *id, *ip;
	int api_port, p2p_port;
	size_t peer_count;
	struct peer_row peers[PEERS_MAX];
	const char *mesh, *secret_file, *webhook_file;
	bool discover;
	struct rules rules;          /* as --trust-edges and those like it say */
	size_t access_count;
	struct { const char *name, *value; } access[ACCESS_OPTIONS_MAX]; /* as parkmesh.fcgi takes them, name with its -- */
};

enum options_result { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_WRONG };
/* Reads argv. OPTIONS_DONE: --help or --version was answered on stdout. OPTIONS_WRONG: stderr says what is wrong. */
enum options_result options_read(int argc, char **argv, struct options *out);

#endif
