/*
 * Whole requests through parkmesh.fcgi's own gate: route table, session, fields, handlers, the writer and a real database, which is
 * empty again for each input. The lines of an input:
 *
 *   =METHOD PATH?QUERY   begins a request, from 127.0.0.1 to Host 127.0.0.1:8000
 *   -Name: value         a header; "-@NAME: value" a FastCGI parameter of that name, such as REMOTE_ADDR
 *   >text                a line of its body
 *   ~NAME; more          it comes from the browser of viewer, operator, admin or nobody, with the form's token, and more in its cookies
 *   ^NAME; more          the same without the form's token
 *   !                    afterwards, look whether all that is held fits together (slow)
 *
 * In a query or a body $ stands for the version that the last page put into its form. An input whose first byte is 1, FastCGI's
 * version, goes to the program as it is.
 *
 * Edge edge-1 has the token TOKEN; for people see person.h. Whatever is asked: a status that api.md knows, JSON that is JSON, nothing
 * from outside unescaped in a page or a header, no stranger let in, nobody doing what their role or a form of another page does not
 * allow, no answer 500, and rows that keep their promises.
 */
#include "fuzz.h"

#include <ctype.h>
#include <strings.h>
#include <sys/eventfd.h>

#include "base/journal.h"
#include "base/text.h"
#include "domain/verify.h"
#include "fastcgi.h"
#include "fcgi/attempts.h"
#include "fcgi/edges.h"
#include "fcgi/hashing.h"
#include "fcgi/in_force.h"
#include "fcgi/metrics.h"
#include "fcgi/pages.h"
#include "fcgi/quorum_wait.h"
#include "fcgi/recent.h"
#include "fcgi/request.h"
#include "fcgi/serve.h"
#include "fcgi/view.h"
#include "fcgi/writer.h"
#include "person.h"
#include "rows.h"
#include "seal/seal.h"
#include "seal/token.h"
#include "store/edges.h"
#include "store/outline.h"
#include "tests/unit/central.h"
#include "wire/json.h"

#define TOKEN "1111111111111111111111111111111111111111111111111111111111111111"
#define MARK "<zq" /* in the dictionary, and in no template */
#define ORIGIN "https://office.example"
#define REQUESTS_MAX 12

#define VERSION_SIZE 128

struct asked {
	char method[16], path[4096], query[8192], remote[64];
	bool shows_token;
	bool odd;                /* it says itself what else the lines say: who may is not looked at */
	bool cookie, csrf;       /* has a cookie; shows the form's token */
	const char *person;      /* whose browser it is, NULL nobody's */
	struct buf params, body;
};

static struct app app;
static struct desk desk;
static struct fake_world fake;
static struct db *db;
static char folder[4096], path[4200];
static char version[VERSION_SIZE], flash[2048]; /* of the last page; of the last redirect */

/* ---- time: moves only with the requests and while somebody waits for p2pd, which is not there ---- */

static int64_t mono(void *self)
{
	return ((struct fake_world *)self)->mono_us += 3000000;
}

/* ---- the answer ---- */

static bool known_status(int status)
{
	static const int known[] = {200, 204, 302, 303, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 503};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i] == status)
			return true;
	return false;
}

static const char *header(const char *head, const char *name, char value[512])
{
	for (const char *line = head; *line; line += strcspn(line, "\n") + 1) {
		size_t len = strlen(name);

		if (strncasecmp(line, name, len) != 0 || line[len] != ':')
			continue;
		text_format(value, 512, "%.*s", (int)strcspn(line + len + 2, "\r"), line + len + 2);
		return value;
	}
	return NULL;
}

static void check_head(const char *head)
{
	while (*head) {
		size_t len = strcspn(head, "\r");

		MUST(head[len] == '\r' && head[len + 1] == '\n' && memchr(head, ':', len));
		for (size_t i = 0; i < len; i++)
			MUST((unsigned char)head[i] >= ' ' && head[i] != 127);
		head += len + 2;
	}
}

