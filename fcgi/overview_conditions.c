#include "overview_parts.h"

#include <stdlib.h>

#include "base/text.h"
#include "domain/conditions.h"
#include "format.h"
#include "p2p_state.h"
#include "page.h"
#include "serve.h"
#include "warnings.h"
#include "writer.h"

#define MEBIBYTE (1024 * 1024)

/* Where it is put right, and what the link there says; NULL: not on a page. */
struct remedy { const char *path, *text; bool grave; };

static struct remedy remedy_of(enum condition_code code)
{
	switch (code) {
	case CONDITION_CONFLICTS:
		return (struct remedy){"/conflicts", "overview.to_conflicts", false};
	case CONDITION_PEER_REFUSED:
	case CONDITION_PEER_DOWN:
	case CONDITION_CLOCK_OFF:
		return (struct remedy){"/settings/p2p", "overview.to_p2p", false};
	case CONDITION_P2PD_DOWN:
		return (struct remedy){"/settings/p2p", "overview.to_p2p", true};
	case CONDITION_UNWRITABLE:
	case CONDITION_DISK_LOW:
		return (struct remedy){NULL, NULL, true};
	case CONDITION_BACKUP_OLD:
	case CONDITION_CERTIFICATE:
	case CONDITION_UNREADABLE:
	case CONDITION_CODES:
		break;
	}
	return (struct remedy){NULL, NULL, false};
}

static void add_link(struct call *c, cJSON *row, const struct remedy *to)
{
	cJSON *link;

	if (!to->path || !page_may_open(c, to->path))
		return;
	link = cJSON_AddObjectToObject(row, "link");
	cJSON_AddStringToObject(link, "href", to->path);
	page_words(c, link, "link_text", to->text, NULL);
}

/* Peers of whom the same is to be told are one row: a machine in the middle that fails takes many away. */
static bool told_together(enum condition_code code)
{
	return code == CONDITION_PEER_DOWN || code == CONDITION_PEER_REFUSED;
}

static void add_centrals(cJSON *row, const struct condition *list, size_t count, size_t i)
{
	size_t held = 1;
	struct buf names;

	buf_init(&names, (size_t)CONDITIONS_MAX * (CENTRAL_ID_SIZE + 2));
	buf_str(&names, list[i].central);
	for (size_t k = i + 1; k < count && told_together(list[i].code); k++) {
		if (list[k].code != list[i].code)
			continue;
		buf_printf(&names, ", %s", list[k].central);
		held++;
	}
	cJSON_AddStringToObject(row, "central", buf_text(&names));
	cJSON_AddBoolToObject(row, "one", held == 1);
	buf_free(&names);
}

static bool told_before(const struct condition *list, size_t i)
{
	for (size_t k = 0; k < i && told_together(list[i].code); k++) {
		if (list[k].code == list[i].code)
			return true;
	}
	return false;
}

/* What the texts may use. */
static void add_values(struct call *c, cJSON *row, const struct condition *k)
{
	page_number(c, row, "number", k->number);
	page_number(c, row, "mebibytes", k->number / MEBIBYTE);
	cJSON_AddBoolToObject(row, "ahead", k->number > 0);
	page_duration(c, row, "span", (k->number < 0 ? -k->number : k->number) / 1000);
	cJSON_AddBoolToObject(row, "many", k->number >= CONDITION_COUNT_MAX);
}

static cJSON *new_row(cJSON *rows, bool grave)
{
	cJSON *row = cJSON_CreateObject();

	cJSON_AddItemToArray(rows, row);
	cJSON_AddBoolToObject(row, "grave", grave);
	return row;
}

static void add_condition(struct call *c, cJSON *rows, const struct condition *list, size_t count, size_t i)
{
	const struct condition *k = &list[i];
	struct remedy to = remedy_of(k->code);
	char text[WORDS_NAME_SIZE];
	cJSON *row;

	if (told_before(list, i))
		return;
	row = new_row(rows, to.grave);
	add_centrals(row, list, count, i);
	add_values(c, row, k);
	if (cJSON_IsTrue(cJSON_GetObjectItem(row, "one")))
		p2p_why(c, row, "why", k->central, &k->why);
	text_format(text, sizeof text, "condition_title.%s", condition_name(k->code));
	page_words(c, row, "title", text, row);
	text_format(text, sizeof text, "condition_text.%s", condition_name(k->code));
	page_words(c, row, "words", text, row);
	if (cJSON_IsTrue(cJSON_GetObjectItem(row, "one")))
		page_time(c, row, "since", k->since_ms);
	add_link(c, row, &to);
}

/* Warnings that stand; they are marked as seen on the page of the mesh. */
static enum err add_warnings(struct call *c, cJSON *rows)
{
	const struct remedy to = {"/settings/p2p", "overview.to_p2p", false};
	struct warning *list = calloc(WARNINGS_MAX, sizeof *list);
	cJSON *made = cJSON_CreateObject(), *row;
	size_t count = 0;
	enum err e = list ? warnings_list(c->desk->db, list, WARNINGS_MAX, &count) : ERR_MEMORY;

	warnings_show(c, made, list, count);
	while ((row = cJSON_DetachItemFromArray(cJSON_GetObjectItem(made, "warnings"), 0))) {
		cJSON_AddItemToArray(rows, row);
		add_link(c, row, &to);
	}
	cJSON_Delete(made);
	free(list);
	return e;
}

enum err overview_conditions(struct call *c, cJSON *page)
{
	cJSON *rows = cJSON_AddArrayToObject(page, "conditions");
	struct circumstances now = {.now_ms = call_now(c), .unwritable = writer_failing(c->app->writer)};
	struct condition *list = calloc(CONDITIONS_MAX, sizeof *list);
	size_t count = 0;
	enum err e = ERR_MEMORY;

	(void)disk_look(c->app->db_path, &now.disk); /* not known: nothing is said of it */
	if (list)
		e = conditions_list(c->desk->db, &now, list, &count);
	for (size_t i = 0; e == ERR_NONE && i < count; i++)
		add_condition(c, rows, list, count, i);
	free(list);
	if (e == ERR_NONE)
		e = add_warnings(c, rows);
	cJSON_AddBoolToObject(page, "all_well", cJSON_GetArraySize(rows) == 0);
	return e;
}
