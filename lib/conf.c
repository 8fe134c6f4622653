#include "conf.h"

#include <ctype.h>
#include <ini.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/journal.h"
#include "base/text.h"

#define SEPARATORS " \t,"
#define VALUE_MAX (16 * 1024)

/* --- keys ------------------------------------------------------------------------------------------------------------ */

enum kind { PATH, OPTIONAL_PATH, NUMBER, SWITCH, NETWORKS, ORIGINS, HOSTS, URL };

/* Where a program that runs cannot take over another value. */
#define BOTH (CONF_FCGI | CONF_P2PD)

struct key {
	const char *name;
	enum kind kind;
	size_t offset;
	int restart;                       /* of enum conf_reader */
	int least, most, preset;           /* of a number; of a switch 0 is no */
	const char *text;                  /* what a text is by default */
};
#define AT(member) offsetof(struct conf, member)

static const struct key keys[] = {
	{"trust_edges", NETWORKS, AT(rules.edges), 0, 0, 0, 0, NULL},
	{"trust_admin", NETWORKS, AT(rules.admins), 0, 0, 0, 0, NULL},
	{"cors_origins", ORIGINS, 0, 0, 0, 0, 0, NULL},
	{"hosts", HOSTS, 0, 0, 0, 0, 0, NULL},
	{"backup_folder", PATH, AT(backup_folder), 0, 0, 0, 0, "/var/lib/parkmesh/backup"},
	{"backup_days", NUMBER, AT(backup_days), 0, 1, 3650, 14, NULL},
	{"webhook_url", URL, AT(webhook_url), 0, 0, 0, 0, ""},
	{"webhook_min_interval", NUMBER, AT(webhook_min_interval_s), 0, 10, 86400, 300, NULL},
	{"tls_certificate", OPTIONAL_PATH, AT(tls_certificate), 0, 0, 0, 0, ""},
	{"tls_key", OPTIONAL_PATH, AT(tls_key), 0, 0, 0, 0, ""},
	{"discovery", SWITCH, AT(discovery), CONF_P2PD, 0, 1, 1, NULL},
	{"threads", NUMBER, AT(threads), CONF_FCGI, 1, CONF_THREADS_MAX, CONF_THREADS, NULL},
	{"database", PATH, AT(database), BOTH, 0, 0, 0, "/var/lib/parkmesh/parkmesh.db"},
	{"notify", PATH, AT(notify), BOTH, 0, 0, 0, "/run/parkmesh/notify"},
	{"live", PATH, AT(live), CONF_P2PD, 0, 0, 0, "/run/parkmesh/live.sock"},
	{"share", PATH, AT(share), CONF_FCGI, 0, 0, 0, "/usr/share/parkmesh"},
	{"p2p_config", OPTIONAL_PATH, AT(p2p_config), 0, 0, 0, 0, "/etc/parkmesh/p2p_config.json"},
};
#define KEYS (sizeof keys / sizeof *keys)

static const struct key *key_find(const char *name)
{
	for (size_t i = 0; i < KEYS; i++) {
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	}
	return NULL;
}

static const char **text_at(const struct conf *c, const struct key *k)
{
	return (const char **)((char *)c + k->offset);
}

static bool is_number(const struct key *k)
{
	return k->kind == NUMBER || k->kind == SWITCH;
}

static int *number_at(const struct conf *c, const struct key *k)
{
	return (int *)((char *)c + k->offset);
}

static struct trust *trust_at(const struct conf *c, const struct key *k)
{
	return (struct trust *)((char *)c + k->offset);
}

/* --- reading a file -------------------------------------------------------------------------------------------------- */

struct reading {
	const char *path;
	const char *next, *end;            /* of the file's bytes, what was not read yet */
	int line;
	bool seen[KEYS];
	struct conf *conf;
	char *free;                        /* where in its texts there is room: they cannot be longer than the file */
	enum err err;
	struct fault *fault;
};

static bool wrong(struct reading *r, enum err e, const char *what)
{
	r->err = fault_set(r->fault, e, "configuration", "", "%.80s, line %d: %s", r->path, r->line, what);
	return false;
}

static bool wrong_value(struct reading *r, const struct key *k, const char *value, const char *takes)
{
	char what[180], shown[40];

	text_copy(shown, sizeof shown, value);
	text_tame(shown);
	text_format(what, sizeof what, "%s takes %s; not '%s'.", k->name, takes, shown);
	return wrong(r, ERR_INVALID, what);
}

static const char *keep(struct reading *r, const char *text, size_t len)
{
	char *kept = r->free;

	memcpy(kept, text, len);
	kept[len] = '\0';
	r->free += len + 1;
	return kept;
}

static bool path_good(const char *text)
{
	return text[0] == '/' && strlen(text) <= CONF_PATH_MAX;
}

