#include "seal/token.h"

#include <sodium.h>
#include <string.h>

#include "base/text.h"
#include "base/world.h"

#define TOKEN_RANDOM_BYTES 32

_Static_assert(TOKEN_HASH_BYTES == crypto_hash_sha256_BYTES, "size of a hash");

void token_draw(const struct world *world, char out[TOKEN_SIZE])
{
	unsigned char random[TOKEN_RANDOM_BYTES];

	world_random(world, random, sizeof random);
	hex_encode(out, random, sizeof random);
	sodium_memzero(random, sizeof random);
}

void token_hash(const char *token, unsigned char out[TOKEN_HASH_BYTES])
{
	crypto_hash_sha256(out, (const unsigned char *)token, strlen(token));
}

void token_sign(const void *key, size_t key_len, const char *text, char out[TOKEN_SIZE])
{
	crypto_auth_hmacsha256_state state;
	unsigned char code[crypto_auth_hmacsha256_BYTES];

	_Static_assert(sizeof code * 2 + 1 == TOKEN_SIZE, "size of a token");
	crypto_auth_hmacsha256_init(&state, key, key_len);
	crypto_auth_hmacsha256_update(&state, (const unsigned char *)text, strlen(text));
	crypto_auth_hmacsha256_final(&state, code);
	hex_encode(out, code, sizeof code);
}

bool token_equal(const char a[TOKEN_SIZE], const char *b)
{
	return strlen(b) == TOKEN_SIZE - 1 && sodium_memcmp(a, b, TOKEN_SIZE - 1) == 0;
}
