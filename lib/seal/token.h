/*
 * Tokens that programs show instead of a password (spec/operations.md, "Who may do what"). A token is 32 random bytes in hex, so
 * it cannot be guessed, and a plain SHA-256 of it is enough to keep: who reads the database cannot make the token from it, and a
 * token is found by looking its hash up, which tells nothing by how long it takes.
 */
#ifndef PARKMESH_SEAL_TOKEN_H
#define PARKMESH_SEAL_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

struct world;

#define TOKEN_SIZE 65          /* 64 lower-case hex digits and NUL */
#define TOKEN_HASH_BYTES 32

/* A new token's text. It is shown once and kept nowhere. */
void token_draw(const struct world *world, char out[TOKEN_SIZE]);
/* What is kept of it: SHA-256 of its text. */
void token_hash(const char *token, unsigned char out[TOKEN_HASH_BYTES]);

/* HMAC-SHA256 of text by key, as 64 hex digits and NUL: a token made from another one or from a key of the program's own, for one
 * purpose that text names. Whoever sees it learns nothing of the key. */
void token_sign(const void *key, size_t key_len, const char *text, char out[TOKEN_SIZE]);
/* Are they the same? Takes as long whatever they share. */
bool token_equal(const char a[TOKEN_SIZE], const char *b);

#endif
