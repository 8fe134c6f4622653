/*
 * Which certificate this central shows: the site's own, if its files are named and good, else one that is made beside the database when
 * there is none. Looked at each second and at SIGHUP, so that it can be renewed without a restart: new connections are shown the new one.
 *
 * States: nothing shown yet -> shown. There is no way back: what cannot be used is told (journal, row of mesh_status) and the last good one
 * stays; at the start the self-made one steps in for a site's own that cannot be used, for it does as well (certificate.h), and the mesh
 * must not stop for a slip of the pen.
 * Inputs: the tick, SIGHUP. Files that have changed are tried once they have rested from one tick to the next, since a certificate and its
 * key are replaced one after the other.
 * Failure cases: files that cannot be read or do not fit together; a folder that cannot be written. Then there is an error, and it is tried
 * again when the files have changed. Without any certificate whoever dials by TLS is refused.
 */
#ifndef PARKMESH_P2PD_RENEWAL_H
#define PARKMESH_P2PD_RENEWAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "certificate.h"

#define RENEWAL_PATH 4096
#define RENEWAL_ERROR 256

struct tls;
struct world;

/* What stat says of the two files; two that are equal are the same. */
struct file_stamp { dev_t dev; ino_t ino; off_t size; int64_t changed_ns; };
struct pair_stamp { struct file_stamp cert, key; };

struct renewal {
	const struct world *world;
	struct tls *tls;
	const char *cert, *key;                      /* the site's own; NULL: none */
	char made_cert[RENEWAL_PATH], made_key[RENEWAL_PATH];
	struct pair_stamp tried, seen;
	bool began, settling, shown;
	char fingerprint[CERTIFICATE_FINGERPRINT_SIZE]; /* of the one that is shown, "" none */
	char error[RENEWAL_ERROR];                   /* a sentence, "" all is well */
};

/* db: the database beside which the self-made one lies. ERR_INVALID: its path is too long. */
enum err renewal_init(struct renewal *r, const char *db, struct tls *tls, const struct world *world);
/* The site's own from now on; NULL, NULL: it has none. What is shown changes with the next look. cert and key outlive r, or
 * the next call. */
void renewal_name(struct renewal *r, const char *cert, const char *key);
/* central: the id that stands in one that is made. now: without waiting until the files have rested. */
void renewal_look(struct renewal *r, const char *central, bool now);

#endif
