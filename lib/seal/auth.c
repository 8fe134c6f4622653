#include "seal/auth.h"

#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

_Static_assert(PROOF_BYTES == crypto_auth_hmacsha256_BYTES, "size of a proof");
_Static_assert(MESH_KEY_BYTES == crypto_auth_hmacsha256_KEYBYTES, "size of the mesh key");
_Static_assert(CERT_HASH_BYTES == crypto_hash_sha256_BYTES, "size of a certificate's hash");

#define AUTH_NAME "parkmesh.v1 auth"
#define MESH_OPS 3
#define MESH_MEMORY ((size_t)8 * 1024 * 1024)

/* role ‖ T ‖ proof. Ids have at most 32 bytes and mesh names at most 63, so that 512 always do; add() looks all the same. */
struct transcript {
	unsigned char byte[512];
	size_t len;
	bool full;
};

enum err auth_mesh_key(const char *mesh, const char *secret, unsigned char out[MESH_KEY_BYTES])
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	_Static_assert(crypto_pwhash_SALTBYTES <= sizeof hash, "the salt is the hash's beginning");
	memset(out, 0, MESH_KEY_BYTES);
	if (!*secret)
		return ERR_NONE;
	crypto_hash_sha256(hash, (const unsigned char *)mesh, strlen(mesh));
	return crypto_pwhash(out, MESH_KEY_BYTES, secret, strlen(secret), hash, MESH_OPS, MESH_MEMORY,
		crypto_pwhash_ALG_ARGON2ID13) == 0 ? ERR_NONE : ERR_MEMORY;
}

static void add(struct transcript *t, const void *bytes, size_t len)
{
	if (len > sizeof t->byte - t->len) {
		t->full = true;
		return;
	}
	memcpy(t->byte + t->len, bytes, len);
	t->len += len;
}

static void add_field(struct transcript *t, const void *bytes, size_t len)
{
	const unsigned char prefix[4] = {
		(unsigned char)(len >> 24), (unsigned char)(len >> 16), (unsigned char)(len >> 8), (unsigned char)len
	};

	add(t, prefix, sizeof prefix);
	add(t, bytes, len);
}

static void add_party(struct transcript *t, const struct auth_party *p)
{
	add_field(t, p->id, strlen(p->id));
	add_field(t, p->public_key, KEY_BYTES);
	add_field(t, p->nonce, NONCE_BYTES);
}

static const char *role_name(enum auth_role role)
{
	return role == AUTH_DIALLER ? "dialler" : "listener";
}

/* role ‖ T; false if it does not fit. */
static bool transcript_make(const struct auth_session *s, enum auth_role role, struct transcript *out)
{
	char version[12];
	const char *name = role_name(role);

	out->len = 0;
	out->full = false;
	snprintf(version, sizeof version, "%d", s->version);
	add(out, name, strlen(name));
	add_field(out, AUTH_NAME, strlen(AUTH_NAME));
	add_field(out, s->mesh, strlen(s->mesh));
	add_field(out, version, strlen(version));
	add_party(out, &s->dialler);
	add_party(out, &s->listener);
	add_field(out, s->cert_hash, CERT_HASH_BYTES);
	return !out->full && sizeof out->byte - out->len >= PROOF_BYTES;
}

enum err auth_make(const struct auth_session *s, enum auth_role role, const unsigned char key[MESH_KEY_BYTES],
	const struct key_pair *own, struct auth_proof *out)
{
	struct transcript t;

	if (!transcript_make(s, role, &t))
		return ERR_INVALID;
	crypto_auth_hmacsha256(out->proof, t.byte, t.len, key);
	add(&t, out->proof, PROOF_BYTES);
	crypto_sign_detached(out->signature, NULL, t.byte, t.len, own->secret_key);
	return ERR_NONE;
}

bool auth_verify(const struct auth_session *s, enum auth_role role, const unsigned char key[MESH_KEY_BYTES],
	const struct auth_proof *proof)
{
	const struct auth_party *party = role == AUTH_DIALLER ? &s->dialler : &s->listener;
	unsigned char expected[PROOF_BYTES];
	struct transcript t;
	int proof_differs, signature_differs;

	if (!transcript_make(s, role, &t))
		return false;
	crypto_auth_hmacsha256(expected, t.byte, t.len, key);
	add(&t, proof->proof, PROOF_BYTES);
	/* Both always, so that the time taken does not tell which one failed. */
	proof_differs = sodium_memcmp(expected, proof->proof, PROOF_BYTES);
	signature_differs = crypto_sign_verify_detached(proof->signature, t.byte, t.len, party->public_key);
	return (proof_differs | signature_differs) == 0;
}
