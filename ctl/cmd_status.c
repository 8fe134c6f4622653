#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "command.h"
#include "domain/site.h"
#include "output.h"
#include "peers.h"
#include "store/audit.h"
#include "store/db.h"
#include "warnings.h"
#include "wire/json.h"

const char cmd_status_usage[] =
	"Usage: parkmeshctl [--db PATH] [--json] status\n"
	"Say who this central is, whether p2pd runs, what is held, how each peer is doing, how often p2pd closed connections\n"
	"and why, and what operators have to know.\n";

struct status {
	struct identity self;
	char fingerprint[FINGERPRINT_SIZE];
	int64_t schema;
	struct mesh_look mesh;
	struct held_counts counts;
	struct warnings_look warnings;
};

static enum err look(const struct ctl *c, struct status *s, struct fault *fault)
{
	struct db *db = NULL;
	enum err e = ctl_open_read(c, &db, fault);

	if (e == ERR_NONE)
		e = db_read_begin(db);
	if (e == ERR_NONE)
		e = identity_read(db, &s->self);
	if (e == ERR_NONE)
		e = db_file_version(db, &s->schema);
	if (e == ERR_NONE)
		e = peers_look(db, world_wall_ms(&c->world), &s->mesh);
	if (e == ERR_NONE)
		e = held_count(db, &s->counts);
	if (e == ERR_NONE)
		e = warnings_look(db, &s->warnings);
	if (db)
		db_read_end(db);
	db_close(db);
	key_fingerprint(s->self.keys.public_key, s->fingerprint);
	explicit_bzero(&s->self.keys.secret_key, sizeof s->self.keys.secret_key);
	return e;
}

static enum ctl_end as_document(const struct status *s)
{
	struct buf out;

	output_begin(&out);
	json_add_raw(&out, "this_central", "{");
	json_add_text(&out, "id", s->self.id);
	json_add_text(&out, "ip", s->self.ip);
	json_add_integer(&out, "api_port", s->self.api_port);
	json_add_integer(&out, "p2p_port", s->self.p2p_port);
	json_add_text(&out, "mesh", s->self.mesh);
	output_flag(&out, "mesh_secret_set", s->self.mesh_secret[0] != '\0');
	json_add_text(&out, "fingerprint", s->fingerprint);
	json_add_text(&out, "certificate", s->mesh.certificate);
	json_add_text(&out, "certificate_error", s->mesh.certificate_error);
	buf_char(&out, '}');
	json_add_integer(&out, "schema_version", s->schema);
	output_flag(&out, "running", s->mesh.running);
	json_add_integer(&out, "logs", s->counts.logs);
	json_add_integer(&out, "records", s->counts.records);
	json_add_integer(&out, "stays", s->counts.stays);
	json_add_integer(&out, "vehicles_in_parking", s->counts.inside);
	peers_add_json(&out, &s->mesh);
	counts_add_json(&out, &s->mesh);
	warnings_add_json(&out, &s->warnings);
	return output_object(&out);
}

static enum ctl_end as_text(const struct status *s)
{
	printf("This central  %s at %s, API port %d, mesh port %d\n", s->self.id, s->self.ip, s->self.api_port, s->self.p2p_port);
	printf("Mesh          %s, %s\n", s->self.mesh, s->self.mesh_secret[0] ? "with a secret" : "without a secret (only loopback peers)");
	printf("Key           %s\n", s->fingerprint);
	printf("Certificate   %s\n", s->mesh.certificate[0] ? s->mesh.certificate : "none known");
	if (s->mesh.certificate_error[0])
		printf("              %s\n", s->mesh.certificate_error);
	printf("Schema        %" PRId64 "\n", s->schema);
	printf("p2pd          %s\n", s->mesh.running ? "running" : "not running");
	printf("Held          %" PRId64 " logs, %" PRId64 " records, %" PRId64 " stays, %" PRId64 " vehicles inside\n", s->counts.logs,
		s->counts.records, s->counts.stays, s->counts.inside);
	peers_print(&s->mesh);
	counts_print(&s->mesh);
	warnings_print(&s->warnings);
	return output_done();
}

enum ctl_end cmd_status(const struct ctl *c)
{
	static struct status s; /* some tens of KiB: 100 peers and strangers */
	struct fault fault = {0};
	enum err e = look(c, &s, &fault);
	enum ctl_end end = e != ERR_NONE ? output_failed(c, e, &fault) : c->json ? as_document(&s) : as_text(&s);

	explicit_bzero(&s.self, sizeof s.self);
	return end;
}
