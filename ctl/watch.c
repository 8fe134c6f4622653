/*
 * parkmesh-watch: tells a webhook of what is not as it should be at this central, and of when it is again. A process of its own, so that
 * the one which serves the gates dials nobody. It only reads the database; what it does when is ctl/news.h's.
 */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/core.h"
#include "base/journal.h"
#include "base/text.h"
#include "base/world.h"
#include "conf.h"
#include "input.h"
#include "watch_look.h"
#include "web.h"
#include "wire/json.h"

#define EXIT_USAGE 2
#define LOOK_S 2
#define SETTLE_S 30
#define INTERVAL_S 300
#define INTERVAL_MAX_S 86400
#define MESSAGE_MAX_BYTES ((size_t)NEWS_MAX * 1200)

static const char usage[] =
	"Usage: parkmesh-watch --config FILE [option...]\n"
	"       parkmesh-watch --db PATH --webhook-file FILE [option...]\n"
	"Post to a webhook what is not as it should be at this central, and when it is again.\n"
	"\n"
	"  --config FILE        parkmesh.conf: database, webhook_url and webhook_min_interval; what else is\n"
	"                       given here counts before it\n"
	"  --db PATH            the central's database\n"
	"  --webhook-file FILE  its first line is the address to post to (http:// or https://)\n"
	"  --interval SECONDS   no two posts within so long (default 300)\n"
	"  --settle SECONDS     what comes and goes within so long is not told (default 30)\n"
	"  --health URL         where this central says that it is well (default /healthz at its API port here)\n"
	"  --help               this text\n"
	"  --version            the version\n"
	"\n"
	"SIGTERM: end.\n";

struct watch {
	struct world world;
	char db[CONF_PATH_MAX + 1];
	const char *health;
	char webhook[WATCH_URL_SIZE];
	int64_t interval_s, settle_s;
	char id[CENTRAL_ID_SIZE];
	size_t count;                       /* of the last good look */
	struct matter seen[NEWS_MAX + 1];   /* one more: that there was no good look */
	bool blind;                         /* the last look failed */
	struct news news;
};

/* --- options ----------------------------------------------------------------------------------------------------------- */

static int usage_error(const char *what, const char *value)
{
	fprintf(stderr, "parkmesh-watch: %s%s. See parkmesh-watch --help.\n", what, value);
	return EXIT_USAGE;
}

/* The address is never written anywhere: who knows it may post to it. */
static bool read_webhook(const char *path, char out[WATCH_URL_SIZE])
{
	struct fault fault = {0};
	struct buf text;
	bool good;

	buf_init(&text, 4096);
	if (input_read(path, &text, &fault) != ERR_NONE) {
		fprintf(stderr, "parkmesh-watch: %s\n", fault.sentence);
		buf_free(&text);
		return false;
	}
	good = text.len > 0;
	if (good)
		text.data[strcspn(text.data, "\r\n")] = '\0';
	good = good && text_copy(out, WATCH_URL_SIZE, text.data) && web_address_valid(out);
	if (!good)
		fprintf(stderr, "parkmesh-watch: The first line of %s has to be an address such as https://chat.example/hook, of at most "
			"%d characters.\n", path, WATCH_URL_SIZE - 1);
	buf_free(&text);
	return good;
}

static bool read_seconds(const char *text, int64_t *out)
{
	return number_parse(text, INTERVAL_MAX_S, out);
}

/* What is not given is NULL, or -1. */
struct given { const char *config, *db, *webhook_file; int64_t interval_s; };

/* -1 to go on, else the program's exit status. */
static int read_option(int option, struct given *g, struct watch *w)
{
	switch (option) {
	case 'c': g->config = optarg; return -1;
	case 'd': g->db = optarg; return -1;
	case 'f': g->webhook_file = optarg; return -1;
	case 'u': w->health = optarg; return web_address_valid(optarg) ? -1 : usage_error("--health takes an address, not ", optarg);
	case 'i': return read_seconds(optarg, &g->interval_s) ? -1 : usage_error("--interval takes seconds, 0 to 86400, not ", optarg);
	case 's': return read_seconds(optarg, &w->settle_s) ? -1 : usage_error("--settle takes seconds, 0 to 86400, not ", optarg);
	case 'h': fputs(usage, stdout); return EXIT_SUCCESS;
	case 'v': puts("parkmesh-watch " PACKAGE_VERSION); return EXIT_SUCCESS;
	default: return usage_error("an option is unknown or lacks its value", "");
	}
}

