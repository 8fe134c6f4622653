#include "api.h"

#include <pthread.h>
#include <stdlib.h>

#include "app.h"
#include "base/text.h"
#include "metrics.h"

struct metrics {
	pthread_mutex_t making;        /* held by the one thread that makes an answer */
	char central[CENTRAL_ID_SIZE]; /* as last read; of whoever holds making */
	pthread_mutex_t mutex;         /* guards all below */
	struct buf kept;               /* the last answer */
	int64_t made_ms;               /* monotonic */
};

enum err metrics_open(struct metrics **out)
{
	struct metrics *m = calloc(1, sizeof *m);

	if (!m)
		return ERR_MEMORY;
	pthread_mutex_init(&m->making, NULL);
	pthread_mutex_init(&m->mutex, NULL);
	buf_init(&m->kept, METRICS_MAX);
	*out = m;
	return ERR_NONE;
}

void metrics_close(struct metrics *m)
{
	if (!m)
		return;
	buf_free(&m->kept);
	pthread_mutex_destroy(&m->making);
	pthread_mutex_destroy(&m->mutex);
	free(m);
}

/* Answer what is kept, if there is something made at since_ms or later. */
static bool give_kept(struct metrics *m, int64_t since_ms, struct buf *out)
{
	bool there;

	pthread_mutex_lock(&m->mutex);
	there = m->kept.len > 0 && m->made_ms >= since_ms;
	if (there)
		buf_add(out, buf_text(&m->kept), m->kept.len);
	pthread_mutex_unlock(&m->mutex);
	return there;
}

static void keep(struct metrics *m, int64_t now_ms, const struct buf *made)
{
	pthread_mutex_lock(&m->mutex);
	buf_reset(&m->kept);
	buf_add(&m->kept, buf_text(made), made->len);
	m->made_ms = now_ms;
	if (m->kept.failed)
		buf_reset(&m->kept);
	pthread_mutex_unlock(&m->mutex);
}

/* With making. */
static void make(struct call *c, struct metrics *m, int64_t now_ms)
{
	struct metrics_look look;

	metrics_look(c, &look);
	if (look.central[0])
		text_copy(m->central, sizeof m->central, look.central);
	else
		text_copy(look.central, sizeof look.central, m->central);
	metrics_write(&c->response.body, &look);
	metrics_look_free(&look);
	if (!c->response.body.failed)
		keep(m, now_ms, &c->response.body);
}

enum err api_metrics(struct call *c, struct fault *fault)
{
	struct metrics *m = c->app->metrics;
	int64_t now_ms = world_mono_ms(&c->app->world);

	c->response.type = PROMETHEUS_TYPE;
	if (give_kept(m, now_ms - METRICS_KEPT_MS, &c->response.body))
		return ERR_NONE;
	if (pthread_mutex_trylock(&m->making) == 0) {
		make(c, m, now_ms);
		pthread_mutex_unlock(&m->making);
		return ERR_NONE;
	}
	if (give_kept(m, INT64_MIN, &c->response.body))
		return ERR_NONE;
	return fault_set(fault, ERR_UNAVAILABLE, "busy", "", "The metrics are being put together for somebody else; ask again.");
}
