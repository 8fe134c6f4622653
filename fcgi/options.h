/* The command line of parkmesh.fcgi, and how it goes together with the configuration file: what it names counts. */
#ifndef PARKMESH_FCGI_OPTIONS_H
#define PARKMESH_FCGI_OPTIONS_H

#include <stdbool.h>

#include "base/trust.h"

struct conf;

/* Texts point into argv; NULL or 0: not given. */
struct options {
	const char *config;                  /* the file */
	const char *db, *notify, *share;
	int threads;
	struct rules rules;                  /* as far as they were given: */
	bool has_edges, has_admins, has_origins, has_hosts;
};

/* -1 to go on, else the program's exit status: --help and --version were answered, or stderr says what is wrong. */
int options_read(int argc, char **argv, struct options *o);
/* Each list from the command line if it names one, else from the file (NULL: there is none). Points into both. */
void options_rules(const struct options *o, const struct conf *conf, struct rules *out);

#endif
