/*
 * Chain and seals of a log (spec/records.md, "Log, chain, seal"), keys and fingerprints.
 *
 *   chain(n) = SHA-256(chain(n-1) ‖ bytes of record n), chain(0) = 32 zero bytes
 *   seal     = Ed25519 of "parkmesh.v1 seal" ‖ log (16 bytes) ‖ seq (u64 big-endian) ‖ chain (32 bytes)
 *   log id   = first 32 hex of SHA-256(id as text ‖ public_key ‖ random, raw) of its LOG_OPEN
 */
#ifndef PARKMESH_SEAL_SEAL_H
#define PARKMESH_SEAL_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_BYTES 32          /* Ed25519 public key */
#define SECRET_KEY_BYTES 64   /* Ed25519 secret key as libsodium keeps it */
#define CHAIN_BYTES 32
#define SIGNATURE_BYTES 64
#define DIGEST_BYTES 32
#define LOG_ID_SIZE 33        /* 32 hex digits and NUL */
#define LOG_RANDOM_BYTES 16
#define FINGERPRINT_SIZE 40   /* "xxxx xxxx … " eight groups and NUL */

struct chain { unsigned char byte[CHAIN_BYTES]; };
struct seal { unsigned char byte[SIGNATURE_BYTES]; };
struct key_pair { unsigned char public_key[KEY_BYTES]; unsigned char secret_key[SECRET_KEY_BYTES]; };

/* Once at program start, before anything else here. false if libsodium cannot start. */
bool seal_start(void);

/* A key pair from 32 random bytes handed in. */
void key_pair_make(const unsigned char seed[32], struct key_pair *out);
/* What people compare: the first 16 bytes of SHA-256(public key) as "xxxx xxxx …" hex in groups of four. */
void key_fingerprint(const unsigned char public_key[KEY_BYTES], char out[FINGERPRINT_SIZE]);
/* One as people give it, with blanks or without, in any case, as key_fingerprint writes it. false: it is none. */
bool fingerprint_parse(const char *text, char out[FINGERPRINT_SIZE]);

/* SHA-256(first ‖ second); a part of no bytes may be NULL. */
void digest_make(const void *first, size_t first_len, const void *second, size_t second_len, unsigned char out[DIGEST_BYTES]);

void chain_zero(struct chain *c);
/* Move the chain over the next record's bytes. */
void chain_next(struct chain *c, const void *record, size_t len);
bool chain_equal(const struct chain *a, const struct chain *b);

void log_id_make(const char *id, const unsigned char public_key[KEY_BYTES], const unsigned char random[LOG_RANDOM_BYTES],
	char out[LOG_ID_SIZE]);

/* log must be 32 hex digits. */
void seal_make(const struct key_pair *author, const char *log, int64_t seq, const struct chain *at, struct seal *out);
bool seal_verify(const unsigned char public_key[KEY_BYTES], const char *log, int64_t seq, const struct chain *at,
	const struct seal *s);

#endif
