/* lib/seal/auth, against tests/data/seal_vectors.h, which was worked out without it. */
#include "chance.h"
#include "base/text.h"
#include "seal/auth.h"
#include "test.h"
#include "tests/data/seal_vectors.h"

static unsigned char dialler_nonce[NONCE_BYTES], listener_nonce[NONCE_BYTES];

static struct auth_session session(void)
{
	struct auth_session s = {
		.mesh = "parkmesh",
		.version = 1,
		.dialler = { "central-1", dialler_public, dialler_nonce },
		.listener = { "central-20", listener_public, listener_nonce },
	};

	memset(dialler_nonce, 0x11, sizeof dialler_nonce);
	memset(listener_nonce, 0x22, sizeof listener_nonce);
	memcpy(s.cert_hash, cert_hash, CERT_HASH_BYTES);
	return s;
}

static struct auth_proof made(const struct auth_session *s, enum auth_role role)
{
	struct key_pair own;
	struct auth_proof proof = { { 0 }, { 0 } };

	key_pair_make(role == AUTH_DIALLER ? dialler_seed : listener_seed, &own);
	auth_make(s, role, mesh_key, &own, &proof);
	return proof;
}

TEST(proofs_are_what_the_specification_says)
{
	struct auth_session s = session();
	struct auth_proof p = made(&s, AUTH_DIALLER);

	CHECK_MEM(p.proof, dialler_proof, PROOF_BYTES);
	CHECK_MEM(p.signature, dialler_signature, SIGNATURE_BYTES);
	CHECK(auth_verify(&s, AUTH_DIALLER, mesh_key, &p));
	p = made(&s, AUTH_LISTENER);
	CHECK_MEM(p.proof, listener_proof, PROOF_BYTES);
	CHECK_MEM(p.signature, listener_signature, SIGNATURE_BYTES);
	CHECK(auth_verify(&s, AUTH_LISTENER, mesh_key, &p));
}

TEST(a_proof_sent_back_proves_nothing)
{
	struct auth_session s = session();
	struct auth_proof p = made(&s, AUTH_DIALLER);
	struct auth_session mirror = s;

	CHECK(!auth_verify(&s, AUTH_LISTENER, mesh_key, &p));
	/* not even to one who took the other's name, key and nonce for his own */
	mirror.listener = s.dialler;
	CHECK(!auth_verify(&mirror, AUTH_LISTENER, mesh_key, &p));
	mirror.dialler = s.listener;
	CHECK(!auth_verify(&mirror, AUTH_LISTENER, mesh_key, &p));
	CHECK(!auth_verify(&mirror, AUTH_DIALLER, mesh_key, &p));
}

/* What both sides saw has to be the same in every part. */
TEST(any_difference_between_the_two_views_is_refused)
{
	static const unsigned char other[32] = { 0x33 };
	struct auth_session s = session(), view[13];
	size_t n = sizeof view / sizeof view[0];

	for (size_t i = 0; i < n; i++)
		view[i] = s;
	view[0].mesh = "parkmesi";
	view[1].mesh = "";
	view[2].version = 2;
	view[3].version = 11;
	view[4].dialler.id = "central-2";
	view[5].dialler.nonce = other;
	view[6].dialler.public_key = other;
	view[7].listener.id = "central-2";
	view[8].listener.nonce = other;
	view[9].listener.public_key = other;
	view[10].cert_hash[31] ^= 1;
	memset(view[11].cert_hash, 0, CERT_HASH_BYTES);
	view[12].dialler.id = s.listener.id;
	view[12].listener.id = s.dialler.id;
	for (enum auth_role role = AUTH_DIALLER; role <= AUTH_LISTENER; role++) {
		struct auth_proof p = made(&s, role);

		CHECK(auth_verify(&s, role, mesh_key, &p));
		for (size_t i = 0; i < n; i++) {
			if (auth_verify(&view[i], role, mesh_key, &p))
				test_fail(__FILE__, __LINE__, "role %d: view %zu was taken", role, i);
		}
	}
}

TEST(fields_cannot_run_into_each_other)
{
	struct auth_session s = session(), shifted = s;
	struct auth_proof p;

	s.mesh = "mesh1";
	s.version = 23;
	shifted.mesh = "mesh12";
	shifted.version = 3;
	p = made(&s, AUTH_DIALLER);
	CHECK(auth_verify(&s, AUTH_DIALLER, mesh_key, &p));
	CHECK(!auth_verify(&shifted, AUTH_DIALLER, mesh_key, &p));
}

