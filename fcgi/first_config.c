#include "first_config.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "base/file.h"
#include "base/journal.h"
#include "base/text.h"
#include "domain/site.h"
#include "p2p_config.h"
#include "wire/json.h"

#define FILE_MAX (1024 * 1024)

/* The held configuration with the file's laid over it, if that is good. Writes nothing. */
static enum err lay_over(const struct cJSON *file, struct site_config *config, struct fault *fault)
{
	static struct config_change change; /* 100 peers; before any thread is started */
	const struct cJSON *own = json_member(file, "this_central"), *peers = json_member(file, "peer_centrals");
	enum err e;

	if (!cJSON_IsObject(own))
		return fault_set(fault, ERR_FIELD, "missing_field", "this_central", "this_central has to be an object.");
	if (peers && !cJSON_IsArray(peers))
		return fault_set(fault, ERR_FIELD, "wrong_type", "peer_centrals", "peer_centrals has to be a list.");
	change = (struct config_change){0};
	e = config_change_read(own, peers, &change, fault);
	if (e == ERR_NONE)
		e = config_change_apply(&change, config, fault);
	return e == ERR_NONE ? site_config_check(config, fault) : e;
}

static enum err read_over(const char *path, struct site_config *config, struct fault *fault)
{
	struct cJSON *file = NULL;
	struct buf text;
	enum err e;

	buf_init(&text, FILE_MAX);
	e = file_read(path, &text, fault);
	if (e == ERR_NONE) {
		e = json_read(buf_text(&text), text.len, &file);
		if (e == ERR_SYNTAX)
			fault_set(fault, e, "syntax", "", "It is no JSON object.");
	}
	if (e == ERR_NONE)
		e = lay_over(file, config, fault);
	cJSON_Delete(file);
	buf_free(&text);
	return e;
}

static enum err take_file(struct db *db, const char *path)
{
	static struct site_config config; /* 100 peers; before any thread is started */
	struct fault fault = {0};
	enum err e = site_config_read(db, &config);

	if (e != ERR_NONE)
		return e;
	e = read_over(path, &config, &fault);
	if (e == ERR_NONE) {
		journal_info("event=first_configuration file=%s id=%s peers=%zu", path, config.id, config.peer_count);
		return site_config_write(db, &config, &fault);
	}
	text_tame(fault.sentence); /* it may quote the file */
	if (e != ERR_NOT_FOUND)
		journal_error("event=first_configuration_refused file=%s reason=\"%s\" remedy=\"This central starts as central-1, alone. Mend "
			"the file and run: parkmeshctl config import %s\"", path, fault.sentence, path);
	return ERR_NONE;
}

enum err first_config_take(struct db *db, const char *path, const struct world *world)
{
	struct identity own;
	enum err e = identity_read(db, &own);
	bool new = e == ERR_NOT_FOUND;

	explicit_bzero(&own, sizeof own);
	if (!new)
		return e;
	e = site_first_start(db, world);
	return e == ERR_NONE && path && path[0] ? take_file(db, path) : e;
}