static bool url_good(const char *text)
{
	size_t scheme = strncmp(text, "https://", 8) == 0 ? 8 : strncmp(text, "http://", 7) == 0 ? 7 : 0;

	return scheme > 0 && text[scheme] != '\0' && !strchr("/:?#@", text[scheme]) && !strpbrk(text, " \t\"\\<>#")
		&& strlen(text) <= CONF_URL_MAX;
}

static bool take_text(struct reading *r, const struct key *k, const char *value)
{
	bool none = value[0] == '\0' && k->kind != PATH;

	if (!none && k->kind == URL && !url_good(value))
		return wrong(r, ERR_INVALID, "webhook_url takes an address such as https://example.org/parking, without #, of at most "
			"319 bytes."); /* which is not shown */
	if (!none && k->kind != URL && !path_good(value))
		return wrong_value(r, k, value, "a path from / on, of at most 400 bytes");
	*text_at(r->conf, k) = keep(r, value, strlen(value));
	return true;
}

static bool take_number(struct reading *r, const struct key *k, const char *value)
{
	char takes[60];
	int64_t number;

	if (!number_parse(value, k->most, &number) || number < k->least) {
		text_format(takes, sizeof takes, "a number from %d to %d", k->least, k->most);
		return wrong_value(r, k, value, takes);
	}
	*number_at(r->conf, k) = (int)number;
	return true;
}

static bool take_switch(struct reading *r, const struct key *k, const char *value)
{
	bool yes = strcmp(value, "yes") == 0;

	if (!yes && strcmp(value, "no") != 0)
		return wrong_value(r, k, value, "yes or no");
	*number_at(r->conf, k) = yes;
	return true;
}

static bool take_item(struct reading *r, const struct key *k, const char *item)
{
	switch (k->kind) {
	case NETWORKS:
		return trust_add(trust_at(r->conf, k), item)
			|| wrong_value(r, k, item, "addresses, networks such as 10.0.0.0/8 (64 at most), or none");
	case ORIGINS:
		return rules_add_origin(&r->conf->rules, item)
			|| wrong_value(r, k, item, "origins such as https://office.example, 32 at most");
	case HOSTS:
		return rules_add_host(&r->conf->rules, item) || wrong_value(r, k, item, "names without a port, 32 at most");
	case PATH: case OPTIONAL_PATH: case NUMBER: case SWITCH: case URL: break;
	}
	return false;
}

static bool take_list(struct reading *r, const struct key *k, const char *value)
{
	for (value += strspn(value, SEPARATORS); *value; value += strspn(value, SEPARATORS)) {
		size_t len = strcspn(value, SEPARATORS);

		if (!take_item(r, k, keep(r, value, len)))
			return false;
		value += len;
	}
	return true;
}

static bool take_value(struct reading *r, const struct key *k, const char *value)
{
	switch (k->kind) {
	case NETWORKS: case ORIGINS: case HOSTS: return take_list(r, k, value);
	case PATH: case OPTIONAL_PATH: case NUMBER: case SWITCH: case URL: break;
	}
	if (r->seen[k - keys])
		return wrong_value(r, k, value, "one value, and has one already; remove one of both lines");
	r->seen[k - keys] = true;
	if (k->kind == SWITCH)
		return take_switch(r, k, value);
	return k->kind == NUMBER ? take_number(r, k, value) : take_text(r, k, value);
}

/* libinih's handler: 0 is an error. */
static int take_line(void *arg, const char *section, const char *name, const char *value)
{
	struct reading *r = arg;
	const struct key *k = key_find(name);
	char what[120], shown[40];

	if (section[0])
		return wrong(r, ERR_SYNTAX, "there are no [sections] here; remove this line.");
	if (k)
		return take_value(r, k, value);
	text_copy(shown, sizeof shown, name);
	text_tame(shown);
	text_format(what, sizeof what, "there is no key '%s'; correct or remove it.", shown);
	return wrong(r, ERR_INVALID, what);
}

static bool line_good(const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (iscntrl((unsigned char)line[i]) && line[i] != '\t' && !(line[i] == '\r' && i + 1 == len))
			return false;
	}
	return utf8_valid(line, len);
}

/* libinih's fgets. After an error there are no more lines. */
static char *next_line(char *out, int size, void *arg)
{
	struct reading *r = arg;
	const char *end = memchr(r->next, '\n', (size_t)(r->end - r->next));
	size_t len = (size_t)((end ? end : r->end) - r->next);

	if (r->err != ERR_NONE || r->next == r->end)
		return NULL;
	r->line++;
	if (len > CONF_LINE_MAX || len >= (size_t)size)
		wrong(r, ERR_TOO_LARGE, "it is longer than 1000 bytes; lists may stand on several lines.");
	else if (!line_good(r->next, len))
		wrong(r, ERR_SYNTAX, "it has bytes that are no text; write it anew.");
	else if (r->next[strspn(r->next, " \t")] == '[')
		wrong(r, ERR_SYNTAX, "there are no [sections] here; remove it.");
	if (r->err != ERR_NONE)
		return NULL;
	memcpy(out, r->next, len);
	out[len] = '\0';
	r->next += len + (end != NULL);
	return out;
}