static void check_json(const struct asked *a, int status, const char *body, size_t len)
{
	if (strcmp(a->method, "HEAD") == 0)
		return;
	MUST(json_is_object(body, len));
	MUST(strncmp(body, "{\"success\":true", 15) == 0 || strncmp(body, "{\"success\":false", 16) == 0);
	MUST(status < 400 || strncmp(body, "{\"success\":false", 16) == 0);
	MUST(strncmp(body, "{\"success\":false", 16) != 0 || (strstr(body, "\"error\":\"") && strstr(body, "\"code\":\"")));
}

/* What anybody may open. */
static bool is_open(const char *asked)
{
	static const char *const open[] = {"/healthz", "/language", "/login", "/logout", "/setup"};

	for (size_t i = 0; i < sizeof open / sizeof *open; i++)
		if (strcmp(asked, open[i]) == 0)
			return true;
	return false;
}

/* Only loopback is trusted, and only a token speaks for somebody else; who opens a page is sent to the log-in. */
static void check_caller(const struct asked *a, int status, const char *location)
{
	bool near = a->odd || strncmp(a->remote, "127.", 4) == 0 || strcmp(a->remote, "::1") == 0 || strncmp(a->remote, "::", 2) == 0 ||
		strchr(a->remote, ':') != NULL;

	if (!near && !a->shows_token && !is_open(a->path) && strcmp(a->method, "OPTIONS") != 0)
		MUST(status >= 400 || (status == 303 && location && strncmp(location, "/login", 6) == 0));
}

/* What a browser keeps: the version in a form, and what the next page is to say once. */
static void keep_answer(const char *head, const char *body)
{
	static const char cookie[] = "\nSet-Cookie: parkmesh-flash-8000=", allowed[] = "0123456789abcdefghijklmnopqrstuvwxyz-.";
	const char *set = strstr(head, cookie), *at = strstr(body, "name=\"version\" value=\"");

	at = at ? at + 22 : strstr(body, "?version=") ? strstr(body, "?version=") + 9 : "";
	text_format(version, sizeof version, "%.*s", (int)strspn(at, allowed), at);
	set = set ? set + sizeof cookie - 1 : "";
	text_format(flash, sizeof flash, "%.*s", (int)strcspn(set, ";"), set);
}

static void check_answer(const struct asked *a, struct buf *answer, struct deed_seen *seen)
{
	const char *head = buf_text(answer), *location;
	char *body = answer->data ? strstr(answer->data, "\r\n\r\n") : NULL, value[512];
	size_t len;
	int status;

	MUST(body);
	body[2] = '\0';
	body += 4;
	len = answer->len - (size_t)(body - answer->data);
	check_head(head);
	MUST(sscanf(head, "Status: %d ", &status) == 1 && known_status(status));
	MUST(header(head, "Content-Type", value));
	if (strcmp(value, "application/json") == 0 && status != 204)
		check_json(a, status, body, len);
	else
		MUST(!strstr(body, MARK) || strncmp(value, "text/csv", 8) == 0);
	MUST((status == 401) == (header(head, "WWW-Authenticate", value) != NULL));
	MUST(!header(head, "Access-Control-Allow-Origin", value) || strcasecmp(value, ORIGIN) == 0);
	location = header(head, "Location", value);
	MUST(!location || (value[0] == '/' && value[1] != '/'));
	check_caller(a, status, location);
	seen->status = status;
	seen->to_login = status == 303 && location && strncmp(location, "/login", 6) == 0;
	keep_answer(head, body);
}

/* ---- requests ---- */

