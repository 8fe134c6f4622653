#include "p2p_config.h"

#include <cjson/cJSON.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "domain/deed.h"
#include "domain/ledger.h"
#include "params.h"
#include "writer.h"

#define TAGGED_MAX 65536
#define PEER_TEXT (HOST_SIZE + 80)

/* What values may be is for domain/site to say, which checks a configuration as a whole; here only what the structs can hold. */
#define DIALECT_SIZE (sizeof ((struct peer_row *)0)->dialect)
#define NUMBER(name) {(name), FIELD_INTEGER, FROM_BODY, false, 0, INT32_MAX, NULL}
#define HOST {"ip", FIELD_TEXT, FROM_BODY, false, 0, HOST_SIZE - 1, NULL}

static const struct field own_fields[] = {
	{"id", FIELD_TEXT, FROM_BODY, false, 0, CENTRAL_ID_SIZE - 1, NULL},
	HOST,
	NUMBER("p2p_port"),
	NUMBER("api_port"),
};

#define PEER_MEMBERS(id_required) { \
	{"id", FIELD_TEXT, FROM_BODY, id_required, 0, CENTRAL_ID_SIZE - 1, NULL}, \
	HOST, \
	NUMBER("p2p_port"), \
	NUMBER("weight"), \
	{"dialect", FIELD_TEXT, FROM_BODY, false, 0, DIALECT_SIZE - 1, NULL}, \
	{"tls", FIELD_BOOL, FROM_BODY, false, 0, 0, NULL}, \
}

const struct field peer_fields[PEER_FIELDS] = PEER_MEMBERS(true);
const struct field peer_put_fields[PEER_FIELDS] = PEER_MEMBERS(false);

#define COUNT(list) (sizeof list / sizeof *list)

/* --- reading --------------------------------------------------------------------------------------------------------- */

static void read_text(const struct params *p, const char *name, char *out, size_t size, bool *has)
{
	*has = params_given(p, name);
	if (*has)
		text_copy(out, size, params_text(p, name));
}

static void read_int(const struct params *p, const char *name, int *out, bool *has)
{
	*has = params_given(p, name);
	*out = (int)params_integer(p, name, 0);
}

static enum err read_own(const struct cJSON *object, struct config_change *out, struct fault *fault)
{
	struct params p;
	enum err e = params_from_object(own_fields, COUNT(own_fields), object, "this_central.", &p, fault);

	if (e == ERR_NONE) {
		read_text(&p, "id", out->own.id, sizeof out->own.id, &out->has_id);
		read_text(&p, "ip", out->own.ip, sizeof out->own.ip, &out->has_ip);
		read_int(&p, "p2p_port", &out->own.p2p_port, &out->has_p2p_port);
		read_int(&p, "api_port", &out->own.api_port, &out->has_api_port);
	}
	params_free(&p);
	return e;
}

void peer_change_read(const struct params *p, struct peer_change *out)
{
	bool has_id;

	read_text(p, "id", out->id, sizeof out->id, &has_id);
	read_text(p, "ip", out->row.ip, sizeof out->row.ip, &out->has_ip);
	read_int(p, "p2p_port", &out->row.p2p_port, &out->has_port);
	read_int(p, "weight", &out->row.weight, &out->has_weight);
	read_text(p, "dialect", out->row.dialect, sizeof out->row.dialect, &out->has_dialect);
	out->has_tls = params_given(p, "tls");
	out->row.tls = params_truth(p, "tls");
}

static enum err read_peer(const struct cJSON *object, size_t index, struct peer_change *out, struct fault *fault)
{
	char prefix[32];
	struct params p;
	enum err e;

	text_format(prefix, sizeof prefix, "peer_centrals[%zu]", index);
	if (!cJSON_IsObject(object))
		return fault_set(fault, ERR_FIELD, "wrong_type", prefix, "%s has to be an object.", prefix);
	text_format(prefix, sizeof prefix, "peer_centrals[%zu].", index);
	e = params_from_object(peer_fields, COUNT(peer_fields), object, prefix, &p, fault);
	if (e == ERR_NONE)
		peer_change_read(&p, out);
	params_free(&p);
	return e;
}

