/*
 * The rules in force: requests read them while SIGHUP puts others in their place. Whoever began with the former ones ends with them;
 * they are freed behind the last of these.
 */
#ifndef PARKMESH_FCGI_IN_FORCE_H
#define PARKMESH_FCGI_IN_FORCE_H

#include "base/err.h"
#include "base/trust.h"

struct conf;
struct in_force;

/* At first only loopback is trusted. ERR_MEMORY. */
enum err in_force_open(struct in_force **out);
/* When nobody holds rules any more. Takes NULL. */
void in_force_close(struct in_force *f);
/* Put a copy of the rules in force. conf, which owns their texts, is freed with them; NULL if they live longer. ERR_MEMORY: nothing
 * is changed, and conf is freed. */
enum err in_force_put(struct in_force *f, const struct rules *rules, struct conf *conf);
/* Those in force now, until in_force_release. From any thread. */
const struct rules *in_force_hold(struct in_force *f);
void in_force_release(struct in_force *f, const struct rules *rules);

#endif
