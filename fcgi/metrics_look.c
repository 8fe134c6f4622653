#include "metrics.h"

#include <stdlib.h>

#include "app.h"
#include "base/text.h"
#include "domain/camera.h"
#include "serve.h"
#include "store/figures.h"
#include "store/marks.h"
#include "writer.h"

struct cameras { struct metrics_rows *rows; int64_t now_ms; };

static enum err count_camera(void *arg, const struct camera_row *row)
{
	const struct cameras *list = arg;

	list->rows->cameras++;
	list->rows->cameras_online += camera_online(row, list->now_ms);
	return ERR_NONE;
}

static enum err read_rows(struct call *c, const struct circumstances *now, struct metrics_rows *r)
{
	struct cameras cameras = {r, now->now_ms};
	struct fault fault;
	enum err e = mesh_look(c, &r->mesh, &fault);

	if (e == ERR_NONE)
		e = conditions_list(c->desk->db, now, r->condition, &r->conditions);
	if (e == ERR_NONE)
		e = record_count_list(c->desk->db, r->record, &r->records);
	if (e == ERR_NONE)
		e = vehicles_inside(c->desk->db, &r->inside);
	if (e == ERR_NONE)
		e = mark_lacking(c->desk->db, &r->below_quorum, &r->below_all);
	if (e == ERR_NONE)
		e = backup_read(c->desk->db, &r->backup);
	return e == ERR_NONE ? camera_list(c->desk->db, count_camera, &cameras) : e;
}

static void rows_free(struct metrics_rows *r)
{
	if (r)
		free(r->mesh);
	free(r);
}

static int64_t bytes_of(const char *path, const char *suffix)
{
	char name[4096];

	return text_format(name, sizeof name, "%s%s", path, suffix) ? disk_file_bytes(name) : 0;
}

void metrics_look(struct call *c, struct metrics_look *out)
{
	struct app *app = c->app;
	struct circumstances now = {.now_ms = call_now(c), .unwritable = writer_failing(app->writer)};

	(void)disk_look(app->db_path, &now.disk); /* not known: nothing is said of it */
	*out = (struct metrics_look){
		.started_ms = app->started_wall_ms, .traffic = &app->traffic, .writer = writer_counts(app->writer),
		.writable = !now.unwritable, .writer_busy_ms = writer_busy_ms(app->writer), .quorum = quorum_wait_counts(app->quorum),
		.threads = app->threads, .waiting = atomic_load(&app->waiting), .sending = atomic_load(&app->streaming), .disk = now.disk,
		.database_bytes = bytes_of(app->db_path, ""), .wal_bytes = bytes_of(app->db_path, "-wal"),
		.rows = calloc(1, sizeof *out->rows),
	};
	usage_look(&out->usage);
	if (out->rows && read_rows(c, &now, out->rows) == ERR_NONE) {
		text_copy(out->central, sizeof out->central, out->rows->mesh->central);
		return;
	}
	rows_free(out->rows);
	out->rows = NULL;
}

void metrics_look_free(struct metrics_look *look)
{
	rows_free(look->rows);
}
