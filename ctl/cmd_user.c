#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "command.h"
#include "domain/people.h"
#include "input.h"
#include "output.h"
#include "seal/password.h"
#include "store/db.h"
#include "wire/json.h"

const char cmd_user_list_usage[] =
	"Usage: parkmeshctl [--db PATH] [--json] user list\n"
	"List the people who may log in to this central's pages.\n";
const char cmd_user_add_usage[] =
	"Usage: parkmeshctl [--db PATH] [--json] user add NAME [--role viewer|operator|admin] <PASSWORD\n"
	"Add an account. The password is the first line of standard input; a terminal is asked for it.\n"
	"\n"
	"  --role ROLE  viewer looks, operator also corrects stays and opens barriers, admin also changes settings and accounts\n"
	"               (default: operator)\n";
const char cmd_user_passwd_usage[] =
	"Usage: parkmeshctl [--db PATH] [--json] user passwd NAME <PASSWORD\n"
	"Set an account's password; whoever is logged in by it is logged out. The password is the first line of standard input;\n"
	"a terminal is asked for it.\n";
const char cmd_user_role_usage[] =
	"Usage: parkmeshctl [--db PATH] [--json] user role NAME viewer|operator|admin\n"
	"Set an account's role. It counts at once. The last administrator stays one.\n";
const char cmd_user_remove_usage[] =
	"Usage: parkmeshctl [--db PATH] [--json] user remove NAME\n"
	"Remove an account; whoever is logged in by it is logged out. The last administrator cannot be removed.\n";

#define BY "parkmeshctl"
#define PASSWORD_SIZE (PASSWORD_BYTES_MAX + 2)

/* --- list ------------------------------------------------------------------------------------------------------------ */

struct listing { struct buf *out; size_t count; };

static enum err list_json(void *arg, const struct user_row *row)
{
	struct listing *l = arg;

	buf_str(l->out, l->count++ ? ",{" : "{");
	json_add_text(l->out, "name", row->name);
	json_add_text(l->out, "role", user_role_name(row->role));
	json_add_integer(l->out, "created_ms", row->created_ms);
	json_add_integer(l->out, "seen_ms", row->seen_ms);
	buf_char(l->out, '}');
	return l->out->failed ? ERR_MEMORY : ERR_NONE;
}

static enum err list_text(void *arg, const struct user_row *row)
{
	struct listing *l = arg;
	char seen[24];

	if (l->count++ == 0)
		printf("%-32s %-9s %s\n", "NAME", "ROLE", "LAST LOG-IN");
	output_time(row->seen_ms, seen);
	printf("%-32s %-9s %s\n", row->name, user_role_name(row->role), seen);
	return ERR_NONE;
}

static enum ctl_end show_list(const struct ctl *c, struct db *db)
{
	struct fault fault = {0};
	struct buf out;
	struct listing l = {.out = &out};
	enum err e;

	output_begin(&out);
	buf_str(&out, ",\"users\":[");
	e = user_list(db, c->json ? list_json : list_text, &l);
	buf_char(&out, ']');
	if (e == ERR_NONE && c->json)
		return output_object(&out);
	buf_free(&out);
	if (e != ERR_NONE)
		return output_failed(c, e, &fault);
	if (l.count == 0)
		puts("There is no account yet. parkmeshctl setup-link makes a link for the first one.");
	return output_done();
}

enum ctl_end cmd_user_list(const struct ctl *c)
{
	struct fault fault = {0};
	struct db *db = NULL;
	enum ctl_end end;
	enum err e = ctl_open_read(c, &db, &fault);

	end = e == ERR_NONE ? show_list(c, db) : output_failed(c, e, &fault);
	db_close(db);
	return end;
}

/* --- changes --------------------------------------------------------------------------------------------------------- */

struct change { const struct ctl *ctl; enum user_role role; char hash[PASSWORD_HASH_SIZE]; };

static struct actor actor(const struct change *w)
{
	return (struct actor){.who = BY, .source = "", .now_ms = world_wall_ms(&w->ctl->world)};
}

static enum ctl_end done(const struct ctl *c, enum err e, const struct fault *fault, const char *what)
{
	struct buf out;

	if (e != ERR_NONE)
		return output_failed(c, e, fault);
	if (!c->json) {
		printf("The account %s is %s.\n", c->word[0], what);
		return output_done();
	}
	output_begin(&out);
	json_add_text(&out, "name", c->word[0]);
	return output_object(&out);
}

static enum ctl_end wrong_role(const char *role)
{
	fprintf(stderr, "parkmeshctl: %s: a role is viewer, operator or admin. Try 'parkmeshctl user --help'.\n", role);
	return CTL_WRONG;
}

/* Hashing takes long, so it is done before the database is held. */
static enum err read_password(const struct ctl *c, char hash[PASSWORD_HASH_SIZE], struct fault *fault)
{
	char password[PASSWORD_SIZE] = "";
	enum err e = people_check_name(c->word[0], fault);

	if (e == ERR_NONE)
		e = input_password("Password: ", password, sizeof password, fault);
	if (e == ERR_NONE)
		e = people_check_password(c->word[0], password, fault);
	if (e == ERR_NONE && !password_hash(password, hash))
		e = ERR_MEMORY;
	explicit_bzero(password, sizeof password);
	return e;
}

static enum err add(struct db *db, void *arg, struct fault *fault)
{
	const struct change *w = arg;
	const struct actor by = actor(w);

	return people_add(db, &by, w->ctl->word[0], w->role, w->hash, fault);
}

enum ctl_end cmd_user_add(const struct ctl *c)
{
	struct change w = {.ctl = c, .role = USER_OPERATOR};
	struct fault fault = {0};
	enum err e;

	if (c->option[0] && !user_role_parse(c->option[0], &w.role))
		return wrong_role(c->option[0]);
	e = read_password(c, w.hash, &fault);
	if (e == ERR_NONE)
		e = ctl_change(c, add, &w, &fault);
	return done(c, e, &fault, "added");
}

static enum err set_password(struct db *db, void *arg, struct fault *fault)
{
	const struct change *w = arg;
	const struct actor by = actor(w);

	return people_set_password(db, &by, w->ctl->word[0], w->hash, NULL, fault);
}

enum ctl_end cmd_user_passwd(const struct ctl *c)
{
	struct change w = {.ctl = c};
	struct fault fault = {0};
	enum err e = read_password(c, w.hash, &fault);

	if (e == ERR_NONE)
		e = ctl_change(c, set_password, &w, &fault);
	return done(c, e, &fault, "given the new password");
}

static enum err set_role(struct db *db, void *arg, struct fault *fault)
{
	const struct change *w = arg;
	const struct actor by = actor(w);

	return people_set_role(db, &by, w->ctl->word[0], w->role, fault);
}

enum ctl_end cmd_user_role(const struct ctl *c)
{
	struct change w = {.ctl = c};
	struct fault fault = {0};

	if (!user_role_parse(c->word[1], &w.role))
		return wrong_role(c->word[1]);
	return done(c, ctl_change(c, set_role, &w, &fault), &fault, "given the role");
}

static enum err take_away(struct db *db, void *arg, struct fault *fault)
{
	const struct change *w = arg;
	const struct actor by = actor(w);

	return people_remove(db, &by, w->ctl->word[0], fault);
}

enum ctl_end cmd_user_remove(const struct ctl *c)
{
	struct change w = {.ctl = c};
	struct fault fault = {0};

	return done(c, ctl_change(c, take_away, &w, &fault), &fault, "removed");
}
