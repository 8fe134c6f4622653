/*
 * What a new central is told of itself and its peers before anybody has seen its pages: the file {"this_central": …, "peer_centrals": …}
 * of the older system, shaped as in the API.
 */
#ifndef PARKMESH_FCGI_FIRST_CONFIG_H
#define PARKMESH_FCGI_FIRST_CONFIG_H

#include "base/err.h"
#include "base/world.h"

struct db;

/* In a transaction: give a database that has none its identity (domain/site, site_first_start), and then what the file at path says
 * (NULL or "": no file). A file that is wrong changes nothing more, since gates wait for nobody to mend it: the journal says what is
 * wrong, and how to take it over later. */
enum err first_config_take(struct db *db, const char *path, const struct world *world);

#endif