enum err config_change_read(const struct cJSON *this_central, const struct cJSON *peer_centrals, struct config_change *out,
	struct fault *fault)
{
	const cJSON *item;
	enum err e = read_own(this_central, out, fault);

	out->has_peers = peer_centrals != NULL;
	cJSON_ArrayForEach(item, peer_centrals) {
		if (e != ERR_NONE)
			return e;
		if (out->peer_count == PEERS_MAX)
			return fault_limit(fault, PEERS_MAX,
				fault_set(fault, ERR_INVALID, "too_many_peers", "peer_centrals", "A central has at most %d peers.", PEERS_MAX));
		e = read_peer(item, out->peer_count, &out->peer[out->peer_count], fault);
		out->peer_count++;
	}
	return e;
}

/* --- laying it over what is held ------------------------------------------------------------------------------------- */

static const struct peer_row *held_peer(const struct site_config *held, const char *id)
{
	for (size_t i = 0; i < held->peer_count; i++) {
		if (strcmp(held->peers[i].id, id) == 0)
			return &held->peers[i];
	}
	return NULL;
}

static enum err lacks(const char *place, const char *name, struct fault *fault)
{
	char field[40];

	text_format(field, sizeof field, "%s%s", place, name);
	return fault_set(fault, ERR_FIELD, "missing_field", field, "%s is missing; a new peer needs it.", field);
}

/* place goes before the names of fields in fault. */
static enum err apply_peer(const struct peer_change *change, const struct site_config *held, const char *place,
	struct peer_row *out, struct fault *fault)
{
	const struct peer_row *old = held_peer(held, change->id);

	if (!old && !change->has_ip)
		return lacks(place, "ip", fault);
	if (!old && !change->has_port)
		return lacks(place, "p2p_port", fault);
	site_peer_begin(out);
	if (old)
		*out = *old;
	text_copy(out->id, sizeof out->id, change->id);
	if (change->has_ip)
		text_copy(out->ip, sizeof out->ip, change->row.ip);
	if (change->has_port)
		out->p2p_port = change->row.p2p_port;
	if (change->has_weight)
		out->weight = change->row.weight;
	if (change->has_dialect && strcmp(out->dialect, change->row.dialect) != 0) {
		text_copy(out->dialect, sizeof out->dialect, change->row.dialect);
		out->tls = site_tls_default(out->dialect);
	}
	if (change->has_tls)
		out->tls = change->row.tls;
	return ERR_NONE;
}

static void apply_own(const struct config_change *change, struct site_config *held)
{
	if (change->has_id)
		text_copy(held->id, sizeof held->id, change->own.id);
	if (change->has_ip)
		text_copy(held->ip, sizeof held->ip, change->own.ip);
	if (change->has_p2p_port)
		held->p2p_port = change->own.p2p_port;
	if (change->has_api_port)
		held->api_port = change->own.api_port;
}

enum err config_change_apply(const struct config_change *change, struct site_config *held, struct fault *fault)
{
	struct peer_row peers[PEERS_MAX];
	char place[32];
	enum err e = ERR_NONE;

	apply_own(change, held);
	if (!change->has_peers)
		return ERR_NONE;
	for (size_t i = 0; e == ERR_NONE && i < change->peer_count; i++) {
		text_format(place, sizeof place, "peer_centrals[%zu].", i);
		e = apply_peer(&change->peer[i], held, place, &peers[i], fault);
	}
	if (e != ERR_NONE)
		return e;
	memcpy(held->peers, peers, change->peer_count * sizeof *peers);
	held->peer_count = change->peer_count;
	return ERR_NONE;
}

/* --- carrying it out ------------------------------------------------------------------------------------------------- */

/* What a job put into fault does not count when its batch could not be written. */
static enum err run(struct writer *w, writer_job_fn *job, void *arg, struct fault *fault)
{
	enum err e = writer_run(w, job, arg);

	if (e == ERR_UNAVAILABLE)
		*fault = (struct fault){0};
	return e;
}

