#include "taking.h"

#include "aside.h"
#include "loop.h"

enum err taking_open(struct taking *t, const char *path, const struct world *world, struct fault *fault)
{
	return rows_open(&t->rows, path, world, fault);
}

static bool on_done(void *arg)
{
	const struct taking *t = arg;
	if (aside_done(t->aside))
		t->worked(t->arg);
	return true;
}

enum err taking_start(struct taking *t, struct loop *loop)
{
	struct loop_watch *watch;
	int fd;
	enum err e = aside_open(&t->aside, &fd);
	return e ? e : loop_watch(loop, fd, on_done, t, &watch);
}

void taking_table(struct taking *t, struct mesh_io *out)
{
	rows_table(&t->rows, &out->taking);
	aside_table(t->aside, &out->aside);
}

void taking_close(struct taking *t)
{
	aside_close(t->aside);
	rows_close(&t->rows);
}
