/*
 * The certificate that this central shows to those who dial it: read from files in PEM, or made. Its private key stays in here.
 *
 * Who shows it proves nothing by it: AUTH binds its hash to the mesh secret and to the central's key (seal/auth.h). So nobody's signature
 * on it is asked for, nor a host name, nor whether it has expired: whoever is in the middle has another one, however well signed, and
 * fails at AUTH; and a mesh does not stop on the day that everybody has forgotten.
 */
#ifndef PARKMESH_P2PD_CERTIFICATE_H
#define PARKMESH_P2PD_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define CERTIFICATE_FINGERPRINT_SIZE 96 /* SHA-256 of its DER as "AB:CD:…", as openssl x509 -fingerprint -sha256 says it */

struct ssl_st;
struct world;
struct certificate;

/* cert: the certificate, and those of who signed it behind it. ERR_INVALID, ERR_SYSTEM: why says what is wrong, as a part of a sentence.
 * Free with certificate_free. */
enum err certificate_read(const char *cert, const char *key, struct certificate **out, char *why, size_t size);
/* A pair of files, 0600, each whole or not there: ECDSA on P-256, signed by itself, of this central, without an end. ERR_SYSTEM. */
enum err certificate_make(const char *cert, const char *key, const char *central, const struct world *world, char *why, size_t size);
void certificate_free(struct certificate *c);

void certificate_fingerprint(const struct certificate *c, char out[CERTIFICATE_FINGERPRINT_SIZE]);
/* This connection, which begins, is to show it. false: OpenSSL will not. */
bool certificate_show(const struct certificate *c, struct ssl_st *ssl);

#endif
