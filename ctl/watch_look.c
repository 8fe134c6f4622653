#include "watch_look.h"

#include <string.h>

#include "base/text.h"
#include "store/db.h"
#include "store/site.h"
#include "web.h"
#include "wire/json.h"

static struct matter *add(struct matter *out, size_t *count, bool warning, const char *code, const char *central, int64_t since_ms)
{
	struct matter *m = &out[(*count)++];

	*m = (struct matter){.warning = warning, .code = code, .since_ms = since_ms};
	text_copy(m->central, sizeof m->central, central);
	return m;
}

/* What /healthz says, as gates would find it. */
struct health { bool unwritable, silent; };

static struct health ask(const char *url)
{
	struct web_answer answer;
	struct health health = {0};
	char code[64] = "";
	struct json_word word = {"code", code, sizeof code};

	web_ask(url, &answer);
	if (answer.status == 200)
		return health;
	if (answer.status == 503 && json_words(answer.body, &word, 1) == ERR_NONE && strcmp(code, "database_unwritable") == 0)
		health.unwritable = true;
	else
		health.silent = true;
	return health;
}

static void add_silent(struct matter *out, size_t *count)
{
	struct matter *m = add(out, count, false, "not_serving", "", 0);

	text_copy(m->sentence, sizeof m->sentence, "This central does not answer requests: gates cannot be served. See on its machine "
		"whether nginx and parkmesh-fcgi run, and what the system's journal says.");
}

static enum err add_conditions(struct db *db, const struct circumstances *now, struct matter *out, size_t *count)
{
	static struct condition list[CONDITIONS_MAX];
	size_t found = 0;
	enum err e = conditions_list(db, now, list, &found);

	for (size_t i = 0; e == ERR_NONE && i < found; i++) {
		struct matter *m = add(out, count, false, condition_name(list[i].code), list[i].central, list[i].since_ms);

		condition_sentence(&list[i], m->sentence);
	}
	return e;
}

static enum err add_warnings(struct db *db, struct matter *out, size_t *count)
{
	static struct warning list[WARNINGS_MAX];
	size_t found = 0;
	enum err e = warnings_list(db, list, WARNINGS_MAX, &found);

	for (size_t i = 0; e == ERR_NONE && i < found; i++) {
		struct matter *m = add(out, count, true, warning_name(list[i].code), list[i].central, list[i].since_ms);

		text_copy(m->log, sizeof m->log, list[i].log);
		warning_sentence(&list[i], m->sentence);
	}
	return e;
}

static enum err own(struct db *db, char id[CENTRAL_ID_SIZE], char url[WATCH_URL_SIZE])
{
	struct identity self;
	enum err e = identity_read(db, &self);

	if (e == ERR_NONE) {
		text_copy(id, CENTRAL_ID_SIZE, self.id);
		text_format(url, WATCH_URL_SIZE, "http://127.0.0.1:%d/healthz", self.api_port);
	}
	explicit_bzero(&self, sizeof self);
	return e;
}

enum err watch_look(const char *db_path, const char *health, int64_t now_ms, char id[CENTRAL_ID_SIZE], struct matter out[NEWS_MAX],
	size_t *count, struct fault *fault)
{
	struct circumstances now = {.now_ms = now_ms};
	struct db *db = NULL;
	char url[WATCH_URL_SIZE] = "";
	enum err e = db_open(db_path, DB_READ, &db, fault);

	*count = 0;
	if (e == ERR_NONE)
		e = own(db, id, url);
	if (*health || *url) {
		struct health seen = ask(*health ? health : url);

		now.unwritable = seen.unwritable;
		if (seen.silent)
			add_silent(out, count);
	}
	(void)disk_look(db_path, &now.disk); /* not known: nothing is said of it */
	if (e == ERR_NONE)
		e = add_conditions(db, &now, out, count);
	if (e == ERR_NONE)
		e = add_warnings(db, out, count);
	if (e != ERR_NONE && !fault->sentence[0])
		fault_set(fault, e, err_name(e), "", "The database %s cannot be read: %s.", db_path, db ? db_last_error(db) : err_name(e));
	db_close(db);
	return e;
}
