#include "domain/site.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/zone.h"
#include "domain/warnings.h"
#include "store/settings.h"

#define WEIGHT_MAX 1000

/* ---- first start ---- */

enum err site_first_start(struct db *db, const struct world *world)
{
	struct identity self = { .p2p_port = 9000, .api_port = 8000 };
	unsigned char seed[32];
	enum err e = identity_read(db, &self);

	if (e != ERR_NOT_FOUND)
		return e;
	text_copy(self.id, sizeof(self.id), "central-1");
	text_copy(self.ip, sizeof(self.ip), "127.0.0.1");
	text_copy(self.mesh, sizeof(self.mesh), "parkmesh");
	world_random(world, seed, sizeof(seed));
	key_pair_make(seed, &self.keys);
	e = auth_mesh_key(self.mesh, self.mesh_secret, self.mesh_key);
	if (e == ERR_NONE)
		e = identity_write(db, &self);
	explicit_bzero(seed, sizeof(seed));
	explicit_bzero(&self, sizeof(self));
	return e;
}

/* ---- configuration ---- */

enum err site_config_read(struct db *db, struct site_config *out)
{
	struct identity self;
	enum err e = identity_read(db, &self);

	if (e != ERR_NONE)
		return e;
	text_copy(out->id, sizeof(out->id), self.id);
	text_copy(out->ip, sizeof(out->ip), self.ip);
	out->p2p_port = self.p2p_port;
	out->api_port = self.api_port;
	explicit_bzero(&self, sizeof(self));
	return peer_list(db, out->peers, PEERS_MAX, &out->peer_count);
}

static bool host_name_valid(const char *text)
{
	size_t label = 0;
	bool letters = false;

	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '.') {
			if (label == 0 || p[-1] == '-')
				return false;
			label = 0;
			continue;
		}
		if (!(isalnum((unsigned char)*p) || (*p == '-' && label > 0)) || ++label > 63)
			return false;
		letters = letters || isalpha((unsigned char)*p);
	}
	/* only digits and dots would be an IPv4 address that is none */
	return label > 0 && letters && text[strlen(text) - 1] != '-';
}

bool site_host_valid(const char *text)
{
	unsigned char address[sizeof(struct in6_addr)];

	if (text[0] == '\0' || strlen(text) >= HOST_SIZE)
		return false;
	return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1 || host_name_valid(text);
}

bool site_dialect_old(const char *dialect)
{
	return strcmp(dialect, "legacy") == 0 || strcmp(dialect, "legacy-http") == 0;
}

/* One place in the configuration: "this_central" or "peer_centrals[n]". */
static enum err field_fault(struct fault *fault, const char *place, const char *field, const char *code, const char *sentence)
{
	char name[sizeof(fault->field)];

	text_format(name, sizeof(name), "%s.%s", place, field);
	return fault_set(fault, ERR_INVALID, code, name, "%s", sentence);
}

static enum err check_place(const char *place, const char *id, const char *ip, int port, struct fault *fault)
{
	if (!central_id_valid(id))
		return field_fault(fault, place, "id", "id_invalid",
			"A central's id has 1 to 32 characters of a-z, 0-9 and '-', and does not begin with '-'.");
	if (!site_host_valid(ip))
		return field_fault(fault, place, "ip", "host_invalid", "Give an IPv4 or IPv6 address or a host name.");
	if (port < 1 || port > 65535)
		return field_fault(fault, place, "p2p_port", "port_invalid", "A port is a number from 1 to 65535.");
	return ERR_NONE;
}

bool site_tls_default(const char *dialect)
{
	return strcmp(dialect, "native") == 0;
}

void site_peer_begin(struct peer_row *out)
{
	*out = (struct peer_row){.weight = 1, .dialect = "native"};
	out->tls = site_tls_default(out->dialect);
}

static enum err check_peer(const struct site_config *c, size_t index, struct fault *fault)
{
	const struct peer_row *p = &c->peers[index];
	char place[32];
	enum err e;

	text_format(place, sizeof(place), "peer_centrals[%zu]", index);
	e = check_place(place, p->id, p->ip, p->p2p_port, fault);
	if (e != ERR_NONE)
		return e;
	if (strcmp(p->id, c->id) == 0)
		return field_fault(fault, place, "id", "id_own", "This is the id of this central itself; a peer has another one.");
	for (size_t i = 0; i < index; i++) {
		if (strcmp(p->id, c->peers[i].id) == 0)
			return field_fault(fault, place, "id", "id_duplicate", "Another peer has the same id; give each its own.");
	}
	if (p->weight < 0 || p->weight > WEIGHT_MAX)
		return field_fault(fault, place, "weight", "weight_invalid", "A weight is a number from 0 to 1000.");
	if (strcmp(p->dialect, "native") != 0 && !site_dialect_old(p->dialect))
		return field_fault(fault, place, "dialect", "dialect_unknown",
			"A dialect is \"native\", or for a central of the older system \"legacy\" or \"legacy-http\".");
	if (p->tls && !site_tls_default(p->dialect))
		return field_fault(fault, place, "tls", "tls_unknown", "A central of the old dialect knows no TLS; leave tls out or false.");
	return ERR_NONE;
}

