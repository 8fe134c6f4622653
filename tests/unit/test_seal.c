/* lib/seal/seal, against tests/data/seal_vectors.h, which was worked out without it. */
#include "chance.h"
#include "base/text.h"
#include "base/world.h"
#include "seal/seal.h"
#include "seal/token.h"
#include "test.h"
#include "tests/data/seal_vectors.h"

static struct key_pair author(void)
{
	struct key_pair pair;

	key_pair_make(dialler_seed, &pair);
	return pair;
}

static struct chain chain_of(const unsigned char bytes[CHAIN_BYTES])
{
	struct chain c;

	memcpy(c.byte, bytes, CHAIN_BYTES);
	return c;
}

TEST(keys_come_from_the_seed)
{
	struct key_pair pair = author();

	CHECK_MEM(pair.public_key, dialler_public, KEY_BYTES);
	key_pair_make(listener_seed, &pair);
	CHECK_MEM(pair.public_key, listener_public, KEY_BYTES);
}

TEST(the_fingerprint_people_compare)
{
	char text[FINGERPRINT_SIZE];

	key_fingerprint(dialler_public, text);
	CHECK_STR(text, fingerprint);
	CHECK_INT(strlen(text), FINGERPRINT_SIZE - 1);
}

TEST(a_fingerprint_as_people_give_it)
{
	static const char *const none[] = {"", "3f0a", "3f0a 91c2 77de 0b1c 5e88 42aa 6d07 f91", "3f0a 91c2 77de 0b1c 5e88 42aa 6d07 f913 1",
		"3f0a 91c2 77de 0b1c 5e88 42aa 6d07 f91g", "3f0a-91c2-77de-0b1c-5e88-42aa-6d07-f913"};
	char text[FINGERPRINT_SIZE];

	CHECK(fingerprint_parse(fingerprint, text));
	CHECK_STR(text, fingerprint);
	CHECK(fingerprint_parse(" 3F0A91C277de0b1c 5e8842aa6d07f913 ", text));
	CHECK_STR(text, "3f0a 91c2 77de 0b1c 5e88 42aa 6d07 f913");
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		CHECK(!fingerprint_parse(none[i], text));
}

TEST(the_log_id_is_the_hash_of_id_key_and_random)
{
	char out[LOG_ID_SIZE];

	log_id_make("central-5", dialler_public, log_random, out);
	CHECK_STR(out, log_id);
	log_id_make("central-6", dialler_public, log_random, out);
	CHECK(strcmp(out, log_id) != 0);
	log_id_make("central-5", listener_public, log_random, out);
	CHECK(strcmp(out, log_id) != 0);
}

TEST(the_chain_goes_over_the_bytes_of_each_record)
{
	static const unsigned char zeros[CHAIN_BYTES];
	struct chain c;

	chain_zero(&c);
	CHECK_MEM(c.byte, zeros, CHAIN_BYTES);
	chain_next(&c, line_1, strlen(line_1));
	CHECK_MEM(c.byte, chain_1, CHAIN_BYTES);
	chain_next(&c, line_2, strlen(line_2));
	CHECK_MEM(c.byte, chain_2, CHAIN_BYTES);
	chain_next(&c, line_3, strlen(line_3));
	CHECK_MEM(c.byte, chain_3, CHAIN_BYTES);
}

TEST(equal_chains_are_equal_in_every_byte)
{
	struct chain a = chain_of(chain_1), b = a;

	CHECK(chain_equal(&a, &b));
	for (size_t i = 0; i < CHAIN_BYTES; i++) {
		b.byte[i] ^= 0x80;
		CHECK(!chain_equal(&a, &b));
		b.byte[i] ^= 0x80;
	}
}

TEST(a_seal_is_what_the_specification_says)
{
	struct key_pair pair = author();
	struct chain c = chain_of(chain_3);
	struct seal s;

	seal_make(&pair, log_id, 3, &c, &s);
	CHECK_MEM(s.byte, seal_3, SIGNATURE_BYTES);
	CHECK(seal_verify(dialler_public, log_id, 3, &c, &s));
	seal_make(&pair, log_id, INTEGER_MAX, &c, &s);
	CHECK_MEM(s.byte, seal_last, SIGNATURE_BYTES);
	CHECK(seal_verify(dialler_public, log_id, INTEGER_MAX, &c, &s));
}

