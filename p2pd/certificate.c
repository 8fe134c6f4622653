#include "certificate.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/world.h"

#define FILE_MOST (64 * 1024)
#define CHAIN_MOST 10
#define SERIAL_BYTES 16
#define PATH_SIZE 4096
/* X.509's word for one that does not end (RFC 5280, 4.1.2.5). It begins before any clock that was never set. */
#define BEGINS "19700101000000Z"
#define ENDS "99991231235959Z"

struct certificate { X509 *leaf; EVP_PKEY *key; STACK_OF(X509) *chain; };

void certificate_free(struct certificate *c)
{
	if (!c)
		return;
	X509_free(c->leaf);
	EVP_PKEY_free(c->key);
	sk_X509_pop_free(c->chain, X509_free);
	free(c);
}

static enum err failed(enum err e, char *why, size_t size, const char *path, const char *what)
{
	(void)text_format(why, size, "%s: %s", path, what);
	ERR_clear_error();
	return e;
}

static enum err failed_system(char *why, size_t size, const char *path)
{
	char text[128];
	return failed(ERR_SYSTEM, why, size, path, strerror_r(errno, text, sizeof(text)));
}

/* ---- reading ---- */

static bool read_all(int fd, BIO *out)
{
	char part[4096];
	size_t sum = 0;
	ssize_t got;
	while ((got = read(fd, part, sizeof(part))) > 0 && (sum += (size_t)got) <= FILE_MOST)
		if (BIO_write(out, part, (int)got) != (int)got)
			return false;
	explicit_bzero(part, sizeof(part));
	return got == 0;
}

/* What stands there may be anything; a FIFO must not stop us. */
static enum err load(const char *path, BIO **out, char *why, size_t size)
{
	struct stat seen;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	*out = NULL;
	if (fd < 0)
		return failed_system(why, size, path);
	BIO *bio = BIO_new(BIO_s_secmem());
	bool good = bio && fstat(fd, &seen) == 0 && S_ISREG(seen.st_mode) && read_all(fd, bio);
	close(fd);
	if (good) {
		*out = bio;
		return ERR_NONE;
	}
	BIO_free(bio);
	return failed(ERR_INVALID, why, size, path, "it is no file of a size that certificates have");
}

static int no_password(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static enum err read_key(struct certificate *c, const char *path, char *why, size_t size)
{
	BIO *bio;
	enum err e = load(path, &bio, why, size);
	if (e)
		return e;
	c->key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	BIO_free(bio);
	return c->key ? ERR_NONE : failed(ERR_INVALID, why, size, path, "there is no private key in it that can be read without a password");
}

static enum err read_chain(struct certificate *c, const char *path, char *why, size_t size)
{
	X509 *next;
	BIO *bio;
	enum err e = load(path, &bio, why, size);
	if (e)
		return e;
	c->leaf = PEM_read_bio_X509(bio, NULL, no_password, NULL);
	c->chain = sk_X509_new_null();
	while (c->leaf && c->chain && sk_X509_num(c->chain) < CHAIN_MOST && (next = PEM_read_bio_X509(bio, NULL, no_password, NULL)) != NULL)
		if (sk_X509_push(c->chain, next) <= 0)
			X509_free(next);
	BIO_free(bio);
	ERR_clear_error(); /* the end of the file is one for OpenSSL */
	return c->leaf && c->chain ? ERR_NONE : failed(ERR_INVALID, why, size, path, "there is no certificate in it");
}

static bool tried(struct ssl_st *ssl)
{
	int got = SSL_do_handshake(ssl);
	return got == 1 || SSL_get_error(ssl, got) == SSL_ERROR_WANT_READ;
}

static SSL *end_of(SSL_CTX *ctx, BIO *bio)
{
	SSL *ssl = ctx ? SSL_new(ctx) : NULL;
	if (ssl)
		SSL_set_bio(ssl, bio, bio);
	else
		BIO_free(bio);
	return ssl;
}

static bool shake_hands(SSL *server, SSL *client)
{
	for (int n = 0; n < 20 && !(SSL_is_init_finished(server) && SSL_is_init_finished(client)); n++)
		if (!tried(client) || !tried(server))
			return false;
	return SSL_is_init_finished(server) && SSL_is_init_finished(client);
}

/* There are keys of many kinds that OpenSSL loads and TLS 1.3 does not take, and sizes that one machine's policy forbids: trying tells. */
static bool usable(const struct certificate *c)
{
	SSL_CTX *shown = SSL_CTX_new(TLS_server_method()), *seen = SSL_CTX_new(TLS_client_method());
	BIO *one = NULL, *other = NULL;
	bool good = seen && SSL_CTX_set_min_proto_version(seen, TLS1_3_VERSION) && BIO_new_bio_pair(&one, 0, &other, 0) == 1;
	SSL *server = good ? end_of(shown, one) : NULL, *client = good ? end_of(seen, other) : NULL;
	good = server && client && certificate_show(c, server);
	if (good) {
		SSL_set_accept_state(server);
		SSL_set_connect_state(client);
		good = shake_hands(server, client);
	}
	SSL_free(server);
	SSL_free(client);
	SSL_CTX_free(shown);
	SSL_CTX_free(seen);
	ERR_clear_error();
	return good;
}

enum err certificate_read(const char *cert, const char *key, struct certificate **out, char *why, size_t size)
{
	struct certificate *c = calloc(1, sizeof(*c));
	*out = c;
	enum err e = c ? read_chain(c, cert, why, size) : failed(ERR_MEMORY, why, size, cert, "there is no memory");
	if (!e)
		e = read_key(c, key, why, size);
	if (!e && X509_check_private_key(c->leaf, c->key) != 1)
		e = failed(ERR_INVALID, why, size, cert, "the private key belongs to another certificate");
	if (!e && !usable(c))
		e = failed(ERR_INVALID, why, size, cert, "TLS 1.3 does not take a key of this kind or size");
	if (!e)
		return e;
	certificate_free(c);
	*out = NULL;
	return e;
}

/* ---- making ---- */

static bool name(X509 *x, const char *central)
{
	X509_NAME *who = X509_get_subject_name(x);
	return X509_NAME_add_entry_by_txt(who, "CN", MBSTRING_ASC, (const unsigned char *)central, -1, -1, 0) == 1 &&
		X509_set_issuer_name(x, who) == 1;
}

static bool number(X509 *x, const struct world *world)
{
	unsigned char bytes[SERIAL_BYTES];
	world_random(world, bytes, sizeof(bytes));
	bytes[0] = (unsigned char)((bytes[0] & 0x3f) | 0x40); /* positive, and not shorter */
	BIGNUM *n = BN_bin2bn(bytes, sizeof(bytes), NULL);
	bool good = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) != NULL;
	BN_free(n);
	return good;
}

