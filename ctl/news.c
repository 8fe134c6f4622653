#include "news.h"

#include <string.h>

#define DELAY_MIN_MS 10000
#define DELAY_MAX_MS 600000
#define REMIND_MS (24LL * 60 * 60 * 1000)

void news_init(struct news *n, int64_t settle_ms, int64_t least_ms, int64_t now_ms)
{
	memset(n, 0, sizeof *n);
	n->settle_ms = settle_ms;
	n->least_ms = least_ms;
	n->not_before_ms = n->told_ms = now_ms;
}

static bool same(const struct matter *a, const struct matter *b)
{
	return a->warning == b->warning && strcmp(a->code, b->code) == 0 && strcmp(a->central, b->central) == 0
		&& strcmp(a->log, b->log) == 0;
}

static const struct matter *find(const struct matter *list, size_t count, const struct matter *wanted)
{
	for (size_t i = 0; i < count; i++) {
		if (same(&list[i], wanted))
			return &list[i];
	}
	return NULL;
}

static bool known(const struct news *n, const struct matter *m)
{
	for (size_t i = 0; i < n->count; i++) {
		if (same(&n->entry[i].matter, m))
			return true;
	}
	return false;
}

/* Forget what is neither there nor told. */
static void sweep(struct news *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n->count; i++) {
		if (n->entry[i].here || n->entry[i].told)
			n->entry[kept++] = n->entry[i];
	}
	n->count = kept;
}

void news_look(struct news *n, const struct matter *seen, size_t count, int64_t now_ms)
{
	for (size_t i = 0; i < n->count; i++) {
		struct news_entry *e = &n->entry[i];
		const struct matter *now = find(seen, count, &e->matter);

		if (e->here != (now != NULL))
			e->turned_ms = now_ms;
		e->here = now != NULL;
		if (now)
			e->matter = *now;
	}
	sweep(n);
	for (size_t i = 0; i < count && n->count < NEWS_MAX; i++) {
		if (!known(n, &seen[i]))
			n->entry[n->count++] = (struct news_entry){.matter = seen[i], .here = true, .turned_ms = now_ms};
	}
}

enum news_state news_state(const struct news *n, const struct news_entry *e, int64_t now_ms)
{
	bool settled = now_ms - e->turned_ms >= n->settle_ms;

	if (e->here && e->told)
		return NEWS_STANDING;
	if (!settled)
		return e->told ? NEWS_STANDING : NEWS_SETTLING;
	return e->told ? NEWS_OVER : NEWS_NEW;
}

bool news_due(const struct news *n, int64_t now_ms)
{
	bool remind = now_ms - n->told_ms >= REMIND_MS;

	if (now_ms < n->not_before_ms)
		return false;
	for (size_t i = 0; i < n->count; i++) {
		switch (news_state(n, &n->entry[i], now_ms)) {
		case NEWS_NEW:
		case NEWS_OVER:
			return true;
		case NEWS_STANDING:
			if (remind)
				return true;
			break;
		case NEWS_SETTLING:
			break;
		}
	}
	return false;
}

void news_told(struct news *n, int64_t now_ms)
{
	for (size_t i = 0; i < n->count; i++) {
		struct news_entry *e = &n->entry[i];
		enum news_state state = news_state(n, e, now_ms);

		if (state == NEWS_NEW || state == NEWS_OVER)
			e->told = state == NEWS_NEW;
	}
	sweep(n);
	n->told_ms = now_ms;
	n->not_before_ms = now_ms + n->least_ms;
	n->delay_ms = 0;
}

void news_failed(struct news *n, int64_t now_ms)
{
	n->delay_ms = n->delay_ms ? 2 * n->delay_ms : DELAY_MIN_MS;
	if (n->delay_ms > DELAY_MAX_MS)
		n->delay_ms = DELAY_MAX_MS;
	n->not_before_ms = now_ms + n->delay_ms;
}
