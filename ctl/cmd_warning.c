#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "command.h"
#include "output.h"
#include "store/db.h"
#include "warnings.h"
#include "wire/json.h"

const char cmd_warning_list_usage[] =
	"Usage: parkmeshctl [--db PATH] [--json] warning list\n"
	"List what operators have to know and nobody has seen yet: databases that were rolled back, two centrals under\n"
	"one id, keys that changed, forked logs.\n";
const char cmd_warning_seen_usage[] =
	"Usage: parkmeshctl [--db PATH] [--json] warning seen NUMBER\n"
	"Say that a warning was seen, by its number in the list. It comes back when it happens anew.\n";

enum err warnings_look(struct db *db, struct warnings_look *out)
{
	return warnings_list(db, out->warning, WARNINGS_MAX, &out->count);
}

void warnings_add_json(struct buf *out, const struct warnings_look *l)
{
	char sentence[WARNING_SENTENCE_SIZE];

	json_add_raw(out, "warnings", "[");
	for (size_t i = 0; i < l->count; i++) {
		const struct warning *w = &l->warning[i];

		if (i > 0)
			buf_char(out, ',');
		warning_sentence(w, sentence);
		buf_char(out, '{');
		json_add_integer(out, "id", w->id);
		json_add_text(out, "code", warning_name(w->code));
		json_add_text(out, "central", w->central);
		output_flag(out, "own", w->own);
		json_add_text(out, "log", w->log);
		json_add_text(out, "place", w->place);
		json_add_integer(out, "records", w->records);
		json_add_integer(out, "since", w->since_ms);
		json_add_integer(out, "last", w->last_ms);
		json_add_text(out, "message", sentence);
		buf_char(out, '}');
	}
	buf_char(out, ']');
}

void warnings_print(const struct warnings_look *l)
{
	char sentence[WARNING_SENTENCE_SIZE], since[24];

	for (size_t i = 0; i < l->count; i++) {
		warning_sentence(&l->warning[i], sentence);
		output_time(l->warning[i].since_ms, since);
		printf("WARNING %" PRId64 " since %s: %s\n", l->warning[i].id, since, sentence);
	}
}

static enum err look(const struct ctl *c, struct warnings_look *l, struct fault *fault)
{
	struct db *db = NULL;
	enum err e = ctl_open_read(c, &db, fault);

	if (e == ERR_NONE)
		e = db_read_begin(db);
	if (e == ERR_NONE)
		e = warnings_look(db, l);
	if (db)
		db_read_end(db);
	db_close(db);
	return e;
}

enum ctl_end cmd_warning_list(const struct ctl *c)
{
	static struct warnings_look l; /* some tens of KiB */
	struct fault fault = {0};
	enum err e = look(c, &l, &fault);
	struct buf out;

	if (e != ERR_NONE)
		return output_failed(c, e, &fault);
	if (c->json) {
		output_begin(&out);
		warnings_add_json(&out, &l);
		return output_object(&out);
	}
	if (l.count == 0)
		puts("No warnings.");
	warnings_print(&l);
	return output_done();
}

struct seeing { int64_t id, now_ms; };

static enum err see(struct db *db, void *arg, struct fault *fault)
{
	const struct seeing *s = arg;

	return warnings_see(db, s->id, s->now_ms, fault);
}

enum ctl_end cmd_warning_seen(const struct ctl *c)
{
	struct seeing s = {.now_ms = world_wall_ms(&c->world)};
	struct fault fault = {0};
	struct buf out;
	enum err e;

	if (!number_parse(c->word[0], INTEGER_MAX, &s.id)) {
		fprintf(stderr, "parkmeshctl: %s: give a warning's number. Try 'parkmeshctl warning seen --help'.\n", c->word[0]);
		return CTL_WRONG;
	}
	e = ctl_change(c, see, &s, &fault);
	if (e != ERR_NONE)
		return output_failed(c, e, &fault);
	if (c->json) {
		output_begin(&out);
		return output_object(&out);
	}
	printf("Warning %" PRId64 " was seen.\n", s.id);
	return output_done();
}
