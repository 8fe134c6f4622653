#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "command.h"
#include "domain/site.h"
#include "input.h"
#include "output.h"
#include "store/db.h"
#include "wire/json.h"

const char cmd_config_export_usage[] =
	"Usage: parkmeshctl [--db PATH] [--json] config export [FILE]\n"
	"Write this central's configuration, {this_central, peer_centrals}, to FILE or standard output. Secrets are never in it.\n";
const char cmd_config_import_usage[] =
	"Usage: parkmeshctl [--db PATH] [--json] config import FILE\n"
	"Put the configuration of FILE (-: standard input) in force, as GET /api/p2p/config gives it: checked as a whole, all or\n"
	"nothing, within two seconds. What it does not name keeps its value.\n";

#define FILE_MAX (1024 * 1024)

/* --- export ---------------------------------------------------------------------------------------------------------- */

static void add_config(struct buf *out, const struct site_config *c)
{
	buf_char(out, '{');
	json_add_raw(out, "this_central", "{");
	json_add_text(out, "id", c->id);
	json_add_text(out, "ip", c->ip);
	json_add_integer(out, "p2p_port", c->p2p_port);
	json_add_integer(out, "api_port", c->api_port);
	buf_char(out, '}');
	json_add_raw(out, "peer_centrals", "[");
	for (size_t i = 0; i < c->peer_count; i++) {
		buf_str(out, i > 0 ? ",{" : "{");
		json_add_text(out, "id", c->peers[i].id);
		json_add_text(out, "ip", c->peers[i].ip);
		json_add_integer(out, "p2p_port", c->peers[i].p2p_port);
		json_add_integer(out, "weight", c->peers[i].weight);
		json_add_text(out, "dialect", c->peers[i].dialect);
		output_flag(out, "tls", c->peers[i].tls);
		buf_char(out, '}');
	}
	buf_str(out, "]}");
}

static enum err write_file(const char *path, const struct buf *text, struct fault *fault)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
	bool good = file && fwrite(text->data, 1, text->len, file) == text->len && fputc('\n', file) != EOF;

	if (file)
		good = fclose(file) == 0 && good;
	return good ? ERR_NONE : fault_set(fault, ERR_SYSTEM, "file", "", "%.120s cannot be written: %s.", path, strerror(errno));
}

/* What went into a file, for people or as {"success":true,"config":…}. */
static enum ctl_end tell_exported(const struct ctl *c, const char *config)
{
	struct buf out;

	if (!c->json) {
		printf("The configuration is in %s.\n", c->word[0]);
		return output_done();
	}
	output_begin(&out);
	json_add_raw(&out, "config", config);
	return output_object(&out);
}

static enum ctl_end print(const char *config)
{
	puts(config);
	return output_done();
}

enum ctl_end cmd_config_export(const struct ctl *c)
{
	static struct site_config config; /* 100 peers */
	struct fault fault = {0};
	struct db *db = NULL;
	struct buf text;
	enum ctl_end end;
	enum err e = ctl_open_read(c, &db, &fault);

	if (e == ERR_NONE)
		e = site_config_read(db, &config);
	db_close(db);
	buf_init(&text, FILE_MAX);
	add_config(&text, &config);
	if (e == ERR_NONE && c->word[0])
		e = write_file(c->word[0], &text, &fault);
	if (e != ERR_NONE)
		end = output_failed(c, e, &fault);
	else
		end = c->word[0] ? tell_exported(c, buf_text(&text)) : print(buf_text(&text));
	buf_free(&text);
	return end;
}

/* --- import ---------------------------------------------------------------------------------------------------------- */

/* Where in the file: "this_central" or "peer_centrals[n]". */
struct place { const char *name; const struct cJSON *object; struct fault *fault; };

static enum err wrong_type(const struct place *p, const char *field, const char *what)
{
	char name[40];

	text_format(name, sizeof name, "%s.%s", p->name, field);
	return fault_set(p->fault, ERR_FIELD, "wrong_type", name, "%s has to be %s.", name, what);
}

static enum err read_text(const struct place *p, const char *field, char *out, size_t size)
{
	const struct cJSON *item = json_member(p->object, field);

	if (!item)
		return ERR_NONE;
	if (!cJSON_IsString(item))
		return wrong_type(p, field, "a text");
	return text_copy(out, size, item->valuestring) ? ERR_NONE : wrong_type(p, field, "a shorter text");
}

static enum err read_number(const struct place *p, const char *field, int *out)
{
	const struct cJSON *item = json_member(p->object, field);
	int64_t number;

	if (!item)
		return ERR_NONE;
	if (!json_is_integer(item, 0, INT32_MAX, &number))
		return wrong_type(p, field, "a whole number");
	*out = (int)number;
	return ERR_NONE;
}

static enum err read_own(const struct cJSON *object, struct site_config *c, struct fault *fault)
{
	const struct place p = {"this_central", object, fault};
	enum err e = ERR_NONE;

