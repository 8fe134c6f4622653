/*
 * The subcommands of parkmeshctl: what each is called, what it takes, and what it is given. One row of the table in parkmeshctl.c a
 * subcommand, one file cmd_<word>.c a first word.
 */
#ifndef PARKMESH_CTL_COMMAND_H
#define PARKMESH_CTL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/world.h"

struct conf;
struct db;

/* Exit statuses. */
enum ctl_end { CTL_DONE = 0, CTL_FAILED = 1, CTL_WRONG = 2 };

#define CTL_OPTIONS_MAX 4
#define CTL_WORDS_MAX 2

/* What a subcommand was called with. */
struct ctl {
	struct world world;
	const char *config_path;                 /* NULL: not given */
	const char *db_path;
	const char *notify_path;                 /* NULL: it is looked for beside the database */
	const struct conf *conf;                 /* of the machine; what is by default if the database was named without it */
	bool json;
	const char *word[CTL_WORDS_MAX];         /* what follows the subcommand's name; NULL: not given */
	const char *option[CTL_OPTIONS_MAX];     /* values in the order of subcommand.options, "" for a flag that was given, NULL: not given */
};

struct subcommand_option { const char *name; bool valued; };

struct subcommand {
	const char *first, *second;              /* "peer" "add"; second is NULL for a subcommand of one word */
	const char *words, *about;               /* for the list of subcommands */
	const char *usage;                       /* all of --help */
	size_t least, most;                      /* how many words follow */
	struct subcommand_option options[CTL_OPTIONS_MAX];
	enum ctl_end (*run)(const struct ctl *c);
};

enum ctl_end cmd_status(const struct ctl *c);
enum ctl_end cmd_peer_list(const struct ctl *c);
enum ctl_end cmd_peer_discover(const struct ctl *c);
enum ctl_end cmd_peer_add(const struct ctl *c);
enum ctl_end cmd_peer_remove(const struct ctl *c);
enum ctl_end cmd_peer_repin(const struct ctl *c);
enum ctl_end cmd_warning_list(const struct ctl *c);
enum ctl_end cmd_warning_seen(const struct ctl *c);
enum ctl_end cmd_edge_list(const struct ctl *c);
enum ctl_end cmd_edge_add(const struct ctl *c);
enum ctl_end cmd_edge_token(const struct ctl *c);
enum ctl_end cmd_conf(const struct ctl *c);
enum ctl_end cmd_nginx_edges(const struct ctl *c);
enum ctl_end cmd_config_export(const struct ctl *c);
enum ctl_end cmd_config_import(const struct ctl *c);
enum ctl_end cmd_secret_set(const struct ctl *c);
enum ctl_end cmd_verify(const struct ctl *c);
enum ctl_end cmd_import(const struct ctl *c);
enum ctl_end cmd_backup(const struct ctl *c);
enum ctl_end cmd_restore(const struct ctl *c);
enum ctl_end cmd_setup_link(const struct ctl *c);
enum ctl_end cmd_user_add(const struct ctl *c);
enum ctl_end cmd_user_list(const struct ctl *c);
enum ctl_end cmd_user_passwd(const struct ctl *c);
enum ctl_end cmd_user_remove(const struct ctl *c);
enum ctl_end cmd_user_role(const struct ctl *c);

/* What --help says of each, kept beside the code. */
extern const char cmd_status_usage[], cmd_conf_usage[], cmd_nginx_edges_usage[],
	cmd_peer_list_usage[], cmd_peer_discover_usage[], cmd_peer_add_usage[], cmd_peer_remove_usage[], cmd_peer_repin_usage[],
	cmd_edge_list_usage[], cmd_edge_add_usage[], cmd_edge_token_usage[], cmd_config_export_usage[], cmd_config_import_usage[],
	cmd_secret_set_usage[], cmd_verify_usage[], cmd_import_usage[], cmd_setup_link_usage[], cmd_warning_list_usage[],
	cmd_warning_seen_usage[], cmd_user_add_usage[], cmd_user_list_usage[], cmd_user_passwd_usage[], cmd_user_remove_usage[],
	cmd_user_role_usage[], cmd_backup_usage[], cmd_restore_usage[];

/* Before a subcommand runs: read the machine's configuration as far as it matters, and from it what the command line does not name. It
 * is to be freed with conf_free. Fails as conf_read. */
enum err ctl_configure(struct ctl *c, struct conf **out, struct fault *fault);
/* Is it the database that the configuration names, so that what else that says is meant for it? */
bool ctl_of_machine(const struct ctl *c);
/* Started by root, become for good who owns the folder of the database, so that nothing is left in it which the programs cannot use.
 * What only root may read has to be open by then. ctl_open_read, ctl_open_write and ctl_change do it first. ERR_SYSTEM with fault. */
enum err ctl_become_owner(const struct ctl *c, struct fault *fault);
/* Open the central's database for reading, or for writing; it is never made here. ERR_NOT_FOUND if it is not there. */
enum err ctl_open_read(const struct ctl *c, struct db **out, struct fault *fault);
enum err ctl_open_write(const struct ctl *c, struct db **out, struct fault *fault);

/* One change of the database in a transaction of its own; afterwards p2pd's bell is rung. */
typedef enum err ctl_change_fn(struct db *db, void *arg, struct fault *fault);
enum err ctl_change(const struct ctl *c, ctl_change_fn *change, void *arg, struct fault *fault);

/* Ring p2pd's bell if there is one; without it p2pd looks within a second by itself. */
void ctl_ring(const struct ctl *c);

#endif
