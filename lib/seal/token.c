#include "seal/token.h"

#include <sodium.h>
#include <string.h>

#include "base/text.h"

_Static_assert(TOKEN_HASH_BYTES == crypto_hash_sha256_BYTES, "size of a hash");

void token_make(const unsigned char random[TOKEN_RANDOM_BYTES], char out[TOKEN_SIZE])
{
	hex_encode(out, random, TOKEN_RANDOM_BYTES);
}

void token_hash(const char *token, unsigned char out[TOKEN_HASH_BYTES])
{
	crypto_hash_sha256(out, (const unsigned char *)token, strlen(token));
}
