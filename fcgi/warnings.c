#include "warnings.h"

#include <cjson/cJSON.h>
#include <inttypes.h>

#include "answer.h"
#include "api.h"
#include "base/text.h"
#include "base/zone.h"
#include "caller.h"
#include "domain/deed.h"
#include "domain/ledger.h"
#include "page.h"
#include "pages.h"
#include "serve.h"

static void answer_optional(struct response *r, const char *name, const char *text)
{
	answer_text(r, name, text[0] ? text : NULL);
}

void warnings_answer(struct response *r, const struct warning *list, size_t count)
{
	char text[ZONE_TEXT], sentence[WARNING_SENTENCE_SIZE];

	answer_list(r, "warnings");
	for (size_t i = 0; i < count; i++) {
		const struct warning *w = &list[i];

		answer_object(r, NULL);
		answer_integer(r, "id", w->id);
		answer_text(r, "code", warning_name(w->code));
		answer_text(r, "central", w->central);
		answer_bool(r, "own", w->own);
		answer_optional(r, "log", w->log);
		answer_optional(r, "place", w->place);
		answer_integer(r, "records", w->records);
		zone_text(w->since_ms, text);
		answer_text(r, "since", text);
		zone_text(w->last_ms, text);
		answer_text(r, "last", text);
		warning_sentence(w, sentence);
		answer_text(r, "message", sentence);
		answer_object_end(r);
	}
	answer_list_end(r);
}

/* What is told of another central and of this one are two texts where they differ. */
static void add_words(struct call *c, cJSON *row, const struct warning *w)
{
	bool own = w->own && (w->code == WARNING_ROLLED_BACK || w->code == WARNING_TWO_CENTRALS);
	char title[WORDS_NAME_SIZE], text[WORDS_NAME_SIZE];

	text_format(title, sizeof title, "warning_title.%s%s", warning_name(w->code), own ? "_own" : "");
	text_format(text, sizeof text, "warning_text.%s%s", warning_name(w->code), own ? "_own" : "");
	page_words(c, row, "title", title, row);
	page_words(c, row, "words", text, row);
}

void warnings_show(struct call *c, struct cJSON *page, const struct warning *list, size_t count)
{
	cJSON *all = cJSON_AddArrayToObject(page, "warnings");

	for (size_t i = 0; i < count; i++) {
		const struct warning *w = &list[i];
		cJSON *row = cJSON_CreateObject();
		char log[9];

		cJSON_AddItemToArray(all, row);
		cJSON_AddNumberToObject(row, "id", (double)w->id);
		cJSON_AddStringToObject(row, "central", w->central);
		cJSON_AddStringToObject(row, "place", w->place);
		text_format(log, sizeof log, "%.8s", w->log);
		cJSON_AddStringToObject(row, "log", log);
		page_number(c, row, "records", w->records);
		page_time(c, row, "since", w->since_ms);
		cJSON_AddBoolToObject(row, "repin", w->code == WARNING_WRONG_KEY);
		add_words(c, row, w);
	}
}

struct seen_job { struct actor by; int64_t id; struct fault *fault; };

static enum err see(struct ledger *l, void *arg)
{
	const struct seen_job *j = arg;
	char id[24];
	enum err e = warnings_see(ledger_db(l), j->id, world_wall_ms(ledger_world(l)), j->fault);

	text_format(id, sizeof id, "%" PRId64, j->id);
	return e == ERR_NONE ? deed_note(ledger_db(l), &j->by, "warning_seen", id, NULL, NULL) : e;
}

/* ERR_NOT_FOUND: no such warning stands. */
static enum err seen(struct call *c, int64_t id, struct fault *fault)
{
	struct seen_job j = {.by = caller_actor(c), .id = id, .fault = fault};

	return page_write(c, see, &j, fault);
}

enum err api_warning_seen(struct call *c, struct fault *fault)
{
	int64_t id = 0;
	enum err e;

	(void)number_parse(c->segment, INTEGER_MAX, &id); /* what is no number is no warning's */
	e = seen(c, id, fault);
	if (e != ERR_NONE)
		return e;
	answer_begin(&c->response, 200);
	answer_end(&c->response);
	return ERR_NONE;
}

const struct field page_p2p_warning_fields[1] = {{"warning", FIELD_INTEGER, FROM_BODY, true, 0, INTEGER_MAX, NULL}};

/* Seen by somebody else meanwhile is as good. */
enum err page_p2p_warning(struct call *c, struct fault *fault)
{
	enum err e = seen(c, params_integer(&c->params, "warning", 0), fault);

	if (e != ERR_NONE && e != ERR_NOT_FOUND)
		return e;
	return page_redirect(c, "/settings/p2p", NULL, NULL);
}
