#include "checking.h"

#include <inttypes.h>
#include <unistd.h>

#include "output.h"
#include "store/audit.h"

struct watching { struct progress progress; int64_t records; };

static void show(void *arg, const struct verify_counts *so_far)
{
	struct watching *w = arg;

	if (so_far->rows > 0)
		progress_show(&w->progress, "%" PRId64 " rows compared", so_far->rows);
	else
		progress_show(&w->progress, "%" PRId64 " of %" PRId64 " records verified", so_far->records, w->records);
}

static unsigned other_processors(void)
{
	long all = sysconf(_SC_NPROCESSORS_ONLN);

	return all > 1 ? (unsigned)all - 1 : 0;
}

enum err checking_verify(const struct ctl *c, struct db *db, struct verify_counts *counts, struct verify_finding *finding)
{
	struct watching w = {.records = 0};
	const struct verify_watch watch = {show, &w, other_processors()};
	struct held_counts held;
	enum err e = held_count(db, &held);

	if (e != ERR_NONE)
		return e;
	w.records = held.records;
	progress_begin(&w.progress, &c->world);
	e = verify_run(db, &watch, counts, finding);
	progress_end(&w.progress);
	return e;
}
