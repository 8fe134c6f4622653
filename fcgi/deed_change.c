#include "deed_change.h"

#include <string.h>

#include "base/text.h"
#include "domain/shared.h"
#include "page.h"
#include "wire/json.h"
#include "words.h"

#define VALUE_SIZE 400
#define MEMBERS_MAX 30

static bool has_words(const struct call *c, const char *text)
{
	return words_find(c->app->catalogue.of[c->language], text) != NULL;
}

/* The text GROUP.WORD, else the word. */
static void add_word(struct call *c, cJSON *parent, const char *name, const char *group, const char *word)
{
	char text[WORDS_NAME_SIZE];

	if (text_format(text, sizeof text, "%s.%s", group, word) && has_words(c, text))
		page_words(c, parent, name, text, NULL);
	else
		cJSON_AddStringToObject(parent, name, word);
}

void deed_word(struct call *c, cJSON *parent, const char *name, const char *what)
{
	add_word(c, parent, name, "deed", what);
}

/* NULL: it is no JSON object. */
static cJSON *read_object(const char *text)
{
	cJSON *object = NULL;

	return text && text[0] == '{' && json_read(text, strlen(text), &object) == ERR_NONE ? object : NULL;
}

/* --- to what ----------------------------------------------------------------------------------------------------------- */

/* Names the item of a list by a member of what it is, or was. */
static void add_item(struct call *c, cJSON *parent, const char *name, const char *text, const char *member, const struct deed_row *deed)
{
	cJSON *item = read_object(deed->new ? deed->new : deed->old), *values = cJSON_CreateObject();
	const char *called = json_text(item, member);

	cJSON_AddStringToObject(values, "item", called && *called ? called : strchr(deed->object, '/') + 1);
	page_words(c, parent, name, text, values);
	cJSON_Delete(values);
	cJSON_Delete(item);
}

void deed_object(struct call *c, cJSON *parent, const char *name, const struct deed_row *deed)
{
	bool setting = strncmp(deed->what, "setting_", 8) == 0;

	if (setting && strcmp(deed->object, SHARED_FEES_KEY) == 0)
		page_words(c, parent, name, "audit.fees", NULL);
	else if (setting && strncmp(deed->object, "subscription/", 13) == 0)
		add_item(c, parent, name, "audit.subscription", "plate_number", deed);
	else if (setting && strncmp(deed->object, "staff/", 6) == 0)
		add_item(c, parent, name, "audit.staff", "name", deed);
	else
		cJSON_AddStringToObject(parent, name, deed->object);
}

/* --- what it was and is ------------------------------------------------------------------------------------------------ */

/* group: where the catalogue says what this text stands for, NULL if it stands for itself. */
static void add_text(struct call *c, cJSON *row, const char *name, const char *text, const char *group)
{
	char cut[VALUE_SIZE];

	text_copy(cut, sizeof cut, text ? text : "");
	if (group && *cut)
		add_word(c, row, name, group, cut);
	else
		cJSON_AddStringToObject(row, name, cut);
}

/* The group of texts for what a member may be, NULL for what people typed. */
static const char *words_of(const char *member)
{
	static const struct { const char *member, *group; } known[] = {{"lane", "lane"}, {"status", "list_status"}};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (strcmp(known[i].member, member) == 0)
			return known[i].group;
	}
	return NULL;
}

static void add_printed(struct call *c, cJSON *row, const char *name, const cJSON *value)
{
	char *printed = cJSON_PrintUnformatted(value);

	add_text(c, row, name, printed, NULL);
	cJSON_free(printed);
}

static void add_value(struct call *c, cJSON *row, const char *name, const cJSON *value, const char *group)
{
	const char *text = cJSON_GetStringValue(value);
	int64_t whole;

	if (text || !value || cJSON_IsNull(value))
		add_text(c, row, name, text, group);
	else if (json_is_integer(value, -1, INTEGER_MAX, &whole))
		page_number(c, row, name, whole);
	else
		add_printed(c, row, name, value);
}

/* For people absent, null and "" are one. */
static bool is_empty(const cJSON *value)
{
	const char *text = cJSON_GetStringValue(value);

	return !value || cJSON_IsNull(value) || (text && !*text);
}

static void add_member(struct call *c, cJSON *list, const char *member, const cJSON *was, const cJSON *is)
{
	cJSON *row;

	if ((was && is && cJSON_Compare(was, is, true)) || (is_empty(was) && is_empty(is)) || cJSON_GetArraySize(list) >= MEMBERS_MAX)
		return;
	row = cJSON_CreateObject();
	cJSON_AddItemToArray(list, row);
	add_word(c, row, "label", "member", member);
	add_value(c, row, "was", was, words_of(member));
	add_value(c, row, "is", is, words_of(member));
}

static bool is_id(const cJSON *member)
{
	return strcmp(member->string, "id") == 0;
}

static void compare(struct call *c, cJSON *list, const cJSON *old, const cJSON *new)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, old) {
		if (!is_id(member))
			add_member(c, list, member->string, member, json_member(new, member->string));
	}
	cJSON_ArrayForEach(member, new) {
		if (!is_id(member) && !json_member(old, member->string))
			add_member(c, list, member->string, NULL, member);
	}
}

enum err deed_changes(struct call *c, cJSON *parent, const char *name, const struct deed_row *deed)
{
	cJSON *list = cJSON_AddArrayToObject(parent, name), *old = read_object(deed->old), *new = read_object(deed->new);
	const char *group = strncmp(deed->what, "user_", 5) == 0 ? "role" : NULL;

	if (old || new) {
		compare(c, list, old, new);
	} else if ((deed->old && *deed->old) || (deed->new && *deed->new)) {
		cJSON *row = cJSON_CreateObject();

		cJSON_AddItemToArray(list, row);
		cJSON_AddNullToObject(row, "label");
		add_text(c, row, "was", deed->old, group);
		add_text(c, row, "is", deed->new, group);
	}
	cJSON_Delete(old);
	cJSON_Delete(new);
	return list ? ERR_NONE : ERR_MEMORY;
}