	if (!object)
		return ERR_NONE;
	if (!cJSON_IsObject(object))
		return fault_set(fault, ERR_FIELD, "wrong_type", p.name, "this_central has to be an object.");
	e = read_text(&p, "id", c->id, sizeof c->id);
	if (e == ERR_NONE)
		e = read_text(&p, "ip", c->ip, sizeof c->ip);
	if (e == ERR_NONE)
		e = read_number(&p, "p2p_port", &c->p2p_port);
	return e == ERR_NONE ? read_number(&p, "api_port", &c->api_port) : e;
}

/* What is not named keeps the value that the held peer of the same id has. */
static void begin_peer(const struct cJSON *object, const struct site_config *held, struct peer_row *out)
{
	const char *id = json_text(object, "id");

	site_peer_begin(out);
	for (size_t i = 0; id && i < held->peer_count; i++) {
		if (strcmp(held->peers[i].id, id) == 0)
			*out = held->peers[i];
	}
}

/* The dialect, and TLS: what is not named stays, or is what is usual with another dialect. */
static enum err read_link(const struct place *p, struct peer_row *out)
{
	const struct cJSON *tls = json_member(p->object, "tls");
	char before[sizeof out->dialect];
	enum err e;

	text_copy(before, sizeof before, out->dialect);
	e = read_text(p, "dialect", out->dialect, sizeof out->dialect);
	if (e != ERR_NONE)
		return e;
	if (strcmp(before, out->dialect) != 0)
		out->tls = site_tls_default(out->dialect);
	if (tls && !cJSON_IsBool(tls))
		return wrong_type(p, "tls", "true or false");
	if (tls)
		out->tls = cJSON_IsTrue(tls);
	return ERR_NONE;
}

static enum err read_peer(const struct cJSON *object, size_t index, const struct site_config *held, struct peer_row *out,
	struct fault *fault)
{
	char name[32];
	struct place p = {name, object, fault};
	enum err e;

	text_format(name, sizeof name, "peer_centrals[%zu]", index);
	if (!cJSON_IsObject(object))
		return fault_set(fault, ERR_FIELD, "wrong_type", name, "%s has to be an object.", name);
	begin_peer(object, held, out);
	e = read_text(&p, "id", out->id, sizeof out->id);
	if (e == ERR_NONE)
		e = read_text(&p, "ip", out->ip, sizeof out->ip);
	if (e == ERR_NONE)
		e = read_number(&p, "p2p_port", &out->p2p_port);
	if (e == ERR_NONE)
		e = read_number(&p, "weight", &out->weight);
	return e == ERR_NONE ? read_link(&p, out) : e;
}

static enum err read_peers(const struct cJSON *list, struct site_config *c, struct fault *fault)
{
	const struct site_config held = *c;
	const cJSON *item;
	enum err e = ERR_NONE;

	if (!list)
		return ERR_NONE;
	if (!cJSON_IsArray(list))
		return fault_set(fault, ERR_FIELD, "wrong_type", "peer_centrals", "peer_centrals has to be a list.");
	c->peer_count = 0;
	cJSON_ArrayForEach(item, list) {
		if (e != ERR_NONE)
			break;
		if (c->peer_count == PEERS_MAX)
			return fault_set(fault, ERR_INVALID, "too_many_peers", "peer_centrals", "A central has at most %d peers.", PEERS_MAX);
		e = read_peer(item, c->peer_count, &held, &c->peers[c->peer_count], fault);
		c->peer_count++;
	}
	return e;
}

/* The object itself, or wrapped in {"config": …} as the API answers it. */
static enum err lay_over(struct db *db, void *arg, struct fault *fault)
{
	static struct site_config config; /* 100 peers */
	const struct cJSON *object = arg, *inner = json_member(object, "config");
	enum err e = site_config_read(db, &config);

	if (inner)
		object = inner;
	if (!json_member(object, "this_central") && !json_member(object, "peer_centrals"))
		return fault_set(fault, ERR_FIELD, "missing_field", "this_central", "The file has neither this_central nor peer_centrals.");
	if (e == ERR_NONE)
		e = read_own(json_member(object, "this_central"), &config, fault);
	if (e == ERR_NONE)
		e = read_peers(json_member(object, "peer_centrals"), &config, fault);
	return e == ERR_NONE ? site_config_write(db, &config, fault) : e;
}

enum ctl_end cmd_config_import(const struct ctl *c)
{
	struct fault fault = {0};
	struct cJSON *object = NULL;
	struct buf text;
	enum err e;

	buf_init(&text, FILE_MAX);
	e = input_read(c->word[0], &text, &fault);
	if (e == ERR_NONE) {
		e = json_read(buf_text(&text), text.len, &object);
		if (e == ERR_SYNTAX)
			fault_set(&fault, e, "syntax", "", "%.120s is no JSON object.", c->word[0]);
	}
	if (e == ERR_NONE)
		e = ctl_change(c, lay_over, object, &fault);
	cJSON_Delete(object);
	buf_free(&text);
	if (e != ERR_NONE)
		return output_failed(c, e, &fault);
	if (!c->json)
		return print("The configuration is in force.");
	output_begin(&text);
	return output_object(&text);
}
