#include "seed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "store/db.h"

static enum err put_options(const struct options *options, bool new, struct site_config *config, struct fault *fault)
{
	if (options->id && !text_copy(config->id, sizeof config->id, options->id))
		return fault_set(fault, ERR_INVALID, "invalid", "this_central.id", "The --id is longer than 32 characters.");
	if (options->ip && !text_copy(config->ip, sizeof config->ip, options->ip))
		return fault_set(fault, ERR_INVALID, "invalid", "this_central.ip", "The --ip is longer than 253 characters.");
	if (options->api_port)
		config->api_port = options->api_port;
	if (options->p2p_port)
		config->p2p_port = options->p2p_port;
	if (new) {
		memcpy(config->peers, options->peers, sizeof config->peers);
		config->peer_count = options->peer_count;
	}
	return ERR_NONE;
}

static enum err read_secret(const char *path, char out[SECRET_SIZE], struct fault *fault)
{
	char line[SECRET_SIZE + 2] = "";
	FILE *file = fopen(path, "re");
	bool good;

	if (!file)
		return fault_set(fault, ERR_SYSTEM, "secret_file", "", "%s cannot be read: %s.", path, strerror(errno));
	if (!fgets(line, sizeof line, file))
		line[0] = '\0';
	fclose(file);
	line[strcspn(line, "\r\n")] = '\0';
	good = line[0] != '\0' && text_copy(out, SECRET_SIZE, line);
	explicit_bzero(line, sizeof line);
	if (!good)
		return fault_set(fault, ERR_INVALID, "secret_file", "", "The first line of %s has to be a secret of 1 to %d bytes.", path,
			SECRET_SIZE - 1);
	return ERR_NONE;
}

/* The mesh key costs 20 ms and 8 MiB, so it is only made when something changes. */
static enum err put_secret(struct db *db, const struct options *options, struct fault *fault)
{
	struct identity identity;
	char secret[SECRET_SIZE];
	const char *mesh;
	enum err e = identity_read(db, &identity);

	if (e != ERR_NONE)
		return e;
	text_copy(secret, sizeof secret, identity.mesh_secret);
	if (options->secret_file)
		e = read_secret(options->secret_file, secret, fault);
	mesh = options->mesh ? options->mesh : identity.mesh;
	if (e == ERR_NONE && (strcmp(mesh, identity.mesh) != 0 || strcmp(secret, identity.mesh_secret) != 0))
		e = site_secret_set(db, mesh, secret, fault);
	explicit_bzero(secret, sizeof secret);
	explicit_bzero(&identity, sizeof identity);
	return e;
}

static enum err seed(struct db *db, const struct options *options, const struct world *world, struct site_config *config,
	struct fault *fault)
{
	struct identity identity;
	bool new = identity_read(db, &identity) == ERR_NOT_FOUND;
	enum err e = site_first_start(db, world);

	explicit_bzero(&identity, sizeof identity);
	if (e == ERR_NONE)
		e = site_config_read(db, config);
	if (e == ERR_NONE)
		e = put_options(options, new, config, fault);
	if (e == ERR_NONE)
		e = site_config_write(db, config, fault);
	return e == ERR_NONE ? put_secret(db, options, fault) : e;
}

bool seed_database(const char *path, const struct options *options, const struct world *world, struct site_config *config)
{
	struct fault fault = {0};
	struct db *db = NULL;
	enum err e = db_open(path, DB_WRITE, &db, &fault);

	if (e != ERR_NONE)
		goto out;
	e = db_begin(db);
	if (e != ERR_NONE)
		goto out;
	e = seed(db, options, world, config, &fault);
	if (e == ERR_NONE)
		e = db_commit(db);
	else
		db_rollback(db);
out:
	if (e != ERR_NONE)
		fprintf(stderr, "parkmesh-central: %s\n", fault.sentence[0] ? fault.sentence : db ? db_last_error(db) : err_name(e));
	db_close(db);
	return e == ERR_NONE;
}
