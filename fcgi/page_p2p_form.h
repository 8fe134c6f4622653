/*
 * The form of /settings/p2p: what was typed, what is wrong with it, and the change it asks for.
 *
 * Each field is tried alone in an otherwise good configuration, and each row is then added to those before it, so that every
 * wrong field is found, by the one rule that there is (site_config_check).
 */
#ifndef PARKMESH_FCGI_PAGE_P2P_FORM_H
#define PARKMESH_FCGI_PAGE_P2P_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "p2p_config.h"
#include "params.h"
#include "store/discovered.h"

#define PORT_TEXT 12

enum wrong {
	WRONG_ID = 1, WRONG_IP = 2, WRONG_P2P_PORT = 4, WRONG_API_PORT = 8, WRONG_TAKEN = 16, WRONG_WEIGHT = 32, WRONG_DIALECT = 64,
	WRONG_TLS = 128
};

/* wrong: bits of enum wrong; weight "": the one it has, or the usual one; dialect and tls ("yes", "no") "": likewise. Of an old dialect tls
 * does not count, since it knows none. */
struct form_row { const char *id, *ip, *port, *weight, *dialect, *tls; unsigned wrong; };

struct p2p_form {
	const char *id, *ip, *p2p_port, *api_port;
	const char *version;                        /* of what it was made from (config_tag); "" not known */
	const char *secret;                         /* "" keeps the held one */
	unsigned wrong;
	size_t count;
	struct form_row row[PEERS_MAX];
	bool too_many;                              /* rows beyond PEERS_MAX were left out */
	char tag[CONFIG_TAG_SIZE];                  /* the same */
	char port_text[PEERS_MAX + 2][PORT_TEXT];   /* for a form made from a configuration */
	char weight_text[PEERS_MAX][PORT_TEXT];
};

/* As it is held. c outlives out. */
void p2p_form_from_config(const struct site_config *c, struct p2p_form *out);
/* As it was typed; rows without id and ip are left out. p outlives out. */
void p2p_form_from_params(const struct params *p, struct p2p_form *out);
/* One more row to fill in. */
void p2p_form_add_row(struct p2p_form *f);
/* One more row, filled in as this central announces itself. found outlives f. */
void p2p_form_add_found(struct p2p_form *f, const struct discovered *found);

/* Mark what is wrong; if nothing is, fill change. true if nothing is. */
bool p2p_form_check(struct p2p_form *f, struct config_change *change);

#endif