static bool read_config(const struct given *g, struct watch *w)
{
	struct fault fault = {0};
	struct conf *conf = NULL;

	if (conf_read(g->config, &conf, &fault) != ERR_NONE) {
		fprintf(stderr, "parkmesh-watch: %s\n", fault.sentence);
		return false;
	}
	text_copy(w->db, sizeof w->db, conf->database);
	w->interval_s = conf->webhook_min_interval_s;
	if (!text_copy(w->webhook, sizeof w->webhook, conf->webhook_url) || (w->webhook[0] && !web_address_valid(w->webhook))) {
		fprintf(stderr, "parkmesh-watch: webhook_url in %s has to be an address such as https://chat.example/hook, of at most "
			"%d characters.\n", g->config, WATCH_URL_SIZE - 1);
		conf_free(conf);
		return false;
	}
	conf_free(conf);
	return true;
}

/* -1 to go on, else the program's exit status. */
static int settle_options(const struct given *g, struct watch *w)
{
	if (!g->config && (!g->db || !g->webhook_file))
		return usage_error("--config, or --db and --webhook-file, are needed", "");
	if (g->config && !read_config(g, w))
		return EXIT_USAGE;
	if (g->db && !text_copy(w->db, sizeof w->db, g->db))
		return usage_error("the path is too long: ", g->db);
	if (g->webhook_file && !read_webhook(g->webhook_file, w->webhook))
		return EXIT_USAGE;
	if (g->interval_s >= 0)
		w->interval_s = g->interval_s;
	if (w->webhook[0])
		return -1;
	printf("parkmesh-watch: There is nobody to tell: webhook_url is not set in %s.\n", g->config);
	return EXIT_SUCCESS;
}