enum err site_config_check(const struct site_config *c, struct fault *fault)
{
	enum err e = check_place("this_central", c->id, c->ip, c->p2p_port, fault);

	if (e == ERR_NONE && (c->api_port < 1 || c->api_port > 65535))
		e = field_fault(fault, "this_central", "api_port", "port_invalid", "A port is a number from 1 to 65535.");
	if (e == ERR_NONE && c->api_port == c->p2p_port)
		e = field_fault(fault, "this_central", "api_port", "port_taken", "The API and the mesh need two different ports.");
	if (e == ERR_NONE && c->peer_count > PEERS_MAX)
		e = fault_limit(fault, PEERS_MAX,
			fault_set(fault, ERR_INVALID, "too_many", "peer_centrals", "At most %d peers are possible.", PEERS_MAX));
	for (size_t i = 0; e == ERR_NONE && i < c->peer_count; i++)
		e = check_peer(c, i, fault);
	return e;
}

static bool has_peer(const struct site_config *c, const char *id)
{
	for (size_t i = 0; i < c->peer_count; i++) {
		if (strcmp(c->peers[i].id, id) == 0)
			return true;
	}
	return false;
}

static enum err write_peers(struct db *db, const struct site_config *c)
{
	struct peer_row *held = calloc(PEERS_MAX, sizeof(*held));
	size_t count = 0;
	enum err e = held == NULL ? ERR_MEMORY : peer_list(db, held, PEERS_MAX, &count);

	for (size_t i = 0; e == ERR_NONE && i < count; i++) {
		if (!has_peer(c, held[i].id))
			e = peer_delete(db, held[i].id);
	}
	for (size_t i = 0; e == ERR_NONE && i < c->peer_count; i++)
		e = peer_upsert(db, &c->peers[i]);
	free(held);
	return e;
}

enum err site_config_write(struct db *db, const struct site_config *c, struct fault *fault)
{
	struct identity self;
	enum err e = site_config_check(c, fault);

	if (e == ERR_NONE)
		e = identity_read(db, &self);
	if (e != ERR_NONE)
		return e;
	text_copy(self.id, sizeof(self.id), c->id);
	text_copy(self.ip, sizeof(self.ip), c->ip);
	self.p2p_port = c->p2p_port;
	self.api_port = c->api_port;
	e = identity_write(db, &self);
	explicit_bzero(&self, sizeof(self));
	return e == ERR_NONE ? write_peers(db, c) : e;
}

static enum err unknown_peer(const char *id, struct fault *fault)
{
	return fault_set(fault, ERR_NOT_FOUND, "unknown_peer", "peer_id", "No peer %.32s is configured. See which are: parkmeshctl peer list.",
		id);
}

enum err site_peer_add(struct db *db, const struct peer_row *row, struct fault *fault)
{
	struct site_config c;
	enum err e = site_config_read(db, &c);

	if (e != ERR_NONE)
		return e;
	if (has_peer(&c, row->id))
		return fault_set(fault, ERR_CONFLICT, "peer_exists", "id", "%s is a peer already. Remove it first, or choose another id.", row->id);
	if (c.peer_count == PEERS_MAX)
		return fault_limit(fault, PEERS_MAX,
			fault_set(fault, ERR_INVALID, "too_many_peers", "peer_centrals", "A central has at most %d peers.", PEERS_MAX));
	c.peers[c.peer_count++] = *row;
	return site_config_write(db, &c, fault);
}

enum err site_peer_remove(struct db *db, const char *id, struct fault *fault)
{
	struct site_config c;
	enum err e = site_config_read(db, &c);

	if (e != ERR_NONE)
		return e;
	return has_peer(&c, id) ? peer_delete(db, id) : unknown_peer(id, fault);
}

/* The fingerprint of the key that id is pinned to; "" none. */
static enum err pinned_fingerprint(struct db *db, const char *id, char out[FINGERPRINT_SIZE])
{
	unsigned char key[KEY_BYTES];
	enum err e = pin_find(db, id, key);