TEST(the_secret_and_the_key_are_both_needed)
{
	struct auth_session s = session();
	struct auth_proof good = made(&s, AUTH_DIALLER), p;
	unsigned char wrong_key[MESH_KEY_BYTES];
	struct key_pair other;

	memcpy(wrong_key, mesh_key, sizeof wrong_key);
	wrong_key[0] ^= 1;
	CHECK(!auth_verify(&s, AUTH_DIALLER, wrong_key, &good));
	/* has the secret, not the key */
	key_pair_make(listener_seed, &other);
	CHECK_INT(auth_make(&s, AUTH_DIALLER, mesh_key, &other, &p), ERR_NONE);
	CHECK_MEM(p.proof, good.proof, PROOF_BYTES);
	CHECK(!auth_verify(&s, AUTH_DIALLER, mesh_key, &p));
	/* has the key, not the secret */
	key_pair_make(dialler_seed, &other);
	CHECK_INT(auth_make(&s, AUTH_DIALLER, wrong_key, &other, &p), ERR_NONE);
	CHECK(!auth_verify(&s, AUTH_DIALLER, mesh_key, &p));
	/* a good proof with another's signature over it, and the other way round */
	memcpy(p.proof, good.proof, PROOF_BYTES);
	CHECK(!auth_verify(&s, AUTH_DIALLER, mesh_key, &p));
	p = good;
	p.proof[0] ^= 1;
	CHECK(!auth_verify(&s, AUTH_DIALLER, mesh_key, &p));
}

TEST(every_bit_of_a_proof_counts)
{
	struct auth_session s = session();
	struct auth_proof p = made(&s, AUTH_LISTENER);
	unsigned char *bytes = (unsigned char *)&p;

	for (size_t bit = 0; bit < 8 * sizeof p; bit++) {
		bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
		CHECK(!auth_verify(&s, AUTH_LISTENER, mesh_key, &p));
		bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	CHECK(auth_verify(&s, AUTH_LISTENER, mesh_key, &p));
}

TEST(what_does_not_fit_is_refused_instead_of_cut)
{
	static const char id[] = "abcdefghijklmnopqrstuvwxyz-12345";
	char mesh[600];
	struct auth_session s = session();
	struct key_pair own;
	struct auth_proof p;

	memset(mesh, 'm', sizeof mesh - 1);
	mesh[sizeof mesh - 1] = '\0';
	key_pair_make(dialler_seed, &own);
	s.dialler.id = id;
	s.listener.id = id;
	s.version = 1000000;
	for (size_t len = 0; len < sizeof mesh; len++) {
		bool fits;

		s.mesh = mesh + sizeof mesh - 1 - len;
		fits = auth_make(&s, AUTH_DIALLER, mesh_key, &own, &p) == ERR_NONE;
		CHECK(fits == auth_verify(&s, AUTH_DIALLER, mesh_key, &p));
		if (len <= 63)
			CHECK(fits);
		if (len >= 512)
			CHECK(!fits);
	}
}

/* Taken from the reference tool, see tests/data/seal_vectors.py. */
TEST(the_mesh_key)
{
	static const char expected[] = "d91e81d4876866c38515ce49533e997ea9c3e018c8b333a458b8345b1fb3c167";
	static const unsigned char zeros[MESH_KEY_BYTES];
	unsigned char key[MESH_KEY_BYTES], other[MESH_KEY_BYTES];
	char hex[2 * MESH_KEY_BYTES + 1];

	CHECK_INT(auth_mesh_key("parkmesh", "0123456789abcdef0123456789abcdef", key), ERR_NONE);
	hex_encode(hex, key, sizeof key);
	CHECK_STR(hex, expected);
	CHECK_INT(auth_mesh_key("parkmesi", "0123456789abcdef0123456789abcdef", other), ERR_NONE);
	CHECK(memcmp(key, other, sizeof key) != 0);
	CHECK_INT(auth_mesh_key("parkmesh", "", key), ERR_NONE);
	CHECK_MEM(key, zeros, sizeof key);
}

int main(int argc, char **argv)
{
	return seal_start() ? test_run_all(argc, argv) : 99;
}
