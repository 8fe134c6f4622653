/*
 * Passwords of people: Argon2id (libsodium), each with a salt of its own, which libsodium draws by itself.
 *
 * One hashing takes PASSWORD_MEMORY bytes for some tens of milliseconds, so callers bound how many there are at once.
 */
#ifndef PARKMESH_SEAL_PASSWORD_H
#define PARKMESH_SEAL_PASSWORD_H

#include <stdbool.h>

#define PASSWORD_HASH_SIZE 128               /* with NUL; text of letters, digits and punctuation */
#define PASSWORD_MEMORY (19 * 1024 * 1024)   /* with two passes: what OWASP asks of Argon2id at least */

/* What is kept of a password. false: there was no memory for it. */
bool password_hash(const char *password, char out[PASSWORD_HASH_SIZE]);
/* Is it the one that hash was made of? hash NULL: false, after as long a time, so that nobody learns who has an account. */
bool password_fits(const char *hash, const char *password);

#endif
