#include "warnings.h"

#include <cjson/cJSON.h>

#include "answer.h"
#include "api.h"
#include "base/text.h"
#include "base/zone.h"
#include "domain/ledger.h"
#include "pages.h"
#include "serve.h"
#include "writer.h"

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

/* A template asks for {{#rolled_back}} and in it for {{#own}}. */
void warnings_show(struct cJSON *page, const struct warning *list, size_t count)
{
	cJSON *all = cJSON_AddArrayToObject(page, "warnings");

	for (size_t i = 0; i < count; i++) {
		const struct warning *w = &list[i];
		cJSON *row = cJSON_CreateObject();
		char log[9];

		cJSON_AddItemToArray(all, row);
		cJSON_AddNumberToObject(row, "id", (double)w->id);
		cJSON_AddTrueToObject(row, warning_name(w->code));
		cJSON_AddBoolToObject(row, "own", w->own);
		cJSON_AddStringToObject(row, "central", w->central);
		cJSON_AddStringToObject(row, "place", w->place);
		text_format(log, sizeof log, "%.8s", w->log);
		cJSON_AddStringToObject(row, "log", log);
		cJSON_AddNumberToObject(row, "records", (double)w->records);
		page_add_time(row, "since", w->since_ms);
	}
}

struct seen_job { int64_t id; struct fault *fault; };

static enum err see(struct ledger *l, void *arg)
{
	const struct seen_job *j = arg;

	return warnings_see(ledger_db(l), j->id, world_wall_ms(ledger_world(l)), j->fault);
}

enum err warnings_seen(struct writer *w, int64_t id, struct fault *fault)
{
	struct seen_job j = {.id = id, .fault = fault};

	return writer_run(w, see, &j);
}

enum err api_warning_seen(struct call *c, struct fault *fault)
{
	int64_t id = 0;
	enum err e;

	(void)number_parse(c->segment, INTEGER_MAX, &id); /* what is no number is no warning's */
	e = warnings_seen(c->app->writer, id, fault);
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
	enum err e = warnings_seen(c->app->writer, params_integer(&c->params, "warning", 0), fault);

	if (e != ERR_NONE && e != ERR_NOT_FOUND)
		return e;
	response_redirect(&c->response, 303, "/settings/p2p");
	return ERR_NONE;
}
