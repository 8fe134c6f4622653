#include "seal/password.h"

#include <sodium.h>
#include <string.h>

#define PASSES 2

_Static_assert(PASSWORD_HASH_SIZE == crypto_pwhash_STRBYTES, "size of a hash as text");

/* Of a password nobody has, made with the same memory and passes. */
static const char nobodys[] = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

bool password_hash(const char *password, char out[PASSWORD_HASH_SIZE])
{
	return crypto_pwhash_str_alg(out, password, strlen(password), PASSES, PASSWORD_MEMORY, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

bool password_fits(const char *hash, const char *password)
{
	bool fits = crypto_pwhash_str_verify(hash ? hash : nobodys, password, strlen(password)) == 0;

	return fits && hash;
}
