/* parkmeshctl: what an administrator does at a central from a shell. Here only: the table of subcommands and reading the command line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "base/core.h"
#include "base/journal.h"
#include "conf.h"
#include "output.h"
#include "seal/seal.h"

static const struct subcommand commands[] = {
	{"status", NULL, "", "this central, its peers, and what it holds", cmd_status_usage, 0, 0, {{0}}, cmd_status},
	{"peer", "list", "", "its peers", cmd_peer_list_usage, 0, 0, {{0}}, cmd_peer_list},
	{"peer", "add", " ID=ADDRESS:PORT", "exchange records with another central", cmd_peer_add_usage, 1, 1,
		{{"plain", false}, {"dialect", true}}, cmd_peer_add},
	{"peer", "discover", "", "list other centrals in this network", cmd_peer_discover_usage, 0, 0, {{0}}, cmd_peer_discover},
	{"peer", "remove", " ID", "stop doing so", cmd_peer_remove_usage, 1, 1, {{0}}, cmd_peer_remove},
	{"peer", "repin", " ID", "pin a peer's id to another key", cmd_peer_repin_usage, 1, 1, {{"fingerprint", true}}, cmd_peer_repin},
	{"warning", "list", "", "what operators have to know", cmd_warning_list_usage, 0, 0, {{0}}, cmd_warning_list},
	{"warning", "seen", " NUMBER", "say that one was seen", cmd_warning_seen_usage, 1, 1, {{0}}, cmd_warning_seen},
	{"edge", "list", "", "its edges", cmd_edge_list_usage, 0, 0, {{0}}, cmd_edge_list},
	{"edge", "add", " ID", "add or change an edge", cmd_edge_add_usage, 1, 1, {{"name", true}, {"lane", true}}, cmd_edge_add},
	{"edge", "token", " ID", "make a token for an edge", cmd_edge_token_usage, 1, 1, {{0}}, cmd_edge_token},
	{"setup-link", NULL, "", "a link to make an administrator", cmd_setup_link_usage, 0, 0, {{0}}, cmd_setup_link},
	{"user", "list", "", "people who may log in", cmd_user_list_usage, 0, 0, {{0}}, cmd_user_list},
	{"user", "add", " NAME", "add one", cmd_user_add_usage, 1, 1, {{"role", true}}, cmd_user_add},
	{"user", "passwd", " NAME", "set a password", cmd_user_passwd_usage, 1, 1, {{0}}, cmd_user_passwd},
	{"user", "role", " NAME ROLE", "set a role", cmd_user_role_usage, 2, 2, {{0}}, cmd_user_role},
	{"user", "remove", " NAME", "remove one", cmd_user_remove_usage, 1, 1, {{0}}, cmd_user_remove},
	{"config", "export", " [FILE]", "write the configuration", cmd_config_export_usage, 0, 1, {{0}}, cmd_config_export},
	{"config", "import", " FILE", "read the configuration", cmd_config_import_usage, 1, 1, {{0}}, cmd_config_import},
	{"secret", "set", " [-]", "set the secret or the name of the mesh", cmd_secret_set_usage, 0, 1,
		{{"generate", false}, {"file", true}, {"mesh", true}}, cmd_secret_set},
	{"conf", NULL, " [KEY]", "what parkmesh.conf says", cmd_conf_usage, 0, 1, {{0}}, cmd_conf},
	{"nginx-edges", NULL, " [FILE]", "tell nginx who is trusted", cmd_nginx_edges_usage, 0, 1, {{0}}, cmd_nginx_edges},
	{"verify", NULL, "", "check all that is held against its seals", cmd_verify_usage, 0, 0, {{0}}, cmd_verify},
	{"backup", NULL, " [FILE]", "copy the database beside the running programs", cmd_backup_usage, 0, 1,
		{{"folder", true}, {"keep-days", true}}, cmd_backup},
	{"restore", NULL, " FILE", "put a backup in its place", cmd_restore_usage, 1, 1, {{"replace", false}}, cmd_restore},
	{"import", NULL, " OLD.db", "take over the older system's database", cmd_import_usage, 1, 1, {{"days", true}}, cmd_import},
};
#define COMMANDS (sizeof commands / sizeof *commands)

static const char options_text[] =
	"  --config FILE  the machine's configuration (default: " CONF_FILE ")\n"
	"  --db PATH      this central's database (default: $PARKMESH_DB, else what the configuration says); of a folder DIR\n"
	"                 of parkmesh-central it is DIR/parkmesh.db\n"
	"  --notify PATH  the FIFO that wakes p2pd (default: what the configuration says, else notify beside the database)\n"
	"  --json         one JSON document instead of text\n"
	"  --help         this text, or that of a subcommand\n"
	"  --version      name and version\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 wrong command line.\n";

static void list(const char *first)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		const struct subcommand *k = &commands[i];
		char name[64];

		if (first && strcmp(k->first, first) != 0)
			continue;
		snprintf(name, sizeof name, "%s%s%s%s", k->first, k->second ? " " : "", k->second ? k->second : "", k->words);
		printf("  %-28s %s\n", name, k->about);
	}
}

static enum ctl_end help(const char *first)
{
	printf("Usage: parkmeshctl [option...] %s\nLook after one central of a parkmesh.\n\n", first ? first : "SUBCOMMAND");
	list(first);
	printf("\n%s", options_text);
	return CTL_DONE;
}

static enum ctl_end wrong(const char *word, const char *what)
{
	fprintf(stderr, "parkmeshctl: %s: %s. Try 'parkmeshctl --help'.\n", word, what);
	return CTL_WRONG;
}

/* The command line on its way: options of all subcommands are taken out first, wherever they stand. */
struct line { char **word; int count; bool help, version; };

