#include <stdio.h>
#include <string.h>

#include "command.h"
#include "domain/edge.h"
#include "output.h"
#include "seal/token.h"
#include "store/db.h"
#include "wire/json.h"

const char cmd_edge_list_usage[] =
	"Usage: parkmeshctl [--db PATH] [--json] edge list\n"
	"List the edges that were given a name, a lane or a token.\n";
const char cmd_edge_add_usage[] =
	"Usage: parkmeshctl [--db PATH] [--json] edge add ID [--name NAME] [--lane entry|exit|both]\n"
	"Add an edge, or change the one there. On a lane set as entry or exit, what does not fit it is refused.\n"
	"\n"
	"  --name NAME   what people call it; without it a known edge keeps its name\n"
	"  --lane LANE   entry, exit or both; without it a known edge keeps its lane, and a new one has both\n";
const char cmd_edge_token_usage[] =
	"Usage: parkmeshctl [--db PATH] [--json] edge token ID\n"
	"Make a new token for the edge, by which it is let in from any address (Authorization: Bearer TOKEN). It is shown\n"
	"this once and kept only as a hash; the one before it ends.\n";

#define BY "parkmeshctl"  /* in the audit list */

enum { OPTION_NAME, OPTION_LANE };

/* --- list ------------------------------------------------------------------------------------------------------------ */

struct listing { struct buf *out; size_t count; };

static const char *lane_word(enum lane lane)
{
	return lane == LANE_ENTRY ? "entry" : lane == LANE_EXIT ? "exit" : "both";
}

static enum err list_json(void *arg, const struct edge_row *row)
{
	struct listing *l = arg;

	buf_str(l->out, l->count++ ? ",{" : "{");
	json_add_text(l->out, "edge_id", row->edge_id);
	json_add_text(l->out, "name", row->name);
	json_add_text(l->out, "lane", lane_word(row->lane));
	output_flag(l->out, "token_set", row->has_token);
	json_add_integer(l->out, "created_ms", row->created_ms);
	json_add_integer(l->out, "seen_ms", row->seen_ms);
	buf_char(l->out, '}');
	return l->out->failed ? ERR_MEMORY : ERR_NONE;
}

static enum err list_text(void *arg, const struct edge_row *row)
{
	struct listing *l = arg;
	char seen[24];

	if (l->count++ == 0)
		printf("%-24s %-6s %-6s %-20s %s\n", "EDGE", "LANE", "TOKEN", "LAST HEARTBEAT", "NAME");
	output_time(row->seen_ms, seen);
	printf("%-24s %-6s %-6s %-20s %s\n", row->edge_id, lane_word(row->lane), row->has_token ? "yes" : "no", seen, row->name);
	return ERR_NONE;
}

enum ctl_end cmd_edge_list(const struct ctl *c)
{
	struct fault fault = {0};
	struct db *db = NULL;
	struct buf out;
	struct listing l = {.out = &out};
	enum err e = ctl_open_read(c, &db, &fault);

	output_begin(&out);
	json_add_raw(&out, "edges", "[");
	if (e == ERR_NONE)
		e = edge_list(db, c->json ? list_json : list_text, &l);
	db_close(db);
	buf_char(&out, ']');
	if (e == ERR_NONE && c->json)
		return output_object(&out);
	buf_free(&out);
	if (e != ERR_NONE)
		return output_failed(c, e, &fault);
	if (l.count == 0)
		puts("No edge has a name, a lane or a token yet.");
	return output_done();
}

/* --- add ------------------------------------------------------------------------------------------------------------- */

struct wanted { const struct ctl *ctl; const char *id; enum lane lane; };

static bool read_lane(const char *word, enum lane *out)
{
	*out = strcmp(word, "entry") == 0 ? LANE_ENTRY : strcmp(word, "exit") == 0 ? LANE_EXIT : LANE_ANY;
	return *out != LANE_ANY || strcmp(word, "both") == 0;
}

static struct actor actor(const struct ctl *c)
{
	return (struct actor){.who = BY, .source = "", .now_ms = world_wall_ms(&c->world)};
}

static enum err add(struct db *db, void *arg, struct fault *fault)
{
	const struct wanted *w = arg;
	const struct actor by = actor(w->ctl);
	const struct edge_wish wish = {.edge_id = w->id, .name = w->ctl->option[OPTION_NAME],
		.lane = w->ctl->option[OPTION_LANE] ? &w->lane : NULL};

	return edge_set(db, &by, &wish, fault);
}

static enum ctl_end added(const struct ctl *c)
{
	struct buf out;

	if (!c->json) {
		printf("Edge %s is set.\n", c->word[0]);
		return output_done();
	}
	output_begin(&out);
	json_add_text(&out, "edge_id", c->word[0]);
	return output_object(&out);
}

enum ctl_end cmd_edge_add(const struct ctl *c)
{
	struct wanted w = {.ctl = c, .id = c->word[0]};
	struct fault fault = {0};
	enum err e;

	if (c->option[OPTION_LANE] && !read_lane(c->option[OPTION_LANE], &w.lane)) {
		fprintf(stderr, "parkmeshctl: %s: a lane is entry, exit or both. Try 'parkmeshctl edge add --help'.\n",
			c->option[OPTION_LANE]);
		return CTL_WRONG;
	}
	e = ctl_change(c, add, &w, &fault);
	return e == ERR_NONE ? added(c) : output_failed(c, e, &fault);
}

/* --- token ----------------------------------------------------------------------------------------------------------- */

struct new_token { const struct ctl *ctl; const char *id; const char *token; };

static enum err set_token(struct db *db, void *arg, struct fault *fault)
{
	const struct new_token *t = arg;
	const struct actor by = actor(t->ctl);
	unsigned char hash[TOKEN_HASH_BYTES];

	token_hash(t->token, hash);
	return edge_new_token(db, &by, t->id, hash, NULL, fault);
}

static enum ctl_end show_token(const struct ctl *c, const char *token)
{
	struct buf out;

	if (!c->json) {
		puts(token);
		return output_done();
	}
	output_begin(&out);
	json_add_text(&out, "edge_id", c->word[0]);
	json_add_text(&out, "token", token);
	return output_object(&out);
}

enum ctl_end cmd_edge_token(const struct ctl *c)
{
	char token[TOKEN_SIZE];
	struct new_token t = {c, c->word[0], token};
	struct fault fault = {0};
	enum ctl_end end;
	enum err e;

	token_draw(&c->world, token);
	e = ctl_change(c, set_token, &t, &fault);
	end = e == ERR_NONE ? show_token(c, token) : output_failed(c, e, &fault);
	explicit_bzero(token, sizeof token);
	return end;
}
