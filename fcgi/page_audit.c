#include "pages.h"

#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "base/buf.h"
#include "base/text.h"
#include "base/zone.h"
#include "caller.h"
#include "deed_change.h"
#include "form.h"
#include "page.h"
#include "serve.h"
#include "store/deeds.h"
#include "url.h"
#include "words.h"

#define PATH "/audit"
#define ROWS_A_PAGE 50
#define WORDS_MAX 500          /* people, and kinds, to choose from */
#define WORD_MAX 64
#define DATE_MAX 32
#define KEY_MAX 40             /* "<ms>.<id>" */
#define HREF_SIZE 800

const struct field page_audit_fields[5] = {{"who", FIELD_TEXT, FROM_QUERY, false, 0, WORD_MAX, NULL},
	{"what", FIELD_TEXT, FROM_QUERY, false, 0, WORD_MAX, NULL}, {"from", FIELD_TEXT, FROM_QUERY, false, 0, DATE_MAX, NULL},
	{"until", FIELD_TEXT, FROM_QUERY, false, 0, DATE_MAX, NULL}, {"before", FIELD_TEXT, FROM_QUERY, false, 0, KEY_MAX, NULL}};

static const struct form_field filter_form[] = {
	{.name = "who", .label = "audit.who", .options = "", .words = "audit"},
	{.name = "what", .label = "audit.what", .options = "", .words = "audit"},
	{.name = "from", .label = "audit.from", .type = "date"},
	{.name = "until", .label = "audit.until", .type = "date"},
};

/* --- the filter -------------------------------------------------------------------------------------------------------- */

/* "<ms>.<id>", by which the list goes on. */
static bool read_key(const char *text, struct deed_filter *f)
{
	char ms[KEY_MAX + 1];
	const char *dot = strchr(text, '.');

	if (!dot)
		return false;
	text_format(ms, sizeof ms, "%.*s", (int)(dot - text), text);
	return number_parse(ms, INTEGER_MAX, &f->before_ms) && number_parse(dot + 1, INTEGER_MAX, &f->before_id);
}

/* What cannot be read is said beside its field; false then. */
static bool read_filter(struct call *c, cJSON *form, struct deed_filter *f)
{
	const char *from = params_text(&c->params, "from"), *until = params_text(&c->params, "until"),
		*before = params_text(&c->params, "before");
	int64_t unused;
	bool good = true;

	f->who = params_text(&c->params, "who");
	f->what = params_text(&c->params, "what");
	f->limit = ROWS_A_PAGE + 1;
	if (from && !zone_parse(from, &f->from_ms, &unused))
		good = false, form_wrong(c, form, "from", "fault.date_invalid", NULL);
	if (until && !zone_parse(until, &unused, &f->until_ms))
		good = false, form_wrong(c, form, "until", "fault.date_invalid", NULL);
	if (before && !read_key(before, f))
		good = false, form_alert(c, form, "audit.place_wrong", NULL);
	return good;
}

/* --- what there is to choose from -------------------------------------------------------------------------------------- */

struct choices { struct call *call; cJSON *form; };

static enum err add_who(void *arg, const char *word)
{
	struct choices *a = arg;

	form_option(a->form, "who", word, word);
	return ERR_NONE;
}

static enum err add_what(void *arg, const char *word)
{
	struct choices *a = arg;
	cJSON *text = cJSON_CreateObject();

	deed_word(a->call, text, "text", word);
	form_option(a->form, "what", word, cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(text, "text")));
	cJSON_Delete(text);
	return ERR_NONE;
}

static void add_everything(struct call *c, cJSON *form, const char *field, const char *text)
{
	cJSON *words = cJSON_CreateObject();

	page_words(c, words, "text", text, NULL);
	form_option(form, field, "", cJSON_GetStringValue(words->child));
	cJSON_Delete(words);
}

static enum err add_choices(struct call *c, cJSON *form)
{
	struct choices a = {.call = c, .form = form};
	enum err e;

	add_everything(c, form, "who", "audit.everybody");
	add_everything(c, form, "what", "audit.everything");
	e = deed_whos(c->desk->db, WORDS_MAX, add_who, &a);
	return e == ERR_NONE ? deed_whats(c->desk->db, WORDS_MAX, add_what, &a) : e;
}

/* --- rows -------------------------------------------------------------------------------------------------------------- */

struct listing { struct call *call; cJSON *rows; size_t count; int64_t last_ms, last_id; };

static enum err add_row(void *arg, const struct deed_row *deed)
{
	struct listing *l = arg;
	cJSON *row;

	if (l->count++ == ROWS_A_PAGE)
		return ERR_NONE;
	l->last_ms = deed->at_ms;
	l->last_id = deed->id;
	row = cJSON_CreateObject();
	cJSON_AddItemToArray(l->rows, row);
	page_time(l->call, row, "when", deed->at_ms);
	cJSON_AddStringToObject(row, "person", deed->who);
	cJSON_AddStringToObject(row, "source", deed->source);
	deed_word(l->call, row, "did", deed->what);
	deed_object(l->call, row, "to", deed);
	return deed_changes(l->call, row, "changes", deed);
}

static void add_value(struct buf *href, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(href, "%s=", name);
	url_encode(href, value);
	buf_char(href, '&');
}

static void add_link(struct call *c, cJSON *page, const char *member, const struct listing *older)
{
	static const char *const kept[] = {"who", "what", "from", "until"};
	struct buf href;

	buf_init(&href, HREF_SIZE);
	buf_str(&href, PATH "?");
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		add_value(&href, kept[i], params_text(&c->params, kept[i]));
	if (older)
		buf_printf(&href, "before=%lld.%lld", (long long)older->last_ms, (long long)older->last_id);
	cJSON_AddStringToObject(page, member, buf_text(&href));
	buf_free(&href);
}

static enum err add_rows(struct call *c, cJSON *page, const struct deed_filter *f)
{
	struct listing l = {.call = c, .rows = cJSON_AddArrayToObject(page, "deeds")};
	enum err e = deed_list(c->desk->db, f, add_row, &l);

	if (e != ERR_NONE)
		return e;
	cJSON_AddBoolToObject(page, "none", l.count == 0);
	if (l.count > ROWS_A_PAGE)
		add_link(c, page, "older", &l);
	if (params_given(&c->params, "before"))
		add_link(c, page, "newest", NULL);
	return ERR_NONE;
}

enum err page_audit(struct call *c, struct fault *fault)
{
	cJSON *page = cJSON_CreateObject(), *form = form_make(c, filter_form, sizeof filter_form / sizeof *filter_form, &c->params);
	struct deed_filter f = DEED_FILTER_ALL;
	bool good = read_filter(c, form, &f);
	enum err e = call_read(c, fault);

	cJSON_AddItemToObject(page, "form", form);
	if (e == ERR_NONE)
		e = add_choices(c, form);
	if (e == ERR_NONE && good)
		e = add_rows(c, page, &f);
	if (e == ERR_NONE)
		return page_show(c, good ? 200 : 400, "audit", page);
	cJSON_Delete(page);
	return e;
}