static void add_header(struct asked *a, char *line)
{
	char name[128] = "HTTP_", *colon = strchr(line, ':');
	char *value = colon ? colon + 1 + strspn(colon + 1, " ") : line + strlen(line);

	if (colon)
		*colon = '\0';
	if (*line == '@') {
		text_copy(name, sizeof name, line + 1);
	} else {
		text_copy(name + 5, sizeof name - 5, line);
		for (char *c = name; *c; c++)
			*c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
		if (strcmp(name, "HTTP_CONTENT_TYPE") == 0)
			text_copy(name, sizeof name, "CONTENT_TYPE");
	}
	if (strcmp(name, "REMOTE_ADDR") == 0)
		text_copy(a->remote, sizeof a->remote, value);
	a->shows_token = a->shows_token || strcmp(name, "HTTP_AUTHORIZATION") == 0;
	a->cookie = a->cookie || strcmp(name, "HTTP_COOKIE") == 0;
	a->odd = a->odd || strcmp(name, "REQUEST_METHOD") == 0 || strcmp(name, "SCRIPT_NAME") == 0 || strcmp(name, "SERVER_PORT") == 0;
	fastcgi_param(&a->params, name, value);
}

static void add_person(struct asked *a, char *line, bool with_csrf)
{
	char token[TOKEN_SIZE], cookie[8192], *more = strchr(line, ';');

	if (more)
		*more++ = '\0';
	if (a->cookie || !person_known(line))
		return;
	a->cookie = true;
	a->csrf = with_csrf;
	for (size_t i = 0; i < PERSONS; i++)
		if (strcmp(persons[i], line) == 0)
			a->person = persons[i];
	person_token(a->person, token);
	text_format(cookie, sizeof cookie, "parkmesh-session-8000=%s%s%s%s%s", token, flash[0] ? "; parkmesh-flash-8000=" : "", flash,
		more ? ";" : "", more ? more : "");
	fastcgi_param(&a->params, "HTTP_COOKIE", cookie);
	person_csrf(a->person, token);
	if (with_csrf)
		fastcgi_param(&a->params, "HTTP_X_CSRF_TOKEN", token);
}

/* text with the version in place of each $. */
static void add_text(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '$')
			buf_str(out, version);
		else
			buf_add(out, text, 1);
	}
}

static void begin_request(struct asked *a, char *line)
{
	char *target = strchr(line, ' '), *query = strchr(line, '?');
	struct buf filled;

	*a = (struct asked){.remote = "127.0.0.1"};
	buf_init(&a->params, 65536);
	buf_init(&a->body, REQUEST_BODY_MAX + 100);
	if (query)
		*query++ = '\0';
	if (target)
		*target++ = '\0';
	text_copy(a->method, sizeof a->method, line);
	text_copy(a->path, sizeof a->path, target ? target : "");
	buf_init(&filled, sizeof a->query);
	add_text(&filled, query ? query : "");
	text_copy(a->query, sizeof a->query, buf_text(&filled));
	buf_free(&filled);
}

/* A form of the person's own page. */
static void add_csrf(struct asked *a)
{
	char csrf[TOKEN_SIZE];
	struct buf body;

	person_csrf(a->person, csrf);
	buf_init(&body, REQUEST_BODY_MAX + 200);
	buf_printf(&body, "csrf=%s&", csrf);
	buf_add(&body, buf_text(&a->body), a->body.len);
	buf_free(&a->body);
	a->body = body;
	fastcgi_param(&a->params, "CONTENT_TYPE", "application/x-www-form-urlencoded");
}

/* What comes first counts, so the usual values stand behind those of the input. */
static void run_request(struct asked *a)
{
	const struct route *route = route_asked(a->method, a->path);
	struct deed_seen seen = {.role = a->person ? person_role(db, a->person) : USER_NOBODY, .csrf = a->csrf};
	char before[KEPT_SIZE], after[KEPT_SIZE];
	struct buf answer;
	int ours, theirs;

	if (a->csrf && route && access_is_page(route->access) && route->method != METHOD_GET)
		add_csrf(a);
	kept_now(db, before);
	fastcgi_param(&a->params, "REQUEST_METHOD", a->method);
	fastcgi_param(&a->params, "SCRIPT_NAME", a->path);
	fastcgi_param(&a->params, "QUERY_STRING", a->query);
	fastcgi_param(&a->params, "REMOTE_ADDR", "127.0.0.1");
	fastcgi_param(&a->params, "SERVER_PORT", "8000");
	fastcgi_param(&a->params, "HTTP_HOST", "127.0.0.1:8000");
	buf_init(&answer, 4 * FASTCGI_MAX);
	theirs = fastcgi_open(&a->params, &a->body, &ours);
	serve(&desk, theirs);
	MUST(fastcgi_answer(ours, &answer));
	check_answer(a, &answer, &seen);
	kept_now(db, after);
	seen.changed = strcmp(before, after) != 0;
	if (!a->odd && !a->shows_token)
		check_deed(route, &seen);
	fake.wall_ms += 1000;
	buf_free(&answer);
	buf_free(&a->params);
	buf_free(&a->body);
}