void config_tag(const struct site_config *c, char tag[CONFIG_TAG_SIZE])
{
	unsigned char digest[DIGEST_BYTES];
	struct buf shown;

	buf_init(&shown, TAGGED_MAX);
	buf_printf(&shown, "%s %s %d %d", c->id, c->ip, c->p2p_port, c->api_port);
	for (size_t i = 0; i < c->peer_count; i++) {
		const struct peer_row *p = &c->peers[i];

		buf_printf(&shown, "\n%s %s %d %d %s %d", p->id, p->ip, p->p2p_port, p->weight, p->dialect, p->tls);
	}
	digest_make(buf_text(&shown), shown.len, NULL, 0, digest);
	hex_encode(tag, digest, (CONFIG_TAG_SIZE - 1) / 2);
	buf_free(&shown);
}

static enum err check_tag(const struct site_config *held, const char *if_match, struct fault *fault)
{
	char tag[CONFIG_TAG_SIZE];

	config_tag(held, tag);
	if (!if_match || strcmp(if_match, tag) == 0)
		return ERR_NONE;
	return fault_set(fault, ERR_CONFLICT, "etag_mismatch", "", "This was changed since you read it. Look at it again.");
}

/* Address and port; the weight, the dialect and TLS, if they are not the usual ones. */
static void peer_text(const struct peer_row *p, char out[PEER_TEXT])
{
	bool native = strcmp(p->dialect, "native") == 0;
	char weight[32] = "";

	if (p->weight != 1)
		text_format(weight, sizeof weight, ", weight %d", p->weight);
	text_format(out, PEER_TEXT, "%s %d%s%s%s", p->ip, p->p2p_port, weight, native ? "" : ", ",
		!native ? p->dialect : p->tls ? "" : ", without TLS");
}

void config_text(const struct site_config *c, char out[CONFIG_TEXT])
{
	char peer[PEER_TEXT];
	size_t len;

	text_format(out, CONFIG_TEXT, "%s %s, P2P %d, API %d", c->id, c->ip, c->p2p_port, c->api_port);
	for (size_t i = 0; i < c->peer_count; i++) {
		len = strlen(out);
		peer_text(&c->peers[i], peer);
		text_format(out + len, CONFIG_TEXT - len, "; %s %s", c->peers[i].id, peer);
	}
}

struct change_job { const struct actor *by; const struct config_change *change; struct site_config *now; struct fault *fault; };

static enum err set_secret(struct db *db, const char *secret, struct fault *fault)
{
	struct identity own;
	enum err e = identity_read(db, &own);

	if (e == ERR_NONE)
		e = site_secret_set(db, own.mesh, secret, fault);
	explicit_bzero(&own, sizeof own);
	return e;
}

static enum err change_config(struct ledger *l, void *arg)
{
	const struct change_job *j = arg;
	struct db *db = ledger_db(l);
	char old[CONFIG_TEXT], new[CONFIG_TEXT], old_tag[CONFIG_TAG_SIZE], new_tag[CONFIG_TAG_SIZE];
	enum err e = site_config_read(db, j->now);

	if (e == ERR_NONE)
		e = check_tag(j->now, j->change->if_match, j->fault);
	if (e == ERR_NONE) {
		config_text(j->now, old);
		config_tag(j->now, old_tag);
		e = config_change_apply(j->change, j->now, j->fault);
	}
	if (e == ERR_NONE)
		e = site_config_check(j->now, j->fault);
	if (e == ERR_NONE)
		e = site_config_write(db, j->now, j->fault);
	if (e == ERR_NONE && j->change->secret)
		e = set_secret(db, j->change->secret, j->fault);
	if (e == ERR_NONE && j->change->secret)
		e = deed_note(db, j->by, "secret_set", "", NULL, NULL);
	if (e == ERR_NONE)
		e = site_config_read(db, j->now);
	if (e != ERR_NONE)
		return e;
	config_text(j->now, new);
	config_tag(j->now, new_tag);
	return strcmp(old_tag, new_tag) == 0 ? ERR_NONE : deed_note(db, j->by, "mesh_saved", j->now->id, old, new);
}

