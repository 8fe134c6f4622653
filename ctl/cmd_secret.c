#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "command.h"
#include "domain/site.h"
#include "input.h"
#include "output.h"
#include "wire/json.h"

const char cmd_secret_set_usage[] =
	"Usage: parkmeshctl [--db PATH] [--json] secret set [--generate | --file FILE | -] [--mesh NAME]\n"
	"Set the secret that all centrals of a mesh share; p2pd connects anew with it. A secret never stands on the command\n"
	"line, where everybody on the machine could read it.\n"
	"\n"
	"  --generate   make one and print it, this once, to be given to the other centrals\n"
	"  --file FILE  its first line is the secret\n"
	"  -            the first line of standard input is the secret; a terminal is asked for it\n"
	"  --mesh NAME  the mesh's name, if that is to change, too; alone it keeps the secret\n";

enum { OPTION_GENERATE, OPTION_FILE, OPTION_MESH };

struct wanted { const char *secret, *mesh; };

static enum err set(struct db *db, void *arg, struct fault *fault)
{
	const struct wanted *w = arg;
	struct identity self;
	enum err e = identity_read(db, &self);

	if (e == ERR_NONE)
		e = site_secret_set(db, w->mesh ? w->mesh : self.mesh, w->secret ? w->secret : self.mesh_secret, fault);
	explicit_bzero(&self, sizeof self);
	return e;
}

static enum err invalid(const char *where, struct fault *fault)
{
	return fault_set(fault, ERR_INVALID, "secret_invalid", "", "The first line of %.100s has to be a secret of 1 to %d bytes.", where,
		SECRET_SIZE - 1);
}

/* From a terminal it is asked for, and not shown. */
static enum err typed_line(char out[SECRET_SIZE], struct fault *fault)
{
	char line[SECRET_SIZE + 1];
	enum err e = input_password("Mesh secret: ", line, sizeof line, fault);

	if (e != ERR_NONE || line[0] == '\0' || !text_copy(out, SECRET_SIZE, line))
		e = invalid("standard input", fault);
	explicit_bzero(line, sizeof line);
	return e;
}

static enum err first_line(const char *path, char out[SECRET_SIZE], struct fault *fault)
{
	struct buf text;
	size_t len;
	enum err e;

	buf_init(&text, 64 * 1024);
	e = input_read(path, &text, fault);
	len = strcspn(buf_text(&text), "\r\n");
	if (e == ERR_NONE && (len == 0 || len >= SECRET_SIZE))
		e = invalid(path, fault);
	if (e == ERR_NONE) {
		memcpy(out, buf_text(&text), len);
		out[len] = '\0';
	}
	if (text.data)
		explicit_bzero(text.data, text.len);
	buf_free(&text);
	return e;
}

static enum ctl_end wrong(const char *what)
{
	fprintf(stderr, "parkmeshctl: %s Try 'parkmeshctl secret set --help'.\n", what);
	return CTL_WRONG;
}

static enum ctl_end tell(const struct ctl *c, const char *made)
{
	struct buf out;

	if (!c->json) {
		puts(made ? made : "The mesh is set.");
		return output_done();
	}
	output_begin(&out);
	json_add_text(&out, "secret", made);
	return output_object(&out);
}

enum ctl_end cmd_secret_set(const struct ctl *c)
{
	const char *file = c->option[OPTION_FILE];
	bool generate = c->option[OPTION_GENERATE] != NULL, typed = c->word[0] != NULL;
	char secret[SECRET_SIZE] = "";
	struct wanted w = {.secret = generate || typed || file ? secret : NULL, .mesh = c->option[OPTION_MESH]};
	struct fault fault = {0};
	enum ctl_end end;
	enum err e = ERR_NONE;

	if (c->word[0] && strcmp(c->word[0], "-") != 0)
		return wrong("A secret does not stand on the command line.");
	if (generate + typed + (file != NULL) > 1)
		return wrong("Name one of --generate, --file and -, not several.");
	if (!w.secret && !w.mesh)
		return wrong("Say where the secret comes from.");
	if (generate)
		site_secret_make(&c->world, secret);
	else if (typed)
		e = typed_line(secret, &fault);
	else if (file)
		e = first_line(file, secret, &fault);
	if (e == ERR_NONE)
		e = ctl_change(c, set, &w, &fault);
	end = e == ERR_NONE ? tell(c, generate ? secret : NULL) : output_failed(c, e, &fault);
	explicit_bzero(secret, sizeof secret);
	return end;
}
