/*
 * Tokens that programs show instead of a password (spec/operations.md, "Who may do what"). A token is 32 random bytes in hex, so
 * it cannot be guessed, and a plain SHA-256 of it is enough to keep: who reads the database cannot make the token from it, and a
 * token is found by looking its hash up, which tells nothing by how long it takes.
 */
#ifndef PARKMESH_SEAL_TOKEN_H
#define PARKMESH_SEAL_TOKEN_H

#define TOKEN_RANDOM_BYTES 32
#define TOKEN_SIZE 65          /* 64 lower-case hex digits and NUL */
#define TOKEN_HASH_BYTES 32

/* The token's text from random bytes handed in. It is shown once and kept nowhere. */
void token_make(const unsigned char random[TOKEN_RANDOM_BYTES], char out[TOKEN_SIZE]);
/* What is kept of it: SHA-256 of its text. */
void token_hash(const char *token, unsigned char out[TOKEN_HASH_BYTES]);

#endif
