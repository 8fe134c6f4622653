#include "in_force.h"

#include <pthread.h>
#include <stdlib.h>

#include "conf.h"

/* rules is the first member, so that who holds them need not know of the rest. */
struct held { struct rules rules; struct conf *conf; unsigned holders; };

struct in_force {
	pthread_mutex_t mutex;
	struct held *now;        /* one of its holders is this */
};

static void held_release(struct held *h)
{
	if (--h->holders > 0)
		return;
	conf_free(h->conf);
	free(h);
}

enum err in_force_open(struct in_force **out)
{
	struct in_force *f = calloc(1, sizeof *f);
	struct rules rules;

	*out = f;
	if (!f)
		return ERR_MEMORY;
	pthread_mutex_init(&f->mutex, NULL);
	rules_init(&rules);
	return in_force_put(f, &rules, NULL);
}

void in_force_close(struct in_force *f)
{
	if (!f)
		return;
	if (f->now)
		held_release(f->now);
	pthread_mutex_destroy(&f->mutex);
	free(f);
}

enum err in_force_put(struct in_force *f, const struct rules *rules, struct conf *conf)
{
	struct held *fresh = malloc(sizeof *fresh), *former;

	if (!fresh) {
		conf_free(conf);
		return ERR_MEMORY;
	}
	*fresh = (struct held){.rules = *rules, .conf = conf, .holders = 1};
	pthread_mutex_lock(&f->mutex);
	former = f->now;
	f->now = fresh;
	if (former)
		held_release(former);
	pthread_mutex_unlock(&f->mutex);
	return ERR_NONE;
}

const struct rules *in_force_hold(struct in_force *f)
{
	struct held *h;

	pthread_mutex_lock(&f->mutex);
	h = f->now;
	h->holders++;
	pthread_mutex_unlock(&f->mutex);
	return &h->rules;
}

void in_force_release(struct in_force *f, const struct rules *rules)
{
	pthread_mutex_lock(&f->mutex);
	held_release((struct held *)rules);
	pthread_mutex_unlock(&f->mutex);
}