	out[0] = '\0';
	if (e == ERR_NONE)
		key_fingerprint(key, out);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

static enum err expect(struct db *db, const char *id, const char *fingerprint)
{
	enum err e = pin_delete(db, id);

	if (e == ERR_NONE)
		e = fingerprint ? expected_key_write(db, id, fingerprint) : expected_key_delete(db, id);
	return e == ERR_NONE ? warning_over(db, WARNING_WRONG_KEY, id) : e;
}

enum err site_peer_repin(struct db *db, const struct actor *by, const char *id, const char *fingerprint, struct fault *fault)
{
	char old[FINGERPRINT_SIZE], new[FINGERPRINT_SIZE] = "";
	struct site_config c;
	enum err e = site_config_read(db, &c);

	if (e == ERR_NONE)
		e = pinned_fingerprint(db, id, old);
	if (e != ERR_NONE)
		return e;
	if (fingerprint && !fingerprint_parse(fingerprint, new))
		return fault_set(fault, ERR_INVALID, "fingerprint_invalid", "fingerprint", "A fingerprint has eight groups of four of 0-9 and a-f.");
	if (!old[0] && !has_peer(&c, id))
		return unknown_peer(id, fault);
	if (fingerprint && strcmp(old, new) == 0)
		return ERR_NONE;
	e = expect(db, id, fingerprint ? new : NULL);
	return e == ERR_NONE ? deed_note(db, by, "peer_repinned", id, old[0] ? old : NULL, fingerprint ? new : NULL) : e;
}

static enum err name_mesh(struct identity *self, const char *mesh, const char *secret, struct fault *fault)
{
	if (mesh[0] == '\0' || !utf8_valid(mesh, strlen(mesh)) || !text_copy(self->mesh, sizeof(self->mesh), mesh))
		return fault_set(fault, ERR_INVALID, "mesh_invalid", "mesh", "A mesh name has 1 to %d bytes.", MESH_SIZE - 1);
	if (!utf8_valid(secret, strlen(secret)) || !text_copy(self->mesh_secret, sizeof(self->mesh_secret), secret))
		return fault_limit(fault, SECRET_SIZE - 1,
			fault_set(fault, ERR_INVALID, "secret_invalid", "mesh_secret", "A mesh secret has at most %d bytes.", SECRET_SIZE - 1));
	return auth_mesh_key(self->mesh, self->mesh_secret, self->mesh_key);
}

enum err site_secret_set(struct db *db, const char *mesh, const char *secret, struct fault *fault)
{
	struct identity self;
	enum err e = identity_read(db, &self);

	if (e == ERR_NONE)
		e = name_mesh(&self, mesh, secret, fault);
	if (e == ERR_NONE)
		e = identity_write(db, &self);
	explicit_bzero(&self, sizeof(self));
	return e;
}

void site_secret_make(const struct world *world, char out[33])
{
	unsigned char secret[16];

	world_random(world, secret, sizeof(secret));
	hex_encode(out, secret, sizeof(secret));
	explicit_bzero(secret, sizeof(secret));
}

/* ---- shared settings ---- */

enum err site_tariff(struct db *db, struct tariff *out, char name[TARIFF_NAME_SIZE])
{
	struct setting_row s = { 0 };
	enum err e = setting_find(db, "tariff", &s);

	*out = tariff_default();
	name[0] = '\0';
	if (e != ERR_NONE)
		return e == ERR_NOT_FOUND ? ERR_NONE : e;
	if (s.value != NULL) {
		e = tariff_parse(s.value, out);
		if (e == ERR_NONE)
			text_format(name, TARIFF_NAME_SIZE, "%lld.%lld %s %lld", (long long)s.written.hlc.ms,
				(long long)s.written.hlc.counter, s.written.log, (long long)s.written.seq);
	}
	free(s.value);
	return e == ERR_INVALID ? ERR_NONE : e; /* a tariff nobody can read must not close the barrier */
}

/* The shared setting is a JSON string; zone names need no escapes, so its text is what stands between the quotes. */
static bool use_zone_setting(char *value)
{
	size_t len = strlen(value);

	if (len < 2 || value[0] != '"' || value[len - 1] != '"')
		return false;
	value[len - 1] = '\0';
	return zone_set(value + 1);
}

enum err site_zone_use(struct db *db)
{
	struct setting_row s = { 0 };
	enum err e = setting_find(db, "timezone", &s);

	if (e != ERR_NONE && e != ERR_NOT_FOUND)
		return e;
	if ((s.value == NULL || !use_zone_setting(s.value)) && !zone_set(ZONE_DEFAULT))
		e = ERR_SYSTEM;
	else
		e = ERR_NONE;
	free(s.value);
	return e;
}