static X509 *make_leaf(EVP_PKEY *key, const char *central, const struct world *world)
{
	X509 *x = X509_new();
	if (x && X509_set_version(x, X509_VERSION_3) == 1 && number(x, world) && name(x, central) &&
		ASN1_TIME_set_string_X509(X509_getm_notBefore(x), BEGINS) == 1 &&
		ASN1_TIME_set_string_X509(X509_getm_notAfter(x), ENDS) == 1 &&
		X509_set_pubkey(x, key) == 1 && X509_sign(x, key, EVP_sha256()) > 0)
		return x;
	X509_free(x);
	return NULL;
}

static enum err write_new(const char *path, BIO *text, char *why, size_t size)
{
	char *bytes;
	long len = BIO_get_mem_data(text, &bytes);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool good = fd >= 0 && fchmod(fd, 0600) == 0 && write(fd, bytes, (size_t)len) == len && fsync(fd) == 0;
	enum err e = good ? ERR_NONE : failed_system(why, size, path);
	if (fd >= 0)
		close(fd);
	return e;
}

static enum err put(const char *path, BIO *text, char *why, size_t size)
{
	char fresh[PATH_SIZE];
	if (!text_format(fresh, sizeof(fresh), "%s.new", path))
		return failed(ERR_SYSTEM, why, size, path, "the path is too long");
	enum err e = write_new(fresh, text, why, size);
	if (!e && rename(fresh, path) != 0)
		e = failed_system(why, size, path);
	return e;
}

enum err certificate_make(const char *cert, const char *key, const char *central, const struct world *world, char *why, size_t size)
{
	EVP_PKEY *secret = EVP_EC_gen("P-256");
	X509 *leaf = secret ? make_leaf(secret, central, world) : NULL;
	BIO *one = BIO_new(BIO_s_secmem()), *other = BIO_new(BIO_s_mem());
	enum err e = ERR_NONE;
	if (!leaf || !one || !other || PEM_write_bio_PrivateKey(one, secret, NULL, NULL, 0, NULL, NULL) != 1 ||
		PEM_write_bio_X509(other, leaf) != 1)
		e = failed(ERR_SYSTEM, why, size, cert, "OpenSSL cannot make it");
	if (!e)
		e = put(key, one, why, size);
	if (!e) /* a crash in between leaves two that do not fit: then they are made again */
		e = put(cert, other, why, size);
	BIO_free(one);
	BIO_free(other);
	X509_free(leaf);
	EVP_PKEY_free(secret);
	return e;
}

/* ---- using ---- */

void certificate_fingerprint(const struct certificate *c, char out[CERTIFICATE_FINGERPRINT_SIZE])
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	out[0] = '\0';
	if (X509_digest(c->leaf, EVP_sha256(), hash, &len) != 1)
		return;
	for (unsigned int i = 0; i < len; i++)
		(void)text_format(out + 3 * i, CERTIFICATE_FINGERPRINT_SIZE - 3 * i, "%02X%s", hash[i], i + 1 < len ? ":" : "");
}

/* Whatever else it might show is taken from it: there is one certificate for each kind of key, and who dials has the choice. */
bool certificate_show(const struct certificate *c, struct ssl_st *ssl)
{
	SSL_certs_clear(ssl);
	bool good = SSL_use_cert_and_key(ssl, c->leaf, c->key, c->chain, 1) == 1;
	if (!good)
		ERR_clear_error();
	return good;
}
