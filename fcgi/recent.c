#include "recent.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/zone.h"
#include "serve.h"
#include "store/logs.h"

#define TAG_SIZE 40

/* What it is as of; day_start -1: nothing is kept. */
struct as_of { int64_t change, day_start; };

struct recent {
	pthread_mutex_t stats_mutex, inside_mutex;  /* held while it is worked out; who has inside_mutex may take stats_mutex */
	struct as_of stats_as_of, inside_as_of;
	struct site_stats stats;
	struct shared_body *inside;
	uint64_t run, made;         /* this program's, and how often inside was made in it: no other answer ever has the same two */
};

enum err recent_open(const struct world *world, struct recent **out)
{
	struct recent *r = calloc(1, sizeof *r);

	*out = r;
	if (!r)
		return ERR_MEMORY;
	pthread_mutex_init(&r->stats_mutex, NULL);
	pthread_mutex_init(&r->inside_mutex, NULL);
	r->stats_as_of.day_start = r->inside_as_of.day_start = -1;
	world_random(world, &r->run, sizeof r->run);
	return ERR_NONE;
}

void recent_close(struct recent *r)
{
	if (!r)
		return;
	shared_body_release(r->inside);
	pthread_mutex_destroy(&r->stats_mutex);
	pthread_mutex_destroy(&r->inside_mutex);
	free(r);
}

static enum err read_as_of(struct call *c, struct as_of *out, struct fault *fault)
{
	struct clock_row clock = {0};
	enum err e = call_read(c, fault);

	if (e == ERR_NONE)
		e = clock_read(c->desk->db, &clock);
	*out = (struct as_of){clock.change, zone_day_start(call_now(c))};
	return e;
}

/* Who has waited while others worked it out, and has to do it himself, does it as of now: so it will do for all who have come meanwhile,
 * too. As of his own coming it would do for none of them, and each would do it after the other. */
static enum err look_again(struct call *c, struct as_of *out, struct fault *fault)
{
	call_read_end(c);
	return read_as_of(c, out, fault);
}

static bool is_new_enough(const struct as_of *kept, const struct as_of *wanted)
{
	return kept->day_start == wanted->day_start && kept->change >= wanted->change;
}

enum err recent_stats(struct call *c, struct site_stats *out, struct fault *fault)
{
	struct recent *r = c->app->recent;
	struct as_of wanted;
	enum err e = read_as_of(c, &wanted, fault);

	if (e != ERR_NONE)
		return e;
	pthread_mutex_lock(&r->stats_mutex);
	if (!is_new_enough(&r->stats_as_of, &wanted)) {
		r->stats_as_of.day_start = -1;
		e = look_again(c, &wanted, fault);
		if (e == ERR_NONE)
			e = history_stats(c->desk->db, wanted.day_start, &r->stats);
		if (e == ERR_NONE)
			r->stats_as_of = wanted;
	}
	*out = r->stats;
	pthread_mutex_unlock(&r->stats_mutex);
	return e;
}

static enum err make_inside(struct call *c, handler_fn *make, struct fault *fault)
{
	struct recent *r = c->app->recent;
	struct as_of now;
	enum err e = look_again(c, &now, fault);

	if (e == ERR_NONE)
		e = make(c, fault);
	if (e == ERR_NONE)
		e = response_share(&c->response);
	if (e != ERR_NONE)
		return e;
	shared_body_release(r->inside);
	r->inside = shared_body_hold(c->response.shared);
	r->inside_as_of = now;
	r->made++;
	return ERR_NONE;
}

enum err recent_inside(struct call *c, handler_fn *make, struct fault *fault)
{
	struct recent *r = c->app->recent;
	char tag[TAG_SIZE];
	struct as_of wanted;
	enum err e = read_as_of(c, &wanted, fault);

	if (e != ERR_NONE)
		return e;
	pthread_mutex_lock(&r->inside_mutex);
	if (!is_new_enough(&r->inside_as_of, &wanted))
		e = make_inside(c, make, fault);
	if (e == ERR_NONE)
		response_give(&c->response, r->inside);
	text_format(tag, sizeof tag, "\"%016" PRIx64 "-%" PRIx64 "\"", r->run, r->made);
	pthread_mutex_unlock(&r->inside_mutex);
	if (e == ERR_NONE)
		response_name(&c->response, &c->request, tag);
	return e;
}
