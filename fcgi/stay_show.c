#include "stay_show.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "page.h"
#include "serve.h"

#define PLACE_SIZE 200

void stay_href(int64_t id, char out[STAY_HREF_SIZE])
{
	text_format(out, STAY_HREF_SIZE, "/history/stay?id=%" PRId64, id);
}

static void add_text(cJSON *parent, const char *name, const char *text)
{
	if (text && text[0])
		cJSON_AddStringToObject(parent, name, text);
	else
		cJSON_AddNullToObject(parent, name);
}

void stay_add_place(cJSON *parent, const char *name, const char *edge, const char *central)
{
	bool both = edge && edge[0] && central && central[0];
	char text[PLACE_SIZE];

	text_format(text, sizeof text, "%s%s%s", edge ? edge : "", both ? " · " : "", central ? central : "");
	add_text(parent, name, text);
}

void stay_add_word(struct call *c, cJSON *parent, const char *name, const char *group, const char *word)
{
	char text[WORDS_NAME_SIZE];

	if (word && text_format(text, sizeof text, "%s.%s", group, word) && words_find(c->app->catalogue.of[c->language], text))
		page_words(c, parent, name, text, NULL);
	else
		add_text(parent, name, word);
}

/* Null where page_time adds nothing, so that a row never shows what stands around it. */
static void add_time(struct call *c, cJSON *parent, const char *name, int64_t ms)
{
	if (ms > 0)
		page_time(c, parent, name, ms);
	else
		cJSON_AddNullToObject(parent, name);
}

static void add_status(struct call *c, cJSON *parent, const char *word)
{
	static const char *const words[] = {"IN", "inside", "OUT", "left", "SUPERSEDED", "superseded", "VOID", "void"};
	cJSON *status = cJSON_AddObjectToObject(parent, "status");

	for (size_t i = 0; i < sizeof words / sizeof *words; i += 2)
		cJSON_AddBoolToObject(status, words[i + 1], strcmp(word, words[i]) == 0);
	stay_add_word(c, status, "text", "stay_status", word);
}

static void add_flags(struct call *c, cJSON *parent, const char *flags)
{
	cJSON *list = cJSON_AddArrayToObject(parent, "flags");
	char word[32];

	for (const char *at = flags; *at; at += strcspn(at, ","), at += *at == ',') {
		cJSON *flag = cJSON_CreateObject();

		cJSON_AddItemToArray(list, flag);
		text_format(word, sizeof word, "%.*s", (int)strcspn(at, ","), at);
		stay_add_word(c, flag, "text", "stay_flag", word);
		stay_add_word(c, flag, "why", "stay_flag_why", word);
	}
	cJSON_AddBoolToObject(parent, "flagged", flags[0] != '\0');
}

static void add_duration(struct call *c, cJSON *parent, const struct history_row *h)
{
	int64_t until = strcmp(h->status, "IN") == 0 ? call_now(c) : h->exit_ts;

	if (h->entry_ts >= 0 && until >= 0)
		page_duration(c, parent, "duration", (until - h->entry_ts) / 1000);
	else
		cJSON_AddNullToObject(parent, "duration");
}

void stay_show(struct call *c, cJSON *parent, const struct history_row *h)
{
	char href[STAY_HREF_SIZE];

	stay_href(h->id, href);
	cJSON_AddNumberToObject(parent, "id", (double)h->id);
	cJSON_AddStringToObject(parent, "href", href);
	add_text(parent, "event", h->event_id);
	add_text(parent, "plate", h->plate_view && h->plate_view[0] ? h->plate_view : h->plate_id);
	add_text(parent, "plate_id", h->plate_id);
	add_status(c, parent, h->status);
	add_time(c, parent, "entered", h->entry_ts);
	add_time(c, parent, "left", h->exit_ts);
	add_time(c, parent, "confirmed", h->confirmed_ts);
	stay_add_place(parent, "entry_place", h->edge_id, h->entry_ts >= 0 ? h->source_central : NULL);
	stay_add_place(parent, "exit_place", h->exit_edge, h->exit_central);
	stay_add_word(c, parent, "vehicle", "stay_vehicle", h->camera_type);
	stay_add_word(c, parent, "reason", "exit_reason", h->exit_reason);
	page_money(c, parent, "fee", h->fee);
	cJSON_AddBoolToObject(parent, "paid", h->fee > 0);
	add_duration(c, parent, h);
	add_flags(c, parent, h->flags ? h->flags : "");
}

cJSON *stay_list_add(struct stay_list *list, const struct history_row *h)
{
	cJSON *row;

	if (list->count == list->limit) {
		list->more = true;
		return NULL;
	}
	row = cJSON_CreateObject();
	cJSON_AddItemToArray(list->rows, row);
	stay_show(list->call, row, h);
	list->last = (struct history_cursor){h->begin_ts, h->id};
	list->count++;
	return row;
}

enum err stay_list_each(void *arg, const struct history_row *h)
{
	(void)stay_list_add(arg, h);
	return ERR_NONE;
}