/* All that libinih can be told is told for the whole process. */
static void parse(struct reading *r)
{
	int bad;

	ini_max_line = CONF_LINE_MAX + 3;
	ini_allow_multiline = false;
	ini_stop_on_first_error = true;
	ini_inline_comment_prefixes = "#;";
	bad = ini_parse_stream(next_line, r, take_line, r);
	if (bad > 0 && r->err == ERR_NONE)
		wrong(r, ERR_SYNTAX, "this is no 'key = value'; correct or remove it.");
	else if (bad < 0 && r->err == ERR_NONE)
		r->err = ERR_MEMORY;
	if (r->err == ERR_NONE && !r->conf->tls_certificate[0] != !r->conf->tls_key[0])
		r->err = fault_set(r->fault, ERR_INVALID, "configuration", "", "%.80s: tls_certificate and tls_key go together; set both or none.",
			r->path);
}

static enum err conf_new(size_t room, struct conf **out)
{
	struct conf *c = calloc(1, sizeof *c + room + 1);

	*out = c;
	if (!c)
		return ERR_MEMORY;
	rules_init(&c->rules);
	for (const struct key *k = keys; k < keys + KEYS; k++) {
		if (k->text)
			*text_at(c, k) = k->text;
		else if (is_number(k))
			*number_at(c, k) = k->preset;
	}
	return ERR_NONE;
}

enum err conf_read(const char *path, struct conf **out, struct fault *fault)
{
	struct reading r = {.path = path, .fault = fault};
	struct buf text;

	*out = NULL;
	buf_init(&text, CONF_FILE_MAX);
	r.err = file_read(path, &text, fault);
	if (r.err == ERR_NONE)
		r.err = conf_new(text.len, &r.conf);
	if (r.err == ERR_NONE) {
		r.next = buf_text(&text);
		r.end = r.next + text.len;
		r.free = r.conf->texts;
		parse(&r);
	}
	buf_free(&text);
	if (r.err == ERR_NONE)
		*out = r.conf;
	else
		conf_free(r.conf);
	return r.err;
}

enum err conf_default(struct conf **out)
{
	return conf_new(0, out);
}

void conf_free(struct conf *c)
{
	free(c);
}

/* --- telling --------------------------------------------------------------------------------------------------------- */

const char *conf_name(size_t number)
{
	return number < KEYS ? keys[number].name : NULL;
}

static void add_names(const char *const *names, size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_char(out, ' ');
		buf_str(out, names[i]);
	}
}

void conf_value(const struct conf *c, size_t number, struct buf *out)
{
	const struct key *k = &keys[number];

	switch (k->kind) {
	case NETWORKS: trust_text(trust_at(c, k), out); break;
	case ORIGINS: add_names(c->rules.origin, c->rules.origin_count, out); break;
	case HOSTS: add_names(c->rules.host, c->rules.host_count, out); break;
	case NUMBER: buf_printf(out, "%d", *number_at(c, k)); break;
	case SWITCH: buf_str(out, *number_at(c, k) ? "yes" : "no"); break;
	case URL: buf_str(out, (*text_at(c, k))[0] ? "(set)" : ""); break;
	case PATH: case OPTIONAL_PATH: buf_str(out, *text_at(c, k)); break;
	}
}

void conf_restart_needed(const struct conf *old, const struct conf *now, enum conf_reader reader, struct buf *names)
{
	for (const struct key *k = keys; k < keys + KEYS; k++) {
		bool same = is_number(k) ? *number_at(old, k) == *number_at(now, k)
			: k->kind == PATH && strcmp(*text_at(old, k), *text_at(now, k)) == 0;

		if ((k->restart & (int)reader) && !same)
			buf_printf(names, "%s%s", names->len > 0 ? " " : "", k->name);
	}
}

struct conf *conf_reread(const char *path, const struct conf *started, enum conf_reader reader)
{
	struct conf *fresh = NULL;
	struct fault fault = {0};
	struct buf names;

	if (conf_read(path, &fresh, &fault) != ERR_NONE) {
		journal_error("event=configuration_refused reason=\"%s\" remedy=\"What was read before goes on until the file is mended.\"",
			fault.sentence);
		return NULL;
	}
	buf_init(&names, CONF_LINE_MAX);
	conf_restart_needed(started, fresh, reader, &names);
	if (names.len > 0)
		journal_warning("event=restart_needed keys=\"%s\"", buf_text(&names));
	buf_free(&names);
	journal_info("event=configuration_read file=%s", path);
	return fresh;
}
