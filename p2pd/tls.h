/*
 * TLS of links: what OpenSSL is to do and not to do, and the hash that AUTH binds. Knows nothing of libwebsockets.
 *
 * Both sides are this program or its like, so only TLS 1.3 is spoken: no renegotiation, no compression, no old ciphers. Nothing is resumed
 * (a connection lasts for days, and a resumed one shows no certificate), and keys are agreed on by the two cheapest curves, so that a
 * stranger cannot choose one that costs us a hundred times as much.
 */
#ifndef PARKMESH_P2PD_TLS_H
#define PARKMESH_P2PD_TLS_H

#include <stdbool.h>

#include "base/err.h"
#include "seal/auth.h"

struct certificate;
struct ssl_ctx_st;
struct ssl_st;
struct tls;

/* ERR_MEMORY. Free with tls_free, when no connection is left. */
enum err tls_new(struct tls **out);
void tls_free(struct tls *t);
/* For dialling. */
struct ssl_ctx_st *tls_dialling(const struct tls *t);
/* This one, made by somebody else, is for being dialled. t outlives it. false: it is not to be used. */
bool tls_listening(struct tls *t, struct ssl_ctx_st *ctx);
/* New connections show this one, now t's own; those there are go on with theirs. Before there is one, who dials by TLS is refused. */
void tls_show(struct tls *t, struct certificate *c);

/* SHA-256 of the certificate (DER) that the listener of this connection shows: ours if listening, else the one we were shown. */
bool tls_hash(const struct ssl_st *ssl, bool listening, unsigned char out[CERT_HASH_BYTES]);

#endif