enum err config_change_run(struct writer *w, const struct actor *by, const struct config_change *change, struct site_config *now,
	struct fault *fault)
{
	struct change_job j = {.by = by, .change = change, .now = now, .fault = fault};

	return run(w, change_config, &j, fault);
}

/* "peer_centrals[3].ip" is "ip" to somebody who sent one peer alone. */
static void drop_list(struct fault *fault)
{
	char *dot = strchr(fault->field, '.');

	if (strncmp(fault->field, "peer_centrals[", 14) == 0 && dot)
		memmove(fault->field, dot + 1, strlen(dot));
}

static enum err lay_peer(const struct peer_change *change, enum peer_how how, struct site_config *config, struct peer_row *now,
	struct fault *fault)
{
	const struct peer_row *old = held_peer(config, change->id);
	size_t at = old ? (size_t)(old - config->peers) : config->peer_count;
	enum err e;

	if (old && how == PEER_ADD)
		return fault_set(fault, ERR_CONFLICT, "peer_exists", "id", "There is a peer of this id already; change it with PUT.");
	if (at == PEERS_MAX)
		return fault_limit(fault, PEERS_MAX,
			fault_set(fault, ERR_INVALID, "too_many_peers", "", "A central has at most %d peers.", PEERS_MAX));
	e = apply_peer(change, config, "", now, fault);
	if (e != ERR_NONE)
		return e;
	config->peers[at] = *now;
	config->peer_count += !old;
	return ERR_NONE;
}

enum err config_peer_job(struct ledger *l, void *arg)
{
	struct peer_job *j = arg;
	struct site_config config;
	const struct peer_row *held;
	char old[PEER_TEXT] = "", new[PEER_TEXT];
	enum err e = site_config_read(ledger_db(l), &config);

	held = e == ERR_NONE ? held_peer(&config, j->change->id) : NULL;
	if (held)
		peer_text(held, old);
	if (e == ERR_NONE)
		e = lay_peer(j->change, j->how, &config, &j->now, j->fault);
	if (e == ERR_NONE)
		e = site_config_write(ledger_db(l), &config, j->fault);
	if (e != ERR_NONE) {
		drop_list(j->fault);
		return e;
	}
	peer_text(&j->now, new);
	return deed_note(ledger_db(l), j->by, "peer_set", j->now.id, old[0] ? old : NULL, new);
}

struct remove_job { const struct actor *by; const char *id; struct fault *fault; };

static enum err remove_peer(struct ledger *l, void *arg)
{
	const struct remove_job *j = arg;
	struct site_config config;
	const struct peer_row *row;
	char old[PEER_TEXT];
	enum err e = site_config_read(ledger_db(l), &config);

	if (e != ERR_NONE)
		return e;
	row = held_peer(&config, j->id);
	if (!row)
		return fault_set(j->fault, ERR_NOT_FOUND, "unknown_peer", "peer_id", "No peer of that id is configured.");
	peer_text(row, old);
	config.peer_count--;
	memmove(&config.peers[row - config.peers], row + 1, (size_t)(config.peers + config.peer_count - row) * sizeof *row);
	e = site_config_write(ledger_db(l), &config, j->fault);
	return e == ERR_NONE ? deed_note(ledger_db(l), j->by, "peer_removed", j->id, old, NULL) : e;
}

enum err config_remove_peer(struct writer *w, const struct actor *by, const char *id, struct fault *fault)
{
	struct remove_job j = {.by = by, .id = id, .fault = fault};

	return run(w, remove_peer, &j, fault);
}

struct repin_job { const struct actor *by; const char *id, *fingerprint; struct fault *fault; };

static enum err repin_peer(struct ledger *l, void *arg)
{
	const struct repin_job *j = arg;

	return site_peer_repin(ledger_db(l), j->by, j->id, j->fingerprint, j->fault);
}

enum err config_repin_peer(struct writer *w, const struct actor *by, const char *id, const char *fingerprint, struct fault *fault)
{
	struct repin_job j = {.by = by, .id = id, .fingerprint = fingerprint, .fault = fault};

	return run(w, repin_peer, &j, fault);
}