TEST(a_seal_holds_for_nothing_else)
{
	struct key_pair pair = author();
	struct chain c = chain_of(chain_3), other = chain_of(chain_2);
	char log[LOG_ID_SIZE];
	struct seal s;

	seal_make(&pair, log_id, 3, &c, &s);
	CHECK(!seal_verify(listener_public, log_id, 3, &c, &s));
	CHECK(!seal_verify(dialler_public, log_id, 4, &c, &s));
	CHECK(!seal_verify(dialler_public, log_id, 3 + (1LL << 32), &c, &s));
	CHECK(!seal_verify(dialler_public, log_id, 3, &other, &s));
	text_copy(log, sizeof log, log_id);
	log[31] = log[31] == '0' ? '1' : '0';
	CHECK(!seal_verify(dialler_public, log, 3, &c, &s));
	for (size_t bit = 0; bit < 8 * SIGNATURE_BYTES; bit++) {
		s.byte[bit / 8] ^= (unsigned char)(1 << bit % 8);
		CHECK(!seal_verify(dialler_public, log_id, 3, &c, &s));
		s.byte[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	CHECK(seal_verify(dialler_public, log_id, 3, &c, &s));
}

TEST(what_is_no_place_in_a_log_has_no_seal)
{
	struct key_pair pair = author();
	struct chain c = chain_of(chain_3);
	struct seal s;

	seal_make(&pair, log_id, 0, &c, &s);
	CHECK(!seal_verify(dialler_public, log_id, 0, &c, &s));
	seal_make(&pair, "abc", 3, &c, &s);
	CHECK(!seal_verify(dialler_public, "abc", 3, &c, &s));
	seal_make(&pair, "5F0CAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 3, &c, &s);
	CHECK(!seal_verify(dialler_public, "5F0CAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 3, &c, &s));
}

/* Keys of small order would let one signature pass for many texts; libsodium refuses them, and this holds it to that. */
TEST(keys_of_small_order_verify_nothing)
{
	static const unsigned char weak[3][KEY_BYTES] = { { 0 }, { 1 }, { 0xec, 0xff } };
	struct chain c = chain_of(chain_3);
	struct seal s = { { 1 } };

	for (size_t i = 0; i < 3; i++)
		CHECK(!seal_verify(weak[i], log_id, 3, &c, &s));
}

TEST(random_seals_verify)
{
	struct chance r = { 3 };

	for (int i = 0; i < 100; i++) {
		unsigned char seed[32], bytes[CHAIN_BYTES];
		struct key_pair pair;
		struct chain c;
		struct seal s;
		int64_t seq = 1 + (int64_t)chance_below(&r, INTEGER_MAX);

		chance_bytes(&r, seed, sizeof seed);
		chance_bytes(&r, bytes, sizeof bytes);
		key_pair_make(seed, &pair);
		c = chain_of(bytes);
		seal_make(&pair, log_id, seq, &c, &s);
		CHECK(seal_verify(pair.public_key, log_id, seq, &c, &s));
		CHECK(!seal_verify(dialler_public, log_id, seq, &c, &s));
	}
}

static void counting_up(void *self, void *out, size_t len)
{
	(void)self;
	for (size_t i = 0; i < len; i++)
		((unsigned char *)out)[i] = (unsigned char)i;
}

TEST(tokens_are_kept_as_the_hash_of_their_text)
{
	const struct world world = {.random = counting_up};
	unsigned char hash[TOKEN_HASH_BYTES];
	char token[TOKEN_SIZE], hex[2 * TOKEN_HASH_BYTES + 1];

	token_draw(&world, token);
	CHECK_STR(token, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
	token_hash(token, hash);
	hex_encode(hex, hash, sizeof hash);
	CHECK_STR(hex, "6c86c6aac5fb24bcf5d9939cb7d7d5645ce39418f449e03b262dd4fa14b4b92b");
}

int main(int argc, char **argv)
{
	return seal_start() ? test_run_all(argc, argv) : 99;
}
