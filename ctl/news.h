/*
 * What parkmesh-watch has to tell, and when. Pure: it is told what holds and what time it is.
 *
 * A matter is a condition or a warning, named by code, central and log:
 *
 *   unknown --(seen)--> new --(it has held for settle_ms)--> to be told --(a post succeeded)--> told
 *   new --(gone before that)--> unknown: what comes and goes at once concerns nobody
 *   told --(not seen any more)--> ending --(gone for settle_ms)--> over, to be told --(a post succeeded)--> unknown
 *   ending --(seen again)--> told
 *
 * There is no queue: a post tells the difference between what holds and what has been told. One that fails changes nothing, and the
 * next one tells what is true by then. Nothing is kept over a restart; what holds then is told again.
 *
 * Bounds: NEWS_MAX matters (more wait until others are over); no two posts within least_ms; after a failure the next one waits 10 s,
 * doubling to 10 min. What still holds is told again when nothing has been told for a day.
 */
#ifndef PARKMESH_CTL_NEWS_H
#define PARKMESH_CTL_NEWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "domain/conditions.h"
#include "domain/warnings.h"

#define NEWS_MAX (CONDITIONS_MAX + WARNINGS_MAX + 1) /* and that the central does not answer */
#define NEWS_SENTENCE_SIZE WARNING_SENTENCE_SIZE

struct matter {
	bool warning;                       /* else a condition */
	const char *code;                   /* static */
	char central[CENTRAL_ID_SIZE];      /* "" this one */
	char log[LOG_ID_SIZE];              /* "" none */
	int64_t since_ms;                   /* Unix ms, 0 not known */
	char sentence[NEWS_SENTENCE_SIZE];  /* what it is and what to do */
};

enum news_state {
	NEWS_SETTLING, /* not yet worth a word */
	NEWS_NEW,      /* to be told */
	NEWS_STANDING, /* told, and it still holds */
	NEWS_OVER      /* told, and to be told that it is over */
};

struct news_entry {
	struct matter matter;
	bool here, told;
	int64_t turned_ms;                  /* when it came or went */
};

/* Times are monotonic ms. */
struct news {
	int64_t settle_ms, least_ms;
	int64_t not_before_ms, told_ms;     /* the next post, the last one that succeeded */
	int64_t delay_ms;                   /* after a failure; 0: the last one succeeded */
	size_t count;
	struct news_entry entry[NEWS_MAX];
};

void news_init(struct news *n, int64_t settle_ms, int64_t least_ms, int64_t now_ms);
/* All that holds now, each once. */
void news_look(struct news *n, const struct matter *seen, size_t count, int64_t now_ms);
enum news_state news_state(const struct news *n, const struct news_entry *e, int64_t now_ms);
/* Is it time to post what is NEWS_NEW, NEWS_OVER and NEWS_STANDING? */
bool news_due(const struct news *n, int64_t now_ms);
/* It has been posted, as news_state says it at the same now_ms; or it could not be. */
void news_told(struct news *n, int64_t now_ms);
void news_failed(struct news *n, int64_t now_ms);

#endif
