#include <inttypes.h>
#include <stdio.h>

#include "checking.h"
#include "output.h"
#include "store/db.h"
#include "wire/json.h"

const char cmd_verify_usage[] =
	"Usage: parkmeshctl [--db PATH] [--json] verify\n"
	"Go through every log from its first record: chain, seals and columns; then make history, exits and settings anew from\n"
	"the records and compare. Names the first record that does not fit. The programs may run meanwhile.\n"
	"Needs room for the rows once more, half the database, in $TMPDIR, else in /var/tmp.\n";

static enum err verify(const struct ctl *c, struct verify_counts *counts, struct verify_finding *finding, struct fault *fault)
{
	struct db *db = NULL;
	enum err e = ctl_open_read(c, &db, fault);

	if (e == ERR_NONE)
		e = checking_verify(c, db, counts, finding);
	db_close(db);
	return e;
}

static void add_counts(struct buf *out, const struct verify_counts *n)
{
	json_add_integer(out, "logs", n->logs);
	json_add_integer(out, "records", n->records);
	json_add_integer(out, "seals", n->seals);
	json_add_integer(out, "rows", n->rows);
}

static enum ctl_end all_fits(const struct ctl *c, const struct verify_counts *n)
{
	struct buf out;

	if (!c->json) {
		printf("All fits: %" PRId64 " records in %" PRId64 " logs under %" PRId64 " seals, %" PRId64 " rows made of them.\n", n->records,
			n->logs, n->seals, n->rows);
		return output_done();
	}
	output_begin(&out);
	add_counts(&out, n);
	return output_object(&out);
}

static enum ctl_end does_not_fit(const struct ctl *c, const struct verify_counts *n, const struct verify_finding *f)
{
	struct buf out;

	fprintf(stderr, "parkmeshctl: log %s, record %" PRId64 ": %s Keep this file, and restore a backup or install this central anew: "
		"its peers hold the records.\n", f->log[0] ? f->log : "unknown", f->seq, f->what);
	if (!c->json)
		return CTL_FAILED;
	buf_init(&out, 64 * 1024);
	buf_str(&out, "{\"success\":false,\"code\":\"does_not_fit\"");
	json_add_text(&out, "error", f->what);
	json_add_text(&out, "log", f->log);
	json_add_integer(&out, "seq", f->seq);
	add_counts(&out, n);
	output_object(&out);
	return CTL_FAILED;
}

enum ctl_end cmd_verify(const struct ctl *c)
{
	struct verify_counts counts = {0};
	struct verify_finding finding = {.seq = 0};
	struct fault fault = {0};
	enum err e = verify(c, &counts, &finding, &fault);

	if (e == ERR_NONE)
		return all_fits(c, &counts);
	return e == ERR_CONFLICT && finding.what[0] ? does_not_fit(c, &counts, &finding) : output_failed(c, e, &fault);
}
