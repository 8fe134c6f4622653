#include "output.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/zone.h"
#include "wire/json.h"

#define DOCUMENT_MAX (8 * 1024 * 1024)
#define PROGRESS_AFTER_MS 2000
#define PROGRESS_TERMINAL_MS 200
#define PROGRESS_LINE_MS 5000

void output_begin(struct buf *out)
{
	buf_init(out, DOCUMENT_MAX);
	buf_str(out, "{\"success\":true");
}

void output_flag(struct buf *out, const char *name, bool value)
{
	json_add_raw(out, name, value ? "true" : "false");
}

enum ctl_end output_done(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return CTL_DONE;
	fprintf(stderr, "parkmeshctl: the output cannot be written: %s. Check where it goes to.\n", strerror(errno));
	return CTL_FAILED;
}

enum ctl_end output_object(struct buf *out)
{
	bool failed;

	buf_str(out, "}\n");
	failed = out->failed;
	if (failed)
		fputs("parkmeshctl: the answer is too large to be printed.\n", stderr);
	else
		fputs(buf_text(out), stdout);
	buf_free(out);
	return failed ? CTL_FAILED : output_done();
}

static const char *advice(enum err e)
{
	switch (e) {
	case ERR_UNAVAILABLE:
		return "The database cannot be read or written now. Check free space and who may write there, then try again.";
	case ERR_CORRUPT:
		return "What the database holds does not fit together. Run parkmeshctl verify; restore a backup if need be.";
	case ERR_MEMORY:
		return "There is not enough memory. End other programs and try again.";
	case ERR_NONE: case ERR_SYNTAX: case ERR_TOO_LARGE: case ERR_INVALID: case ERR_FIELD: case ERR_NOT_FOUND: case ERR_CONFLICT:
	case ERR_DENIED: case ERR_STRANGER: case ERR_SYSTEM:
		break;
	}
	return "It failed for an unknown reason. Look at the journal of parkmesh.";
}

enum ctl_end output_failed(const struct ctl *c, enum err e, const struct fault *fault)
{
	const char *sentence = fault->sentence[0] ? fault->sentence : advice(e);
	struct buf out;

	fprintf(stderr, "parkmeshctl: %s\n", sentence);
	if (!c->json)
		return CTL_FAILED;
	buf_init(&out, DOCUMENT_MAX);
	buf_str(&out, "{\"success\":false");
	json_add_text(&out, "error", sentence);
	json_add_text(&out, "code", fault->code[0] ? fault->code : err_name(e));
	if (fault->field[0])
		json_add_text(&out, "field", fault->field);
	output_object(&out);
	return CTL_FAILED;
}

void output_time(int64_t ms, char out[24])
{
	char made[ZONE_TEXT] = "never";

	if (ms > 0)
		zone_text(ms, made);
	text_copy(out, 24, made);
}

void progress_begin(struct progress *p, const struct world *world)
{
	*p = (struct progress){.world = world, .terminal = isatty(STDERR_FILENO) == 1, .began_ms = world_mono_ms(world)};
}

void progress_show(struct progress *p, const char *format, ...)
{
	int64_t now = world_mono_ms(p->world), every = p->terminal ? PROGRESS_TERMINAL_MS : PROGRESS_LINE_MS;
	char text[160];
	va_list args;

	if (now - p->began_ms < PROGRESS_AFTER_MS || (p->shown_ms > 0 && now - p->shown_ms < every))
		return;
	p->shown_ms = now;
	va_start(args, format);
	text_vformat(text, sizeof text, format, args);
	va_end(args);
	fprintf(stderr, p->terminal ? "\r\033[K%s" : "%s\n", text);
	fflush(stderr);
}

void progress_end(const struct progress *p)
{
	if (p->terminal && p->shown_ms > 0)
		fputs("\r\033[K", stderr);
}