/* Is argv[*i] the option name, with its value as "--name=value" or the next word? false: another one. NULL value: it lacks one. */
static bool valued(char **argv, int argc, int *i, const char *name, const char **value)
{
	size_t len = strlen(name);

	if (strncmp(argv[*i], "--", 2) != 0 || strncmp(argv[*i] + 2, name, len) != 0)
		return false;
	if (argv[*i][2 + len] == '=')
		*value = argv[*i] + 3 + len;
	else if (argv[*i][2 + len] == '\0')
		*value = *i + 1 < argc ? argv[++*i] : NULL;
	else
		return false;
	return true;
}

static bool take_common(char **argv, int argc, int *i, struct ctl *c, struct line *l, bool *good)
{
	const char *value = "";

	if (valued(argv, argc, i, "config", &value))
		c->config_path = value;
	else if (valued(argv, argc, i, "db", &value))
		c->db_path = value;
	else if (valued(argv, argc, i, "notify", &value))
		c->notify_path = value;
	else if (strcmp(argv[*i], "--json") == 0)
		c->json = true;
	else if (strcmp(argv[*i], "--help") == 0)
		l->help = true;
	else if (strcmp(argv[*i], "--version") == 0)
		l->version = true;
	else
		return false;
	*good = value != NULL;
	return true;
}

static enum ctl_end take_all_common(int argc, char **argv, struct ctl *c, struct line *l)
{
	for (int i = 1; i < argc; i++) {
		char *word = argv[i];
		bool good = true;

		if (!take_common(argv, argc, &i, c, l, &good))
			l->word[l->count++] = word;
		if (!good)
			return wrong(word, "this option needs a value");
	}
	return CTL_DONE;
}

static const struct subcommand *find(const struct line *l, int *used)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		const struct subcommand *k = &commands[i];

		*used = k->second ? 2 : 1;
		if (l->count >= *used && strcmp(l->word[0], k->first) == 0 && (!k->second || strcmp(l->word[1], k->second) == 0))
			return k;
	}
	return NULL;
}

static bool is_first(const char *word)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (strcmp(commands[i].first, word) == 0)
			return true;
	}
	return false;
}

static enum ctl_end take_option(const struct subcommand *k, const struct line *l, int *i, struct ctl *c)
{
	for (size_t o = 0; o < CTL_OPTIONS_MAX && k->options[o].name; o++) {
		const char *word = l->word[*i];

		if (k->options[o].valued && valued(l->word, l->count, i, k->options[o].name, &c->option[o]))
			return c->option[o] ? CTL_DONE : wrong(word, "this option needs a value");
		if (!k->options[o].valued && strncmp(word, "--", 2) == 0 && strcmp(word + 2, k->options[o].name) == 0) {
			c->option[o] = "";
			return CTL_DONE;
		}
	}
	return wrong(l->word[*i], "this subcommand has no such option");
}

/* What follows the subcommand's name. */
static enum ctl_end take_rest(const struct subcommand *k, const struct line *l, int used, struct ctl *c)
{
	size_t words = 0;
	enum ctl_end end = CTL_DONE;

	for (int i = used; end == CTL_DONE && i < l->count; i++) {
		if (l->word[i][0] == '-' && l->word[i][1] != '\0')
			end = take_option(k, l, &i, c);
		else if (words == k->most)
			end = wrong(l->word[i], "this is one word too many");
		else
			c->word[words++] = l->word[i];
	}
	if (end == CTL_DONE && words < k->least)
		end = wrong(k->second ? k->second : k->first, "something has to follow this");
	return end;
}

static enum ctl_end run_configured(const struct subcommand *k, struct ctl *c)
{
	struct fault fault = {0};
	struct conf *conf = NULL;
	enum err e = ctl_configure(c, &conf, &fault);
	enum ctl_end end = e == ERR_NONE ? k->run(c) : output_failed(c, e, &fault);

	conf_free(conf);
	return end;
}

static enum ctl_end run(const struct line *l, struct ctl *c)
{
	const struct subcommand *k;
	int used = 0;
	enum ctl_end end;

	if (l->version) {
		puts("parkmeshctl " PACKAGE_VERSION);
		return CTL_DONE;
	}
	k = find(l, &used);
	if (l->help && k) {
		fputs(k->usage, stdout);
		return CTL_DONE;
	}
	if (l->help)
		return l->count == 0 || is_first(l->word[0]) ? help(l->count ? l->word[0] : NULL) : wrong(l->word[0], "there is no such subcommand");
	if (!k)
		return l->count == 0 ? wrong("nothing to do", "name a subcommand") : wrong(l->word[l->count > 1 && is_first(l->word[0])],
			is_first(l->word[0]) && l->count == 1 ? "name what to do with it" : "there is no such subcommand");
	end = take_rest(k, l, used, c);
	return end == CTL_DONE ? run_configured(k, c) : end;
}

int main(int argc, char **argv)
{
	struct ctl c = {.world = world_real()};
	struct line l = {.word = calloc((size_t)argc + 1, sizeof *l.word)};
	enum ctl_end end = CTL_FAILED;

	core_forbid();
	journal_start("parkmeshctl", JOURNAL_WARNING);
	if (!l.word || !seal_start()) {
		fputs("parkmeshctl: memory or libsodium is missing.\n", stderr);
	} else {
		end = take_all_common(argc, argv, &c, &l);
		if (end == CTL_DONE)
			end = run(&l, &c);
	}
	free(l.word);
	return (int)end;
}