/* ---- rows ---- */

static void show_nothing(void *arg, const struct verify_counts *so_far)
{
	(void)arg;
	(void)so_far;
}

static void check_rows(bool all)
{
	const struct verify_watch watch = {.show = show_nothing};
	struct verify_counts counts = {0};
	struct verify_finding finding = {.seq = 0};
	enum err e;

	MUST(number_of(db, "SELECT count(*) FROM (SELECT 1 FROM history WHERE status = 'IN' GROUP BY plate_id HAVING count(*) > 1)") == 0);
	MUST(number_of(db, "SELECT count(*) FROM exits WHERE fee < 0") == 0);
	MUST(number_of(db, "SELECT count(*) FROM records WHERE unread > 0") == 0);
	if (!all)
		return;
	e = verify_run(desk.db ? desk.db : db, &watch, &counts, &finding);
	if (e != ERR_NONE)
		fprintf(stderr, "%s %lld: %s\n", finding.log, (long long)finding.seq, finding.what);
	MUST(e == ERR_NONE);
}

/* ---- start and end ---- */

static void clean_up(void)
{
	static const char *const left[] = {"parkmesh.db", "parkmesh.db-wal", "parkmesh.db-shm", "parkmesh.db-lock"};
	char file[4200];

	for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
		text_format(file, sizeof file, "%s/%s", folder, left[i]);
		unlink(file);
	}
	rmdir(folder);
}

static void load_views(void)
{
	const char *source = getenv("PARKMESH_SOURCE");
	struct fault fault = {0};
	char dir[4096];

	text_format(dir, sizeof dir, "%s/templates", source ? source : ".");
	MUST(views_open(&app.views) == ERR_NONE && views_load(app.views, dir, page_views, &fault) == ERR_NONE);
	MUST(catalogue_load(dir, &app.catalogue, &fault) == ERR_NONE);
}

static void prepare(void)
{
	struct fault fault = {0};
	struct rules rules;

	journal_start("fuzz", (enum journal_level)(JOURNAL_ERROR + 1));
	MUST(seal_start() && request_start());
	text_format(folder, sizeof folder, "%s/fuzz_http.XXXXXX", fuzz_folder());
	MUST(mkdtemp(folder));
	(void)atexit(clean_up);
	text_format(path, sizeof path, "%s/parkmesh.db", folder);
	app = (struct app){.db_path = path, .world = {fake_wall, mono, fake_random, &fake}, .stop_fd = eventfd(0, EFD_CLOEXEC),
		.threads = 8};
	rules_init(&rules);
	MUST(rules_add_origin(&rules, ORIGIN) && in_force_open(&app.in_force) == ERR_NONE);
	MUST(in_force_put(app.in_force, &rules, NULL) == ERR_NONE);
	load_views();
	desk.app = &app;
	fake = (struct fake_world){CENTRAL_TIME, 0, {7}};
	MUST(db_open(path, DB_WRITE, &db, &fault) == ERR_NONE);
	MUST(db_begin(db) == ERR_NONE && site_first_start(db, &app.world) == ERR_NONE && db_commit(db) == ERR_NONE);
}