static int read_options(int argc, char **argv, struct watch *w)
{
	static const struct option known[] = {
		{"config", required_argument, NULL, 'c'}, {"db", required_argument, NULL, 'd'},
		{"webhook-file", required_argument, NULL, 'f'}, {"health", required_argument, NULL, 'u'},
		{"interval", required_argument, NULL, 'i'}, {"settle", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};
	struct given given = {.interval_s = -1};
	int option, status = -1;

	opterr = 0;
	while (status < 0 && (option = getopt_long(argc, argv, "", known, NULL)) != -1)
		status = read_option(option, &given, w);
	if (status >= 0)
		return status;
	if (optind < argc)
		return usage_error("there is one argument too many: ", argv[optind]);
	return settle_options(&given, w);
}

/* --- looking ----------------------------------------------------------------------------------------------------------- */

/* While the database cannot be read, what was known of it stands. */
static void look(struct watch *w)
{
	static struct matter found[NEWS_MAX];
	struct fault fault = {0};
	size_t count = 0;
	bool failed = watch_look(w->db, w->health, world_wall_ms(&w->world), w->id, found, &count, &fault) != ERR_NONE;

	if (failed && !w->blind)
		journal_error("event=look_failed why=\"%s\"", fault.sentence);
	w->blind = failed;
	if (failed) {
		struct matter *m = &w->seen[w->count];

		*m = (struct matter){.code = "unreadable_database"};
		text_format(m->sentence, sizeof m->sentence, "%s Look at its disk and at the system's journal.", fault.sentence);
	} else {
		memcpy(w->seen, found, count * sizeof *found);
		w->count = count;
	}
	news_look(&w->news, w->seen, w->count + failed, world_mono_ms(&w->world));
}

/* --- telling ----------------------------------------------------------------------------------------------------------- */

static void add_matter(struct buf *out, const struct matter *m)
{
	buf_char(out, '{');
	json_add_text(out, "kind", m->warning ? "warning" : "condition");
	json_add_text(out, "code", m->code);
	json_add_text(out, "central", m->central[0] ? m->central : NULL);
	json_add_text(out, "log", m->log[0] ? m->log : NULL);
	json_add_integer(out, "since", m->since_ms > 0 ? m->since_ms : -1);
	json_add_text(out, "message", m->sentence);
	buf_char(out, '}');
}

static size_t add_list(struct buf *out, const char *name, const struct news *n, enum news_state state, int64_t now_ms)
{
	size_t count = 0;

	json_add_raw(out, name, "[");
	for (size_t i = 0; i < n->count; i++) {
		if (news_state(n, &n->entry[i], now_ms) != state)
			continue;
		if (count++ > 0)
			buf_char(out, ',');
		add_matter(out, &n->entry[i].matter);
	}
	buf_char(out, ']');
	return count;
}

static void add_lines(struct buf *text, const char *before, const struct news *n, enum news_state state, int64_t now_ms)
{
	for (size_t i = 0; i < n->count; i++) {
		if (news_state(n, &n->entry[i], now_ms) == state)
			buf_printf(text, "\n%s%s", before, n->entry[i].matter.sentence);
	}
}

/* What chat programs show. */
static void add_text(struct buf *out, const struct watch *w, int64_t now_ms)
{
	struct buf text;

	buf_init(&text, MESSAGE_MAX_BYTES);
	buf_printf(&text, "parkmesh %s", w->id);
	add_lines(&text, "NEW: ", &w->news, NEWS_NEW, now_ms);
	add_lines(&text, "OVER: ", &w->news, NEWS_OVER, now_ms);
	add_lines(&text, "STILL: ", &w->news, NEWS_STANDING, now_ms);
	json_add_text(out, "text", buf_text(&text));
	buf_free(&text);
}

static void tell(struct watch *w, int64_t now_ms)
{
	struct web_answer answer;
	size_t fresh, over;
	struct buf out;

	buf_init(&out, 2 * MESSAGE_MAX_BYTES);
	buf_char(&out, '{');
	json_add_text(&out, "central", w->id);
	json_add_integer(&out, "time", world_wall_ms(&w->world));
	add_text(&out, w, now_ms);
	fresh = add_list(&out, "new", &w->news, NEWS_NEW, now_ms);
	over = add_list(&out, "over", &w->news, NEWS_OVER, now_ms);
	add_list(&out, "standing", &w->news, NEWS_STANDING, now_ms);
	buf_char(&out, '}');
	web_post(w->webhook, buf_text(&out), &answer);
	buf_free(&out);
	if (answer.status >= 200 && answer.status < 300) {
		journal_info("event=told new=%zu over=%zu", fresh, over);
		news_told(&w->news, now_ms);
		return;
	}
	news_failed(&w->news, now_ms);
	journal_warning("event=not_told status=%ld why=\"%s\" again_in_s=%" PRId64, answer.status, answer.why, w->news.delay_ms / 1000);
}

/* --- start and end ----------------------------------------------------------------------------------------------------- */

/* Taken between looks, or by a post that is under way. */
static sigset_t block_signals(void)
{
	sigset_t ending;

	sigemptyset(&ending);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGINT);
	sigprocmask(SIG_BLOCK, &ending, NULL);
	return ending;
}

static void run(struct watch *w, const sigset_t *ending)
{
	const struct timespec pause = {.tv_sec = LOOK_S};

	journal_info("event=started interval_s=%" PRId64 " settle_s=%" PRId64, w->interval_s, w->settle_s);
	do {
		int64_t now;

		look(w);
		now = world_mono_ms(&w->world);
		if (news_due(&w->news, now))
			tell(w, now);
	} while (sigtimedwait(ending, NULL, &pause) < 0);
	journal_info("event=stopped");
}

int main(int argc, char **argv)
{
	static struct watch w; /* hundreds of matters */
	const sigset_t ending = block_signals();
	int status;

	w.world = world_real();
	w.health = "";
	w.interval_s = INTERVAL_S;
	w.settle_s = SETTLE_S;
	if (!web_start()) {
		fputs("parkmesh-watch: libcurl cannot start.\n", stderr);
		return EXIT_FAILURE;
	}
	status = read_options(argc, argv, &w);
	if (status < 0) {
		journal_start("parkmesh-watch", JOURNAL_INFO);
		news_init(&w.news, w.settle_s * 1000, w.interval_s * 1000, world_mono_ms(&w.world));
		run(&w, &ending);
		status = EXIT_SUCCESS;
	}
	explicit_bzero(w.webhook, sizeof w.webhook);
	web_end();
	return status;
}
