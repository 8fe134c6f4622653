#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "command.h"
#include "conf.h"
#include "output.h"
#include "wire/json.h"

const char cmd_conf_usage[] =
	"Usage: parkmeshctl [--json] conf [KEY]\n"
	"Show what is in force of the machine's configuration, or one KEY's value alone; say what is wrong with the file, if\n"
	"something is. Of webhook_url only whether there is one.\n";
const char cmd_nginx_edges_usage[] =
	"Usage: parkmeshctl [--json] nginx-edges [FILE]\n"
	"Write who is trusted by trust_edges, for nginx, which does not limit how often they call: to FILE (-: standard output),\n"
	"or to " CONF_EDGES_FILE ", which the installed site of nginx includes. Then run: systemctl reload nginx\n";

#define TEXT_MAX 65536
#define PATH_SIZE 4096

/* --- conf ------------------------------------------------------------------------------------------------------------ */

static void value_of(const struct ctl *c, size_t key, struct buf *out)
{
	buf_reset(out);
	conf_value(c->conf, key, out);
}

static enum ctl_end show_one(const struct ctl *c, const char *name, struct buf *value)
{
	struct fault fault = {0};

	for (size_t i = 0; conf_name(i); i++) {
		if (strcmp(conf_name(i), name) != 0)
			continue;
		value_of(c, i, value);
		puts(buf_text(value));
		return output_done();
	}
	return output_failed(c, fault_set(&fault, ERR_NOT_FOUND, "unknown_key", "", "There is no key %.40s.", name), &fault);
}

static enum ctl_end show_all(const struct ctl *c, struct buf *value)
{
	for (size_t i = 0; conf_name(i); i++) {
		value_of(c, i, value);
		printf("%s =%s%s\n", conf_name(i), value->len > 0 ? " " : "", buf_text(value));
	}
	return output_done();
}

static enum ctl_end as_document(const struct ctl *c, struct buf *value)
{
	struct buf out;

	output_begin(&out);
	for (size_t i = 0; conf_name(i); i++) {
		value_of(c, i, value);
		json_add_text(&out, conf_name(i), buf_text(value));
	}
	return output_object(&out);
}

enum ctl_end cmd_conf(const struct ctl *c)
{
	struct buf value;
	enum ctl_end end;

	buf_init(&value, TEXT_MAX);
	if (c->word[0])
		end = show_one(c, c->word[0], &value);
	else
		end = c->json ? as_document(c, &value) : show_all(c, &value);
	buf_free(&value);
	return end;
}

/* --- nginx-edges ----------------------------------------------------------------------------------------------------- */

/* Whole or not at all, since nginx may read it at any moment. It holds no secret, and nginx reads it as root. */
static enum err replace(const char *path, const char *text, struct fault *fault)
{
	char fresh[PATH_SIZE];
	bool fits = text_format(fresh, sizeof fresh, "%s.new", path);
	FILE *file = fits && (unlink(fresh) == 0 || errno == ENOENT) ? fopen(fresh, "wxe") : NULL;
	bool good = file && fputs(text, file) >= 0 && fchmod(fileno(file), 0644) == 0 && fflush(file) == 0 && fsync(fileno(file)) == 0;

	if (file)
		good = fclose(file) == 0 && good;
	if (good && rename(fresh, path) == 0)
		return ERR_NONE;
	return fault_set(fault, ERR_SYSTEM, "file", "", "%.120s cannot be written: %s. Run it as root, or name another file.", path,
		strerror(errno));
}

static enum ctl_end tell_written(const struct ctl *c, const char *path)
{
	struct buf out;

	if (!c->json) {
		printf("%s is written. Now run: systemctl reload nginx\n", path);
		return output_done();
	}
	output_begin(&out);
	json_add_text(&out, "file", path);
	return output_object(&out);
}

enum ctl_end cmd_nginx_edges(const struct ctl *c)
{
	const char *path = c->word[0] ? c->word[0] : CONF_EDGES_FILE;
	struct fault fault = {0};
	enum err e = ERR_NONE;
	struct buf text;

	buf_init(&text, TEXT_MAX);
	buf_str(&text, "# Of trust_edges in parkmesh.conf, by `parkmeshctl nginx-edges`.\n");
	trust_geo(&c->conf->rules.edges, &text);
	if (text.failed)
		e = ERR_MEMORY;
	else if (strcmp(path, "-") == 0)
		fputs(buf_text(&text), stdout);
	else
		e = replace(path, buf_text(&text), &fault);
	buf_free(&text);
	if (e != ERR_NONE)
		return output_failed(c, e, &fault);
	return strcmp(path, "-") == 0 ? output_done() : tell_written(c, path);
}
