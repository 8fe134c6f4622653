/*
 * Proofs of the AUTH message (spec/wire.md): who knows the mesh secret and holds which key.
 *
 *   T = 'parkmesh.v1 auth' ‖ mesh ‖ version ‖ id, public_key, nonce of the dialler ‖ the same of the listener
 *       ‖ SHA-256 of the listener's TLS certificate (zeros without TLS), each with its length as u32 big-endian before it
 * version is the smaller of the two that HELLO told, so T alone does not show that somebody in the middle has made a larger one smaller.
 * By TLS nobody can: what HELLO said came over the connection whose certificate is in T. Without TLS it is of no use as long as there is
 * only version 1. A later version has to tell its number where T holds it, too: its last 8 bytes of nonce are "pm.ver" and the number as
 * u16 big-endian, and it refuses a peer that told a smaller number than its nonce says. Version 1 has to do nothing for that.
 *   proof = HMAC-SHA-256(K, role ‖ T), signature = Ed25519(role ‖ T ‖ proof), role "dialler" or "listener"
 */
#ifndef PARKMESH_SEAL_AUTH_H
#define PARKMESH_SEAL_AUTH_H

#include <stdbool.h>

#include "base/err.h"
#include "seal/seal.h"

#define NONCE_BYTES 32
#define PROOF_BYTES 32
#define MESH_KEY_BYTES 32
#define CERT_HASH_BYTES 32

enum auth_role { AUTH_DIALLER, AUTH_LISTENER };

struct auth_party {
	const char *id;
	const unsigned char *public_key; /* KEY_BYTES */
	const unsigned char *nonce;      /* NONCE_BYTES */
};

struct auth_session {
	const char *mesh;
	int version;
	struct auth_party dialler, listener;
	unsigned char cert_hash[CERT_HASH_BYTES]; /* zeros without TLS */
};

struct auth_proof { unsigned char proof[PROOF_BYTES]; unsigned char signature[SIGNATURE_BYTES]; };

/* K: ARGON2ID13 of the mesh secret, ops 3, 8 MiB, salt = first 16 bytes of SHA-256(mesh). secret "" gives 32 zero bytes.
 * Takes some 20 ms: once per secret, not per connection. ERR_MEMORY if 8 MiB cannot be had. */
enum err auth_mesh_key(const char *mesh, const char *secret, unsigned char out[MESH_KEY_BYTES]);

/* ERR_INVALID if mesh and ids are far longer than wire.md allows. */
enum err auth_make(const struct auth_session *s, enum auth_role role, const unsigned char key[MESH_KEY_BYTES],
	const struct key_pair *own, struct auth_proof *out);
/* Was the proof made by role's party with the mesh key and with that party's public key? Constant time in the secret. */
bool auth_verify(const struct auth_session *s, enum auth_role role, const unsigned char key[MESH_KEY_BYTES],
	const struct auth_proof *proof);

#endif