static void empty_database(void)
{
	static const char empty[] = "DELETE FROM seals; DELETE FROM record_rows; DELETE FROM logs; DELETE FROM history; DELETE FROM exits;"
		" DELETE FROM history_changes; DELETE FROM settings; DELETE FROM subscriptions; DELETE FROM pins; DELETE FROM peers; DELETE FROM peer_status;"
		" DELETE FROM commands; DELETE FROM events; DELETE FROM cameras; DELETE FROM edges; DELETE FROM idempotency; DELETE FROM warnings;"
		" DELETE FROM users; DELETE FROM sessions; DELETE FROM setup_link; DELETE FROM audit; DELETE FROM looked; DELETE FROM expected_keys; DELETE FROM record_counts;"
		" UPDATE clock SET hlc_ms = 0, hlc_counter = 0, change = 0;"
		" UPDATE identity SET id = 'central-1', ip = '127.0.0.1', p2p_port = 9000, api_port = 8000, mesh_secret = '';";
	unsigned char hash[TOKEN_HASH_BYTES];

	token_hash(TOKEN, hash);
	recent_close(app.recent); /* the clock goes back below */
	outline_close(app.outline);
	MUST(recent_open(&app.world, &app.recent) == ERR_NONE && outline_open(&app.outline) == ERR_NONE);
	MUST(db_begin(db) == ERR_NONE);
	MUST(sqlite3_exec(db->handle, empty, NULL, NULL, NULL) == SQLITE_OK);
	MUST(edge_upsert(db, "edge-1", "", LANE_ANY, CENTRAL_TIME) == ERR_NONE && edge_set_token(db, "edge-1", hash) == ERR_NONE);
	persons_insert(db, CENTRAL_TIME);
	neighbour_insert(db, CENTRAL_TIME);
	MUST(db_commit(db) == ERR_NONE);
}

static void start(void)
{
	struct writer_setup setup = {.db_path = path, .world = &app.world, .bell = -1};
	struct fault fault = {0};

	if (!db)
		prepare();
	fake = (struct fake_world){CENTRAL_TIME, 0, {7}};
	version[0] = flash[0] = '\0';
	empty_database();
	MUST(edges_open(&app.edges) == ERR_NONE && attempts_open(&app.attempts) == ERR_NONE && hashing_open(&app.hashing) == ERR_NONE);
	MUST(metrics_open(&app.metrics) == ERR_NONE && quorum_wait_open(path, &app.world, &app.quorum) == ERR_NONE);
	MUST(writer_start(&setup, &app.writer, &fault) == ERR_NONE);
}

static bool run_lines(struct feed *feed)
{
	struct asked asked;
	bool open = false, all = false;

	for (int count = 0; feed_left(feed) && count <= REQUESTS_MAX;) {
		char *line = feed_line(feed);

		if (*line == '=') {
			if (open)
				run_request(&asked);
			open = ++count <= REQUESTS_MAX;
			if (open)
				begin_request(&asked, line + 1);
		} else if (*line == '-' && open) {
			add_header(&asked, line + 1);
		} else if (*line == '>' && open) {
			if (asked.body.len)
				buf_str(&asked.body, "\n");
			add_text(&asked.body, line + 1);
		} else if ((*line == '~' || *line == '^') && open) {
			add_person(&asked, line + 1, *line == '~');
		}
		all = all || *line == '!';
		free(line);
	}
	if (open)
		run_request(&asked);
	return all;
}

/* libfcgi forgets 48 bytes of a management record whose values are cut short; nginx sends none. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libfcgi";
}

/* Whatever comes by the socket, the program lives on. */
static void run_raw(const uint8_t *bytes, size_t len)
{
	struct buf answer;
	int ours, theirs = fastcgi_send(bytes, len, &ours);

	buf_init(&answer, 4 * FASTCGI_MAX);
	serve(&desk, theirs);
	(void)fastcgi_answer(ours, &answer);
	buf_free(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct feed feed = {bytes, bytes + len};
	bool all = false;

	start();
	if (len > 0 && *bytes == 1)
		run_raw(bytes, len);
	else
		all = run_lines(&feed);
	writer_stop(app.writer);
	check_rows(all);
	(void)db_checkpoint(db, 1024 * 1024);
	edges_close(app.edges);
	attempts_close(app.attempts);
	hashing_close(app.hashing);
	metrics_close(app.metrics);
	quorum_wait_stop(app.quorum);
	quorum_wait_close(app.quorum);
	return 0;
}
