#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "command.h"
#include "domain/site.h"
#include "output.h"
#include "peer_text.h"
#include "peers.h"
#include "store/db.h"
#include "store/discovered.h"
#include "wire/json.h"

const char cmd_peer_list_usage[] =
	"Usage: parkmeshctl [--db PATH] [--json] peer list\n"
	"List the centrals this one exchanges records with, and how each is doing.\n";
const char cmd_peer_discover_usage[] =
	"Usage: parkmeshctl [--db PATH] [--json] peer discover\n"
	"List centrals that announce themselves in this network by mDNS and are no peers yet, with what they say of\n"
	"themselves. Compare the fingerprint with what parkmeshctl status shows there before you add one.\n";
const char cmd_peer_add_usage[] =
	"Usage: parkmeshctl [--db PATH] [--json] peer add [--plain] [--dialect NAME] ID=ADDRESS:PORT\n"
	"Add a central to exchange records with, by its id, address and mesh port; an IPv6 address stands in\n"
	"brackets. In force within two seconds.\n"
	"  --plain         connect without TLS, for one of a version that does not speak it yet\n"
	"  --dialect NAME  legacy: a central of the older Python system; legacy-http: of its newer form, PORT is\n"
	"                  that of its HTTP API then; native: one of ours, the usual\n";
const char cmd_peer_remove_usage[] =
	"Usage: parkmeshctl [--db PATH] [--json] peer remove ID\n"
	"Stop exchanging records with a central. Its records that are held here stay.\n";
const char cmd_peer_repin_usage[] =
	"Usage: parkmeshctl [--db PATH] [--json] peer repin [--fingerprint TEXT] ID\n"
	"Forget the key that this central's id is pinned to, after it was installed anew.\n"
	"  --fingerprint TEXT  pin it to the key of this fingerprint and no other, when it proves it: what\n"
	"                      parkmeshctl status shows on that central. Without, the next key it proves is\n"
	"                      pinned; compare fingerprints afterwards.\n";

/* --- list ------------------------------------------------------------------------------------------------------------ */

static enum err look(const struct ctl *c, struct mesh_look *m, struct fault *fault)
{
	struct db *db = NULL;
	enum err e = ctl_open_read(c, &db, fault);

	if (e == ERR_NONE)
		e = db_read_begin(db);
	if (e == ERR_NONE)
		e = peers_look(db, world_wall_ms(&c->world), m);
	if (db)
		db_read_end(db);
	db_close(db);
	return e;
}

enum ctl_end cmd_peer_list(const struct ctl *c)
{
	static struct mesh_look m; /* some tens of KiB */
	struct fault fault = {0};
	enum err e = look(c, &m, &fault);
	struct buf out;

	if (e != ERR_NONE)
		return output_failed(c, e, &fault);
	if (!c->json) {
		peers_print(&m);
		return output_done();
	}
	output_begin(&out);
	output_flag(&out, "running", m.running);
	peers_add_json(&out, &m);
	return output_object(&out);
}

/* --- discover -------------------------------------------------------------------------------------------------------- */

struct found { struct discovered list[DISCOVERED_MAX]; size_t count; };

static enum err look_around(const struct ctl *c, struct found *f, struct fault *fault)
{
	struct db *db = NULL;
	enum err e = ctl_open_read(c, &db, fault);

	if (e == ERR_NONE)
		e = discovered_list(db, f->list, &f->count);
	db_close(db);
	return e;
}

static enum ctl_end found_as_document(const struct found *f)
{
	struct buf out;

	output_begin(&out);
	json_add_raw(&out, "discovered", "[");
	for (size_t i = 0; i < f->count; i++) {
		buf_str(&out, i > 0 ? ",{" : "{");
		json_add_text(&out, "id", f->list[i].id);
		json_add_text(&out, "ip", f->list[i].ip);
		json_add_integer(&out, "p2p_port", f->list[i].port);
		json_add_text(&out, "fingerprint", f->list[i].fingerprint);
		buf_char(&out, '}');
	}
	buf_char(&out, ']');
	return output_object(&out);
}

enum ctl_end cmd_peer_discover(const struct ctl *c)
{
	struct found f = {0};
	struct fault fault = {0};
	enum err e = look_around(c, &f, &fault);

	if (e != ERR_NONE)
		return output_failed(c, e, &fault);
	if (c->json)
		return found_as_document(&f);
	if (f.count == 0)
		puts("No other central announces itself, or p2pd does not look for any (see p2pd --discover).");
	for (size_t i = 0; i < f.count; i++)
		printf(strchr(f.list[i].ip, ':') ? "%s=[%s]:%d  key %s\n" : "%s=%s:%d  key %s\n", f.list[i].id, f.list[i].ip, f.list[i].port,
			f.list[i].fingerprint);
	return output_done();
}

/* --- add, remove, repin ---------------------------------------------------------------------------------------------- */

/* done: a format for people with the peer's id in it. */
static enum ctl_end change(const struct ctl *c, ctl_change_fn *how, void *arg, const char *id, const char *done)
{
	struct fault fault = {0};
	enum err e = ctl_change(c, how, arg, &fault);
	struct buf out;

	if (e != ERR_NONE)
		return output_failed(c, e, &fault);
	if (c->json) {
		output_begin(&out);
		json_add_text(&out, "peer_id", id);
		return output_object(&out);
	}
	printf("%s %s\n", id, done);
	return output_done();
}

static enum err add(struct db *db, void *arg, struct fault *fault)
{
	return site_peer_add(db, arg, fault);
}

enum ctl_end cmd_peer_add(const struct ctl *c)
{
	struct peer_row row;
	const char *plain = c->option[0], *dialect = c->option[1];
	const char *wrong = peer_from_text(c->word[0], dialect ? dialect : "native", &row);

	if (wrong) {
		fprintf(stderr, "parkmeshctl: %s: %s. Try 'parkmeshctl peer add --help'.\n", c->word[0], wrong);
		return CTL_WRONG;
	}
	row.tls = row.tls && !plain;
	return change(c, add, &row, row.id, "is a peer now.");
}

static enum err drop(struct db *db, void *arg, struct fault *fault)
{
	return site_peer_remove(db, arg, fault);
}

enum ctl_end cmd_peer_remove(const struct ctl *c)
{
	return change(c, drop, (void *)c->word[0], c->word[0], "is no peer any more.");
}

static enum err repin(struct db *db, void *arg, struct fault *fault)
{
	const struct ctl *c = arg;
	const struct actor by = {"parkmeshctl", "", world_wall_ms(&c->world)};

	return site_peer_repin(db, &by, c->word[0], c->option[0], fault);
}

enum ctl_end cmd_peer_repin(const struct ctl *c)
{
	return change(c, repin, (void *)c, c->word[0],
		c->option[0] ? "is pinned to this key when it proves it, and to no other." : "is pinned to the next key it proves.");
}
