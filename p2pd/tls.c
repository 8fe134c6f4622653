#include "tls.h"

#include <openssl/ssl.h>
#include <stdlib.h>

#include "certificate.h"

#define CURVES "X25519:P-256"

struct tls { SSL_CTX *dialling; struct certificate *shown; };

/* AUTH does it, by the hash. */
static int any_certificate(X509_STORE_CTX *seen, void *arg)
{
	(void)arg;
	X509_STORE_CTX_set_error(seen, X509_V_OK);
	return 1;
}

static bool restrict_to(SSL_CTX *ctx)
{
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS); /* of a connection that is silent for the moment */
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	return SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 && SSL_CTX_set_num_tickets(ctx, 0) == 1 &&
		SSL_CTX_set1_groups_list(ctx, CURVES) == 1;
}

enum err tls_new(struct tls **out)
{
	struct tls *t = calloc(1, sizeof(*t));
	*out = t;
	if (!t)
		return ERR_MEMORY;
	t->dialling = SSL_CTX_new(TLS_client_method());
	if (!t->dialling || !restrict_to(t->dialling))
		return ERR_MEMORY;
	SSL_CTX_set_cert_verify_callback(t->dialling, any_certificate, NULL);
	return ERR_NONE;
}

void tls_free(struct tls *t)
{
	if (!t)
		return;
	SSL_CTX_free(t->dialling);
	certificate_free(t->shown);
	free(t);
}

struct ssl_ctx_st *tls_dialling(const struct tls *t)
{
	return t->dialling;
}

static int show(SSL *ssl, void *arg)
{
	const struct tls *t = arg;
	return t->shown && certificate_show(t->shown, ssl);
}

bool tls_listening(struct tls *t, struct ssl_ctx_st *ctx)
{
	SSL_CTX_set_cert_cb(ctx, show, t);
	return restrict_to(ctx);
}

void tls_show(struct tls *t, struct certificate *c)
{
	certificate_free(t->shown);
	t->shown = c;
}

bool tls_hash(const struct ssl_st *ssl, bool listening, unsigned char out[CERT_HASH_BYTES])
{
	unsigned int len = CERT_HASH_BYTES;
	X509 *x = listening ? SSL_get_certificate(ssl) : SSL_get1_peer_certificate(ssl);
	bool good = x && X509_digest(x, EVP_sha256(), out, &len) == 1 && len == CERT_HASH_BYTES;
	if (!listening)
		X509_free(x);
	return good;
}
