/* What parkmesh-central writes into the database before the programs start. */
#ifndef PARKMESH_CTL_SEED_H
#define PARKMESH_CTL_SEED_H

#include <stdbool.h>

#include "base/world.h"
#include "domain/site.h"
#include "options.h"

/* Make the database if it is new (then with the peers of the options), and put this central's id, address, ports, mesh and secret
 * as far as the options name them. One transaction. *config is what holds then. false: stderr says why. */
bool seed_database(const char *path, const struct options *options, const struct world *world, struct site_config *config);

#endif
