/* What is so right now: the vehicles inside, the cameras, this central itself. */
#include "api.h"

#include <string.h>

#include "answer.h"
#include "domain/camera.h"
#include "history_row.h"
#include "p2p_state.h"
#include "recent.h"
#include "serve.h"
#include "stats.h"
#include "store/history.h"
#include "store/site.h"
#include "writer.h"

#define STATE_ROWS 8000  /* stays below RESPONSE_MAX; above it the history's pages tell all */

/* --- vehicles inside ------------------------------------------------------------------------------------------------- */

struct inside { struct response *response; int64_t count; bool more; };

static enum err answer_inside(void *arg, const struct history_row *row)
{
	struct inside *list = arg;

	if (list->count++ == STATE_ROWS) {
		list->more = true;
		return ERR_NONE;
	}
	answer_history_row(list->response, row);
	return list->response->body.failed ? ERR_MEMORY : ERR_NONE;
}

static enum err answer_all_inside(struct call *c, struct fault *fault)
{
	const struct history_filter inside = {.in_parking_only = true, .limit = STATE_ROWS + 1};
	struct response *r = &c->response;
	struct inside list = {.response = r};
	struct site_stats stats;
	enum err e = recent_stats(c, &stats, fault);

	if (e != ERR_NONE)
		return e;
	answer_begin(r, 200);
	answer_list(r, "vehicles_in_parking");
	e = history_list(c->desk->db, &inside, answer_inside, &list);
	answer_list_end(r);
	if (list.more)
		answer_bool(r, "truncated", true);
	answer_object(r, "stats");
	answer_stats(r, &stats);
	answer_object_end(r);
	answer_end(r);
	return e;
}

enum err api_parking_state(struct call *c, struct fault *fault)
{
	return recent_inside(c, answer_all_inside, fault);
}

/* --- cameras --------------------------------------------------------------------------------------------------------- */

struct cameras { struct response *response; int64_t now_ms, online, count; };

static void answer_known(struct response *r, const char *name, const char *text)
{
	answer_text(r, name, *text ? text : NULL);
}

/* 0 and -1 stand for what was never told. */
static void answer_told(struct response *r, const char *name, int64_t number, int64_t never)
{
	if (number == never)
		answer_null(r, name);
	else
		answer_integer(r, name, number);
}

static enum err answer_camera(void *arg, const struct camera_row *row)
{
	struct cameras *list = arg;
	struct response *r = list->response;

	answer_object(r, NULL);
	answer_text(r, "camera_id", row->camera_id);
	answer_known(r, "camera_name", row->camera_name);
	answer_known(r, "camera_type", row->camera_type);
	answer_text(r, "edge_id", row->edge_id);
	answer_bool(r, "online", camera_online(row, list->now_ms));
	answer_known(r, "status", row->status);
	answer_told(r, "events_sent", row->events_sent, -1);
	answer_told(r, "events_failed", row->events_failed, -1);
	answer_told(r, "last_heartbeat", row->heartbeat_ms, 0);
	answer_told(r, "last_event", row->event_ms, 0);
	answer_bool(r, "clock_good", camera_clock_known(row, list->now_ms));
	answer_object_end(r);
	list->count++;
	return r->body.failed ? ERR_MEMORY : ERR_NONE;
}

enum err api_cameras(struct call *c, struct fault *fault)
{
	struct cameras list = {.response = &c->response, .now_ms = call_now(c)};
	enum err e = call_read(c, fault);

	if (e != ERR_NONE)
		return e;
	answer_begin(&c->response, 200);
	answer_list(&c->response, "cameras");
	e = camera_list(c->desk->db, answer_camera, &list);
	answer_list_end(&c->response);
	answer_integer(&c->response, "count", list.count);
	answer_end(&c->response);
	return e;
}

/* --- this central ---------------------------------------------------------------------------------------------------- */

static enum err count_camera(void *arg, const struct camera_row *row)
{
	struct cameras *list = arg;

	list->count++;
	list->online += camera_online(row, list->now_ms);
	return ERR_NONE;
}

struct status { struct identity own; struct mesh_status mesh; struct cameras cameras; struct site_stats stats; };

static enum err read_status(struct call *c, struct status *out, struct fault *fault)
{
	enum err e = recent_stats(c, &out->stats, fault);

	if (e == ERR_NONE)
		e = identity_read(c->desk->db, &out->own);
	if (e == ERR_NONE)
		e = camera_list(c->desk->db, count_camera, &out->cameras);
	if (e != ERR_NONE)
		return e;
	e = mesh_status_read(c->desk->db, &out->mesh);
	return e == ERR_NOT_FOUND ? ERR_NONE : e;
}

enum err api_status(struct call *c, struct fault *fault)
{
	int64_t now = call_now(c);
	struct status s = {.cameras = {.now_ms = now}};
	struct response *r = &c->response;
	enum err e = read_status(c, &s, fault);

	if (e != ERR_NONE)
		return e;
	answer_begin(r, 200);
	answer_text(r, "central", s.own.id);
	explicit_bzero(&s.own, sizeof s.own);
	answer_text(r, "version", PACKAGE_VERSION);
	answer_integer(r, "uptime_s", (world_mono_ms(&c->app->world) - c->app->started_ms) / 1000);
	answer_text(r, "database", writer_failing(c->app->writer) ? "unwritable" : "ok");
	answer_bool(r, "p2pd_running", mesh_running(&s.mesh, now));
	answer_object(r, "cameras");
	answer_integer(r, "online", s.cameras.online);
	answer_integer(r, "offline", s.cameras.count - s.cameras.online);
	answer_object_end(r);
	answer_object(r, "stats");
	answer_stats(r, &s.stats);
	answer_object_end(r);
	answer_end(r);
	return ERR_NONE;
}
